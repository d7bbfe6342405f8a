//! WebAssembly: compiling components, and calling them in fresh instances under limits.

mod anatomy;
mod code;
mod error;
mod instance;
mod limits;
mod memory;
mod pool;
mod state;
mod ticker;
mod turns;
mod world;

pub use anatomy::{Anatomy, Extent, Import, Kind, Producer};
pub(crate) use code::CodeStore;
pub use error::{CallError, ComponentError};
pub use instance::Instances;
pub(crate) use limits::Unit;
pub use limits::{Limit, LimitError, LimitReached, Limits};
pub(crate) use pool::MOST_SLOTS;
pub use world::{Offer, WorldMismatch};

use crate::bindings::ServicePre;
use crate::hostcalls::cache::CacheAccess;
use crate::hostcalls::handler::{Request, Response, ServiceInfo};
use crate::hostcalls::{cache, log, wasi};
use crate::telemetry::{
    CallLog, CallSink, CallSpan, InstanceMeter, LogBounds, LogSink, Origin, escape,
};
use instance::{HostIdle, Idle, Instance};
use state::State;
use std::pin::pin;
use std::sync::Arc;
use turns::Turns;
use wasmtime::Config;
use wasmtime::component::{Component, Linker};

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
    sink: Arc<CallSink>,
    code: Option<CodeStore>,
    idle: Arc<HostIdle>,
    turns: Turns,
    slots: u32,
}

/// A component that is compiled and fits the world, and what its calls may use up.
pub(crate) struct Compiled {
    service: ServicePre<State>,
    limits: Limits,
    idle: Option<Idle>,
    meter: InstanceMeter,
}

impl Compiled {
    /// Says whether instances are kept for calls to come, where they are to be, and answers those
    /// that waited until now, to be dropped where nobody waits for that.
    #[must_use]
    pub(crate) fn keep_instances(&self, keep: bool) -> impl Sized + use<> {
        self.idle.as_ref().map(|idle| idle.set_open(keep))
    }
}

impl Engine {
    /// # Errors
    ///
    /// When the engine refuses its settings, or its ticker cannot be started.
    pub(crate) fn new(
        limits: Limits,
        sink: LogSink,
        code: Option<CodeStore>,
    ) -> wasmtime::Result<Self> {
        let (engine, slots) = pool::engine(&config(&limits))?;
        let mut linker = Linker::new(&engine);
        wasi::add_to_linker(&mut linker)?;
        cache::add_to_linker(&mut linker, |state: &State| &state.cache)?;
        log::add_to_linker(&mut linker, |state: &State| &state.log)?;
        ticker::start(&engine)?;
        let (turns, sink) = (Turns::new(), CallSink::new(sink));
        let idle = Arc::new(HostIdle::of(slots));
        Ok(Engine { engine, linker, limits, sink, code, idle, turns, slots })
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Instances that have their place set aside; 0 where each is mapped anew.
    pub(crate) fn slots(&self) -> u32 {
        self.slots
    }

    /// Log lines dropped since their call had written its share.
    pub(crate) fn dropped_lines(&self) -> u64 {
        self.sink.dropped()
    }

    /// Whether the compiled form of this component is on disk.
    pub(crate) fn is_kept(&self, bytes: &[u8]) -> bool {
        self.code.as_ref().is_some_and(|code| code.has(&self.engine, bytes))
    }

    /// Compiles a component and checks it against the world. Takes long; runs nothing of it.
    pub(crate) fn compile(
        &self,
        bytes: &[u8],
        limits: Limits,
        instances: Instances,
        meter: InstanceMeter,
    ) -> Result<Compiled, ComponentError> {
        if bytes.len() as u64 > limits.component {
            return Err(Limit::Component.reached(&limits).into());
        }
        check_preamble(bytes)?;
        // The engine quotes names of the component, which may hold anything.
        let invalid = |error: wasmtime::Error| match pool::refused_table(&error) {
            true => Limit::Memory.reached(&limits).into(),
            false => ComponentError::Invalid(escape(&format!("{error:#}"), limits.log_line_bytes)),
        };
        let kept = self.code.as_ref().and_then(|code| code.load(&self.engine, bytes));
        let component = match &kept {
            Some(component) => component.clone(),
            None => Component::from_binary(&self.engine, bytes).map_err(invalid)?,
        };
        world::check(&self.engine, &component)?;
        let resources = component.resources_required();
        let most = limits.instances;
        if resources.is_some_and(|r| r.num_memories.max(r.num_tables) as usize > most) {
            return Err(Limit::Instances.reached(&limits).into());
        }
        // What is left is a function of another type than the world's, or one it does not have.
        let mismatch = |error: wasmtime::Error| {
            let fault = escape(&format!("{error:#}"), limits.log_line_bytes);
            ComponentError::World(WorldMismatch { faults: vec![fault] })
        };
        let instance = self.linker.instantiate_pre(&component).map_err(mismatch)?;
        let service = ServicePre::new(instance).map_err(mismatch)?;
        if let (Some(code), None) = (&self.code, kept) {
            code.keep(&self.engine, bytes, &component);
        }
        let idle = match instances {
            Instances::Fresh => None,
            Instances::Reuse { calls } => Some(Idle::new(calls, &self.idle)),
        };
        Ok(Compiled { service, limits, idle, meter })
    }

    /// Asks a component for its services, under the limits of a call and with its cache closed.
    pub(crate) async fn services(
        &self,
        component: &Compiled,
        origin: Origin,
    ) -> Result<Vec<ServiceInfo>, CallError> {
        let limits = &component.limits;
        let mut instance = self.instance(limits, CacheAccess::Denied, origin);
        let call = async |instance: &mut Instance| {
            let (service, store) = instance.service(component).await?;
            service.hostel_service_handler().call_services(store).await
        };
        let services = self.bounded(&mut instance, limits, call).await?;
        if services.len() > limits.services {
            return Err(Limit::Services.reached(limits).into());
        }
        Ok(services.into_iter().map(ServiceInfo::from).collect())
    }

    /// Handles one request, in a fresh instance or in one that was kept.
    pub(crate) async fn handle(
        &self,
        component: &Compiled,
        origin: Origin,
        cache: CacheAccess,
        request: Request,
        span: Option<&mut CallSpan>,
    ) -> Result<Response, CallError> {
        let limits = &component.limits;
        if request.body.len() > limits.request {
            return Err(Limit::Request.reached(limits).into());
        }
        let request = request.into_wit(origin.service.clone());
        let kept = component.idle.as_ref().and_then(Idle::take);
        if let Some(span) = span {
            span.has_instance(kept.is_some());
        }
        let mut instance = match kept {
            Some(kept) => {
                component.meter.reused();
                kept.begin(origin)
            }
            None => {
                component.meter.made();
                let mut made = self.instance(limits, cache, origin);
                made.retires = component.idle.as_ref().map(|_| component.meter.retirement());
                made
            }
        };
        let call = async |instance: &mut Instance| {
            let (service, store) = instance.service(component).await?;
            service.hostel_service_handler().call_handle(store, &request).await
        };
        let answer = match self.bounded(&mut instance, limits, call).await? {
            Ok(response) => Ok(accept(response.into(), limits)?),
            Err(failure) => Err(CallError::Failure(crate::hostcalls::handler::Failure {
                kind: failure.kind.into(),
                message: escape(&failure.message, limits.log_line_bytes),
            })),
        };
        if let Some(idle) = &component.idle {
            idle.keep(instance, limits);
        }
        answer
    }

    fn instance(&self, limits: &Limits, cache: CacheAccess, origin: Origin) -> Instance {
        let bounds = LogBounds { lines: limits.log_lines, line_bytes: limits.log_line_bytes };
        let log = CallLog::new(Arc::clone(&self.sink), origin, bounds);
        Instance::new(&self.engine, limits, cache, log)
    }

    /// Runs a call within its time, and in turns once it has run for long. The epoch makes a
    /// looping guest yield, so that timeout and turns get theirs; a guest that sleeps is waiting
    /// already.
    async fn bounded<T>(
        &self,
        instance: &mut Instance,
        limits: &Limits,
        call: impl AsyncFnOnce(&mut Instance) -> wasmtime::Result<T>,
    ) -> Result<T, CallError> {
        let ended = {
            // In its place before it is wrapped: it is large, and moving it costs.
            let call = pin!(call(instance));
            tokio::time::timeout(limits.time, self.turns.run(call)).await
        };
        match ended {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                Err(error::classify(&error, instance.store.data().memory.refused(), limits))
            }
            Err(_elapsed) => Err(Limit::Time.reached(limits).into()),
        }
    }
}

/// Takes a response if it is within its limit and could be sent on.
fn accept(response: Response, limits: &Limits) -> Result<Response, CallError> {
    if response.len() > limits.response {
        return Err(Limit::Response.reached(limits).into());
    }
    if response.headers.len() > limits.headers {
        return Err(Limit::Headers.reached(limits).into());
    }
    match response.fault() {
        Some(fault) => Err(CallError::Garbage(fault)),
        None => Ok(response),
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
