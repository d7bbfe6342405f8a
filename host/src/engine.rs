//! WebAssembly: compiles components, and calls them in instances under limits.

mod code;
mod compiled;
mod compiler;
mod config;
mod deadline;
mod error;
mod fairness;
mod inspect;
mod instance;
mod limits;
mod parallel;
mod pool;
mod preamble;
mod reclaim;
mod screen;
#[cfg(target_os = "linux")]
mod snapshot;
mod ticker;

pub(crate) use code::{CodeStore, LoadMark};
pub(crate) use compiled::Compiled;
pub use compiler::Compiler;
#[cfg(target_os = "linux")]
pub(crate) use compiler::compile_in_child;
pub(crate) use error::NO_MEMORY;
pub use error::{CallError, ComponentError};
pub(crate) use fairness::shorten_slice;
pub use inspect::{ComponentInfo, Extent, FileKind, ImportInfo, Producer};
pub(crate) use instance::HostIdle;
pub use instance::Instances;
pub(crate) use limits::Unit;
pub use limits::{Limit, LimitError, LimitReached, Limits};
pub(crate) use pool::MAX_SLOTS;
#[cfg(target_os = "linux")]
pub(crate) use snapshot::{MountedFolder, SnapshotError, Surroundings, take as take_snapshot};

use crate::hostcalls::{self, Capabilities, ConfigValues, Linkage, State, StoreBounds};
use crate::memory::{HostMemory, InstanceCharge};
use crate::process::Cancellation;
use crate::service::{Failure, Request, Response, ServiceInfo};
use crate::telemetry::{
    CallLog, CallSink, CallSpan, InstanceMeter, LineCount, LogBounds, LogSink, Origin, escape,
};
use crate::world::{self, Linked, WorldMismatch};
use compiler::Job;
use config::config;
use deadline::before;
use fairness::{CallStopped, LongCalls};
use instance::{Idle, Instance};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;
use wasmtime::component::Linker;

/// Compiles components and runs them.
pub(crate) struct Engine {
    engine: wasmtime::Engine,
    linkers: Linkers,
    limits: Limits,
    sink: Arc<CallSink>,
    compiler: Compiler,
    code: Option<CodeStore>,
    idle: Arc<HostIdle>,
    memory: Arc<HostMemory>,
    long_calls: LongCalls,
    slots: u32,
}

/// The linkers, created once. A plugin whose cache is in memory uses the synchronous linker, and
/// any other plugin the asynchronous one.
struct Linkers {
    synchronous: Linker<State>,
    asynchronous: Linker<State>,
}

impl Linkers {
    fn new(engine: &wasmtime::Engine) -> wasmtime::Result<Self> {
        Ok(Linkers {
            synchronous: hostcalls::linker(engine, Linkage::Synchronous)?,
            asynchronous: hostcalls::linker(engine, Linkage::Asynchronous)?,
        })
    }

    fn get(&self, linkage: Linkage) -> &Linker<State> {
        match linkage {
            Linkage::Synchronous => &self.synchronous,
            Linkage::Asynchronous => &self.asynchronous,
        }
    }
}

/// The settings with which a plugin's component is compiled and run.
pub(crate) struct CompileSettings {
    pub(crate) limits: Limits,
    pub(crate) instances: Instances,
    pub(crate) linkage: Linkage,
    pub(crate) meter: InstanceMeter,
    pub(crate) config: ConfigValues,
    pub(crate) cancellation: Cancellation,
}

impl Engine {
    /// Creates an engine and starts its threads.
    ///
    /// # Errors
    ///
    /// If wasmtime rejects the settings, or a thread cannot be started.
    pub(crate) fn new(
        limits: Limits,
        sink: LogSink,
        compiler: Compiler,
        code: Option<CodeStore>,
        memory: &Arc<HostMemory>,
    ) -> wasmtime::Result<Self> {
        let (engine, slots) =
            pool::engine(&config(&limits), memory.budget().most(), limits.memory)?;
        let linkers = Linkers::new(&engine)?;
        ticker::start(&engine)?;
        let (long_calls, sink) = (LongCalls::start()?, CallSink::new(sink));
        let (idle, memory) = (HostIdle::of(slots), Arc::clone(memory));
        reclaim::start(&idle, &memory)?;
        Ok(Engine {
            engine,
            linkers,
            limits,
            sink,
            compiler,
            code,
            idle,
            memory,
            long_calls,
            slots,
        })
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Returns the idle instances of all plugins.
    pub(crate) fn idle(&self) -> &Arc<HostIdle> {
        &self.idle
    }

    /// Returns the number of slots with reserved address space, or 0 if each instance's memory is
    /// mapped anew.
    pub(crate) fn slots(&self) -> u32 {
        self.slots
    }

    /// Returns the number of log lines that were dropped because their call had reached a log
    /// limit, and the bytes of their messages.
    pub(crate) fn dropped_lines(&self) -> LineCount {
        self.sink.dropped()
    }

    /// True if the compiled code of this component is on disk.
    pub(crate) fn is_kept(&self, bytes: &[u8]) -> bool {
        self.code.as_ref().is_some_and(|code| code.has(&self.engine, bytes))
    }

    /// Marks a component as being loaded, until the returned mark is dropped. Returns `None` if
    /// there is no code folder, the mark cannot be written, or another load of the component is
    /// running.
    pub(crate) fn mark(&self, bytes: &[u8]) -> Option<LoadMark> {
        self.code.as_ref().and_then(|code| code.mark(bytes))
    }

    /// True if a process is known to have died while it loaded this component.
    pub(crate) fn was_interrupted(&self, bytes: &[u8]) -> bool {
        self.code.as_ref().is_some_and(|code| code.was_interrupted(bytes))
    }

    /// Compiles a component, unless its compiled code is stored, and checks it against the world.
    /// Compiling takes a long time. Runs none of the component's code.
    pub(crate) fn compile(
        &self,
        bytes: &[u8],
        settings: CompileSettings,
    ) -> Result<Compiled, ComponentError> {
        let CompileSettings { limits, instances, linkage, meter, config, cancellation } = settings;
        if bytes.len() as u64 > limits.component {
            return Err(Limit::Component.reached(&limits).into());
        }
        preamble::check(bytes)?;
        let kept = self.code.as_ref().and_then(|code| code.load(&self.engine, bytes));
        let job = Job {
            engine: &self.engine,
            is_pooled: self.slots > 0,
            limits: &limits,
            store: self.code.as_ref(),
            cancellation: &cancellation,
        };
        let component = kept.map_or_else(|| self.compiler.compile(bytes, &job), Ok)?;
        world::check(&self.engine, &component)?;
        let resources = component.resources_required();
        let most = limits.instances;
        if resources.is_some_and(|r| r.num_memories.max(r.num_tables) as usize > most) {
            return Err(Limit::Instances.reached(&limits).into());
        }
        // Linking detects what `world::check` does not: imported functions that the world does not
        // have or that have another type there, and functions that the export lacks.
        let mismatch = |error: wasmtime::Error| {
            let fault = escape(&format!("{error:#}"), limits.log_line_bytes);
            ComponentError::World(WorldMismatch { faults: vec![fault] })
        };
        let linked = Linked::new(self.linkers.get(linkage), &component).map_err(mismatch)?;
        let idle = match instances {
            Instances::Fresh => None,
            Instances::Reuse { calls, idle_time } => Some(Idle::new(calls, idle_time, &self.idle)),
        };
        let (linked, config, cpu_share) = (Arc::new(linked), Arc::new(config), Arc::default());
        let first_memory = AtomicUsize::new(0);
        Ok(Compiled { linked, limits, idle, first_memory, meter, config, cpu_share })
    }

    /// Asks a component for its services, under the limits of a call. The component gets no
    /// capabilities, so it cannot access its cache or send requests to other servers.
    pub(crate) async fn services(
        &self,
        component: &Compiled,
        origin: Origin,
    ) -> Result<Vec<ServiceInfo>, CallError> {
        let limits = &component.limits;
        let charge = InstanceCharge::forced(&self.memory);
        let mut instance = self.instance(component, None, origin, charge);
        let call = Box::pin(async move {
            let listed = match instance.guest().await {
                Ok((guest, store)) => guest.services(store).await,
                Err(error) => Err(error),
            };
            (instance, listed)
        });
        let until = Instant::now() + limits.time;
        let (instance, services) = self.bounded(component, until, call).await?;
        let memory = instance.store.data().memory.used();
        component.first_memory.store(memory, Ordering::Relaxed);
        if services.len() > limits.services {
            return Err(Limit::Services.reached(limits).into());
        }
        Ok(services)
    }

    /// Handles one request, in an idle instance if there is one, or else in a fresh instance. Only
    /// a fresh instance uses `charge`.
    pub(crate) async fn handle(
        &self,
        component: &Compiled,
        origin: Origin,
        capabilities: &Arc<Capabilities>,
        request: Request,
        charge: InstanceCharge,
        span: Option<&mut CallSpan>,
    ) -> Result<Response, CallError> {
        let limits = &component.limits;
        if request.body.len() > limits.request {
            return Err(Limit::Request.reached(limits).into());
        }
        let service = origin.service.clone();
        let reused = component.idle.as_deref().and_then(Idle::take);
        let parent = span.and_then(|span| {
            span.has_instance(reused.is_some());
            span.parent()
        });
        let mut instance = match reused {
            Some(reused) => {
                // The reused instance has its own charge.
                drop(charge);
                component.meter.reused();
                reused.begin(origin)
            }
            None => {
                component.meter.made();
                let capabilities = Some(Arc::clone(capabilities));
                let mut made = self.instance(component, capabilities, origin, charge);
                made.retires = component.idle.as_ref().map(|_| component.meter.retirement());
                made
            }
        };
        let state = instance.store.data_mut();
        state.span = parent;
        let until = Instant::now() + limits.time;
        state.may_run_until(until);
        // The future is boxed at once, because it is large and moving it is expensive.
        let call = Box::pin(async move {
            let handled = match instance.guest().await {
                Ok((guest, store)) => guest.handle(store, service, request).await,
                Err(error) => Err(error),
            };
            (instance, handled)
        });
        let (instance, handled) = self.bounded(component, until, call).await?;
        let result = match handled {
            Ok(response) => Ok(accept(response, limits)?),
            Err(Failure { kind, message }) => {
                let message = escape(&message, limits.log_line_bytes);
                Err(CallError::Failure(Failure { kind, message }))
            }
        };
        if let Some(idle) = &component.idle {
            idle.keep(instance, limits);
        }
        result
    }

    fn instance(
        &self,
        component: &Compiled,
        capabilities: Option<Arc<Capabilities>>,
        origin: Origin,
        charge: InstanceCharge,
    ) -> Instance {
        let Compiled { linked, limits, config, meter, .. } = component;
        let lines = LogBounds {
            lines: limits.log_lines,
            bytes: limits.log_bytes,
            line_bytes: limits.log_line_bytes,
        };
        let bounds = StoreBounds {
            memory: limits.memory,
            instances: limits.instances,
            handles: limits.handles,
            random_bytes: limits.random,
            http_requests: limits.http_requests,
            http_response: limits.http_response,
        };
        let log = CallLog::new(Arc::clone(&self.sink), origin, lines, config.masks());
        let (config, memory) = (Arc::clone(config), meter.memory());
        let state = State::new(capabilities, config, log, charge, memory, bounds);
        Instance::new(&self.engine, limits, Arc::clone(linked), state)
    }

    /// Runs a call within its time limits. The epoch makes a looping guest yield, so that the
    /// thread can handle the timeout and other calls.
    async fn bounded<T: Send + 'static>(
        &self,
        component: &Compiled,
        until: Instant,
        call: Pin<Box<impl Future<Output = (Instance, wasmtime::Result<T>)> + Send + 'static>>,
    ) -> Result<(Instance, T), CallError> {
        let Compiled { limits, cpu_share, .. } = component;
        // A CPU limit that is not below the time limit is redundant.
        let cpu = if limits.cpu < limits.time { limits.cpu } else { Duration::MAX };
        let running = self.long_calls.run(cpu_share, cpu, call);
        match before(until, running).await {
            Some(Ok((instance, Ok(result)))) => Ok((instance, result)),
            Some(Ok((instance, Err(error)))) => {
                let state = instance.store.data();
                let refused = state.memory.refused();
                Err(error::classify(&error, refused, limits).after(state.log.last_warning()))
            }
            Some(Err(CallStopped::Cpu)) => Err(Limit::Cpu.reached(limits).into()),
            Some(Err(CallStopped::Panicked)) => {
                Err(CallError::Host("an internal error of the host ended it".to_owned()))
            }
            None => Err(Limit::Time.reached(limits).into()),
        }
    }
}

/// Returns the response, or an error if it exceeds a limit or HTTP cannot carry it.
fn accept(response: Response, limits: &Limits) -> Result<Response, CallError> {
    if response.len() > limits.response {
        return Err(Limit::Response.reached(limits).into());
    }
    if response.headers.len() > limits.headers {
        return Err(Limit::Headers.reached(limits).into());
    }
    match response.fault() {
        Some(fault) => Err(CallError::ContractViolation(fault)),
        None => Ok(response),
    }
}
