//! Where components are compiled: in this process, or in one of its own that can reach nothing.

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

/// Where components are compiled. Wherever that is, a component is measured before, so that one
/// which would take minutes or gigabytes is refused.
#[derive(Clone, Default)]
pub enum Compiler {
    /// In the process that asks for it. A component that makes the compiler crash ends it, and
    /// cannot be interrupted.
    #[default]
    InProcess,
    /// In a process for each component, which can open no file and no connection, and which
    /// `limits.compile-memory` and `limits.compile-time` bound.
    #[cfg(target_os = "linux")]
    Process(Launcher),
}

impl Compiler {
    /// Compiles a component, and keeps its code where there is a store.
    pub(super) fn compile(&self, bytes: &[u8], job: &Job<'_>) -> Result<Component, ComponentError> {
        match self {
            Compiler::InProcess => job.in_process(bytes),
            #[cfg(target_os = "linux")]
            Compiler::Process(launcher) => order::compile(launcher, bytes, job),
        }
    }
}
