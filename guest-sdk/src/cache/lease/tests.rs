use super::*;
use crate::failure::{Failure, FailureKind};
use crate::fake::Fake;
use crate::outcome::TimeLeft;

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);
const EARLY: GetOrSet = GetOrSet::expiry(MINUTE).early(Duration::from_secs(5));

#[test]
fn value_is_computed_once_in_its_life() {
    let fake = Fake::new();
    let cache = fake.context().cache;
    let mut calls = 0;
    let mut get = || {
        cache.get_or_set("k", MINUTE, || {
            calls += 1;
            Ok(calls)
        })
    };
    assert_eq!((get(), get()), (Ok(1), Ok(1)));
    fake.advance(MINUTE - Duration::from_millis(1));
    assert_eq!(get(), Ok(1));
    fake.advance(Duration::from_millis(1));
    assert_eq!((get(), get()), (Ok(2), Ok(2)));
}

#[test]
fn value_without_an_expiry_stays() {
    let cache = Fake::new().context().cache;
    assert_eq!(cache.get_or_set_with("k", GetOrSet::unlimited(), || Ok(1)), Ok(1));
    assert_eq!(cache.ttl("k"), Ok(TimeLeft::Unlimited));
}

#[test]
fn hit_is_one_read_and_only_a_miss_requests_a_lease() {
    let fake = Fake::new();
    let cache = fake.context().cache;
    let reads = || (fake.stats().hits, fake.stats().misses);
    assert_eq!(cache.get_or_set("k", MINUTE, || Ok(1)), Ok(1));
    assert_eq!(reads(), (0, 2));
    assert_eq!(cache.get_or_set("k", MINUTE, || Ok(2)), Ok(1));
    assert_eq!(reads(), (1, 2));
    assert_eq!(cache.get_or_set_with("k", EARLY, || Ok(2)), Ok(1));
    assert_eq!(reads(), (2, 2));
}

#[test]
fn stored_null_is_a_hit() {
    let cache = Fake::new().context().cache;
    for options in [GetOrSet::expiry(MINUTE), EARLY] {
        let first = cache.get_or_set_with("k", options, || Ok(None::<String>));
        let second = cache.get_or_set_with("k", options, || Ok(Some("computed".to_owned())));
        assert_eq!((first, second), (Ok(None), Ok(None)));
        assert_eq!(cache.get_raw("k"), Ok(Some("null".to_owned())));
        cache.delete("k").unwrap();
    }
}

#[test]
fn value_is_refreshed_in_its_last_seconds() {
    let fake = Fake::new();
    let cache = fake.context().cache;
    let get = |new| cache.get_or_set_with("k", EARLY, || Ok(new));
    assert_eq!(get(1), Ok(1));
    fake.advance(55 * SECOND);
    assert_eq!(get(2), Ok(1));
    fake.advance(Duration::from_millis(1));
    assert_eq!(get(3), Ok(3));
    assert_eq!(cache.get("k"), Ok(Some(3)));
    assert_eq!(cache.ttl("k"), Ok(TimeLeft::Limited(MINUTE)));
}

#[test]
fn failure_to_compute_is_returned_and_the_next_call_computes() {
    let fake = Fake::new();
    let cache = fake.context().cache;
    let failure = cache.get_or_set("k", MINUTE, || Err::<u8, _>(Failure::conflict("no")));
    assert_eq!(failure, Err(Failure::conflict("no")));
    assert_eq!(cache.store.fill("k", "1", None), Ok(false), "the lease is released");
    assert_eq!(cache.get_or_set("k", MINUTE, || Ok(1)), Ok(1));
    assert_eq!(fake.logs(), [""; 0]);
}

#[test]
fn old_value_is_returned_if_its_refresh_fails() {
    let fake = Fake::new();
    let cache = fake.context().cache;
    assert_eq!(cache.get_or_set_with("k", EARLY, || Ok(1.5)), Ok(1.5));
    fake.advance(58 * SECOND);
    let fails = || cache.get_or_set_with("k", EARLY, || Err(Failure::conflict("no rates")));
    assert_eq!(fails(), Ok(1.5));
    assert_eq!(fake.logs(), ["warn: the value under \"k\" could not be refreshed: no rates"]);
    assert_eq!(cache.store.fill("k", "1", None), Ok(false), "the lease is released");
    assert_eq!(cache.get_or_set_with("k", EARLY, || Ok(f64::NAN)), Ok(1.5));
    fake.advance(2 * SECOND);
    assert_eq!(fails(), Err(Failure::conflict("no rates")));
}

#[test]
fn value_of_a_key_that_another_call_computes_is_computed_and_not_stored() {
    let fake = Fake::new();
    let cache = fake.context().cache;
    fake.hold("k");
    assert_eq!(cache.get_or_set("k", MINUTE, || Ok(1)), Ok(1));
    let has_no_json_form = cache.get_or_set("k", MINUTE, || Ok(f64::NAN));
    assert!(has_no_json_form.unwrap().is_nan(), "it need not be stored");
    assert_eq!(cache.exists("k"), Ok(false));
    fake.let_go("k");
    assert_eq!(cache.get_or_set("k", MINUTE, || Ok(3)), Ok(3));
    assert_eq!(cache.get("k"), Ok(Some(3)));
}

#[test]
fn failed_computation_keeps_a_lease_that_another_call_got_meanwhile() {
    let fake = Fake::new();
    let cache = fake.context().cache;
    let failure = cache.get_or_set("k", MINUTE, || {
        fake.hold("k");
        Err::<u8, _>(Failure::conflict("no"))
    });
    assert_eq!(failure, Err(Failure::conflict("no")));
    assert_eq!(cache.get_or_set("k", MINUTE, || Ok(1)), Ok(1));
    assert_eq!(cache.exists("k"), Ok(false));
}

#[test]
fn old_value_is_returned_while_another_call_computes_the_next() {
    let fake = Fake::new();
    let cache = fake.context().cache;
    cache.set_with_expiry("k", &1, MINUTE).unwrap();
    fake.advance(58 * SECOND);
    fake.hold("k");
    assert_eq!(cache.get_or_set_with("k", EARLY, || Ok(2)), Ok(1));
    fake.let_go("k");
    assert_eq!(cache.get_or_set_with("k", EARLY, || Ok(2)), Ok(2));
}

/// Runs `change` during a computation. Checks that the call returns the computed value and that the
/// key then has the value `stored`.
#[track_caller]
fn check_newer(change: impl FnOnce(&Cache), stored: Option<&str>) {
    let cache = Fake::new().context().cache;
    let value = cache.get_or_set("k", MINUTE, || {
        change(&cache);
        Ok(1)
    });
    assert_eq!(value, Ok(1));
    assert_eq!(cache.get_raw("k"), Ok(stored.map(str::to_owned)));
}

#[test]
fn change_during_a_computation_is_kept() {
    check_newer(|cache| cache.set("k", &7).unwrap(), Some("7"));
    check_newer(|cache| cache.set_many([("k", 7)]).unwrap(), Some("7"));
    check_newer(|cache| _ = cache.set_if_absent("k", &7).unwrap(), Some("7"));
    check_newer(|cache| _ = cache.increment("k", 7).unwrap(), Some("7"));
    check_newer(|cache| _ = cache.update("k", |_| Ok(7)).unwrap(), Some("7"));
    check_newer(|cache| _ = cache.get_or_set("k", MINUTE, || Ok(7)).unwrap(), Some("7"));
    check_newer(|cache| _ = cache.delete("k").unwrap(), None);
    check_newer(|cache| cache.set("other", &7).unwrap(), Some("1"));
}

/// Runs `change` during an early refresh. Checks that the call returns the computed value and that
/// the key then has the value `stored`.
#[track_caller]
fn check_newer_than_old(change: impl FnOnce(&Cache), stored: Option<&str>) {
    let fake = Fake::new();
    let cache = fake.context().cache;
    cache.set_with_expiry("k", &0, MINUTE).unwrap();
    fake.advance(58 * SECOND);
    let value = cache.get_or_set_with("k", EARLY, || {
        change(&cache);
        Ok(1)
    });
    assert_eq!(value, Ok(1));
    assert_eq!(cache.get_raw("k"), Ok(stored.map(str::to_owned)));
}

#[test]
fn change_during_a_refresh_is_kept() {
    check_newer_than_old(|cache| _ = cache.expire("k", Some(MINUTE)).unwrap(), Some("0"));
    check_newer_than_old(|cache| _ = cache.take_raw("k").unwrap(), None);
    check_newer_than_old(|cache| _ = cache.delete_many(["k"]).unwrap(), None);
    check_newer_than_old(|cache| _ = cache.delete_prefix("").unwrap(), None);
    check_newer_than_old(|cache| _ = cache.delete_prefix("other").unwrap(), Some("1"));
    check_newer_than_old(|cache| _ = cache.set_if_absent("k", &7).unwrap(), Some("1"));
}

#[test]
fn value_that_an_unavailable_cache_may_not_have_stored_is_returned_with_a_warning() {
    let fake = Fake::new();
    let error = |kind| CacheError { kind, message: "no response".to_owned() };
    let unavailable = error(CacheErrorKind::Unavailable);
    assert_eq!(unless_unavailable("k", Err(unavailable)), Ok(()));
    assert_eq!(fake.logs(), ["warn: the value under \"k\" may not have been stored: no response"]);
    let too_large = error(CacheErrorKind::TooLarge);
    assert_eq!(unless_unavailable("k", Err(too_large.clone())), Err(too_large));
    assert_eq!(unless_unavailable("k", Ok(false)), Ok(()));
    assert_eq!(fake.logs().len(), 1);
}

#[test]
fn value_that_cannot_be_stored_is_an_error_and_the_next_call_computes() {
    let cache = Fake::new().context().cache;
    let large = cache.get_or_set("k", MINUTE, || Ok("v".repeat(1 << 20))).unwrap_err();
    assert_eq!(large.kind, FailureKind::Internal);
    assert_eq!(cache.store.fill("k", "1", None), Ok(false), "the lease is released");
    let formless = cache.get_or_set("k", MINUTE, || Ok(f64::NAN)).unwrap_err();
    assert!(formless.message.contains("\"k\" has no JSON form: NaN"), "{formless}");
    assert_eq!(cache.store.fill("k", "1", None), Ok(false), "the lease is released");
}

#[test]
fn early_must_be_less_than_the_expiry() {
    let cache = Fake::new().context().cache;
    for (options, expected) in [
        (GetOrSet::expiry(MINUTE).early(MINUTE), "60 s: it must be less than the expiry, 60 s"),
        (GetOrSet::unlimited().early(MINUTE), "60 s, but there is no expiry: set a longer expiry"),
    ] {
        let result = cache.get_or_set_with("k", options, || -> Result<u32> { unreachable!() });
        let message = result.unwrap_err().message;
        assert!(message.contains(&format!("early is {expected}")), "{message}");
    }
}

#[test]
fn expiry_and_early_are_checked_before_anything_is_computed() {
    let cache = Fake::new().context().cache;
    let wrong = Duration::from_millis(1_500);
    for options in [GetOrSet::expiry(wrong), GetOrSet::expiry(MINUTE).early(wrong)] {
        let mut calls = 0;
        let result = cache.get_or_set_with("k", options, || {
            calls += 1;
            Ok(1)
        });
        let failure = result.unwrap_err();
        assert!(failure.message.contains("whole seconds, 1 to 315360000"), "{failure}");
        assert_eq!(calls, 0);
    }
}

#[test]
fn call_waits_for_five_seconds_by_default() {
    assert_eq!(EARLY.wait_millis(), 5_000);
    assert_eq!(EARLY.wait(Duration::ZERO).wait_millis(), 0);
    assert_eq!(EARLY.wait(Duration::from_millis(1_500)).wait_millis(), 1_500);
    assert_eq!(EARLY.wait(Duration::MAX).wait_millis(), u32::MAX);
}

#[test]
fn value_of_another_type_is_an_error_that_names_key_and_type() {
    let cache = Fake::new().context().cache;
    cache.set("k", "v").unwrap();
    for options in [GetOrSet::expiry(MINUTE), EARLY] {
        let failure = cache.get_or_set_with("k", options, || Ok(1_u8)).unwrap_err();
        assert!(failure.message.contains("under \"k\" cannot be read as u8"), "{failure}");
    }
}
