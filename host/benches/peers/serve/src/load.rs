//! The load: `wrk` with one thread, on the same machine as the server.

use anyhow::{Context, Result, ensure};
use std::net::SocketAddr;
use std::process::{Command, Stdio};

/// The results of a server under a load.
#[derive(Clone, Copy)]
pub struct Load {
    /// Requests per second.
    pub rate: f64,
    /// Latency percentiles in milliseconds.
    pub p50: f64,
    pub p99: f64,
}

/// Checks that `wrk` is installed.
///
/// # Errors
///
/// If `wrk` is not installed.
pub fn find_wrk() -> Result<()> {
    let found = Command::new("wrk").arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let fix = "wrk is missing: apt-get install wrk, brew install wrk, or https://github.com/wg/wrk";
    found.map(drop).context(fix)
}

/// Sends requests on `connections` connections for `seconds` seconds, each as soon as the response
/// to the previous one has arrived.
///
/// # Errors
///
/// If `wrk` cannot be run, or if any request fails.
pub fn run(address: SocketAddr, connections: u32, seconds: u32) -> Result<Load> {
    let (connections, seconds) = (format!("-c{connections}"), format!("-d{seconds}s"));
    let mut wrk = Command::new("wrk");
    wrk.args(["-t1", &connections, &seconds, "--latency", &format!("http://{address}/")]);
    let text = String::from_utf8(wrk.output()?.stdout)?;
    let fails = text.contains("Non-2xx") || text.contains("Socket errors");
    ensure!(!fails, "requests failed:\n{text}");
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(name));
        line.map(str::trim).with_context(|| format!("the output of wrk has no {name}:\n{text}"))
    };
    let time = |name: &str| field(name).and_then(milliseconds);
    Ok(Load { rate: field("Requests/sec:")?.parse()?, p50: time("50%")?, p99: time("99%")? })
}

/// Parses a duration in wrk's format.
fn milliseconds(text: &str) -> Result<f64> {
    let units = [("us", 0.001), ("ms", 1.0), ("s", 1_000.0), ("m", 60_000.0)];
    let split = |(unit, factor)| text.strip_suffix(unit).map(|number: &str| (number, factor));
    let (number, factor) = units.into_iter().find_map(split).context("not a time")?;
    Ok(number.parse::<f64>()? * factor)
}
