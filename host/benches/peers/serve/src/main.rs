//! Measures `hostel serve`, and prints rows of the table.
//!
//! `serve rates` compares it with bare hyper and `wasmtime serve`; all servers take turns under the
//! same load. A second table, at the end of the output, contains the medians of each server.
//! `serve start` measures the start of `hostel serve`, and `serve spin` its latency beside calls
//! that never return. Without an argument, all three run.

mod load;
mod made;
mod rates;
mod server;
mod spin;
mod start;

use anyhow::{Result, ensure};

const PARTS: [&str; 3] = ["rates", "start", "spin"];

fn main() -> Result<()> {
    let named: Vec<String> = std::env::args().skip(1).collect();
    let unknown = named.iter().find(|name| !PARTS.contains(&name.as_str()));
    ensure!(unknown.is_none(), "unknown part: the parts are {}", PARTS.join(", "));
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    load::find_wrk()?;
    let made = made::Made::new()?;
    let rates = if wanted("rates") { Some(rates::measure(&made)?) } else { None };
    if wanted("start") {
        start::measure(&made)?;
    }
    if wanted("spin") {
        spin::measure(&made)?;
    }
    rates.iter().for_each(rates::Rates::print_all);
    Ok(())
}
