//! WebAssembly: compiling components, and calling them in fresh instances under limits.

mod code;
mod error;
mod limits;
mod memory;
mod state;
mod ticker;
mod world;

pub(crate) use code::CodeStore;
pub use error::{CallError, ComponentError};
pub use limits::{Limit, LimitReached, Limits};
pub use world::WorldMismatch;

use crate::bindings::ServicePre;
use crate::hostcalls::cache::CacheAccess;
use crate::hostcalls::handler::{Request, Response, ServiceInfo};
use crate::hostcalls::{cache, log, wasi};
use crate::telemetry::{CallLog, LogBounds, LogSink, Origin, escape};
use state::State;
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Store};

/// Stack that host functions have beside the guest's own: they run on the same one, and
/// overflowing it would end the process.
const HOST_STACK: usize = 3 << 19;

/// Ticks after which a running guest gives others a turn.
const TICKS_A_TURN: u64 = 1;

/// Compiles components and runs them.
pub(crate) struct Engine {
    engine: wasmtime::Engine,
    linker: Linker<State>,
    limits: Limits,
    sink: LogSink,
    code: Option<CodeStore>,
}

/// A component that is compiled and fits the world.
pub(crate) struct Compiled(ServicePre<State>);

impl Engine {
    /// # Errors
    ///
    /// When the engine refuses its settings, or its ticker cannot be started.
    pub(crate) fn new(
        limits: Limits,
        sink: LogSink,
        code: Option<CodeStore>,
    ) -> wasmtime::Result<Self> {
        let engine = wasmtime::Engine::new(&config(&limits))?;
        let mut linker = Linker::new(&engine);
        wasi::add_to_linker(&mut linker)?;
        cache::add_to_linker(&mut linker, |state: &State| &state.cache)?;
        log::add_to_linker(&mut linker, |state: &State| &state.log)?;
        ticker::start(&engine)?;
        Ok(Engine { engine, linker, limits, sink, code })
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Compiles a component and checks it against the world. Takes long; runs nothing of it.
    pub(crate) fn compile(&self, bytes: &[u8]) -> Result<Compiled, ComponentError> {
        if bytes.len() as u64 > self.limits.component {
            return Err(Limit::Component.reached(&self.limits).into());
        }
        check_preamble(bytes)?;
        // The engine quotes names of the component, which may hold anything.
        let invalid = |error: wasmtime::Error| {
            ComponentError::Invalid(escape(&format!("{error:#}"), self.limits.log_line_bytes))
        };
        let kept = self.code.as_ref().and_then(|code| code.load(&self.engine, bytes));
        let component = match &kept {
            Some(component) => component.clone(),
            None => Component::from_binary(&self.engine, bytes).map_err(invalid)?,
        };
        world::check(&self.engine, &component)?;
        let resources = component.resources_required();
        let most = self.limits.instances;
        if resources.is_some_and(|r| r.num_memories.max(r.num_tables) as usize > most) {
            return Err(Limit::Instances.reached(&self.limits).into());
        }
        // What is left is a function of another type than the world's, or one it does not have.
        let mismatch = |error: wasmtime::Error| {
            let fault = escape(&format!("{error:#}"), self.limits.log_line_bytes);
            ComponentError::World(WorldMismatch { faults: vec![fault] })
        };
        let instance = self.linker.instantiate_pre(&component).map_err(mismatch)?;
        let compiled = ServicePre::new(instance).map(Compiled).map_err(mismatch)?;
        if let (Some(code), None) = (&self.code, kept) {
            code.keep(&self.engine, bytes, &component);
        }
        Ok(compiled)
    }

    /// Asks a component for its services, under the limits of a call and with its cache closed.
    pub(crate) async fn services(
        &self,
        component: &Compiled,
        origin: Origin,
    ) -> Result<Vec<ServiceInfo>, CallError> {
        let mut store = self.store(CacheAccess::Denied, origin)?;
        let call = async |store: &mut Store<State>| {
            let service = component.0.instantiate_async(&mut *store).await?;
            service.hostel_service_handler().call_services(store).await
        };
        let services = self.bounded(&mut store, call).await?;
        if services.len() > self.limits.services {
            return Err(Limit::Services.reached(&self.limits).into());
        }
        Ok(services.into_iter().map(ServiceInfo::from).collect())
    }

    /// Handles one request in a fresh instance, which is gone when this returns.
    pub(crate) async fn handle(
        &self,
        component: &Compiled,
        origin: Origin,
        cache: CacheAccess,
        request: Request,
    ) -> Result<Response, CallError> {
        if request.body.len() > self.limits.request {
            return Err(Limit::Request.reached(&self.limits).into());
        }
        let request = request.into_wit(origin.service.clone());
        let mut store = self.store(cache, origin)?;
        let call = async |store: &mut Store<State>| {
            let service = component.0.instantiate_async(&mut *store).await?;
            service.hostel_service_handler().call_handle(store, &request).await
        };
        match self.bounded(&mut store, call).await? {
            Ok(response) => self.accept(response.into()),
            Err(failure) => Err(CallError::Failure(crate::hostcalls::handler::Failure {
                kind: failure.kind.into(),
                message: escape(&failure.message, self.limits.log_line_bytes),
            })),
        }
    }

    /// Takes a response if it is within its limit and could be sent on.
    fn accept(&self, response: Response) -> Result<Response, CallError> {
        if response.len() > self.limits.response {
            return Err(Limit::Response.reached(&self.limits).into());
        }
        if response.headers.len() > self.limits.headers {
            return Err(Limit::Headers.reached(&self.limits).into());
        }
        match response.fault() {
            Some(fault) => Err(CallError::Garbage(fault)),
            None => Ok(response),
        }
    }

    /// The store of one call, with every limit set.
    fn store(&self, cache: CacheAccess, origin: Origin) -> Result<Store<State>, CallError> {
        let bounds =
            LogBounds { lines: self.limits.log_lines, line_bytes: self.limits.log_line_bytes };
        let log = CallLog::new(self.sink.clone(), origin, bounds);
        let mut store = Store::new(&self.engine, State::new(cache, log, &self.limits));
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(self.limits.hostcall_bytes);
        store.set_max_component_handles(self.limits.handles);
        store.set_epoch_deadline(TICKS_A_TURN);
        store.epoch_deadline_async_yield_and_update(TICKS_A_TURN);
        Ok(store)
    }

    /// Runs a call within its time. The epoch makes a looping guest yield, so that the timeout
    /// gets its turn; a guest that sleeps is waiting already.
    async fn bounded<T>(
        &self,
        store: &mut Store<State>,
        call: impl AsyncFnOnce(&mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<T, CallError> {
        match tokio::time::timeout(self.limits.time, call(store)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                Err(error::classify(&error, store.data().memory.refused(), &self.limits))
            }
            Err(_elapsed) => Err(Limit::Time.reached(&self.limits).into()),
        }
    }
}

fn config(limits: &Limits) -> Config {
    let mut config = Config::new();
    config
        // Half the price of a host call, and a whole class of faults away; WASI 0.3 is not offered.
        .concurrency_support(false)
        .epoch_interruption(true)
        .max_wasm_stack(limits.stack)
        .async_stack_size(limits.stack.saturating_add(HOST_STACK))
        // What no supported language needs is not there to be attacked.
        .wasm_memory64(false)
        .shared_memory(false);
    config
}

/// Tells a component from what people pass by mistake, in words of their own.
fn check_preamble(bytes: &[u8]) -> Result<(), ComponentError> {
    let Some(rest) = bytes.strip_prefix(b"\0asm") else {
        let start = bytes.get(..bytes.len().min(8)).unwrap_or_default();
        return Err(ComponentError::NotWasm(String::from_utf8_lossy(start).into_owned()));
    };
    // The layer field of the preamble is 0 in a core module and 1 in a component.
    match rest {
        [_, _, 0, 0, ..] => Err(ComponentError::CoreModule),
        _ => Ok(()),
    }
}
