//! The load: a fixed number of concurrent callers, each of which calls again as soon as its
//! previous call has returned.

use crate::ours::Ours;
use anyhow::Result;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::{JoinSet, yield_now};

/// The duration of each load.
pub const TIME: Duration = Duration::from_secs(1);

/// The results of a load.
#[derive(Clone, Copy)]
pub struct Load {
    /// Calls per second.
    pub rate: f64,
    /// Latency percentiles in microseconds.
    pub p50: f64,
    pub p99: f64,
}

/// Calls a service of each host, with `at_once` concurrent calls per host.
///
/// # Errors
///
/// If a call fails.
pub async fn run(hosts: &[Arc<Ours>], operation: &'static str, at_once: usize) -> Result<Load> {
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for host in hosts {
        for _ in 0..at_once {
            let host = Arc::clone(host);
            tasks.spawn(async move {
                let mut took = Vec::new();
                while begun.elapsed() < TIME {
                    let start = Instant::now();
                    host.call(operation).await?;
                    took.push(start.elapsed());
                    yield_now().await;
                }
                Ok::<_, anyhow::Error>(took)
            });
        }
    }
    let took = tasks.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;
    let elapsed = begun.elapsed();
    let mut took: Vec<Duration> = took.into_iter().flatten().collect();
    took.sort_unstable();
    let at = |part: usize| {
        let place = took.len() * part / 100;
        took.get(place).map_or(f64::NAN, |took| took.as_secs_f64() * 1e6)
    };
    Ok(Load { rate: took.len() as f64 / elapsed.as_secs_f64(), p50: at(50), p99: at(99) })
}
