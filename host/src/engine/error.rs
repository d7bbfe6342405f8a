//! Why a component was refused, and how a call can end other than with an answer.

use super::limits::{Limit, LimitReached, Limits};
use crate::hostcalls::MemoryRefusal;
use crate::service::{Failure, FailureKind};
use crate::telemetry::excerpt;
use crate::world::WorldMismatch;
use std::io;
use wasmtime::{FrameInfo, PoolConcurrencyLimitError, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

/// Why a file is no plugin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComponentError {
    /// The bytes are no WebAssembly at all.
    #[error("it is not WebAssembly: {0}")]
    NotWasm(&'static str),
    /// A core module, which knows nothing of the component model.
    #[error(
        "it is a core module, not a component: build it for wasm32-wasip2, \
         or encode it as a component of the world hostel:service/service"
    )]
    CoreModule,
    /// A limit on components was reached.
    #[error(transparent)]
    Limit(#[from] LimitReached),
    /// The engine cannot compile it: malformed, or it uses a feature that is off.
    #[error("it cannot be compiled: {0}")]
    Invalid(String),
    /// The process that compiles ended by a fault.
    #[error("it could not be compiled: {0}")]
    Compiler(String),
    /// The system refuses the threads or the process that compile it; it may be fine.
    #[error("it cannot be compiled now")]
    Unavailable(#[source] io::Error),
    /// An import that is not offered, or a missing export.
    #[error(transparent)]
    World(#[from] WorldMismatch),
}

/// How a call ended, if not with a response.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The service answered a failure.
    #[error("{0}")]
    Failure(Failure),
    /// A limit was reached and the call stopped.
    #[error(transparent)]
    Limit(#[from] LimitReached),
    /// The guest trapped.
    #[error("the guest trapped: {reason}")]
    Trap {
        /// What the trap was.
        reason: String,
        /// The guest's frames, innermost first, a line each and escaped.
        frames: Vec<String>,
    },
    /// The guest ended itself, which a service may not.
    #[error("the guest called exit: a service ends by returning")]
    Exit,
    /// The machine lacks what the call needs, or the host's limits ask too much of it.
    #[error("the host cannot run the call: {0}")]
    Host(String),
    /// More is under way than the host takes on at once; the call did not begin.
    #[error("the host is busy: {0}")]
    Busy(String),
    /// What the guest passed to the host or answered breaks the contract.
    #[error("the guest broke the contract: {0}")]
    ContractViolation(String),
    /// There is no such service.
    #[error("no service is called `{}`; there are: {}", excerpt(name), join(offered))]
    UnknownService {
        /// What was asked for.
        name: String,
        /// The full names of those that exist.
        offered: Vec<String>,
    },
}

impl CallError {
    /// How the call ended, in a word: the kind of the service's own failure, or what ended it.
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            CallError::Failure(failure) => failure.kind.as_str(),
            CallError::Limit(_) => "limit",
            CallError::Trap { .. } => "trap",
            CallError::Exit => "exit",
            CallError::Host(_) => "host",
            CallError::Busy(_) => "busy",
            CallError::ContractViolation(_) => "garbage",
            CallError::UnknownService { .. } => "unknown-service",
        }
    }

    /// Adds the guest's last warning to a trap by which a guest gives up: a panic, a failed
    /// assertion. The engine knows no more than that.
    pub(super) fn after(self, warning: Option<String>) -> Self {
        match (self, warning) {
            (CallError::Trap { reason, frames }, Some(warning)) if reason == GAVE_UP => {
                let reason = format!("{reason}, after it logged: {}", shortened(&warning));
                CallError::Trap { reason, frames }
            }
            (other, _) => other,
        }
    }

    /// The kind of failure that this is to the caller: what the guest did wrong is
    /// `internal`.
    pub fn kind(&self) -> FailureKind {
        match self {
            CallError::Failure(failure) => failure.kind,
            CallError::UnknownService { .. } => FailureKind::NotFound,
            CallError::Limit(reached) if reached.limit == Limit::Request => FailureKind::BadRequest,
            CallError::Busy(_) => FailureKind::Unavailable,
            _ => FailureKind::Internal,
        }
    }
}

/// The engine's words for the trap that compilers make of an abort.
const GAVE_UP: &str = "wasm `unreachable` instruction executed";

/// Characters of a warning that an error carries; the log has the rest.
const MAX_WARNING_CHARS: usize = 200;

fn shortened(warning: &str) -> String {
    match warning.char_indices().nth(MAX_WARNING_CHARS) {
        Some((end, _)) => format!("{}..", warning.get(..end).unwrap_or_default()),
        None => warning.to_owned(),
    }
}

/// Names that an error lists; `GET /services` lists all.
const MAX_NAMES: usize = 20;

fn join(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(MAX_NAMES).map(String::as_str).collect();
    match names.len().saturating_sub(shown.len()) {
        0 if shown.is_empty() => "none".to_owned(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The engine's words for a limit that it has no type for.
const UNTYPED_LIMITS: &[(&str, Limit)] = &[
    ("fuel allocated for hostcalls has been exhausted", Limit::HostcallBytes),
    ("resource table has no free keys", Limit::Handles),
    ("store handle limit exceeded", Limit::Handles),
    ("resource limit exceeded", Limit::Instances),
    ("requested len ", Limit::Random),
];

/// What a call that finds too little memory is told.
pub(crate) const NO_MEMORY: &str = "its plugin has its share of the host's memory, or all of that is \
                                    taken: come back later, or raise `server.memory`";

/// Tells why a call into a guest failed, from what the engine says and why memory was refused.
pub(crate) fn classify(
    error: &wasmtime::Error,
    refused: Option<MemoryRefusal>,
    limits: &Limits,
) -> CallError {
    if error.is::<I32Exit>() {
        return CallError::Exit;
    }
    if let Some(limit) = limit(error) {
        return limit.reached(limits).into();
    }
    // A guest that was refused memory and then fails has failed for want of memory: language
    // runtimes answer a failed allocation with a trap or an abort.
    match refused {
        Some(MemoryRefusal::Limit) => return Limit::Memory.reached(limits).into(),
        Some(MemoryRefusal::Budget) => return CallError::Busy(NO_MEMORY.to_owned()),
        None => {}
    }
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return CallError::Trap { reason: reason(*trap), frames: frames(error) };
    }
    let root = excerpt(&error.root_cause().to_string());
    if error.is::<PoolConcurrencyLimitError>() {
        return CallError::Busy(root);
    }
    let is_the_systems = error.is::<std::io::Error>() || error.is::<rustix::io::Errno>();
    match is_the_systems {
        true => CallError::Host(root),
        false => CallError::ContractViolation(root),
    }
}

/// The limit that a call ended by, if it did.
fn limit(error: &wasmtime::Error) -> Option<Limit> {
    let root = error.root_cause().to_string();
    let untyped = UNTYPED_LIMITS.iter().find(|(words, _)| root.contains(words));
    if let Some((_, limit)) = untyped {
        return Some(*limit);
    }
    (error.downcast_ref() == Some(&Trap::StackOverflow)).then_some(Limit::Stack)
}

/// The guest's frames. Their names are the guest's own, so they are escaped and cut, and never
/// demangled: that can take more time and memory than any limit allows.
fn frames(error: &wasmtime::Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return Vec::new() };
    let name = |frame: &FrameInfo| frame.func_name().map_or("?".to_owned(), excerpt);
    let frame = |(number, frame): (usize, &FrameInfo)| format!("{number:4}: {}", name(frame));
    backtrace.frames().iter().enumerate().map(frame).collect()
}

/// A trap in the engine's words, and in ours where those mislead.
fn reason(trap: Trap) -> String {
    let words = trap.to_string();
    let words = words.strip_prefix("wasm trap: ").unwrap_or(&words);
    match trap {
        // Most compilers put a stack of their own at the bottom of memory.
        Trap::MemoryOutOfBounds => {
            format!("{words}, by a wild pointer or by recursion past the guest's own stack")
        }
        _ => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(services: usize, ending: &str) {
        let offered = (0..services).map(|number| format!("p.s{number}")).collect();
        let error = CallError::UnknownService { name: "x\n".to_owned(), offered };
        let message = error.to_string();
        assert!(message.starts_with("no service is called `x\\n`; there are: "), "{message}");
        assert!(message.ends_with(ending), "{message}");
    }

    #[test]
    fn an_unknown_service_is_told_with_those_that_exist() {
        check(0, "are: none");
        check(2, "are: p.s0, p.s1");
        check(20, ", p.s19");
        check(1_000, ", p.s19 and 980 more");
    }
}
