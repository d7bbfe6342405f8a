//! Requests per second, latency and memory: each server in turn, each time as a new process.

use crate::load::{self, Load};
use crate::made::{Made, Peers};
use crate::server::Server;
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::Command;
use table::{Row, Wanted, median};

const ROUNDS: usize = 5;

/// Seconds of each measured load.
const SECONDS: u32 = 2;

const CONNECTIONS: [u32; 3] = [1, 32, 256];

/// The index in `CONNECTIONS` to which the targets apply.
const TARGET: usize = 1;

/// Calls per instance on both sides, if instances are reused.
const REUSE: &str = "128";

/// One of the servers that take turns.
struct Side {
    name: &'static str,
    start: Start,
    /// One pair per round, for each number of connections: the results of the load, and the
    /// server's memory in MiB after the load.
    figures: [Vec<(Load, f64)>; CONNECTIONS.len()],
}

/// How a server is started.
enum Start {
    /// `hostel serve`: the program and its configuration.
    Hostel(PathBuf, PathBuf),
    /// Any other program, with its arguments.
    Other(PathBuf, Vec<String>),
}

/// The results of all servers.
pub struct Rates(Vec<Side>);

/// Measures all servers, and prints rows of the table.
pub fn measure(made: &Made) -> Result<Rates> {
    let mut rates = Rates(sides(made)?);
    for round in 1..=ROUNDS {
        eprintln!("round {round} of {ROUNDS}");
        for side in &mut rates.0 {
            side.turn().with_context(|| side.name)?;
        }
    }
    rates.print_rows();
    Ok(rates)
}

fn sides(made: &Made) -> Result<Vec<Side>> {
    let Peers { bare, wasmtime, hello } = made.peers()?;
    let reuse = format!("instances = \"reuse\"\ncalls-per-instance = {REUSE}");
    let hostel = |name: &str, instances: &str| -> Result<Start> {
        let plugin = format!("[plugins.entry]\npath = {:?}\n{instances}\n", made.plugin);
        Ok(Start::Hostel(made.hostel.clone(), made.configure(name, &plugin, "entry.entry")?))
    };
    let of_wasmtime = |calls: &str, pool: &str| {
        let pool = format!("-Opooling-allocator={pool}");
        let mut arguments = vec!["serve", "-Scli", "--addr", "127.0.0.1:0", &pool];
        arguments.extend(["--max-instance-reuse-count", calls]);
        let mut arguments: Vec<_> = arguments.into_iter().map(str::to_owned).collect();
        arguments.push(hello.to_string_lossy().into_owned());
        Start::Other(wasmtime.clone(), arguments)
    };
    let sides = [
        ("`hostel serve`, fresh", hostel("fresh", "instances = \"fresh\"")?),
        ("`hostel serve`, reused", hostel("reused", &reuse)?),
        ("bare hyper", Start::Other(bare, Vec::new())),
        ("`wasmtime serve`, fresh, pool", of_wasmtime("1", "y")),
        ("`wasmtime serve`, fresh, no pool", of_wasmtime("1", "n")),
        ("`wasmtime serve`, reused, pool", of_wasmtime(REUSE, "y")),
        ("`wasmtime serve`, reused, no pool", of_wasmtime(REUSE, "n")),
    ];
    let side = |(name, start)| Side { name, start, figures: Default::default() };
    Ok(sides.into_iter().map(side).collect())
}

impl Side {
    fn turn(&mut self) -> Result<()> {
        let server = match &self.start {
            Start::Hostel(hostel, config) => Server::hostel(hostel, config)?,
            Start::Other(program, arguments) => {
                Server::start(Command::new(program).args(arguments))?
            }
        };
        // Warm up, so that one-time work does not count.
        load::run(server.address, 32, 1)?;
        for (connections, figures) in CONNECTIONS.into_iter().zip(&mut self.figures) {
            figures.push((load::run(server.address, connections, SECONDS)?, server.memory()?));
        }
        Ok(())
    }

    fn rates(&self, place: usize) -> Vec<f64> {
        self.figures.get(place).into_iter().flatten().map(|(load, _)| load.rate).collect()
    }
}

impl Rates {
    /// Returns the fastest of the sides whose names begin with `name`.
    fn best(&self, name: &str) -> Option<&Side> {
        let rate = |side: &&Side| median(side.rates(TARGET));
        let named = self.0.iter().filter(|side| side.name.starts_with(name));
        named.max_by(|a, b| rate(a).total_cmp(&rate(b)))
    }

    fn print_rows(&self) {
        let rows = [
            ("D", "fresh", "`wasmtime serve`, fresh", Wanted::AtLeast(2.5)),
            ("D", "reused", "`wasmtime serve`, reused", Wanted::AtLeast(1.1)),
            ("D", "fresh", "bare hyper", Wanted::AtLeast(0.6)),
            ("", "reused", "bare hyper", Wanted::Nothing),
        ];
        for (target, instances, peer, wanted) in rows {
            let ours = self.best(&format!("`hostel serve`, {instances}"));
            let (Some(ours), Some(peer)) = (ours, self.best(peer)) else { continue };
            let what = format!("request with one get, {instances} instance");
            let row = Row {
                target,
                what: &what,
                peer: peer.name,
                unit: "req/s",
                ours: ours.rates(TARGET),
                theirs: peer.rates(TARGET),
                wanted,
            };
            println!("{row}");
        }
    }

    /// Prints the medians for each server and number of connections, as a separate table.
    pub fn print_all(&self) {
        println!("\n| server | connections | requests/s | p50 | p99 | memory |");
        println!("|---|--:|--:|--:|--:|--:|");
        for side in &self.0 {
            for (connections, figures) in CONNECTIONS.iter().zip(&side.figures) {
                let of =
                    |figure: fn(&(Load, f64)) -> f64| median(figures.iter().map(figure).collect());
                println!(
                    "| {} | {connections} | {:.0} | {:.2} ms | {:.2} ms | {:.0} MiB |",
                    side.name,
                    of(|(load, _)| load.rate),
                    of(|(load, _)| load.p50),
                    of(|(load, _)| load.p99),
                    of(|(_, memory)| *memory),
                );
            }
        }
    }
}
