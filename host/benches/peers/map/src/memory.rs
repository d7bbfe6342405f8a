//! What an entry takes beside its key and its value, by an allocator that counts.

use crate::allocator;
use crate::load::{Key, TEXTS, VALUE};
use crate::maps::{Dash, Map, Moka, Ours, Quick, Weigh};
use table::{Row, Wanted};

/// The most bytes of it that are wanted.
const TARGET: f64 = 64.0;

pub fn run(most: usize) {
    let mut entries = 1_000;
    while entries <= most {
        // Numbers in between too, since tables grow by steps.
        for entries in [entries, entries * 14 / 10, entries * 2, entries * 3, entries * 5] {
            if entries <= most {
                rows(entries);
            }
        }
        entries *= 10;
    }
}

fn rows(entries: usize) {
    let room = (entries * 512).max(64 << 20);
    let ours = of(entries, || Ours::new(room, None));
    row(entries, "the target", ours, TARGET, Wanted::AtMost(1.0));
    let peers = [
        ("quick_cache", of(entries, || Quick::new(entries, 400 * entries as u64, Weigh(0)))),
        ("moka with expiry", of(entries, || Moka::new(u64::MAX, Weigh(0), Some(3600)))),
        ("DashMap", of(entries, Dash::new)),
    ];
    for (peer, theirs) in peers {
        row(entries, peer, ours, theirs, Wanted::Nothing);
    }
}

fn row(entries: usize, peer: &str, ours: f64, theirs: f64, wanted: Wanted) {
    let what = format!("bytes beside an entry's texts, {entries} entries");
    let (ours, theirs) = (vec![ours], vec![theirs]);
    println!("{}", Row { target: "E", what: &what, peer, unit: "B", ours, theirs, wanted });
}

/// Bytes an entry takes beside its texts, in a map of so many.
pub fn of<M: Map>(entries: usize, new: impl FnOnce() -> M) -> f64 {
    allocator::count(true);
    let before = allocator::held();
    let map = new();
    for number in 0..entries as u32 {
        map.set(Key::of(number).as_str(), VALUE);
        if number % 1024 == 0 {
            map.settle();
        }
    }
    map.settle();
    let held = allocator::held() - before;
    assert_eq!(map.len(), entries, "a map lost entries that it had room for");
    drop(map);
    allocator::count(false);
    held as f64 / entries as f64 - TEXTS as f64
}
