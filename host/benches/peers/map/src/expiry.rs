//! The time of calls while up to a million entries expire, and the time until their memory is free.

use crate::allocator;
use crate::load::{Key, Random, VALUE};
use crate::maps::{Map, Moka, Ours};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use table::{Row, Wanted};

/// The number of keys that the timed calls use. Their entries do not expire while calls are timed.
const STAYING: u32 = 100_000;

/// The expiry of all entries in seconds: longer than it takes to set the expiring entries.
const EXPIRY: u32 = 20;

/// The period in which calls are timed. It begins when the first entry expires.
const WATCHED: Duration = Duration::from_secs(7);

/// The interval between two passes over the map, and the approximate maximum number of entries that
/// a pass scans. Both are as in the host.
const TICK: Duration = Duration::from_millis(20);
const ENTRIES_A_TICK: usize = 10_000;

/// More calls than a machine can make while calls are timed.
const MAX_CALLS: usize = 100_000_000;

struct Seen {
    /// The 99th percentile and the maximum of the calls' times, in microseconds.
    p99: f64,
    worst: f64,
    /// Seconds from the last deadline until less than a fifth of the expiring entries' memory is in
    /// use. The entries of the timed calls count too. NaN if more stays in use.
    back: f64,
}

pub fn run(expiring: u32) {
    let ours = Ours::new(1 << 30, Some(EXPIRY));
    let reclaim = || {
        ours.0.reclaim(ENTRIES_A_TICK);
    };
    let seen = watch(&ours, expiring, &reclaim);
    let called = format!("call while {expiring} entries expire");
    let (p99, slowest) = (format!("{called}, p99"), format!("{called}, the slowest"));
    let back = "until the memory of expired entries is free, without reads";
    row(&p99, "the target", "us", seen.p99, 1000.0, Wanted::AtMost(1.0));
    row(back, "the target", "s", seen.back, 5.0, Wanted::AtMost(1.0));

    let moka = Moka::new(u64::MAX, crate::maps::Weigh(0), Some(EXPIRY));
    let theirs = watch(&moka, expiring, &|| moka.settle());
    row(&p99, "moka with expiry", "us", seen.p99, theirs.p99, Wanted::Nothing);
    row(&slowest, "moka with expiry", "us", seen.worst, theirs.worst, Wanted::Nothing);
    row(back, "moka with expiry", "s", seen.back, theirs.back, Wanted::Nothing);
}

fn row(what: &str, peer: &str, unit: &str, ours: f64, theirs: f64, wanted: Wanted) {
    let (ours, theirs) = (vec![ours], vec![theirs]);
    println!("{}", Row { target: "F", what, peer, unit, ours, theirs, wanted });
}

/// Fills `map` with expiring entries, then makes calls while another thread frees expired entries.
fn watch(map: &dyn Map, expiring: u32, reclaim: &(dyn Fn() + Sync)) -> Seen {
    // Allocate this vector before counting begins.
    let mut times = Vec::with_capacity(MAX_CALLS);
    allocator::count(true);
    let before = allocator::held();
    let began = Instant::now();
    for number in 0..expiring {
        map.set(Key::of(number + STAYING).as_str(), VALUE);
    }
    let full = allocator::held() - before;
    let (first, last) = (began, Instant::now());
    assert!(last - first < Duration::from_secs(EXPIRY.into()), "setting took too long");
    let expiry = Duration::from_secs(EXPIRY.into());
    std::thread::sleep((first + expiry).saturating_duration_since(Instant::now()));

    let stop = AtomicBool::new(false);
    let mut back = f64::NAN;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                std::thread::sleep(TICK);
                reclaim();
            }
        });
        let mut random = Random::new(3);
        let mut into = [0; 128];
        let end = Instant::now() + WATCHED;
        let mut now = Instant::now();
        while now < end && times.len() < MAX_CALLS {
            let key = Key::of((random.next() % u64::from(STAYING)) as u32);
            if random.next() % 10 == 0 {
                map.set(key.as_str(), VALUE);
            } else {
                map.get(key.as_str(), &mut into);
            }
            let after = Instant::now();
            times.push((after - now).as_nanos() as u32);
            let held = allocator::held().saturating_sub(before);
            if back.is_nan() && held < full / 5 {
                back = after.saturating_duration_since(last + expiry).as_secs_f64();
            }
            now = Instant::now();
        }
        stop.store(true, Ordering::Relaxed);
    });
    allocator::count(false);
    times.sort_unstable();
    let at = |part: f64| f64::from(times[((times.len() - 1) as f64 * part) as usize]) / 1000.0;
    Seen { p99: at(0.99), worst: at(1.0), back }
}
