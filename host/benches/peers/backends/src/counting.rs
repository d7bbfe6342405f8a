//! A rate limiter's count with many concurrent clients: with `increment`, and with a `get` and a
//! `set`, between which other calls can run.

use crate::ours::Ours;
use anyhow::{Result, ensure};
use std::sync::Arc;
use std::time::Instant;
use table::median;
use tokio::runtime::Runtime;
use tokio::task::{JoinSet, yield_now};

const CLIENTS: u32 = 50;

const CALLS_EACH: u32 = 100;

const CALLS: u32 = CLIENTS * CALLS_EACH;

const INCREMENT: &str = "functions.increment";

/// The guest's services and the cache functions they call.
const COUNTERS: [(&str, &str); 2] =
    [(INCREMENT, "increment"), ("functions.get-and-set", "get, set")];

pub struct Counting {
    place: &'static str,
    host: Arc<Ours>,
    /// The calls per second: one figure per round, for each counter.
    rates: [Vec<f64>; COUNTERS.len()],
    lost: [Vec<f64>; COUNTERS.len()],
}

impl Counting {
    pub fn new(place: &'static str, host: Arc<Ours>) -> Counting {
        Counting { place, host, rates: Default::default(), lost: Default::default() }
    }

    pub fn turn(&mut self, runtime: &Runtime, round: usize) -> Result<()> {
        let figures = self.rates.iter_mut().zip(&mut self.lost);
        for ((service, _), (rates, lost)) in COUNTERS.into_iter().zip(figures) {
            let key = format!("count:{service}:{round}");
            let (rate, counted) = runtime.block_on(count(&self.host, service, &key))?;
            ensure!(service != INCREMENT || counted == CALLS, "increment has lost a count");
            rates.push(rate);
            lost.push(100.0 * f64::from(CALLS - counted) / f64::from(CALLS));
        }
        Ok(())
    }

    /// Prints the rows of a table.
    pub fn print(&self) {
        let figures = self.rates.iter().zip(&self.lost);
        for ((_, calls), (rates, lost)) in COUNTERS.into_iter().zip(figures) {
            let (rate, lost) = (median(rates.clone()), median(lost.clone()));
            println!("| {} | {calls} | {rate:.0} | {lost:.1} % |", self.place);
        }
    }
}

pub fn print(all: &[Counting]) {
    println!("\n{CLIENTS} clients at once on one host, each of which counts to {CALLS_EACH}:\n");
    println!("| where | counted by | counts/s | lost |\n|---|---|--:|--:|");
    all.iter().for_each(Counting::print);
}

/// Lets all clients call the service. Returns the calls per second, and the resulting count.
async fn count(host: &Arc<Ours>, service: &'static str, key: &str) -> Result<(f64, u32)> {
    let body = serde_json::to_vec(&(1, key))?;
    let begun = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (host, body) = (Arc::clone(host), body.clone());
        clients.spawn(async move {
            for _ in 0..CALLS_EACH {
                host.call_with(service, body.clone()).await?;
                yield_now().await;
            }
            Ok::<_, anyhow::Error>(())
        });
    }
    clients.join_all().await.into_iter().collect::<Result<()>>()?;
    let rate = f64::from(CALLS) / begun.elapsed().as_secs_f64();
    let one_more: u32 = serde_json::from_slice(&host.call_with(INCREMENT, body).await?)?;
    Ok((rate, one_more - 1))
}
