//! A plugin that runs for ever, and what another one's callers notice of it.

use crate::load;
use crate::made::Made;
use crate::server::{Server, ask, send};
use anyhow::{Result, ensure};
use std::net::TcpStream;
use table::{Row, Wanted};

const ROUNDS: usize = 5;

/// Seconds of each load.
const SECONDS: u32 = 2;

/// Calls that spin at once: more than there are processors.
const SPINNING: usize = 4;

pub fn measure(made: &Made) -> Result<()> {
    let plugin = &made.plugin;
    let plugins = format!(
        "[plugins.entry]\npath = {plugin:?}\n[plugins.other]\npath = {plugin:?}\n\
         [plugins.other.limits]\ntime = \"10m\"\ncpu = \"10m\"\n"
    );
    let config = made.configure("spin", &plugins, "entry.entry")?;
    let server = Server::hostel(&made.hostel, &config)?;
    ensure!(ask(server.address, "GET", "/", "")? == 200, "it does not serve");
    for (target, connections) in [("H", 1), ("H", 32)] {
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            without.push(load::run(server.address, connections, SECONDS)?.p99);
            let spinning = spin(&server)?;
            with.push(load::run(server.address, connections, SECONDS)?.p99);
            drop(spinning);
        }
        let row = Row {
            target,
            what: &format!("p99 beside a plugin that spins, connections: {connections}"),
            peer: "without it",
            unit: "ms",
            ours: with,
            theirs: without,
            wanted: Wanted::AtMost(2.0),
        };
        println!("{row}");
    }
    Ok(())
}

/// Calls that spin until they are dropped: the host stops a call whose client is gone.
fn spin(server: &Server) -> Result<Vec<TcpStream>> {
    (0..SPINNING).map(|_| send(server.address, "POST", "/services/other.spin", "")).collect()
}
