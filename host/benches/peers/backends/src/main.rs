//! Cache calls from a guest, with caches in memory and on a local Redis server, compared with
//! redis-py; several hosts on one Redis server compared with one host; and the accuracy of a rate
//! limiter's counts.
//!
//! Each call of a service makes one cache call; `set-and-take` and `get-and-set` make two. All
//! sides take turns for several rounds; figures are medians of the rounds.

mod counting;
mod functions;
mod load;
mod ours;
mod python;

use anyhow::Result;
use counting::Counting;
use functions::Functions;
use load::Load;
use ours::Ours;
use python::Python;
use std::sync::Arc;
use table::{RedisServer, Row, Wanted, median};
use tokio::runtime::Runtime;

/// The key that is read and written.
const KEY: &str = "user:123";

/// A JSON text of 80 bytes.
const VALUE: &str =
    r#"{"username":"joe","email":"joe@example.com","roles":["admin","editor"],"id":123}"#;

const ROUNDS: usize = 5;

const OPERATIONS: [&str; 2] = ["read", "write"];

/// The numbers of concurrent calls.
const AT_ONCE: [usize; 4] = [1, 8, 32, 256];

/// Concurrent calls per host, when several hosts are compared with one.
const AT_ONCE_EACH: usize = 32;

/// A side of the comparison: a guest or redis-py.
struct Side {
    name: &'static str,
    callers: Callers,
    /// One load per round, for each operation and each number of concurrent calls.
    loads: [[Vec<Load>; AT_ONCE.len()]; OPERATIONS.len()],
}

enum Callers {
    Guest(Arc<Ours>),
    Python(Python),
}

fn main() -> Result<()> {
    let Some(redis) = RedisServer::start()? else {
        println!("\nbackends: not measured, because redis-server is not installed");
        return Ok(());
    };
    let runtime = Runtime::new()?;
    let guests = ours::guests()?;
    let host = |redis| runtime.block_on(Ours::new(&guests, redis));
    let on_redis = || host(Some(redis.port()));
    let side = |name, callers| Side { name, callers, loads: Default::default() };
    let mut sides = [
        side("a guest, in memory", Callers::Guest(host(None)?)),
        side("a guest, on Redis", Callers::Guest(on_redis()?)),
        side("redis-py", Callers::Python(Python::new(redis.port())?)),
    ];
    let hosts = [on_redis()?, on_redis()?, on_redis()?];
    let python = Python::new(redis.port())?;
    let mut functions = Functions::default();
    let mut counting =
        [Counting::new("in memory", host(None)?), Counting::new("on Redis", on_redis()?)];
    // The calls per second of all hosts together: one figure per round, for each operation and each
    // number of hosts.
    let mut rates: [[Vec<f64>; 3]; OPERATIONS.len()] = Default::default();
    for round in 1..=ROUNDS {
        eprintln!("backends: round {round} of {ROUNDS}");
        for side in &mut sides {
            side.turn(&runtime)?;
        }
        for (operation, rates) in OPERATIONS.into_iter().zip(&mut rates) {
            for (number, rates) in (1..).zip(rates) {
                let hosts = hosts.get(..number).unwrap_or_default();
                let load = runtime.block_on(load::run(hosts, operation, AT_ONCE_EACH))?;
                rates.push(load.rate);
            }
        }
        let [host, ..] = &hosts;
        functions.turn(&runtime, host, &python)?;
        for counting in &mut counting {
            counting.turn(&runtime, round)?;
        }
    }
    print_sides(&sides);
    println!("\n{}", table::HEAD);
    print_hosts(rates);
    functions.print();
    counting::print(&counting);
    Ok(())
}

impl Side {
    fn turn(&mut self, runtime: &Runtime) -> Result<()> {
        for (operation, loads) in OPERATIONS.into_iter().zip(&mut self.loads) {
            for (at_once, loads) in AT_ONCE.into_iter().zip(loads) {
                loads.push(match &self.callers {
                    Callers::Guest(host) => {
                        let hosts = std::slice::from_ref(host);
                        runtime.block_on(load::run(hosts, operation, at_once))?
                    }
                    Callers::Python(python) => python.run(operation, at_once)?,
                });
            }
        }
        Ok(())
    }
}

fn print_hosts(rates: [[Vec<f64>; 3]; OPERATIONS.len()]) {
    for (operation, [one, two, three]) in OPERATIONS.into_iter().zip(rates) {
        for (number, ours) in [("two", two), ("three", three)] {
            let what = format!(
                "{operation} from {number} hosts on one Redis, {AT_ONCE_EACH} at once each"
            );
            println!(
                "{}",
                Row {
                    target: "",
                    what: &what,
                    peer: "one host",
                    unit: "/s",
                    ours,
                    theirs: one.clone(),
                    wanted: Wanted::Nothing,
                }
            );
        }
    }
}

fn print_sides(sides: &[Side]) {
    println!("\n| from, where | operation | calls at once | calls/s | p50 | p99 |");
    println!("|---|---|--:|--:|--:|--:|");
    for side in sides {
        for (operation, loads) in OPERATIONS.iter().zip(&side.loads) {
            for (at_once, loads) in AT_ONCE.iter().zip(loads) {
                let of = |figure: fn(&Load) -> f64| median(loads.iter().map(figure).collect());
                println!(
                    "| {} | {operation} | {at_once} | {:.0} | {:.1} µs | {:.1} µs |",
                    side.name,
                    of(|load| load.rate),
                    of(|load| load.p50),
                    of(|load| load.p99),
                );
            }
        }
    }
}
