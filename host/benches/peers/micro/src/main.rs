//! The times of single cache operations, the cost of counting an operation, and the cost of
//! validating a value compared with `serde_json`.
//!
//! Accepts divan's arguments: a part of a name selects benchmarks; see `--help`.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use hostel_cache::{Cache, CacheLimits, Clock, Json, Lifetime};
use std::sync::{Mutex, PoisonError};

/// A JSON text of 80 bytes.
const VALUE: &str =
    r#"{"username":"joe","email":"joe@example.com","roles":["admin","editor"],"id":123}"#;

const KEY: &str = "user:123";

/// Lengths of a value, in bytes.
const LENGTHS: [usize; 4] = [16, 80, 1 << 10, 64 << 10];

fn main() {
    divan::Divan::from_args().run_benches();
}

fn cache(expiry: Option<u32>) -> Cache {
    let cache = Cache::new(CacheLimits::default(), Clock::system());
    for number in 0..1_000 {
        cache.set(&format!("user:{number}"), VALUE, expiry).expect("a valid entry");
    }
    cache
}

/// Returns a JSON text of `bytes` bytes: an array, then spaces. The array contains strings of 14
/// bytes, or is empty for fewer than 16 bytes.
fn text(bytes: usize) -> String {
    let items = vec![r#""0123456789é""#; (bytes - 1) / 15].join(",");
    let text =
        format!("{:bytes$}", format!("[{items}]"), bytes = bytes - items.matches('é').count());
    assert!(text.len() == bytes && Json::new(&text, bytes).is_ok(), "{text:.40}");
    text
}

mod get {
    use super::*;

    #[divan::bench]
    fn hit(bencher: Bencher<'_, '_>) {
        let cache = cache(None);
        bencher.bench_local(|| cache.get(black_box(KEY)));
    }

    #[divan::bench]
    fn hit_with_expiry(bencher: Bencher<'_, '_>) {
        let cache = cache(Some(3_600));
        bencher.bench_local(|| cache.get(black_box(KEY)));
    }

    #[divan::bench]
    fn miss(bencher: Bencher<'_, '_>) {
        let cache = cache(None);
        bencher.bench_local(|| cache.get(black_box("absent")));
    }
}

#[divan::bench]
fn exists(bencher: Bencher<'_, '_>) {
    let cache = cache(None);
    bencher.bench_local(|| cache.exists(black_box(KEY)));
}

mod set {
    use super::*;

    #[divan::bench(args = LENGTHS)]
    fn replace(bencher: Bencher<'_, '_>, bytes: usize) {
        let (cache, text) = (cache(None), text(bytes));
        let bencher = bencher.counter(BytesCount::new(bytes));
        bencher.bench_local(|| cache.set(black_box(KEY), black_box(&text), None));
    }

    #[divan::bench]
    fn replace_with_expiry(bencher: Bencher<'_, '_>) {
        let cache = cache(Some(3_600));
        bencher.bench_local(|| cache.set(black_box(KEY), black_box(VALUE), Some(3_600)));
    }

    #[divan::bench]
    fn add_to_a_full_cache(bencher: Bencher<'_, '_>) {
        let limits = CacheLimits::new(1 << 20, 1 << 10).expect("limits fit");
        let cache = Cache::new(limits, Clock::system());
        let mut number = 0_u32;
        let next = || {
            number += 1;
            format!("user:{number}")
        };
        bencher.with_inputs(next).bench_local_refs(|key| cache.set(key, black_box(VALUE), None));
    }

    #[divan::bench]
    fn if_absent_but_present(bencher: Bencher<'_, '_>) {
        let cache = cache(None);
        bencher.bench_local(|| cache.set_if_absent(black_box(KEY), black_box(VALUE), None));
    }

    #[divan::bench]
    fn compare_and_swap(bencher: Bencher<'_, '_>) {
        let cache = cache(None);
        let (key, value) = (black_box(KEY), black_box(VALUE));
        bencher.bench_local(|| {
            cache.compare_and_swap(key, Some(value), Some(value), Lifetime::Unlimited)
        });
    }

    #[divan::bench]
    fn increment(bencher: Bencher<'_, '_>) {
        let cache = cache(None);
        bencher.bench_local(|| cache.increment(black_box("count"), 1, None));
    }
}

mod statistics {
    use super::*;

    /// The cost of a lock, which every operation takes, whether or not the operation is counted.
    #[divan::bench]
    fn lock(bencher: Bencher<'_, '_>) {
        let counts = Mutex::new([0_u64; 8]);
        bencher.bench_local(|| {
            drop(black_box(counts.lock().unwrap_or_else(PoisonError::into_inner)));
        });
    }

    /// The cost of a lock and a counter, as in an operation that is counted.
    #[divan::bench]
    fn lock_and_count(bencher: Bencher<'_, '_>) {
        let counts = Mutex::new([0_u64; 8]);
        bencher.bench_local(|| {
            let mut counts = black_box(counts.lock().unwrap_or_else(PoisonError::into_inner));
            counts[3] += 1;
        });
    }

    #[divan::bench]
    fn read(bencher: Bencher<'_, '_>) {
        let cache = cache(None);
        bencher.bench_local(|| cache.stats());
    }
}

mod json_check {
    use super::*;
    use serde_json::Value;
    use serde_json::value::RawValue;

    #[divan::bench(args = LENGTHS)]
    fn hostel(bencher: Bencher<'_, '_>, bytes: usize) {
        let text = text(bytes);
        let bencher = bencher.counter(BytesCount::new(bytes));
        bencher.bench_local(|| Json::new(black_box(&text), usize::MAX).map(drop));
    }

    #[divan::bench(args = LENGTHS)]
    fn serde_json_raw(bencher: Bencher<'_, '_>, bytes: usize) {
        let text = text(bytes);
        let bencher = bencher.counter(BytesCount::new(bytes));
        bencher.bench_local(|| serde_json::from_str::<&RawValue>(black_box(&text)).is_ok());
    }

    #[divan::bench(args = LENGTHS)]
    fn serde_json_value(bencher: Bencher<'_, '_>, bytes: usize) {
        let text = text(bytes);
        let bencher = bencher.counter(BytesCount::new(bytes));
        bencher.bench_local(|| serde_json::from_str::<Value>(black_box(&text)).is_ok());
    }
}
