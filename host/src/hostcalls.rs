//! The host's interfaces for guests: one file for each interface of Hostel, and one file for WASI,
//! which needs no grant.
//!
//! **A guest can use only interfaces that are offered here and that its grants allow.** Every
//! interface is always linked. Each host call that needs a grant checks it, so that a refusal can
//! name the setting that would grant access.
//!
//! The file of each interface of Hostel begins with the name of the import and `add_to_linker`.
//! Each interface has one line in [`CAPABILITIES`]. If an interface needs a grant, the grant is a
//! field of [`Grants`].
//!
//! [`Grants`]: crate::grants::Grants

mod access;
mod atomics;
mod batch;
mod cache;
mod config;
mod entries;
mod http;
mod lease;
mod linkage;
mod log;
mod memory;
mod state;
mod values;
mod wasi;

pub(crate) use linkage::Linkage;
pub(crate) use memory::MemoryRefusal;
pub(crate) use state::{Capabilities, State, StoreBounds};
pub(crate) use values::ConfigValues;
pub(crate) use wasi::{INTERFACES as WASI_INTERFACES, VERSION as WASI_VERSION};

use wasmtime::Engine;
use wasmtime::component::Linker;

/// An interface that the host offers.
pub(crate) struct Capability {
    /// The name of the interface's import, version included.
    pub(crate) import: &'static str,
    add_to_linker: fn(&mut Linker<State>, Linkage) -> wasmtime::Result<()>,
}

/// Every interface of Hostel that a guest can import.
pub(crate) const CAPABILITIES: &[Capability] = &[
    Capability { import: cache::IMPORT, add_to_linker: cache::add_to_linker },
    Capability { import: atomics::IMPORT, add_to_linker: atomics::add_to_linker },
    Capability { import: lease::IMPORT, add_to_linker: lease::add_to_linker },
    Capability { import: batch::IMPORT, add_to_linker: batch::add_to_linker },
    Capability { import: entries::IMPORT, add_to_linker: entries::add_to_linker },
    Capability { import: http::IMPORT, add_to_linker: http::add_to_linker },
    Capability { import: config::IMPORT, add_to_linker: config::add_to_linker },
    Capability { import: log::IMPORT, add_to_linker: log::add_to_linker },
];

/// Creates a linker with every interface that a guest can import.
///
/// # Errors
///
/// If two interfaces define the same function, which is always a mistake in this module.
pub(crate) fn linker(engine: &Engine, linkage: Linkage) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasi::add_to_linker(&mut linker)?;
    for capability in CAPABILITIES {
        (capability.add_to_linker)(&mut linker, linkage)?;
    }
    Ok(linker)
}
