//! Start time: from starting the process to its first response, with compiled code on disk.

use crate::made::Made;
use crate::server::{Server, ask};
use anyhow::{Result, ensure};
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use table::{Row, Wanted};

const STARTS: usize = 15;

pub fn measure(made: &Made) -> Result<()> {
    let python = made.python()?;
    let plugins = [("Rust", &made.plugin, "entry", 60.0), ("Python", &python, "greet", 200.0)];
    for (language, component, service, most) in plugins {
        let plugin = format!("[plugins.first]\npath = {component:?}\n");
        let config = made.configure("start", &plugin, &format!("first.{service}"))?;
        compile(&made.hostel, &config)?;
        let times =
            (0..STARTS).map(|_| start(&made.hostel, &config)).collect::<Result<Vec<_>>>()?;
        let row = Row {
            target: "G",
            what: &format!("start of the process to its first response, a plugin in {language}"),
            peer: "the target",
            unit: "ms",
            theirs: vec![most; times.len()],
            ours: times,
            wanted: Wanted::AtMost(1.0),
        };
        println!("{row}");
    }
    Ok(())
}

/// Starts a server, and waits until it has compiled the component. Until then it refuses calls with
/// 503.
fn compile(hostel: &Path, config: &Path) -> Result<()> {
    let server = Server::start(Command::new(hostel).arg("serve").arg("--config").arg(config))?;
    while ask(server.address, "GET", "/", "")? == 503 {}
    Ok(())
}

/// Returns the milliseconds from starting a server to its first response.
fn start(hostel: &Path, config: &Path) -> Result<f64> {
    let begun = Instant::now();
    let server = Server::start(Command::new(hostel).arg("serve").arg("--config").arg(config))?;
    let status = ask(server.address, "GET", "/", "")?;
    let took = begun.elapsed();
    // For a missing entry the plugin responds with 404, which is a valid first response too.
    ensure!(status == 200 || status == 404, "the first response is {status}");
    Ok(took.as_secs_f64() * 1_000.0)
}
