//! `get`, `set`, `delete` and `exists` have the same results in memory and on two hosts that share
//! a Redis server or cluster.

use super::{at, cache, servers};
use crate::support::Random;
use hostel::{Cache, CacheError, CacheLimits, Clock};
use std::time::Duration;

/// Keys, values and expiries, valid and invalid, from which operations are composed.
const KEYS: [&str; 7] = ["a", "b", "{c}", "\0", "*", "ž", ""];
const VALUES: [&str; 6] = ["1", "null", "{\"a\":[1.0,-0]}", "nonsense", "", "[1"];
const EXPIRIES: [Option<u32>; 5] = [None, Some(5), Some(60), Some(0), Some(u32::MAX)];

fn refused<T>(result: Result<T, CacheError>) -> Result<T, hostel_cache::Error> {
    result.map_err(|error| match error {
        CacheError::Invalid(error) => error,
        other => panic!("{other}"),
    })
}

#[tokio::test]
async fn random_operations_have_the_results_that_they_have_in_memory() {
    for server in servers().await {
        let hosts = [cache(at(&server)), cache(at(&server))];
        let (clock, hand) = Clock::mock();
        let memory = Cache::new(CacheLimits::default(), clock);
        let mut random = Random(1);
        let mut live = 0;
        for step in 0..3_000 {
            let host = &hosts[random.below(2)];
            let key = KEYS[random.below(KEYS.len())];
            match random.below(10) {
                0..4 => {
                    let found =
                        refused(host.get(key).await).map(|value| value.map(|v| v.to_string()));
                    let expected = memory.get(key).map(|value| value.map(|v| v.to_string()));
                    live += u32::from(matches!(found, Ok(Some(_))));
                    assert_eq!(found, expected, "step {step}: get {key:?}");
                }
                4..7 => {
                    let value = VALUES[random.below(VALUES.len())];
                    let expiry = EXPIRIES[random.below(EXPIRIES.len())];
                    let set = refused(host.set(key, value, expiry).await);
                    assert_eq!(set, memory.set(key, value, expiry), "step {step}: set {key:?}");
                }
                7 => {
                    let deleted = refused(host.delete(key).await);
                    assert_eq!(deleted, memory.delete(key), "step {step}: delete {key:?}");
                }
                8 => {
                    let exists = refused(host.exists(key).await);
                    assert_eq!(exists, memory.exists(key), "step {step}: exists {key:?}");
                }
                _ => {
                    let time = Duration::from_secs([2, 10, 30][random.below(3)]);
                    server.advance(time);
                    hand.advance(time);
                }
            }
        }
        assert!(live > 100, "{live}");
    }
}
