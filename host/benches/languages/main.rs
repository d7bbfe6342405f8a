//! What each language costs: from source to running, size, and the price of a call.
//!
//! Each row is the language's conformance plugin. `fresh` is a call of a service in an instance of
//! its own, `reused` one more call of an instance that is there, `get` one cache call of a guest
//! through its SDK.

#![allow(clippy::indexing_slicing, missing_docs, unreachable_pub)]

#[path = "../cache_calls/floor.rs"]
#[allow(dead_code, reason = "this bench keeps its instances")]
mod floor;

use anyhow::{Context, Result};
use hostel::{CacheBinding, Host, Limits, PluginName, Request, Settings};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The languages and the folders of their conformance plugins, Rust first: the others are shown
/// against it.
const LANGUAGES: &[(&str, &str)] = &[
    ("rust", "guest-sdk/conformance"),
    ("c", "guest-sdk/c/conformance"),
    ("go", "guest-sdk/go/conformance"),
    ("javascript", "guest-sdk/javascript/conformance"),
    ("python", "guest-sdk/python/conformance"),
];

const ROUNDS: usize = 7;
const CALLS: u32 = 100;
const GETS: u32 = 2_000;

struct Row {
    language: &'static str,
    first_build: Duration,
    second_build: Duration,
    bytes: u64,
    compile: Duration,
    fresh: Duration,
    reused: Duration,
    get: Duration,
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let rows: Vec<Row> = LANGUAGES
        .iter()
        .map(|(language, folder)| {
            runtime.block_on(measure(language, folder)).with_context(|| (*language).to_owned())
        })
        .collect::<Result<_>>()?;
    println!("medians of {ROUNDS} rounds; in brackets, times the Rust row");
    println!(
        "| language | first build | second build | component | compile | fresh call | reused call | cache get |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for row in &rows {
        let against = |time: Duration, rust: Duration| {
            format!("{:.2?} ({:.1})", time, time.as_secs_f64() / rust.as_secs_f64())
        };
        println!(
            "| {} | {:.1?} | {:.2?} | {} kB | {:.2?} | {} | {} | {} |",
            row.language,
            row.first_build,
            row.second_build,
            row.bytes / 1_000,
            row.compile,
            against(row.fresh, rows[0].fresh),
            against(row.reused, rows[0].reused),
            against(row.get, rows[0].get),
        );
    }
    Ok(())
}

async fn measure(language: &'static str, folder: &str) -> Result<Row> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    // Builds that are not kept: each round of the bench begins from the source.
    let cache = tempfile::tempdir()?;
    let (first_build, file) = build(&folder, cache.path())?;
    let (second_build, _) = build(&folder, cache.path())?;
    let component = std::fs::read(&file)?;
    let limits = Limits { time: Duration::from_secs(60), ..Limits::default() };
    let host = Host::new(Settings { limits, ..Settings::default() })?;
    let start = Instant::now();
    host.load(PluginName::new("plugin")?, component.clone(), CacheBinding::Private).await?;
    let compile = start.elapsed();
    let exists = r#"{"op":"exists","key":"k"}"#;
    call(&host, r#"{"op":"set","key":"k","value":{"username":"joe","roles":["admin"]}}"#).await?;
    let mut fresh = Vec::new();
    let mut gets = Vec::new();
    for _ in 0..=ROUNDS {
        let once = per_call(CALLS, async || call(&host, exists).await).await?;
        let body = format!(r#"{{"op":"get-many","key":"k","value":{GETS}}}"#);
        let many = per_call(1, async || call(&host, &body).await).await?;
        fresh.push(once);
        gets.push(many.saturating_sub(once) / GETS);
    }
    let reused = reused(&component, exists).await?;
    let bytes = component.len() as u64;
    let (fresh, get) = (median(fresh), median(gets));
    Ok(Row { language, first_build, second_build, bytes, compile, fresh, reused, get })
}

fn build(folder: &Path, cache: &Path) -> Result<(Duration, PathBuf)> {
    let start = Instant::now();
    let mut hostel = Command::new(env!("CARGO_BIN_EXE_hostel"));
    let output = hostel.arg("build").arg(folder).env("XDG_CACHE_HOME", cache).output()?;
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    anyhow::ensure!(output.status.success(), "{words}");
    let file = String::from_utf8(output.stdout)?;
    Ok((start.elapsed(), PathBuf::from(file.trim())))
}

async fn call(host: &Host, body: &str) -> Result<()> {
    let request = Request { body: body.as_bytes().to_vec(), ..Request::default() };
    host.call("plugin.conformance", request).await?;
    Ok(())
}

async fn reused(component: &[u8], body: &str) -> Result<Duration> {
    let floor = floor::Floor::new(component).map_err(anyhow::Error::msg)?;
    let mut instance = floor.instance().await.map_err(anyhow::Error::msg)?;
    let mut times = Vec::new();
    for _ in 0..=ROUNDS {
        let start = Instant::now();
        for _ in 0..CALLS {
            let answer = instance.call("conformance", body.as_bytes().to_vec()).await;
            answer.map_err(anyhow::Error::msg)?;
        }
        times.push(start.elapsed() / CALLS);
    }
    Ok(median(times))
}

/// The time of one call among so many.
async fn per_call(calls: u32, call: impl AsyncFn() -> Result<()>) -> Result<Duration> {
    let start = Instant::now();
    for _ in 0..calls {
        call().await?;
    }
    Ok(start.elapsed() / calls)
}

/// The median, the first of them left out: it warms things up.
fn median(mut times: Vec<Duration>) -> Duration {
    times.remove(0);
    times.sort();
    times[times.len() / 2]
}
