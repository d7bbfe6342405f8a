//! Initialises a component ahead of time, and builds a component that starts in the resulting
//! state.
//!
//! A language's tool makes a base: a component with an interpreter and no plugin code. This module
//! calls an export of the base that loads the plugin author's code, and writes the resulting memory
//! and globals into a copy of the base. The copy has the same functions as the base, so cached
//! compiled functions serve both.

mod error;
mod inner;
mod layout;
mod probe;
mod rewrite;
mod state;
#[cfg(test)]
mod tests;

use super::code::CodeStore;
use super::compiler::{Compiler, Job};
use super::config::config;
use super::limits::Limits;
use super::pool;
use crate::process::Cancellation;
pub(crate) use error::SnapshotError;
use inner::Inner;
use layout::Layout;
use std::io;
use std::path::PathBuf;
use wasmtime::Store;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Instance, Linker, Val, WasmList};
use wasmtime_wasi::{FsPerms, I32Exit, ResourceTable, WasiCtx, WasiCtxView, WasiView};

/// The environment of an initialisation: folders of this machine, environment variables, and the
/// plugin's script unless the base reads the plugin from a folder. There is no network.
#[derive(Default)]
pub(crate) struct Surroundings {
    /// The plugin as a script, passed to `handle` as the name of a service. If `None`, `services`
    /// is called instead.
    pub(crate) script: Option<String>,
    pub(crate) folders: Vec<MountedFolder>,
    pub(crate) variables: Vec<(String, String)>,
}

/// A folder of this machine that the initialisation can access.
pub(crate) struct MountedFolder {
    /// The path of the folder inside the component.
    pub(crate) name: String,
    /// The path of the folder on this machine.
    pub(crate) path: PathBuf,
    pub(crate) is_writable: bool,
}

/// Initialises a base by calling a function of its exported instance `interface`. Returns a
/// component that starts in the resulting state.
///
/// # Errors
///
/// When the base is malformed, is not supported or cannot be compiled, a folder cannot be opened,
/// or the call fails.
pub(crate) fn take(
    base: &[u8],
    interface: &str,
    surroundings: &Surroundings,
    compiler: &Compiler,
    code: Option<&CodeStore>,
) -> Result<Vec<u8>, SnapshotError> {
    let within = Inner::of(base, interface)?;
    let inner = within.as_ref().and_then(|it| base.get(it.place.clone())).unwrap_or(base);
    let layout = Layout::read(inner)?;
    let instrumented = probe::add(inner, &layout)?;
    let instrumented = match &within {
        Some(within) => within.expose(base, &instrumented)?,
        None => instrumented,
    };
    let limits = Limits::default();
    let (engine, slots) =
        pool::engine(&config(&limits), usize::MAX, limits.memory).map_err(SnapshotError::Run)?;
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
    let script = surroundings.script.as_deref();
    let call =
        |instance: &Instance, store: &mut Store<Visit>| load(instance, store, interface, script);
    let state = read(&component, store, call).map_err(|error| match error.downcast() {
        Ok(ScriptError(why)) => SnapshotError::Script(why),
        Err(error) if error.is::<I32Exit>() => SnapshotError::Exited,
        Err(error) => SnapshotError::Run(error),
    })?;
    let made = state::put(inner, &layout, &state)?;
    match within {
        Some(within) => within.replace(base, &made),
        None => Ok(made),
    }
}

/// Why a base did not load a script.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct ScriptError(String);

/// Makes a base load a plugin: from `script`, or else from its folders.
fn load(
    instance: &Instance,
    mut store: &mut Store<Visit>,
    interface: &str,
    script: Option<&str>,
) -> wasmtime::Result<()> {
    let (name, arguments) = match script {
        None => ("services", Vec::new()),
        Some(script) => ("handle", vec![request(script)]),
    };
    let interface = instance.get_export_index(&mut store, None, interface);
    let function = instance.get_export_index(&mut store, interface.as_ref(), name);
    let function = function.and_then(|it| instance.get_func(&mut store, it));
    let function = function.ok_or_else(|| wasmtime::format_err!("the export does not exist"))?;
    let mut results = vec![Val::Bool(false); function.ty(&store).results().len()];
    function.call(store, &arguments, &mut results)?;
    match results.pop() {
        Some(Val::Result(Err(failure))) => Err(ScriptError(message(failure)).into()),
        _ => Ok(()),
    }
}

/// Builds a request that passes a script as the name of the service.
fn request(script: &str) -> Val {
    let fields = [
        ("service", Val::String(script.to_owned())),
        ("id", Val::String(String::new())),
        ("content-type", Val::Option(None)),
        ("body", Val::List(Vec::new())),
        ("http", Val::Option(None)),
    ];
    Val::Record(fields.map(|(name, value)| (name.to_owned(), value)).into())
}

/// Returns the message of a failure, or an empty text if it has none.
fn message(failure: Option<Box<Val>>) -> String {
    let Some(Val::Record(fields)) = failure.map(|failure| *failure) else { return String::new() };
    let message = fields.into_iter().find(|(name, _)| name == "message");
    match message {
        Some((_, Val::String(message))) => message,
        _ => String::new(),
    }
}

/// Instantiates a component that has a probe, runs `call` with the instance, and returns the state
/// that the probe reads afterwards.
fn read(
    component: &Component,
    mut store: Store<Visit>,
    call: impl FnOnce(&Instance, &mut Store<Visit>) -> wasmtime::Result<()>,
) -> wasmtime::Result<Vec<u8>> {
    // This deadline is never reached, because nothing advances the epoch: initialisation has no
    // time limit, as in the languages' own tools.
    store.set_epoch_deadline(1);
    store.set_hostcall_fuel(usize::MAX);
    let instance = linker(component)?.instantiate(&mut store, component)?;
    call(&instance, &mut store)?;
    let probe = instance.get_typed_func::<(), (WasmList<u8>,)>(&mut store, probe::FUNCTION)?;
    let (state,) = probe.call(&mut store, ())?;
    Ok(state.as_le_slice(&store).to_vec())
}

/// Returns a linker with WASI. The functions of the component's other imported interfaces fail when
/// they are called.
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

/// The store's data: WASI for one initialisation.
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
