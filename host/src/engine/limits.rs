//! The limits of calls and components: the default of each and its reason.

mod setting;

pub use setting::LimitError;
pub(crate) use setting::Unit;

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// The limits of calls and components. Each field's comment states the default and its reason.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Time of one call after its admission, including the guest's waits and the creation of the
    /// call's instance if it needs one. Default 1 second: a service that people wait for needs no
    /// more. For a plugin that may send requests to other servers, the default is 30 seconds: see
    /// [`Limits::for_sources`].
    pub time: Duration,
    /// Processor time of one call, without its waits. Default 1 second, like `time`. The host
    /// checks this limit about every 5 ms. The limit has an effect only if it is less than `time`.
    pub cpu: Duration,
    /// Bytes of an instance's memories and tables together; a table's element counts as 8 bytes.
    /// Default 64 MiB: room for a language runtime and its working set.
    pub memory: usize,
    /// Bytes of WebAssembly stack. Default 512 KiB, as in wasmtime; deeper recursion is usually a
    /// bug.
    pub stack: usize,
    /// A component's instances, its memories and its tables; each of the three numbers is limited
    /// separately. Items of a nested component count once for each instance of that component.
    /// Default 100: the components of the usual tools have fewer than 20.
    pub instances: usize,
    /// Live handles of an instance: streams, pollables and the like. Default 1,000: this stops a
    /// leak long before it affects the host.
    pub handles: usize,
    /// Bytes that a guest may pass to the host in one host call. Default 64 MiB, like `memory`: a
    /// guest rarely passes more than it can hold.
    pub hostcall_bytes: usize,
    /// Random bytes that a guest may request in one host call. Default 64 KiB: the host allocates
    /// them.
    pub random: u64,
    /// Bytes of a request's body. Default 8 MiB: room for several of the largest cache values.
    pub request: usize,
    /// Bytes of a response, headers included. Default 8 MiB: room for several of the largest cache
    /// values.
    pub response: usize,
    /// Headers of a response. Default 1,000: far more than a service needs.
    pub headers: usize,
    /// Requests that one call may send to other servers, including redirects. Default 50: only a
    /// crawler needs more.
    pub http_requests: usize,
    /// Bytes of a response from another server, headers included. Requests that one host call sends
    /// together share this limit. Default 8 MiB: this fits in a guest's memory.
    pub http_response: usize,
    /// Log lines of one call; further lines are counted and dropped. Default 1,000: more is a
    /// flood.
    pub log_lines: u64,
    /// Bytes of one call's log messages after escaping. The line that would exceed this limit and
    /// all later lines are counted and dropped. Default 256 KiB: `log_lines` lines of ordinary
    /// length, or 32 of the longest. Without this limit, one call could write nearly 8 MiB.
    pub log_bytes: usize,
    /// Bytes of one log message; the rest is cut off. Default 8 KiB: room for a stack trace.
    pub log_line_bytes: usize,
    /// Bytes of a component. Default 256 MiB: ten times the largest language runtime. Compiling
    /// takes several times this size in memory.
    pub component: u64,
    /// Services of one plugin. Default 1,000: a person can still read the list.
    pub services: usize,
    /// Nesting depth of components, core modules and their types, including the outermost
    /// component. Default 32: the usual tools use two levels, and the engine's memory use grows
    /// with the square of the depth.
    pub nesting: usize,
    /// Functions of a component's core modules. Default 50,000: Python with its library has 13,400,
    /// and compiling a function takes at least 6 KB and 50 µs.
    pub functions: usize,
    /// Bytes of one function. Default 2 MiB: Python's largest has 417 KiB, and compiling a function
    /// takes 500 times its size in memory.
    pub function_bytes: usize,
    /// Locals, parameters and results of a function. Default 3,000: compilers emit fewer than 300.
    pub locals: usize,
    /// Blocks of a function, including loops and conditions. Default 40,000: JavaScript's engine
    /// has 4,200 in one function.
    pub blocks: usize,
    /// A sum over the blocks of a function: for each block, the function's locals, counted as for
    /// `locals`, plus the block's parameters and results. Default 2,000,000: JavaScript's engine
    /// has 200,000 in one function, and the memory for compiling grows with this sum.
    pub block_locals: usize,
    /// A sum over the loops of a function: for each loop, its depth among nested loops (1 for an
    /// outermost loop) times the sum of the function's locals, counted as for `locals`, and the
    /// loop's parameters and results. Default 1,000,000: JavaScript's engine has 124,000 in one
    /// function, and the time for compiling grows with this sum.
    pub loop_locals: usize,
    /// Types that a component's core modules define. Default 10,000: Python with its library has
    /// 1,100, and the engine compiles a function for each.
    pub types: usize,
    /// Imports, exports, globals, aliases, instances and the like of a component. Limits two
    /// numbers: the items in the file, each counted once, and the items outside core modules, each
    /// counted once for each instance of its component. Default 200,000: Python with its library
    /// has 10,000.
    pub definitions: usize,
    /// Bytes of memory for compiling a component in a separate process. Default 2 GiB: Python with
    /// its library takes 350 MiB.
    pub compile_memory: usize,
    /// Processor time for compiling a component in a separate process; wall-clock time may be ten
    /// times as long. Default 2 min: Python with its library takes 11 s.
    pub compile_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            time: Duration::from_secs(1),
            cpu: Duration::from_secs(1),
            memory: 64 << 20,
            stack: 512 << 10,
            instances: 100,
            handles: 1_000,
            hostcall_bytes: 64 << 20,
            random: 64 << 10,
            request: 8 << 20,
            response: 8 << 20,
            headers: 1_000,
            http_requests: 50,
            http_response: 8 << 20,
            log_lines: 1_000,
            log_bytes: 256 << 10,
            log_line_bytes: 8 << 10,
            component: 256 << 20,
            services: 1_000,
            nesting: 32,
            functions: 50_000,
            function_bytes: 2 << 20,
            locals: 3_000,
            blocks: 40_000,
            block_locals: 2_000_000,
            loop_locals: 1_000_000,
            types: 10_000,
            definitions: 200_000,
            compile_memory: 2 << 30,
            compile_time: Duration::from_secs(120),
        }
    }
}

/// Default time of one call of a plugin that may send requests to other servers: a slow server
/// takes some seconds, and `cpu` still ends a loop.
const TIME_WITH_SOURCES: Duration = Duration::from_secs(30);

impl Limits {
    /// Returns these limits with 30 seconds for a call, for a plugin that may send requests to
    /// other servers. Call this only if `time` is not configured.
    #[must_use]
    pub fn for_sources(self) -> Self {
        Limits { time: TIME_WITH_SOURCES, ..self }
    }
}

/// A limit that was reached.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash, Serialize)]
#[expect(missing_docs, reason = "each is documented at the field of `Limits` of that name")]
pub enum Limit {
    Time,
    Cpu,
    Memory,
    Stack,
    Instances,
    Handles,
    HostcallBytes,
    Random,
    Request,
    Response,
    Headers,
    Component,
    Services,
    Nesting,
    Functions,
    FunctionBytes,
    Locals,
    Blocks,
    BlockLocals,
    LoopLocals,
    Types,
    Definitions,
    CompileMemory,
    CompileTime,
}

impl Limit {
    /// Returns the limit's name in `limits.<name>`, the setting that raises it.
    pub fn name(self) -> &'static str {
        match self {
            Limit::Time => "time",
            Limit::Cpu => "cpu",
            Limit::Memory => "memory",
            Limit::Stack => "stack",
            Limit::Instances => "instances",
            Limit::Handles => "handles",
            Limit::HostcallBytes => "hostcall-bytes",
            Limit::Random => "random",
            Limit::Request => "request",
            Limit::Response => "response",
            Limit::Headers => "headers",
            Limit::Component => "component",
            Limit::Services => "services",
            Limit::Nesting => "nesting",
            Limit::Functions => "functions",
            Limit::FunctionBytes => "function-bytes",
            Limit::Locals => "locals",
            Limit::Blocks => "blocks",
            Limit::BlockLocals => "block-locals",
            Limit::LoopLocals => "loop-locals",
            Limit::Types => "types",
            Limit::Definitions => "definitions",
            Limit::CompileMemory => "compile-memory",
            Limit::CompileTime => "compile-time",
        }
    }

    fn what(self) -> &'static str {
        match self {
            Limit::Time => "the call ran longer than",
            Limit::Cpu => "the guest used more CPU time than",
            Limit::Memory => "the guest needed more memory than",
            Limit::Stack => "the guest needed more stack than",
            Limit::Instances => "the component has more instances, memories or tables than",
            Limit::Handles => "the guest held more handles than",
            Limit::HostcallBytes => "the guest passed the host in one call more than",
            Limit::Random => "the guest asked in one call for more random bytes than",
            Limit::Request => "the request's body is larger than",
            Limit::Response => "the response is larger than",
            Limit::Headers => "the response has more headers than",
            Limit::Component => "the component is larger than",
            Limit::Services => "the plugin lists more services than",
            Limit::Nesting => "the component has components, modules or types nested deeper than",
            Limit::Functions => "the component has more functions than",
            Limit::FunctionBytes => "the component has a function of more bytes than",
            Limit::Locals => {
                "the component has a function with more locals, parameters and results than"
            }
            Limit::Blocks => "the component has a function with more blocks than",
            Limit::BlockLocals => {
                "the component has a function with more locals, summed over its blocks, than"
            }
            Limit::LoopLocals => {
                "the component has a function with more locals, summed over loops within loops, than"
            }
            Limit::Types => "the component has more types of functions than",
            Limit::Definitions => "the component has more definitions than",
            Limit::CompileMemory => "compiling the component needed more memory than",
            Limit::CompileTime => "compiling the component took more processor time than",
        }
    }

    /// Returns the error for reaching this limit, with its value in `limits`.
    pub(crate) fn reached(self, limits: &Limits) -> LimitReached {
        let value = limits.show(self.name()).unwrap_or_default();
        LimitReached { limit: self, value }
    }
}

/// The error for a limit that was reached. Its message has the value and the setting to raise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct LimitReached {
    /// The limit.
    pub limit: Limit,
    /// The limit's value, with its unit.
    pub value: String,
}

impl fmt::Display for LimitReached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: raise `limits.{}`", self.limit.what(), self.value, self.limit.name())
    }
}
