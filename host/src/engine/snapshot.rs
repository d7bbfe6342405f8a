//! Initialises a component once more, and makes a component of the state that it is in then.
//!
//! A language's tool makes a base: a component whose interpreter runs, with nothing of an author's in
//! it. Here an export of the base loads an author's files, and what its memory and its globals have
//! become is written into a copy of the base. All functions stay as they are, so that those which
//! were compiled for the base are not compiled again.

mod layout;
mod probe;
mod rewrite;
mod state;
#[cfg(test)]
mod tests;

use super::code::CodeStore;
use super::compiler::{Compiler, Job};
use super::config::config;
use super::error::ComponentError;
use super::limits::Limits;
use super::pool;
use crate::process::Cancellation;
use layout::Layout;
use std::io;
use std::path::PathBuf;
use wasmparser::BinaryReaderError;
use wasmtime::Store;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Instance, Linker, Val, WasmList};
use wasmtime_wasi::{FsPerms, I32Exit, ResourceTable, WasiCtx, WasiCtxView, WasiView};

/// What an initialisation sees: folders of this machine and variables, no network.
#[derive(Default)]
pub(crate) struct Surroundings {
    pub(crate) folders: Vec<MountedFolder>,
    pub(crate) variables: Vec<(String, String)>,
}

/// A folder of this machine, as an initialisation sees it.
pub(crate) struct MountedFolder {
    /// Its path in the component.
    pub(crate) name: String,
    /// Its path here.
    pub(crate) path: PathBuf,
    pub(crate) is_writable: bool,
}

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SnapshotError {
    /// The base is not what a tool makes.
    #[error("the base is no component: {0}")]
    Malformed(#[from] BinaryReaderError),
    /// The base has what cannot be written into a copy.
    #[error("the base has {0}, which no copy of it can begin with")]
    Unsupported(&'static str),
    /// The base cannot be compiled.
    #[error("the base cannot be compiled")]
    Compile(#[from] ComponentError),
    /// A folder that the initialisation needs cannot be opened.
    #[error("cannot open {0}")]
    Folder(PathBuf, #[source] io::Error),
    /// The initialisation ended itself, and has told why.
    #[error("the initialisation ended itself")]
    Exited,
    /// The initialisation ended by a trap.
    #[error("the initialisation failed")]
    Run(#[source] wasmtime::Error),
}

/// Initialises a base by a call of `function`, which is one of its instance `interface`, and
/// returns the component that begins where the base was then.
///
/// # Errors
///
/// When the base is refused or the call does not return. What it wrote to stderr has the reason.
pub(crate) fn take(
    base: &[u8],
    (interface, function): (&str, &str),
    surroundings: &Surroundings,
    compiler: &Compiler,
    code: Option<&CodeStore>,
) -> Result<Vec<u8>, SnapshotError> {
    let layout = Layout::read(base)?;
    let instrumented = probe::add(base, &layout)?;
    let limits = Limits::default();
    let (engine, slots) = pool::engine(&config(&limits)).map_err(SnapshotError::Run)?;
    let job = Job {
        engine: &engine,
        is_pooled: slots > 0,
        limits: &limits,
        store: code,
        cancellation: &Cancellation::default(),
    };
    let kept = code.and_then(|code| code.load(&engine, &instrumented));
    let component = kept.map_or_else(|| compiler.compile(&instrumented, &job), Ok)?;
    let store = Store::new(&engine, Visit::to(surroundings)?);
    let call = |instance: &Instance, mut store: &mut Store<Visit>| {
        let interface = instance.get_export_index(&mut store, None, interface);
        let function = instance.get_export_index(&mut store, interface.as_ref(), function);
        let function = function.and_then(|it| instance.get_func(&mut store, it));
        let function = function.ok_or_else(|| wasmtime::format_err!("there is no such export"))?;
        let mut results = vec![Val::Bool(false); function.ty(&store).results().len()];
        function.call(store, &[], &mut results)
    };
    let state = read(&component, store, call).map_err(|error| match error.is::<I32Exit>() {
        true => SnapshotError::Exited,
        false => SnapshotError::Run(error),
    })?;
    state::put(base, &layout, &state)
}

/// Instantiates an instrumented component, calls it, and reads its state after that.
fn read(
    component: &Component,
    mut store: Store<Visit>,
    call: impl FnOnce(&Instance, &mut Store<Visit>) -> wasmtime::Result<()>,
) -> wasmtime::Result<Vec<u8>> {
    // Nothing advances the epoch: it takes as long as it takes, as in the languages' own tools.
    store.set_epoch_deadline(1);
    store.set_hostcall_fuel(usize::MAX);
    let instance = linker(component)?.instantiate(&mut store, component)?;
    call(&instance, &mut store)?;
    let probe = instance.get_typed_func::<(), (WasmList<u8>,)>(&mut store, probe::FUNCTION)?;
    let (state,) = probe.call(&mut store, ())?;
    Ok(state.as_le_slice(&store).to_vec())
}

/// A linker with WASI. All else that the component imports ends it when it is called.
fn linker(component: &Component) -> wasmtime::Result<Linker<Visit>> {
    let engine = component.engine();
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
    for (name, import) in component.component_type().imports(engine) {
        let ComponentItem::ComponentInstance(interface) = import.ty else { continue };
        if name.starts_with("wasi:") {
            continue;
        }
        let mut instance = linker.instance(name)?;
        for (name, export) in interface.exports(engine) {
            if let ComponentItem::ComponentFunc(_) = export.ty {
                instance.func_new(name, |_, _, _, _| wasmtime::bail!("there is no host yet"))?;
            }
        }
    }
    Ok(linker)
}

/// The data of the store: WASI for one initialisation.
struct Visit {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl Visit {
    fn to(surroundings: &Surroundings) -> Result<Self, SnapshotError> {
        let mut wasi = WasiCtx::builder();
        wasi.inherit_stdout().inherit_stderr().envs(&surroundings.variables);
        for MountedFolder { name, path, is_writable } in &surroundings.folders {
            let rights = if *is_writable { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
            wasi.preopened_dir(path, name, rights)
                .map_err(|error| SnapshotError::Folder(path.clone(), io::Error::other(error)))?;
        }
        Ok(Visit { wasi: wasi.build(), table: ResourceTable::new() })
    }
}

impl WasiView for Visit {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}
