//! WASI 0.2, which the runtimes of most languages import. A plugin needs no grant for it.
//!
//! A guest has no files, network, environment variables or arguments. Its stdout and stderr become
//! lines of the call's log, at `info` and at `warn`.

use crate::telemetry::{CallLog, Level};
use bytes::Bytes;
use wasmtime::component::Linker;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};
use wasmtime_wasi::{WasiCtx, WasiView};

/// The supported interfaces, as `package/interface`. All have the version [`VERSION`].
pub(crate) const INTERFACES: &[&str] = &[
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/network",
    "wasi:sockets/tcp",
    "wasi:sockets/tcp-create-socket",
    "wasi:sockets/udp",
    "wasi:sockets/udp-create-socket",
];

/// The version of the supported interfaces. A component may import interfaces of any version 0.2,
/// but only functions that this version contains.
pub(crate) const VERSION: &str = "0.2.12";

/// Maximum bytes of one write to stdout or stderr: the host processes a write without yielding.
const WRITE_BYTES: usize = 8 * 1024;

/// Links the asynchronous WASI: the blocking WASI panics inside an asynchronous runtime.
pub(super) fn add_to_linker<T: WasiView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)
}

/// Creates the WASI context of an instance, with clocks, random numbers, and stdout and stderr that
/// write to the log. Everything else is empty or refused.
pub(super) fn context(log: &CallLog, random_bytes: u64) -> WasiCtx {
    let mut context = WasiCtx::builder();
    context
        .stdout(Output { log: log.clone(), level: Level::Info })
        .stderr(Output { log: log.clone(), level: Level::Warn })
        .max_random_size(random_bytes)
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false);
    context.build()
}

/// Stdout or stderr of an instance.
struct Output {
    log: CallLog,
    level: Level,
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        // Only WASI 0.3 uses this form, and the host refuses components that import WASI 0.3.
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(LineStream { log: self.log.clone(), level: self.level })
    }
}

/// A stream that logs the lines that the guest writes to it.
struct LineStream {
    log: CallLog,
    level: Level,
}

#[wasmtime_wasi::async_trait]
impl Pollable for LineStream {
    async fn ready(&mut self) {}
}

impl OutputStream for LineStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if bytes.len() > WRITE_BYTES {
            return Err(StreamError::trap("it wrote more bytes than `check-write` permitted"));
        }
        self.log.write_bytes(self.level, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES)
    }
}
