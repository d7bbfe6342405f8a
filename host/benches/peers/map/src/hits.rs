//! Hit rates of maps that hold the same number of bytes.
//!
//! For this purpose, the weight of a peer's entry is the length of its key and value plus the
//! measured overhead. Without the overhead, a peer would hold up to three times as many bytes. The
//! hit rate at the same number of entries is also shown, because this rate depends only on the
//! eviction policy.

use crate::allocator;
use crate::load::{Key, Random, TEXTS, VALUE, Zipf};
use crate::maps::{Map, Moka, Ours, Quick, Weigh};
use crate::memory;
use table::{Row, Wanted};

const CAPACITY: usize = 4 << 20;

/// The number of keys in a Zipf distribution: about nine times as many as fit into our map.
const KEYS: usize = 250_000;
const READS: usize = 1_500_000;

/// Reads that fill the map and are not counted.
const WARMING: usize = 500_000;

/// The number of reads in a scan. A scan reads consecutive keys, each once.
const SCAN: usize = 50_000;

pub fn run() {
    let entries = CAPACITY / (TEXTS + 60);
    let beside = [
        memory::of(entries, || Quick::new(entries, u64::MAX, Weigh(0))) as usize,
        memory::of(entries, || Moka::new(u64::MAX, Weigh(0), Some(3600))) as usize,
    ];
    for skew in [0.7, 0.8, 0.9, 1.0, 1.1] {
        let zipf = Zipf::new(KEYS, skew);
        rows(&format!("Zipf {skew}"), &zipf.picks(READS, 7), beside);
    }
    rows("Zipf 0.9 and scans", &scans(), beside);
}

/// Returns the keys to read. Half of the reads belong to scans.
fn scans() -> Vec<u32> {
    let zipf = Zipf::new(KEYS, 0.9);
    let mut random = Random::new(9);
    let mut reads = Vec::new();
    let mut scanned = KEYS as u32..;
    while reads.len() < READS {
        reads.extend((0..SCAN).map(|_| zipf.pick(&mut random)));
        reads.extend(scanned.by_ref().take(SCAN));
    }
    reads
}

fn rows(load: &str, reads: &[u32], [quick, moka]: [usize; 2]) {
    let (ours, held, entries) = ratio(reads, || Ours::new(CAPACITY, Some(3600)));
    let weight = CAPACITY as u64;
    let new_quick = || Quick::new(CAPACITY / (TEXTS + quick), weight, Weigh(quick));
    show(load, "quick_cache", (ours, held), ratio(reads, new_quick));
    show(
        load,
        "moka with expiry",
        (ours, held),
        ratio(reads, || Moka::new(weight, Weigh(moka), Some(3600))),
    );

    let weight = (entries * TEXTS) as u64;
    let policy = format!("{load}, as many entries");
    show(
        &policy,
        "quick_cache",
        (ours, held),
        ratio(reads, || Quick::new(entries, weight, Weigh(0))),
    );
    show(
        &policy,
        "moka with expiry",
        (ours, held),
        ratio(reads, || Moka::new(weight, Weigh(0), Some(3600))),
    );
}

fn show(load: &str, peer: &str, (ours, held): (f64, usize), theirs: (f64, usize, usize)) {
    let mib = |bytes: usize| bytes as f64 / f64::from(1 << 20);
    let what = format!("hits, {load} ({:.1} and {:.1} MiB)", mib(held), mib(theirs.1));
    // At most one percentage point below the peer.
    let wanted = Wanted::AtLeast(((theirs.0 - 1.0) / theirs.0 * 1000.0).floor() / 1000.0);
    let (ours, theirs) = (vec![ours], vec![theirs.0]);
    println!("{}", Row { target: "E", what: &what, peer, unit: "%", ours, theirs, wanted });
}

/// Returns the hit rate in percent, and the final bytes and entries.
fn ratio<M: Map>(reads: &[u32], new: impl FnOnce() -> M) -> (f64, usize, usize) {
    allocator::count(true);
    let before = allocator::held();
    let map = new();
    let mut hits = 0;
    let mut into = [0; 128];
    for (number, pick) in reads.iter().enumerate() {
        let key = Key::of(*pick);
        let hit = map.get(key.as_str(), &mut into);
        hits += usize::from(hit && number >= WARMING);
        if !hit {
            map.set(key.as_str(), VALUE);
        }
        if number % 64 == 0 {
            map.settle();
        }
    }
    map.settle();
    let held = allocator::held() - before;
    let entries = map.len();
    drop(map);
    allocator::count(false);
    (100.0 * hits as f64 / (reads.len() - WARMING) as f64, held, entries)
}
