//! Compiles components in this process, or in a separate sandboxed process.

#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod functions;
mod job;
#[cfg(target_os = "linux")]
mod order;

#[cfg(target_os = "linux")]
pub(crate) use child::compile as compile_in_child;

pub(super) use job::Job;

use super::error::ComponentError;
#[cfg(target_os = "linux")]
use crate::process::Launcher;
use wasmtime::component::Component;

/// Where components are compiled. In either case a component's sizes are checked first: compiling
/// an excessive component could take minutes or gigabytes.
#[derive(Clone, Default)]
pub enum Compiler {
    /// In the calling process. A component that crashes the compiler ends the process, and
    /// compiling cannot be interrupted.
    #[default]
    InProcess,
    /// In a separate process for each component. `limits.compile-memory` and `limits.compile-time`
    /// limit the process. It cannot open files. Where the kernel offers seccomp, it cannot open
    /// connections either.
    #[cfg(target_os = "linux")]
    Process(Launcher),
}

impl Compiler {
    /// Compiles a component, and stores its code if there is a writable store.
    pub(super) fn compile(&self, bytes: &[u8], job: &Job<'_>) -> Result<Component, ComponentError> {
        match self {
            Compiler::InProcess => job.in_process(bytes),
            #[cfg(target_os = "linux")]
            Compiler::Process(launcher) => order::compile(launcher, bytes, job),
        }
    }
}
