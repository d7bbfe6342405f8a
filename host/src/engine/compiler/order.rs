//! Has a component compiled by a process of its own.

use super::job::Job;
use crate::engine::error::ComponentError;
use crate::engine::limits::{Limit, Limits};
use crate::process::{Ended, Launcher, Task};
use crate::telemetry::escape;
use crate::world::WorldMismatch;
use rustix::fs::{MemfdFlags, memfd_create};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsFd, AsRawFd};
use wasmtime::component::Component;

/// The code of a process that has written a [`Refusal`].
pub(super) const REFUSED: i32 = 10;

/// Wall-clock time that compiling may take, in times of the processor's: a machine may be busy.
const MAX_WAIT: u32 = 10;

/// Bytes of a refusal, or of what a process prints when it ends by a fault, that are read.
const MAX_WORDS: u64 = 64 << 10;

/// What the process is told.
#[derive(Deserialize, Serialize)]
pub(super) struct Settings {
    pub(super) limits: Limits,
    pub(super) is_pooled: bool,
}

/// Why a component was refused by the process.
#[derive(Deserialize, Serialize)]
pub(super) enum Refusal {
    Limit(Limit),
    World(Vec<String>),
    Invalid(String),
    Unavailable(String),
}

/// Compiles a component, and keeps its code where there is a store.
pub(super) fn compile(
    launcher: &Launcher,
    bytes: &[u8],
    job: &Job<'_>,
) -> Result<Component, ComponentError> {
    let mut code = run(launcher, bytes, job)?;
    if let Some(store) = job.store {
        let kept = code.rewind().and_then(|()| store.draft()).and_then(|mut draft| {
            io::copy(&mut code, draft.as_file_mut())?;
            store.keep(job.engine, bytes, draft)
        });
        // Without a place on the disk it compiles again next time.
        if let Ok(component) = kept {
            return Ok(component);
        }
    }
    let file = format!("/proc/self/fd/{}", code.as_raw_fd());
    // SAFETY: the process that wrote the file has ended, and no other process has it.
    let component = unsafe { Component::deserialize_file(job.engine, file) };
    component.map_err(|error| ComponentError::Compiler(format!("{error:#}")))
}

/// Runs the process, and returns the file that it has written.
fn run(launcher: &Launcher, bytes: &[u8], job: &Job<'_>) -> Result<File, ComponentError> {
    let unavailable = ComponentError::Unavailable;
    let settings = Settings { limits: job.limits.clone(), is_pooled: job.is_pooled };
    let settings = serde_json::to_string(&settings).map_err(|error| unavailable(error.into()))?;
    let input = memory_file("component", bytes).map_err(unavailable)?;
    let code = memory_file("code", &[]).map_err(unavailable)?;
    let output = code.as_fd().try_clone_to_owned().map_err(unavailable)?;
    let longest = job.limits.compile_time.saturating_mul(MAX_WAIT);
    let task = Task::Compile { settings, longest };
    let mut running =
        launcher.launch(task, input.into(), output, job.cancellation).map_err(unavailable)?;
    // What it prints is read to the end, so that it does not wait for a reader.
    let mut words = Vec::new();
    let _ = Read::by_ref(&mut running.errors).take(MAX_WORDS).read_to_end(&mut words);
    let _ = io::copy(&mut running.errors, &mut io::sink());
    let ended = running.wait().map_err(unavailable)?;
    match ended.code {
        Some(0) => Ok(code),
        Some(REFUSED) => Err(match refusal(code) {
            Ok(refusal) => refusal.told(job.limits),
            Err(error) => ComponentError::Compiler(format!("its refusal cannot be read: {error}")),
        }),
        _ => Err(fault(&ended, &String::from_utf8_lossy(&words), job.limits)),
    }
}

/// A file in memory.
fn memory_file(name: &str, bytes: &[u8]) -> io::Result<File> {
    let mut file = File::from(memfd_create(name, MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file)
}

fn refusal(mut file: File) -> io::Result<Refusal> {
    file.rewind()?;
    let mut text = Vec::new();
    file.take(MAX_WORDS).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

impl Refusal {
    pub(super) fn of(error: ComponentError) -> Self {
        match error {
            ComponentError::Limit(reached) => Refusal::Limit(reached.limit),
            ComponentError::World(mismatch) => Refusal::World(mismatch.faults),
            ComponentError::Invalid(words) => Refusal::Invalid(words),
            ComponentError::Unavailable(error) => Refusal::Unavailable(error.to_string()),
            other => Refusal::Invalid(other.to_string()),
        }
    }

    /// The error that it stands for. The process has read the component, so its words are no more
    /// to be trusted than that.
    fn told(self, limits: &Limits) -> ComponentError {
        let escaped = |words: &String| escape(words, limits.log_line_bytes);
        match self {
            Refusal::Limit(limit) => limit.reached(limits).into(),
            Refusal::World(faults) => {
                WorldMismatch { faults: faults.iter().map(escaped).collect() }.into()
            }
            Refusal::Invalid(words) => ComponentError::Invalid(escaped(&words)),
            Refusal::Unavailable(words) => {
                ComponentError::Unavailable(io::Error::other(escaped(&words)))
            }
        }
    }
}

/// Why a process ended without an answer.
fn fault(ended: &Ended, words: &str, limits: &Limits) -> ComponentError {
    /// The words of Rust's allocator, and of its threads, when memory is refused.
    const OUT_OF_MEMORY: [&str; 3] = ["memory allocation of", "Cannot allocate", "WouldBlock"];
    let killed_by = |signal: rustix::process::Signal| ended.signal == Some(signal.as_raw());
    if ended.overdue || killed_by(rustix::process::Signal::XCPU) {
        return Limit::CompileTime.reached(limits).into();
    }
    if OUT_OF_MEMORY.iter().any(|it| words.contains(it)) {
        return Limit::CompileMemory.reached(limits).into();
    }
    let last = words.lines().next().unwrap_or_default();
    if let Some(error) = &ended.error {
        return ComponentError::Unavailable(io::Error::other(error.clone()));
    }
    let how = match (ended.signal, ended.code) {
        (Some(signal), _) => format!("the compiler's process ended by signal {signal}"),
        (None, code) => {
            format!("the compiler's process ended with code {}", code.unwrap_or_default())
        }
    };
    let said = if last.is_empty() { String::new() } else { format!(": {last}") };
    ComponentError::Compiler(escape(&format!("{how}{said}"), limits.log_line_bytes))
}
