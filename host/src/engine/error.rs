//! The reasons for refusing a component, and the ways in which a call can end without a response.

use super::limits::{Limit, LimitReached, Limits};
use crate::hostcalls::MemoryRefusal;
use crate::service::{Failure, FailureKind};
use crate::telemetry::excerpt;
use crate::world::WorldMismatch;
use std::io;
use wasmtime::{FrameInfo, PoolConcurrencyLimitError, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

/// Why a file could not be compiled as a plugin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComponentError {
    /// The bytes are not WebAssembly.
    #[error("it is not WebAssembly: {0}")]
    NotWasm(&'static str),
    /// The bytes are a core module instead of a component.
    #[error(
        "it is a core module, not a component: build it for wasm32-wasip2, \
         or encode it as a component of the world hostel:service/service"
    )]
    CoreModule,
    /// The component exceeds a limit.
    #[error(transparent)]
    Limit(#[from] LimitReached),
    /// The component cannot be compiled: it is malformed, uses a disabled feature, or instantiates
    /// a component that it does not contain.
    #[error("it cannot be compiled: {0}")]
    Invalid(String),
    /// The compiler process crashed, or its output cannot be used.
    #[error("it could not be compiled: {0}")]
    Compiler(String),
    /// The system refused a resource that compiling needs, such as a process or a thread. The
    /// component may be valid.
    #[error("it cannot be compiled now")]
    Unavailable(#[source] io::Error),
    /// The component does not fit the world: the host does not offer an import or offers it with
    /// another type, or an exported interface or function is missing.
    #[error(transparent)]
    World(#[from] WorldMismatch),
}

/// How a call ended without a response.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The service returned a failure.
    #[error("{0}")]
    Failure(Failure),
    /// The call reached a limit: the guest was stopped, or the request, the response or the list of
    /// services was refused.
    #[error(transparent)]
    Limit(#[from] LimitReached),
    /// The guest trapped.
    #[error("the guest trapped: {reason}")]
    Trap {
        /// The kind of trap, in some cases with a hint at the cause.
        reason: String,
        /// The guest's stack frames, innermost first. Each is one line of escaped text.
        frames: Vec<String>,
    },
    /// The guest called exit, which a service must not do.
    #[error("the guest called exit: a service ends by returning")]
    Exit,
    /// The host failed: it panicked, or the system refused a resource that the call needs.
    #[error("the host cannot run the call: {0}")]
    Host(String),
    /// The host has no room for the call: too many calls are running or waiting, loading the plugin
    /// takes too long, or memory or instance slots are used up. The guest may have begun to run.
    #[error("the host is busy: {0}")]
    Busy(String),
    /// The guest passed or returned a value that breaks the contract.
    #[error("the guest broke the contract: {0}")]
    ContractViolation(String),
    /// No service has this name.
    #[error("no service is called `{}`; there are: {}", excerpt(name), join(offered))]
    UnknownService {
        /// The requested name.
        name: String,
        /// The full names of the existing services.
        offered: Vec<String>,
    },
}

impl CallError {
    /// Returns a short name for how the call ended: the kind of a failure that the service
    /// returned, or else the kind of error.
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

    /// Adds the guest's last logged warning or error to this error if the guest aborted, for
    /// example by a panic or a failed assertion: the engine's message does not give the cause.
    pub(super) fn after(self, warning: Option<String>) -> Self {
        match (self, warning) {
            (CallError::Trap { reason, frames }, Some(warning)) if reason == GAVE_UP => {
                let reason = format!("{reason}, after it logged: {}", shortened(&warning));
                CallError::Trap { reason, frames }
            }
            (other, _) => other,
        }
    }

    /// Returns the kind of failure for the caller. A fault of the guest or the host is `internal`.
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

/// The engine's message for the trap that compilers emit for an abort.
const GAVE_UP: &str = "wasm `unreachable` instruction executed";

/// Maximum characters of a logged line in an error. The log has more of the line: up to
/// `limits.log-line-bytes`.
const MAX_WARNING_CHARS: usize = 200;

fn shortened(warning: &str) -> String {
    match warning.char_indices().nth(MAX_WARNING_CHARS) {
        Some((end, _)) => format!("{}..", warning.get(..end).unwrap_or_default()),
        None => warning.to_owned(),
    }
}

/// Maximum number of services that an error lists by name. Of any others, it gives the number.
const MAX_NAMES: usize = 20;

fn join(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(MAX_NAMES).map(String::as_str).collect();
    match names.len().saturating_sub(shown.len()) {
        0 if shown.is_empty() => "none".to_owned(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Limits that are recognized by a part of the engine's message.
const UNTYPED_LIMITS: &[(&str, Limit)] = &[
    ("fuel allocated for hostcalls has been exhausted", Limit::HostcallBytes),
    ("resource table has no free keys", Limit::Handles),
    ("store handle limit exceeded", Limit::Handles),
    ("resource limit exceeded", Limit::Instances),
    ("requested len ", Limit::Random),
];

/// The message for a call that was refused memory because of the host's budget.
pub(crate) const NO_MEMORY: &str = "its plugin's share of the host's memory, or all of it, is in use: \
                                    try again later, or raise `server.memory`";

/// Converts the engine's error for a guest that could not be instantiated, or whose call failed. If
/// the guest was refused memory, `refused` is the reason.
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
    // For any other error after the guest was refused memory, report the refusal as the cause:
    // language runtimes turn a failed allocation into a trap or an abort.
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

/// Returns the limit that the engine's error is about, or `None` for any other error.
fn limit(error: &wasmtime::Error) -> Option<Limit> {
    let root = error.root_cause().to_string();
    let untyped = UNTYPED_LIMITS.iter().find(|(words, _)| root.contains(words));
    if let Some((_, limit)) = untyped {
        return Some(*limit);
    }
    (error.downcast_ref() == Some(&Trap::StackOverflow)).then_some(Limit::Stack)
}

/// Returns the guest's stack frames. Their names come from the guest, so they are escaped and
/// shortened, and never demangled: demangling can take more time and memory than any limit allows.
fn frames(error: &wasmtime::Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return Vec::new() };
    let name = |frame: &FrameInfo| frame.func_name().map_or("?".to_owned(), excerpt);
    let frame = |(number, frame): (usize, &FrameInfo)| format!("{number:4}: {}", name(frame));
    backtrace.frames().iter().enumerate().map(frame).collect()
}

/// Describes a trap in the engine's words, and adds the likely causes if those words would mislead.
fn reason(trap: Trap) -> String {
    let words = trap.to_string();
    let words = words.strip_prefix("wasm trap: ").unwrap_or(&words);
    match trap {
        // Most compilers place the guest's own stack at the bottom of its memory.
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
    fn an_unknown_service_is_reported_with_those_that_exist() {
        check(0, "are: none");
        check(2, "are: p.s0, p.s1");
        check(20, ", p.s19");
        check(1_000, ", p.s19 and 980 more");
    }
}
