//! Checks that a cache behaves like its model, including expiry and eviction.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "all is a test")]

#[path = "differential/model.rs"]
mod model;

use hostel_cache::{Cache, CacheLimits, Clock, Lifetime, MIN_CAPACITY, Swap};
use proptest::prelude::*;

const CASES: u32 = if cfg!(miri) { 2 } else { 300 };

/// The length of each test case is less than this number of bytes. The first byte encodes the
/// limits of the cache; each operation takes four more bytes.
const MAX_BYTES: usize = if cfg!(miri) { 200 } else { 3_000 };

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: CASES, ..Default::default() })]

    #[test]
    fn a_cache_returns_the_results_of_its_model(
        bytes in prop::collection::vec(any::<u8>(), 0..MAX_BYTES),
    ) {
        model::check(&bytes);
    }
}

#[test]
fn a_write_that_depends_on_its_entry_does_not_evict_it_to_make_room() {
    let (clock, _) = Clock::mock();
    let cache = Cache::new(CacheLimits::new(MIN_CAPACITY, 4096).unwrap(), clock);
    let texts = ["0", "1", "2"].map(|digit| format!("\"{}\"", digit.repeat(1500)));
    let rounds = if cfg!(miri) { 30 } else { 1_000 };
    for number in 0..rounds {
        cache.set(&number.to_string(), &texts[2], None).unwrap();
        cache.set("count", "9", Some(1)).unwrap();
        assert_eq!(cache.increment("count", 1, None), Ok(10));
        cache.set("text", &texts[0], None).unwrap();
        let (old, new) = (Some(&*texts[0]), Some(&*texts[1]));
        let swap = cache.compare_and_swap("text", old, new, Lifetime::Unlimited);
        assert_eq!(swap, Ok(Swap::Swapped));
    }
    assert!(cache.stats().evicted > 0);
}
