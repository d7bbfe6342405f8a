//! Makes one core module of those that a tool has linked in a component.
//!
//! A language's tool may link libraries as they are: then each is a module, and every new instance
//! of the component instantiates all of them, passes thousands of functions and globals between
//! them, and fills their common table. In one module these are numbers, known when it is compiled.

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

/// Functions that an initialisation of a component calls by their names, so that they stay exported:
/// see `engine/snapshot/layout.rs`.
const KEPT: [&str; 2] = ["reset_adapter_state", "__wasilibc_reset_preopens"];

/// Makes one core module of as many as can be; `None` if no two can.
pub(super) fn merge(component: &[u8]) -> Option<Vec<u8>> {
    let outline = Outline::read(component)?;
    let group = MergeGroup::choose(&outline)?;
    write::write(&outline, &group, &KEPT)
}
