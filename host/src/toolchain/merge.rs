//! Merges the core modules that a tool has linked in a component.
//!
//! A language's tool may link libraries unchanged. Each library is then a module of its own. For
//! every new instance of the component, the engine instantiates all modules, passes thousands of
//! functions and globals between them, and fills their shared table. In a single module, functions
//! and globals are indices that are known at compile time.

mod group;
mod link;
mod module;
mod outline;
mod renumber;
#[cfg(test)]
mod tests;
mod write;

use group::MergeGroup;
use outline::Outline;

/// Functions that must stay exported: before the engine takes a snapshot of a component, it calls
/// them by name. See `engine/snapshot/layout.rs`.
const KEPT: [&str; 2] = ["reset_adapter_state", "__wasilibc_reset_preopens"];

/// Merges the core modules of a component that can be merged safely into one module. Returns `None`
/// if fewer than two can be merged, or if the component has an unsupported form.
pub(super) fn merge(component: &[u8]) -> Option<Vec<u8>> {
    let outline = Outline::read(component)?;
    let group = MergeGroup::choose(&outline)?;
    write::write(&outline, &group, &KEPT)
}
