//! The process that compiles one component.

use super::functions::Functions;
use super::order::{CompileOrder, REFUSED, Refusal};
use crate::engine::config::{config, invalid};
use crate::engine::error::ComponentError;
use crate::engine::limits::Limits;
use crate::engine::{parallel, pool};
use rustix::process::{
    Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setpriority_process,
    setrlimit,
};
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::os::fd::AsFd;
use std::sync::Arc;
use wasmtime::{CacheStore, Engine};

/// The lowest priority, so that calls have priority over compiling.
const NICENESS: i32 = 19;

/// Compiles the component on stdin, writes its code or a [`Refusal`] to stdout, and returns the
/// process's exit code. Calls `wall`, which sandboxes the process, before it reads the component.
///
/// The input consists of the cached functions, if any, and the component. Unless the component is
/// refused, the output consists of the component's code. If functions can be cached, the functions
/// to cache and their length in eight bytes follow.
///
/// # Errors
///
/// When `settings` is invalid, the process cannot be limited or sandboxed, or reading or writing
/// fails.
pub(crate) fn compile(settings: &str, wall: impl FnOnce() -> io::Result<()>) -> io::Result<u8> {
    let CompileOrder { limits, is_pooled, known } = serde_json::from_str(settings)?;
    bound(&limits)?;
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    wall()?;
    let mut functions = None;
    if let Some(length) = known {
        let mut kept = Vec::new();
        Read::by_ref(&mut input).take(length).read_to_end(&mut kept)?;
        functions = Some(Arc::new(Functions::read(kept)));
    }
    let mut bytes = Vec::new();
    input.take(limits.component.saturating_add(1)).read_to_end(&mut bytes)?;
    match code(&bytes, &limits, is_pooled, functions.as_ref()) {
        Ok(code) => {
            output.write_all(&code)?;
            if let Some(functions) = functions {
                let length = functions.write(&mut BufWriter::new(&output))?;
                output.write_all(&length.to_le_bytes())?;
            }
            Ok(0)
        }
        Err(error) => {
            output.write_all(&serde_json::to_vec(&Refusal::of(error))?)?;
            Ok(REFUSED as u8)
        }
    }
}

/// Limits the process, gives it the lowest priority, and makes the kernel kill it when its parent
/// ends.
fn bound(limits: &Limits) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let seconds = limits.compile_time.as_secs().max(1);
    // Unless an inherited hard limit is lower, the process reaches the soft limit first. The kernel
    // then sends SIGXCPU, by which the host recognizes the cause.
    lower(Resource::Cpu, seconds, seconds.saturating_add(5))?;
    lower(Resource::Data, limits.compile_memory as u64, limits.compile_memory as u64)?;
    lower(Resource::Core, 0, 0)?;
    setpriority_process(None, NICENESS)?;
    Ok(())
}

/// Lowers the soft and the hard limit of a resource. Keeps inherited limits that are lower, because
/// an unprivileged process cannot raise a hard limit.
fn lower(resource: Resource, current: u64, maximum: u64) -> io::Result<()> {
    let inherited = getrlimit(resource);
    let least = |most: u64, inherited: Option<u64>| Some(inherited.map_or(most, |it| it.min(most)));
    let maximum = least(maximum, inherited.maximum);
    let current = least(current, inherited.current);
    Ok(setrlimit(resource, Rlimit { current, maximum })?)
}

fn code(
    bytes: &[u8],
    limits: &Limits,
    is_pooled: bool,
    functions: Option<&Arc<Functions>>,
) -> Result<Vec<u8>, ComponentError> {
    limits.check_component(bytes)?;
    let mut config = config(limits);
    let failed = |error| invalid(&error, limits);
    if let Some(functions) = functions {
        let functions: Arc<dyn CacheStore> = Arc::clone(functions) as _;
        config.enable_incremental_compilation(functions).map_err(failed)?;
    }
    if !is_pooled {
        pool::without(&mut config);
    }
    let engine = Engine::new(&config).map_err(failed)?;
    let compile = || engine.precompile_component(bytes);
    parallel::run(compile).map_err(ComponentError::Unavailable)?.map_err(failed)
}
