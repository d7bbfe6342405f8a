//! The time of a call, compared with each peer in turn.

use crate::load::{Key, Keys, VALUE, Zipf};
use crate::maps::{Dash, Map, Moka, Ours, Quick, QuickExpiring, Weigh};
use std::sync::Barrier;
use std::time::Instant;
use table::{Row, Wanted};

/// Calls of a thread in one round.
const CALLS: usize = 400_000;
const ROUNDS: usize = 11;

/// Calls in a slice, which are timed together.
const SLICE: usize = 5_000;

/// An expiry in seconds that is longer than any run.
const AN_HOUR: u32 = 3600;

#[derive(Clone, Copy)]
enum Call {
    Get,
    Set,
}

pub fn run(entries: usize) {
    let zipf = Zipf::new(entries, 0.99);
    let picks: Vec<_> = (0..2).map(|thread| Keys::of(&zipf.picks(CALLS, thread + 1))).collect();
    drop(zipf);
    // The capacities are never reached: no entry is evicted, so every `get` finds its entry.
    let weight = 2 * entries as u64;
    let room = (entries * 512).max(64 << 20);
    let no_slower = Wanted::AtMost(1.0);
    let third = Wanted::AtMost(1.0 / 3.0);

    let ours = filled(Ours::new(room, None), entries);
    let quick = filled(Quick::new(entries, 400 * entries as u64, Weigh(0)), entries);
    compare(&ours, &quick, "quick_cache", no_slower, entries, &picks);
    drop(quick);
    let dash = filled(Dash::new(), entries);
    compare(&ours, &dash, "DashMap", Wanted::Nothing, entries, &picks);
    drop((ours, dash));

    let ours = filled(Ours::new(room, Some(AN_HOUR)), entries);
    let quick = filled(QuickExpiring::new(entries, AN_HOUR), entries);
    compare(&ours, &quick, "quick_cache and deadlines", no_slower, entries, &picks);
    drop(quick);
    let moka = filled(Moka::new(400 * weight, Weigh(0), Some(AN_HOUR)), entries);
    compare(&ours, &moka, "moka with expiry", third, entries, &picks);
}

fn filled<M: Map>(map: M, entries: usize) -> M {
    for number in 0..entries as u32 {
        map.set(Key::of(number).as_str(), VALUE);
        if number % 1024 == 0 {
            map.settle();
        }
    }
    map.settle();
    assert_eq!(map.len(), entries, "a map lost entries that it had room for");
    map
}

fn compare(
    ours: &Ours,
    peer: &dyn Map,
    name: &str,
    wanted: Wanted,
    entries: usize,
    picks: &[Keys],
) {
    for (call, word) in [(Call::Get, "get"), (Call::Set, "set")] {
        for threads in [1, 2] {
            let picks = &picks[..threads];
            let mut figures = (Vec::new(), Vec::new());
            for round in 0..=ROUNDS {
                let pair = (time(ours, call, picks), time(peer, call, picks));
                // The first round is a warm-up.
                if round > 0 {
                    figures.0.push(pair.0);
                    figures.1.push(pair.1);
                }
            }
            let expiry = if ours.1.is_some() { ", expiry" } else { "" };
            let what = format!("map {word}, {entries} entries{expiry}, threads: {threads}");
            let (ours, theirs) = figures;
            let unit = "ns";
            println!(
                "{}",
                Row { target: "E", what: &what, peer: name, unit, ours, theirs, wanted }
            );
        }
    }
}

/// Returns the nanoseconds per call of a thread: the median of the slices of all threads, to
/// suppress disturbances by other processes.
fn time(map: &dyn Map, call: Call, picks: &[Keys]) -> f64 {
    let start = Barrier::new(picks.len());
    let mut slices = Vec::new();
    std::thread::scope(|scope| {
        let work = |picks| {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                work(map, call, picks)
            })
        };
        let threads: Vec<_> = picks.iter().map(work).collect();
        for thread in threads {
            slices.extend(thread.join().expect("no map panics"));
        }
    });
    table::median(slices)
}

fn work(map: &dyn Map, call: Call, picks: &Keys) -> Vec<f64> {
    let mut into = [0; 128];
    let mut slices = Vec::new();
    let mut began = Instant::now();
    for (number, key) in picks.iter().enumerate() {
        match call {
            Call::Get => assert!(map.get(key, &mut into)),
            Call::Set => map.set(key, VALUE),
        }
        if number % SLICE == SLICE - 1 {
            slices.push(began.elapsed().as_nanos() as f64 / SLICE as f64);
            began = Instant::now();
        }
    }
    std::hint::black_box(into);
    slices
}
