//! Prints rows of targets A, B and C, and then of target F.

use crate::bare::Bare;
use crate::peers::{self, Redis};
use crate::rounds::{Side, nanoseconds, take_turns};
use crate::sides::{Sides, body};
use crate::{KEY, VALUE, functions, guests};
use anyhow::{Error, Result, ensure};
use table::{Row, Wanted};

/// Cache calls per call of a guest in the comparison with Extism.
const CALLS_TOGETHER: u32 = 100;

/// Calls of the guest per burst.
const INVOCATIONS: u32 = 50;

/// Calls to Redis per burst.
const REDIS_CALLS: u32 = 50;

pub fn print() -> Result<()> {
    let sides = Sides::new("guest")?;
    for (call, most) in [("get", 1.25), ("exists", 1.6), ("set", 4.0)] {
        let turns = vec![sides.ours(call), sides.bare(&sides.floor, call)];
        row("A", call, "host functions that do nothing", "ns", Wanted::AtMost(most), turns)?;
    }
    extism(&sides)?;
    let guest = guests::component("guest")?;
    let bindgen = sides.runtime.block_on(Bare::bindgen(&guest)).map_err(Error::msg)?;
    bindgen.call(&sides.runtime, "set", &body("set", 1)).map_err(Error::msg)?;
    let turns = vec![sides.ours("get"), sides.bare(&bindgen, "get")];
    row("B", "get", "`bindgen!`, default settings, moka", "ns", Wanted::AtMost(1.0 / 2.5), turns)?;
    redis(&sides)?;
    let turns = vec![invocations(&sides, "fresh"), invocations(&sides, "kept")];
    let what = "create an instance, call it, drop it";
    row("C", what, "call an existing instance", "µs", Wanted::AtMost(8.0), turns)?;
    functions::print()
}

fn extism(sides: &Sides) -> Result<()> {
    let mut plugin = peers::extism(guests::extism()?, KEY, VALUE)?;
    let calls = CALLS_TOGETHER * INVOCATIONS;
    let text = CALLS_TOGETHER.to_string();
    let theirs = move || {
        nanoseconds(calls, || {
            (0..INVOCATIONS).try_for_each(|_| plugin.call::<&str, ()>("get", &text))
        })
    };
    let body = body("get", CALLS_TOGETHER);
    let ours = || {
        nanoseconds(calls, || {
            sides.runtime.block_on(async {
                for _ in 0..INVOCATIONS {
                    sides.ours.call("kept.get", &body).await?;
                }
                Ok(())
            })
        })
    };
    let turns: Vec<Side<'_>> = vec![Box::new(ours), Box::new(theirs)];
    let what = "one of 100 `get`s in a call, reused instance";
    row("B", what, "Extism, quick_cache", "ns", Wanted::AtMost(1.0 / 8.0), turns)
}

fn redis(sides: &Sides) -> Result<()> {
    let Some(mut redis) = Redis::start(KEY, VALUE)? else {
        println!(
            "| B | get | Redis on loopback | | | not measured: redis-server is not installed | | |"
        );
        return Ok(());
    };
    ensure!(redis.get(KEY)? == VALUE, "Redis returns another value");
    let theirs =
        || nanoseconds(REDIS_CALLS, || (0..REDIS_CALLS).try_for_each(|_| redis.get(KEY).map(drop)));
    let turns: Vec<Side<'_>> = vec![sides.ours("get"), Box::new(theirs)];
    row("B", "get", "Redis on loopback", "ns", Wanted::AtMost(1.0 / 200.0), turns)
}

/// Returns a side that calls a service that does nothing. Its figures are in microseconds.
fn invocations<'a>(sides: &'a Sides, plugin: &str) -> Side<'a> {
    let service = format!("{plugin}.nothing");
    Box::new(move || {
        let calls = || {
            sides.runtime.block_on(async {
                for _ in 0..INVOCATIONS {
                    sides.ours.call(&service, "").await?;
                }
                Ok(())
            })
        };
        Ok(nanoseconds(INVOCATIONS, calls)? / 1_000.0)
    })
}

pub fn row(
    target: &str,
    what: &str,
    peer: &str,
    unit: &str,
    wanted: Wanted,
    turns: Vec<Side<'_>>,
) -> Result<()> {
    let mut figures = take_turns(turns)?.into_iter();
    let (ours, theirs) = (figures.next().unwrap_or_default(), figures.next().unwrap_or_default());
    println!("{}", Row { target, what, peer, unit, ours, theirs, wanted });
    Ok(())
}
