//! The costs of each language: the times of builds and of compilation, the component's size, and
//! the time of a call.
//!
//! Each row of the first table measures the conformance plugin of one language. `fresh call` and
//! `reused call` are a call with an empty request, in a new instance and in a reused one. The later
//! columns are cache calls of the plugin through its SDK: `exists`; a small object as raw text; the
//! object as the language's own value; the same with `get_or_set`; an increment; and a batch of a
//! hundred objects. `waits.rs` prints the second table.

#![allow(clippy::indexing_slicing, missing_docs, unreachable_pub)]

mod waits;

use anyhow::{Context, Result};
use hostel::{Host, Instances, Limits, PluginName, PluginSettings, Request, Settings};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The languages and the folders of their conformance plugins. Rust is first: it is the baseline
/// for the others.
const LANGUAGES: &[(&str, &str)] = &[
    ("Rust", "guest-sdk/conformance"),
    ("C", "guest-sdk/c/conformance"),
    ("Go", "guest-sdk/go/conformance"),
    ("JavaScript", "guest-sdk/javascript/conformance"),
    ("Python", "guest-sdk/python/conformance"),
];

const ROUNDS: usize = 11;
const CALLS: u32 = 200;

/// A cache call that an operation of the conformance plugin makes many times.
struct Calls {
    operation: &'static str,
    key: &'static str,
    times: u32,
}

const fn calls(operation: &'static str, key: &'static str, times: u32) -> Option<Calls> {
    Some(Calls { operation, key, times })
}

/// The timed operations, in the order of the columns: the column's name, and the cache calls if the
/// operation makes any.
const TIMED: &[(&str, Option<Calls>)] = &[
    ("fresh call", None),
    ("reused call", None),
    ("`exists`", calls("exists-many", "k", 5_000)),
    ("`get`, raw", calls("raw-many", "k", 5_000)),
    ("`get`", calls("get-many", "k", 5_000)),
    ("`get_or_set`, a hit", calls("get-or-set-many", "k", 5_000)),
    ("`increment`", calls("increment-many", "n", 5_000)),
    ("`get_many` of 100", calls("batch-get-many", "k", 50)),
];

struct Row {
    language: &'static str,
    built: [Duration; 2],
    bytes: usize,
    compile: Duration,
    fresh: Host,
    reused: Host,
    /// The times of each round, for each of [`TIMED`].
    times: Vec<Vec<Duration>>,
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Arguments select languages: `cargo bench --bench languages -- Go Python`. Rust is always run.
    let named: Vec<String> = std::env::args().skip(1).filter(|name| name != "--bench").collect();
    let wanted = |name: &str| named.is_empty() || name == "Rust" || named.iter().any(|n| n == name);
    let mut rows: Vec<Row> = LANGUAGES
        .iter()
        .filter(|(language, _)| wanted(language))
        .map(|(language, folder)| {
            runtime.block_on(prepare(language, folder)).with_context(|| (*language).to_owned())
        })
        .collect::<Result<_>>()?;
    // The languages take turns, so that a change in the machine's speed affects all of them alike.
    for _ in 0..=ROUNDS {
        for row in &mut rows {
            runtime.block_on(row.round()).with_context(|| row.language.to_owned())?;
        }
    }
    let medians: Vec<Vec<Duration>> =
        rows.iter().map(|row| row.times.iter().cloned().map(median).collect()).collect();
    let names: Vec<_> = TIMED.iter().map(|(name, _)| *name).collect();
    println!("medians of {ROUNDS} rounds; in brackets, times the Rust row\n");
    println!("| language | first build | second | component | compile | {} |", names.join(" | "));
    println!("|---{}|", "|---".repeat(4 + names.len()));
    for (row, times) in rows.iter().zip(&medians) {
        let times = times.iter().zip(&medians[0]);
        let times: Vec<_> = times.map(|(time, rust)| against(*time, *rust)).collect();
        let [first, second] = row.built;
        println!(
            "| {} | {first:.1?} | {second:.2?} | {} kB | {:.1?} | {} |",
            row.language,
            row.bytes / 1_000,
            row.compile,
            times.join(" | "),
        );
    }
    waits::print(wanted)
}

fn against(time: Duration, rust: Duration) -> String {
    format!("{time:.2?} ({:.1})", time.as_secs_f64() / rust.as_secs_f64())
}

async fn prepare(language: &'static str, folder: &str) -> Result<Row> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    // A new build cache, in which nothing is built yet.
    let cache = tempfile::tempdir()?;
    let (first, file) = build(&folder, cache.path())?;
    let (second, _) = build(&folder, cache.path())?;
    let component = std::fs::read(&file)?;
    let start = Instant::now();
    let fresh = host(component.clone(), Instances::Fresh).await?;
    let compile = start.elapsed();
    let many = NonZeroU32::new(u32::MAX).context("not zero")?;
    let reused = host(component.clone(), Instances::reuse(many)).await?;
    let (built, bytes) = ([first, second], component.len());
    let times = vec![Vec::new(); TIMED.len()];
    Ok(Row { language, built, bytes, compile, fresh, reused, times })
}

impl Row {
    async fn round(&mut self) -> Result<()> {
        self.times[0].push(per_call(&self.fresh, b"", CALLS, CALLS).await?);
        self.times[1].push(per_call(&self.reused, b"", CALLS, CALLS).await?);
        for (place, (_, calls)) in TIMED.iter().enumerate() {
            if let Some(Calls { operation, key, times }) = calls {
                let body = format!(r#"{{"op":"{operation}","key":"{key}","value":{times}}}"#);
                let time = per_call(&self.reused, body.as_bytes(), 1, *times).await?;
                self.times[place].push(time);
            }
        }
        Ok(())
    }
}

/// Creates a host with one plugin, and sets the entry `k` in its cache.
async fn host(component: Vec<u8>, instances: Instances) -> Result<Host> {
    let minute = Duration::from_secs(60);
    let limits = Limits { time: minute, cpu: minute, ..Limits::default() };
    let host = Host::new(Settings { limits, ..Settings::default() })?;
    let settings = PluginSettings { instances, ..PluginSettings::default() };
    host.load(PluginName::new("plugin")?, component, settings).await?;
    let set = br#"{"op":"set","key":"k","value":{"username":"joe","roles":["admin"]}}"#;
    per_call(&host, set, 1, 1).await?;
    Ok(host)
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

/// Calls the plugin `calls` times, and returns the total time divided by `done`.
async fn per_call(host: &Host, body: &[u8], calls: u32, done: u32) -> Result<Duration> {
    let start = Instant::now();
    for _ in 0..calls {
        let request = Request { body: body.to_vec(), ..Request::default() };
        let response = host.call("plugin.conformance", request).await?;
        anyhow::ensure!(
            body.is_empty() || response.body.starts_with(br#"{"ok":"#),
            "it returns {}",
            String::from_utf8_lossy(&response.body)
        );
    }
    Ok(start.elapsed() / done)
}

/// Returns the median without the first time, which is a warm-up.
fn median(mut times: Vec<Duration>) -> Duration {
    times.remove(0);
    middle(times)
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
