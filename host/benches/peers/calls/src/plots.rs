//! Two plots: the cost of a `get` by the number of entries, and by the size of the value.

use crate::bare::{Answers, Bare};
use crate::guests;
use crate::ours::Ours;
use crate::rounds::{Side, medians, nanoseconds};
use crate::svg::{Axis, Plot, Series};
use anyhow::{Context, Error, Result, ensure};
use hostel_cache::{Cache, CacheLimits};
use std::cell::Cell;
use std::hint::black_box;
use std::path::Path;
use tokio::runtime::{Builder, Runtime};

#[path = "../../../guest/src/keys.rs"]
mod keys;

/// The capacity of the cache in bytes: enough for the largest number of entries.
const CAPACITY: usize = 4 << 30;

const VALUE_LIMIT: usize = 1 << 20;

/// The maximum number of cache calls per call of the guest.
const CALLS: u32 = 5_000;

/// The maximum number of bytes that one call of the guest reads.
const BYTES: u32 = 8 << 20;

/// Writes the plots to a folder.
pub fn draw(folder: &Path) -> Result<()> {
    let made = std::fs::create_dir_all(folder);
    made.with_context(|| format!("cannot create the folder {}", folder.display()))?;
    let component = guests::component("guest")?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let limits = CacheLimits::new(CAPACITY, VALUE_LIMIT)?;
    let ours = runtime.block_on(Ours::new(&component, limits))?;
    let sizes = by_size(&runtime, &ours, &component)?;
    std::fs::write(folder.join("get-by-size.svg"), sizes.to_string())?;
    let entries = by_entries(&runtime, &ours)?;
    std::fs::write(folder.join("get-by-entries.svg"), entries.to_string())?;
    Ok(())
}

/// Reads a single entry again and again, for increasing sizes.
fn by_size(runtime: &Runtime, ours: &Ours, component: &[u8]) -> Result<Plot> {
    let [mut guest, mut floor, mut map] = [const { Vec::new() }; 3];
    for power in (4..=20).step_by(2) {
        let bytes = 1_u32 << power;
        let value = format!("\"{}\"", "x".repeat(bytes as usize - 2));
        ours.cache().set("value", &value, None)?;
        let answers = Answers { value: Some(&value), keys: &[] };
        let bare = runtime.block_on(Bare::floor(component, answers)).map_err(Error::msg)?;
        let calls = (BYTES / bytes).clamp(8, CALLS);
        let body = format!("[{calls},\"value\"]");
        let figures: [f64; 3] = medians(vec![
            Box::new(|| nanoseconds(calls, || runtime.block_on(ours.call("kept.get", &body)))),
            Box::new(|| {
                nanoseconds(calls, || bare.call(runtime, "get", &body).map_err(Error::msg))
            }),
            Box::new(|| {
                nanoseconds(CALLS, || {
                    for _ in 0..CALLS {
                        black_box(ours.cache().get("value")?);
                    }
                    Ok(())
                })
            }),
        ])?;
        println!("{bytes} bytes: {figures:.1?} ns: Hostel, the floor, the map");
        for (line, figure) in [&mut guest, &mut floor, &mut map].into_iter().zip(figures) {
            line.push((f64::from(bytes), figure));
        }
    }
    Ok(Plot {
        title: "One get of a value, by its size",
        across: Axis { name: "bytes of the value", ticks: SIZES },
        up: Axis { name: "time of one get", ticks: TIMES },
        series: vec![
            Series { name: "from a guest", points: guest },
            Series { name: "a host that only returns", points: floor },
            Series { name: "the cache alone", points: map },
        ],
    })
}

/// Reads values of 80 bytes in random order, for increasing numbers of entries.
fn by_entries(runtime: &Runtime, ours: &Ours) -> Result<Plot> {
    let [mut guest, mut map] = [const { Vec::new() }; 2];
    let mut key = String::new();
    let mut filled = 0;
    for entries in ENTRIES {
        for number in filled..entries {
            keys::write(&mut key, number);
            ours.cache().set(&key, crate::VALUE, None)?;
        }
        filled = entries;
        let figures = walks(runtime, ours, entries)?;
        println!("{entries} entries: {figures:.1?} ns: Hostel, the map");
        for (line, figure) in [&mut guest, &mut map].into_iter().zip(figures) {
            line.push((f64::from(entries), figure));
        }
    }
    let stats = ours.cache().stats();
    ensure!(stats.evicted == 0, "the cache is too small for its entries");
    println!("{filled} entries take {} bytes each", stats.bytes / u64::from(filled));
    Ok(Plot {
        title: "One get of 80 bytes, by the number of entries",
        across: Axis { name: "entries, read in random order", ticks: COUNTS },
        up: Axis { name: "time of one get", ticks: TIMES },
        series: vec![
            Series { name: "from a guest", points: guest },
            Series { name: "the cache alone", points: map },
        ],
    })
}

/// Returns the nanoseconds of a `get` from the guest and of a `get` without a guest, both without
/// the time of creating the keys.
fn walks(runtime: &Runtime, ours: &Ours, entries: u32) -> Result<[f64; 2]> {
    let seed = Cell::new(1_u64);
    let next =
        || (CALLS, entries, seed.replace(seed.get() + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let guest = |service: &'static str| -> Side<'_> {
        let call = move || {
            let (calls, entries, seed) = next();
            runtime.block_on(ours.call(service, &format!("[{calls},{entries},{seed}]")))
        };
        Box::new(move || nanoseconds(CALLS, call))
    };
    let native = |see: fn(&Cache, &str)| -> Side<'_> {
        let call = move || {
            keys::each(next(), |key| see(ours.cache(), key));
            Ok(())
        };
        Box::new(move || nanoseconds(CALLS, call))
    };
    let [walk, make, map, make_here] = medians(vec![
        guest("kept.walk"),
        guest("kept.make-keys"),
        native(|cache, key| drop(black_box(cache.get(key)))),
        native(|_, key| {
            black_box(key);
        }),
    ])?;
    Ok([walk - make, map - make_here])
}

const ENTRIES: [u32; 9] =
    [1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000];

const COUNTS: &[(f64, &str)] = &[
    (1e3, "1 thousand"),
    (1e4, "10 thousand"),
    (1e5, "100 thousand"),
    (1e6, "1 million"),
    (1e7, "10 million"),
];

const SIZES: &[(f64, &str)] = &[
    (16.0, "16 B"),
    (256.0, "256 B"),
    (4_096.0, "4 KiB"),
    (65_536.0, "64 KiB"),
    (1_048_576.0, "1 MiB"),
];

const TIMES: &[(f64, &str)] = &[
    (1e1, "10 ns"),
    (1e2, "100 ns"),
    (1e3, "1 µs"),
    (1e4, "10 µs"),
    (1e5, "100 µs"),
    (1e6, "1 ms"),
];
