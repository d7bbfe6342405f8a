//! The memory overhead of an entry beyond its key and value, measured with a counting allocator.

use crate::allocator;
use crate::load::{Key, TEXTS, VALUE};
use crate::maps::{Dash, Map, Moka, Ours, Quick, Weigh};
use table::{Row, Wanted};

/// The targeted maximum of the overhead in bytes.
const TARGET: f64 = 64.0;

pub fn run(most: usize) {
    let new = |entries: usize| of(entries, || Ours::new((entries * 512).max(64 << 20), None));
    let worst = populations(most).map(new).fold(0.0, f64::max);
    let what = format!("most bytes per entry besides key and value, up to {most} entries");
    row(&what, "the target", worst, TARGET, Wanted::AtMost(1.0));

    let ours = new(most);
    let peers = [
        ("quick_cache", of(most, || Quick::new(most, 400 * most as u64, Weigh(0)))),
        ("moka with expiry", of(most, || Moka::new(u64::MAX, Weigh(0), Some(3600)))),
        ("DashMap", of(most, Dash::new)),
    ];
    for (peer, theirs) in peers {
        let what = format!("bytes per entry besides key and value, {most} entries");
        row(&what, peer, ours, theirs, Wanted::Nothing);
    }
}

/// Returns the numbers of entries to measure: powers of ten from a thousand, and some in between,
/// since tables grow in steps.
fn populations(most: usize) -> impl Iterator<Item = usize> {
    let tens = std::iter::successors(Some(1_000), |entries| Some(entries * 10));
    let between = |entries: usize| [10, 14, 20, 30, 50].map(|tenths| entries / 10 * tenths);
    tens.take_while(move |entries| *entries <= most)
        .flat_map(between)
        .filter(move |entries| *entries <= most)
}

fn row(what: &str, peer: &str, ours: f64, theirs: f64, wanted: Wanted) {
    let (ours, theirs) = (vec![ours], vec![theirs]);
    println!("{}", Row { target: "E", what, peer, unit: "B", ours, theirs, wanted });
}

/// Returns the overhead per entry in bytes, in a map of `entries` entries.
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
