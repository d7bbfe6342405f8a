//! Where components are compiled: in this process, or in one of its own that can reach nothing.

#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod order;

#[cfg(target_os = "linux")]
pub(crate) use child::compile as compile_in_child;

use super::code::CodeStore;
use super::error::ComponentError;
use super::invalid;
use super::limits::Limits;
use crate::process::Cancellation;
#[cfg(target_os = "linux")]
use crate::process::Launcher;
use std::io::Write;
use wasmtime::Engine;
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

/// What a component is compiled with.
pub(super) struct Job<'a> {
    pub(super) engine: &'a Engine,
    /// Whether the engine has a pool of slots, which its code must fit.
    pub(super) is_pooled: bool,
    pub(super) limits: &'a Limits,
    pub(super) store: Option<&'a CodeStore>,
    pub(super) cancellation: &'a Cancellation,
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

impl Job<'_> {
    fn in_process(&self, bytes: &[u8]) -> Result<Component, ComponentError> {
        self.limits.check_component(bytes)?;
        let component = Component::from_binary(self.engine, bytes)
            .map_err(|error| invalid(&error, self.limits))?;
        // Without a place on the disk it compiles again next time.
        let _ = self.store.map(|store| self.keep(store, bytes, &component));
        Ok(component)
    }

    fn keep(
        &self,
        store: &CodeStore,
        bytes: &[u8],
        component: &Component,
    ) -> wasmtime::Result<Component> {
        let mut draft = store.draft()?;
        draft.write_all(&component.serialize()?)?;
        Ok(store.keep(self.engine, bytes, draft)?)
    }
}
