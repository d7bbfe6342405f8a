//! Calls that never return, and the resulting latency for callers of another plugin.

use crate::load;
use crate::made::Made;
use crate::server::{Server, ask, send};
use anyhow::{Result, ensure};
use std::net::TcpStream;
use table::{Row, Wanted};

const ROUNDS: usize = 5;

/// Seconds of each measured load.
const SECONDS: u32 = 2;

/// The number of concurrent calls that spin, and of connections that call the plugin `entry`. Four
/// calls occupy all processors of a small machine; 64 is the default maximum of concurrent calls of
/// one plugin.
const CASES: [(usize, u32); 4] = [(4, 1), (4, 32), (64, 1), (64, 32)];

/// Seconds of load before the measurement: the host recognizes a long call only after the call has
/// used some processor time.
const SETTLING: u32 = 1;

pub fn measure(made: &Made) -> Result<()> {
    let plugin = &made.plugin;
    let plugins = format!(
        "[plugins.entry]\npath = {plugin:?}\n[plugins.other]\npath = {plugin:?}\n\
         [plugins.other.limits]\ntime = \"10m\"\ncpu = \"10m\"\n"
    );
    let config = made.configure("spin", &plugins, "entry.entry")?;
    let server = Server::hostel(&made.hostel, &config)?;
    ensure!(ask(server.address, "GET", "/", "")? == 200, "it does not serve");
    for (spinning, connections) in CASES {
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            without.push(load::run(server.address, connections, SECONDS)?.p99);
            let spinning = spin(&server, spinning)?;
            load::run(server.address, connections, SETTLING)?;
            with.push(load::run(server.address, connections, SECONDS)?.p99);
            drop(spinning);
        }
        let row = Row {
            target: "H",
            what: &format!("p99 beside {spinning} calls that spin, connections: {connections}"),
            peer: "without them",
            unit: "ms",
            ours: with,
            theirs: without,
            wanted: Wanted::AtMost(2.0),
        };
        println!("{row}");
    }
    Ok(())
}

/// Starts calls that spin until their connections are dropped: the host stops a call when its
/// client disconnects.
fn spin(server: &Server, calls: usize) -> Result<Vec<TcpStream>> {
    (0..calls).map(|_| send(server.address, "POST", "/services/other.spin", "")).collect()
}
