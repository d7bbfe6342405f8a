//! Why a component was refused, and how a call can end other than with an answer.

use super::limits::{Limit, LimitReached, Limits};
use super::world::WorldMismatch;
use crate::hostcalls::handler::Failure;
use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

/// Why a file is no plugin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComponentError {
    /// The bytes are no WebAssembly at all.
    #[error("it is not WebAssembly: it begins with {0:?}, not with \"\\0asm\"")]
    NotWasm(String),
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
        /// The guest's frames, innermost first; empty when there are none.
        backtrace: String,
    },
    /// The guest ended itself, which a service may not.
    #[error("the guest called exit with code {0}: a service ends by returning")]
    Exit(i32),
    /// What the guest passed to the host or answered breaks the contract.
    #[error("the guest broke the contract: {0}")]
    Garbage(String),
    /// There is no such service.
    #[error("no service is called `{name}`; there are: {}", join(offered))]
    UnknownService {
        /// What was asked for.
        name: String,
        /// The full names of those that exist.
        offered: Vec<String>,
    },
}

fn join(names: &[String]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// The engine's words for a limit that it has no type for.
const UNTYPED_LIMITS: &[(&str, Limit)] = &[
    (
        "fuel allocated for hostcalls has been exhausted",
        Limit::HostcallBytes,
    ),
    ("resource table has no free keys", Limit::Handles),
    ("resource handle limit", Limit::Handles),
    ("resource limit exceeded", Limit::Instances),
];

/// Tells why a call into a guest failed, from what the engine says and whether memory was refused.
pub(crate) fn classify(
    error: &wasmtime::Error,
    memory_refused: bool,
    limits: &Limits,
) -> CallError {
    if let Some(I32Exit(code)) = error.downcast_ref() {
        return CallError::Exit(*code);
    }
    let root = error.root_cause().to_string();
    let untyped = UNTYPED_LIMITS
        .iter()
        .find(|(words, _)| root.contains(words));
    let trap = error.downcast_ref::<Trap>();
    if let Some((_, limit)) = untyped {
        return limit.reached(limits).into();
    }
    if trap == Some(&Trap::StackOverflow) {
        return Limit::Stack.reached(limits).into();
    }
    // A guest that was refused memory and then fails has failed for want of memory: language
    // runtimes answer a failed allocation with a trap or an abort.
    if memory_refused {
        return Limit::Memory.reached(limits).into();
    }
    match trap {
        Some(trap) => {
            let backtrace = error.downcast_ref::<WasmBacktrace>();
            CallError::Trap {
                reason: reason(*trap),
                backtrace: backtrace.map(ToString::to_string).unwrap_or_default(),
            }
        }
        None => CallError::Garbage(root),
    }
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
