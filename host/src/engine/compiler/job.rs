//! The context for compiling one component, and the compilation in this process.

use crate::engine::code::CodeStore;
use crate::engine::config::invalid;
use crate::engine::error::ComponentError;
use crate::engine::limits::Limits;
use crate::engine::parallel;
use crate::process::Cancellation;
use std::io::Write;
use wasmtime::Engine;
use wasmtime::component::Component;

/// The context for compiling a component.
pub(in crate::engine) struct Job<'a> {
    pub(in crate::engine) engine: &'a Engine,
    /// Whether the engine has a pool of slots. The engine loads only code that was compiled with
    /// the same choice.
    pub(in crate::engine) is_pooled: bool,
    pub(in crate::engine) limits: &'a Limits,
    pub(in crate::engine) store: Option<&'a CodeStore>,
    pub(in crate::engine) cancellation: &'a Cancellation,
}

impl Job<'_> {
    pub(super) fn in_process(&self, bytes: &[u8]) -> Result<Component, ComponentError> {
        self.limits.check_component(bytes)?;
        let compile = || Component::from_binary(self.engine, bytes);
        let component = parallel::run(compile)
            .map_err(ComponentError::Unavailable)?
            .map_err(|error| invalid(&error, self.limits))?;
        // If the code cannot be stored, the component is compiled again next time.
        let _ = self.store.map(|store| self.keep(store, bytes, &component));
        Ok(component)
    }

    fn keep(
        &self,
        store: &CodeStore,
        bytes: &[u8],
        component: &Component,
    ) -> wasmtime::Result<Component> {
        let draft = store.draft()?;
        draft.as_file().write_all(&component.serialize()?)?;
        Ok(store.keep(self.engine, bytes, draft)?)
    }
}
