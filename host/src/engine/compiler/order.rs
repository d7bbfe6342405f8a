//! Compiles a component in a separate process.

use super::functions;
use super::job::Job;
use crate::engine::code::CodeStore;
use crate::engine::error::ComponentError;
use crate::engine::limits::{Limit, Limits};
use crate::process::{Ended, Launcher, Task};
use crate::telemetry::escape;
use crate::world::WorldMismatch;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsRawFd;
use std::thread;
use tempfile::NamedTempFile;
use wasmtime::Engine;
use wasmtime::component::Component;

/// The exit code of a process that has written a [`Refusal`].
pub(super) const REFUSED: i32 = 10;

/// The wall-clock time limit of compiling, as a multiple of the CPU time limit: the machine may be
/// busy.
const MAX_WAIT: u32 = 10;

/// Maximum bytes of the process's stderr that the host keeps. Also the maximum bytes of a refusal
/// that the host reads from a file.
const MAX_WORDS: u64 = 64 << 10;

/// Bytes per read.
const PIECE: usize = 1 << 18;

/// The settings of the compiler process.
#[derive(Deserialize, Serialize)]
pub(super) struct CompileOrder {
    pub(super) limits: Limits,
    pub(super) is_pooled: bool,
    /// The length of the cached functions that precede the component in the input. `None` if
    /// functions cannot be cached.
    pub(super) known: Option<u64>,
}

/// Why the process refused a component.
#[derive(Deserialize, Serialize)]
pub(super) enum Refusal {
    Limit(Limit),
    World(Vec<String>),
    Invalid(String),
    Unavailable(String),
}

/// The output of a process: a file in the code store, or bytes in memory if no store is usable.
enum CodeOutput {
    Draft(NamedTempFile),
    Memory(Vec<u8>),
}

/// Compiles a component, and stores its code if there is a writable store.
pub(super) fn compile(
    launcher: &Launcher,
    bytes: &[u8],
    job: &Job<'_>,
) -> Result<Component, ComponentError> {
    let functions = job.store.filter(|it| it.is_writable()).map(|_| functions::name(bytes));
    let component = match (run(launcher, bytes, functions.as_deref(), job)?, job.store) {
        (CodeOutput::Draft(draft), Some(store)) => {
            // If the functions are not stored, they are compiled again next time.
            let _ = functions.map(|it| functions::keep(store, job.engine, &it, draft.as_file()));
            let file = draft.as_file().try_clone().map_err(ComponentError::Unavailable)?;
            match store.keep(job.engine, bytes, draft) {
                Ok(component) => return Ok(component),
                // The code is not stored: the component is compiled again next time.
                Err(_) => map(job.engine, &file),
            }
        }
        (CodeOutput::Draft(draft), None) => map(job.engine, draft.as_file()),
        // SAFETY: the compiler process wrote the code, and has ended.
        (CodeOutput::Memory(code), _) => unsafe { Component::deserialize(job.engine, code) },
    };
    component.map_err(|error| ComponentError::Compiler(format!("{error:#}")))
}

fn map(engine: &Engine, file: &File) -> wasmtime::Result<Component> {
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    // SAFETY: this process wrote the compiler's output to the file, and no other process writes to
    // the file.
    unsafe { Component::deserialize_file(engine, path) }
}

/// Runs the compiler process and returns its output. `functions` is the name of the set of cached
/// functions that the process uses and extends.
fn run(
    launcher: &Launcher,
    bytes: &[u8],
    functions: Option<&str>,
    job: &Job<'_>,
) -> Result<CodeOutput, ComponentError> {
    let unavailable = ComponentError::Unavailable;
    let known = functions.and_then(|name| job.store?.beside(job.engine, name));
    let settings = CompileOrder {
        limits: job.limits.clone(),
        is_pooled: job.is_pooled,
        known: functions.map(|_| known.as_ref().map_or(0, |(_, length)| *length)),
    };
    let settings = serde_json::to_string(&settings).map_err(|error| unavailable(error.into()))?;
    let longest = job.limits.compile_time.saturating_mul(MAX_WAIT);
    let (input, mut component) = io::pipe().map_err(unavailable)?;
    let (mut output, code) = io::pipe().map_err(unavailable)?;
    let task = Task::Compile { settings, longest };
    let running = launcher.launch(task, input.into(), code.into(), job.cancellation);
    let mut running = running.map_err(unavailable)?;
    // Each pipe has its own thread, so that a full pipe does not block the others.
    let (output, words) = thread::scope(|threads| {
        let feed = move || {
            if let Some((file, length)) = known {
                let _ = io::copy(&mut file.take(length), &mut component);
            }
            // Ignore errors: a process that fails early does not read the component to the end.
            let _ = component.write_all(bytes);
        };
        thread::Builder::new().spawn_scoped(threads, feed)?;
        let errors = &mut running.errors;
        let words = thread::Builder::new().spawn_scoped(threads, move || words_of(errors))?;
        let output = receive(&mut output, job.store)?;
        Ok((output, words.join().unwrap_or_default()))
    })
    .map_err(unavailable)?;
    let ended = running.wait().map_err(unavailable)?;
    match ended.code {
        Some(0) => Ok(output),
        Some(REFUSED) => Err(match output.refusal() {
            Ok(refusal) => refusal.told(job.limits),
            Err(error) => ComponentError::Compiler(format!("its refusal cannot be read: {error}")),
        }),
        _ => Err(fault(&ended, &String::from_utf8_lossy(&words), job.limits)),
    }
}

/// Returns the first part of a process's stderr, and reads the rest so that the process does not
/// block.
fn words_of(errors: &mut File) -> Vec<u8> {
    let mut words = Vec::new();
    let _ = Read::by_ref(errors).take(MAX_WORDS).read_to_end(&mut words);
    let _ = io::copy(errors, &mut io::sink());
    words
}

/// Reads a process's output into a file of the store, to save memory. Reads the output into memory
/// if there is no writable store, or writing the file fails.
fn receive(output: &mut impl Read, store: Option<&CodeStore>) -> io::Result<CodeOutput> {
    let mut draft = store.and_then(|store| store.draft().ok());
    let (mut written, mut memory) = (0, Vec::new());
    let mut piece = vec![0; PIECE];
    loop {
        let count = output.read(&mut piece)?;
        let piece = piece.get(..count).unwrap_or_default();
        if count == 0 {
            return Ok(draft.map_or(CodeOutput::Memory(memory), CodeOutput::Draft));
        }
        match &mut draft {
            Some(file) if file.as_file().write_all(piece).is_ok() => written += count as u64,
            Some(file) => {
                let file = file.as_file_mut();
                file.rewind()?;
                Read::by_ref(file).take(written).read_to_end(&mut memory)?;
                memory.extend_from_slice(piece);
                draft = None;
            }
            None => memory.extend_from_slice(piece),
        }
    }
}

impl CodeOutput {
    fn refusal(self) -> io::Result<Refusal> {
        let mut text = Vec::new();
        match self {
            CodeOutput::Memory(memory) => text = memory,
            CodeOutput::Draft(mut draft) => {
                draft.rewind()?;
                draft.take(MAX_WORDS).read_to_end(&mut text)?;
            }
        }
        Ok(serde_json::from_slice(&text)?)
    }
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

    /// Converts the refusal to an error. The process has read the component, so the refusal's text
    /// is as untrusted as the component.
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

/// Returns the error for a process that ended without a result.
fn fault(ended: &Ended, words: &str, limits: &Limits) -> ComponentError {
    /// Parts of the messages that Rust's standard library prints when the system refuses memory or
    /// a thread.
    const OUT_OF_MEMORY: [&str; 4] =
        ["memory allocation of", "out of memory", "Cannot allocate", "WouldBlock"];
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
