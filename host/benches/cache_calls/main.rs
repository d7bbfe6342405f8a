//! What one cache call costs a guest, beside the floor: the same calls into host functions of the
//! same types that do nothing.
//!
//! Rounds of the two alternate, so that a machine whose speed drifts drifts for both; the table
//! shows medians and the spread of the ratio.

#![allow(clippy::indexing_slicing, missing_docs, unreachable_pub)]

mod floor;

use anyhow::{Context, Result};
use hostel::{Host, Limits, PluginName, PluginSettings, Request, Settings};
use std::process::Command;
use std::time::{Duration, Instant};

/// Calls of the cache in one call of the guest: enough that what the instance costs is nothing.
const CALLS: u32 = 200_000;
const ROUNDS: usize = 21;

fn main() -> Result<()> {
    let component = std::fs::read(build_guest()?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let host = host(component.clone()).await?;
        let floor = floor::Floor::new(&component).map_err(anyhow::Error::msg)?;
        println!("one cache call from a Rust guest, 80-byte value, {ROUNDS} rounds of {CALLS}");
        println!("{:8} {:>10} {:>10} {:>22}", "call", "hostel", "floor", "ratio (min to max)");
        for call in ["get", "exists", "set"] {
            let mut ratios = Vec::new();
            let (mut ours, mut floors) = (Vec::new(), Vec::new());
            for round in 0..=ROUNDS {
                let floor_time = nanoseconds(call_floor(&floor, call)).await?;
                let our_time = nanoseconds(call_host(&host, call)).await?;
                if round > 0 {
                    ours.push(our_time);
                    floors.push(floor_time);
                    ratios.push(our_time / floor_time);
                }
            }
            let (ours, floors) = (sorted(ours), sorted(floors));
            let ratios = sorted(ratios);
            println!(
                "{call:8} {:>7.0} ns {:>7.0} ns {:>8.2} ({:.2} to {:.2})",
                ours[ROUNDS / 2],
                floors[ROUNDS / 2],
                ratios[ROUNDS / 2],
                ratios[0],
                ratios[ROUNDS - 1],
            );
        }
        Ok(())
    })
}

/// The time that one of a guest's calls takes.
async fn nanoseconds(calls: impl Future<Output = Result<()>>) -> Result<f64> {
    let start = Instant::now();
    calls.await?;
    Ok(start.elapsed().as_nanos() as f64 / f64::from(CALLS))
}

fn sorted(mut figures: Vec<f64>) -> Vec<f64> {
    figures.sort_by(f64::total_cmp);
    figures
}

async fn host(component: Vec<u8>) -> Result<Host> {
    let limits = Limits { time: Duration::from_secs(60), ..Limits::default() };
    let host = Host::new(Settings { limits, ..Settings::default() })?;
    host.load(PluginName::new("bench")?, component, PluginSettings::default()).await?;
    Ok(host)
}

async fn call_host(host: &Host, call: &str) -> Result<()> {
    let request = Request { body: CALLS.to_string().into_bytes(), ..Request::default() };
    host.call(&format!("bench.{call}"), request).await?;
    Ok(())
}

async fn call_floor(floor: &floor::Floor, call: &str) -> Result<()> {
    let answer = floor.call(call, CALLS.to_string().into_bytes()).await;
    answer.map(drop).map_err(anyhow::Error::msg)
}

fn build_guest() -> Result<String> {
    let guest = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/guest");
    let output = Command::new(env!("CARGO_BIN_EXE_hostel")).args(["build", guest]).output()?;
    let file = String::from_utf8(output.stdout)?;
    file.lines().next().map(str::to_owned).context("the guest does not build")
}
