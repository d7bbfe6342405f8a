use std::cell::Cell;

use super::*;
use crate::error::CacheErrorKind;
use crate::failure::FailureKind;
use crate::fake::Fake;
use crate::outcome::TimeLeft;

const MINUTE: Duration = Duration::from_secs(60);

fn cache() -> Cache {
    Fake::new().context().cache
}

fn kind<T: std::fmt::Debug>(result: Result<T, CacheError>) -> CacheErrorKind {
    result.unwrap_err().kind
}

#[test]
fn set_if_absent_stores_once_and_a_stored_null_counts() {
    let cache = cache();
    assert_eq!(cache.set_if_absent("k", "a"), Ok(true));
    assert_eq!(cache.set_if_absent("k", "b"), Ok(false));
    assert_eq!(cache.get("k"), Ok(Some("a".to_owned())));
    cache.set("k", &()).unwrap();
    assert_eq!(cache.set_if_absent("k", "b"), Ok(false));
    assert_eq!(cache.get_raw("k"), Ok(Some("null".to_owned())));
}

#[test]
fn set_if_absent_sets_the_expiry_of_new_entries_only() {
    let fake = Fake::new();
    let cache = fake.context().cache;
    assert_eq!(cache.set_if_absent_with_expiry("k", "a", MINUTE), Ok(true));
    fake.advance(MINUTE / 2);
    assert_eq!(cache.set_if_absent_with_expiry("k", "b", MINUTE), Ok(false));
    assert_eq!(cache.set_if_absent("k", "b"), Ok(false));
    fake.advance(MINUTE / 2);
    assert_eq!(cache.set_if_absent("k", "b"), Ok(true));
    assert_eq!(cache.ttl("k"), Ok(TimeLeft::Unlimited));
}

#[test]
fn increment_counts_from_zero_and_keeps_the_first_expiry() {
    let fake = Fake::new();
    let cache = fake.context().cache;
    assert_eq!(cache.increment_with_expiry("k", 5, MINUTE), Ok(5));
    fake.advance(MINUTE / 2);
    assert_eq!(cache.increment_with_expiry("k", -7, MINUTE), Ok(-2));
    assert_eq!(cache.increment("k", 1), Ok(-1));
    assert_eq!(cache.get("k"), Ok(Some(-1)));
    assert_eq!(cache.ttl("k"), Ok(TimeLeft::Limited(MINUTE / 2)));
    fake.advance(MINUTE / 2);
    assert_eq!(cache.increment("k", 1), Ok(1));
    assert_eq!(cache.ttl("k"), Ok(TimeLeft::Unlimited));
}

#[test]
fn increment_is_exact_up_to_the_largest_integer_and_refuses_other_values() {
    let cache = cache();
    let most = (1 << 53) - 1;
    assert_eq!(cache.increment("k", most), Ok(most));
    assert_eq!(kind(cache.increment("k", 1)), CacheErrorKind::InvalidValue);
    assert_eq!(cache.increment("k", -most), Ok(0));
    assert_eq!(cache.increment("k", -most), Ok(-most));
    cache.set("k", &1.0).unwrap();
    assert_eq!(kind(cache.increment("k", 1)), CacheErrorKind::InvalidValue);
    assert_eq!(cache.get_raw("k"), Ok(Some("1.0".to_owned())));
}

#[track_caller]
fn check_delta_refused(delta: i64) {
    let cache = cache();
    // The host would return `InvalidKey` for the empty key, so `InvalidValue` proves that the host
    // was not called.
    let error = cache.increment("", delta).unwrap_err();
    assert_eq!(error.kind, CacheErrorKind::InvalidValue);
    assert!(error.message.starts_with(&format!("a delta of {delta}: ")), "{error}");
    let error = cache.increment_with_expiry("", delta, MINUTE).unwrap_err();
    assert_eq!(error.kind, CacheErrorKind::InvalidValue);
}

#[test]
fn delta_out_of_range_is_refused_without_a_call() {
    check_delta_refused(1 << 53);
    check_delta_refused(-(1 << 53));
    check_delta_refused(i64::MAX);
    check_delta_refused(i64::MIN);
}

#[test]
fn expiry_of_an_atomic_step_is_checked_without_a_call() {
    let cache = cache();
    let wrong = Duration::from_millis(1_500);
    let after = Lifetime::After(wrong);
    let kinds = [
        kind(cache.set_if_absent_with_expiry("", "v", wrong)),
        kind(cache.increment_with_expiry("", 1, wrong)),
        kind(cache.compare_and_swap_raw("", None, Some("1"), after)),
    ];
    assert_eq!(kinds, [CacheErrorKind::InvalidExpiry; 3]);
}

#[test]
fn swap_compares_byte_for_byte_and_returns_the_current_value() {
    let cache = cache();
    let changed = |text: &str| Ok(Swap::Changed(Some(text.to_owned())));
    let swap = |expected, wanted| cache.compare_and_swap_raw("k", expected, wanted, Lifetime::Keep);
    assert_eq!(swap(Some("1"), Some("2")), Ok(Swap::Changed(None)));
    assert_eq!(swap(None, Some("1.0")), Ok(Swap::Swapped));
    assert_eq!(swap(None, Some("2")), changed("1.0"));
    assert_eq!(swap(Some("1"), Some("2")), changed("1.0"));
    assert_eq!(swap(Some("1.0"), Some(" 2 ")), Ok(Swap::Swapped));
    assert_eq!(cache.get_raw("k"), Ok(Some(" 2 ".to_owned())));
    assert_eq!(swap(Some(" 2 "), None), Ok(Swap::Swapped));
    assert_eq!(cache.exists("k"), Ok(false));
    assert_eq!(kind(swap(None, Some("nope"))), CacheErrorKind::InvalidValue);
}

#[test]
fn swap_keeps_removes_or_replaces_the_expiry() {
    let cache = cache();
    let swap = |lifetime| {
        let old = cache.get_raw("k").unwrap();
        cache.compare_and_swap_raw("k", old.as_deref(), Some("1"), lifetime).unwrap();
        cache.ttl("k").unwrap()
    };
    assert_eq!(swap(Lifetime::Keep), TimeLeft::Unlimited);
    assert_eq!(swap(Lifetime::After(MINUTE)), TimeLeft::Limited(MINUTE));
    assert_eq!(swap(Lifetime::Keep), TimeLeft::Limited(MINUTE));
    assert_eq!(swap(Lifetime::Unlimited), TimeLeft::Unlimited);
}

#[test]
fn update_starts_from_the_current_value_and_keeps_the_expiry() {
    let cache = cache();
    let add = |more: u64| cache.update("k", |old| Ok(old.unwrap_or(0) + more));
    assert_eq!(add(2), Ok(2));
    assert_eq!(cache.ttl("k"), Ok(TimeLeft::Unlimited));
    cache.expire("k", Some(MINUTE)).unwrap();
    assert_eq!(add(3), Ok(5));
    assert_eq!((cache.get("k"), cache.ttl("k")), (Ok(Some(5)), Ok(TimeLeft::Limited(MINUTE))));
}

#[test]
fn update_replaces_a_stored_null_which_reads_as_none() {
    let cache = cache();
    cache.set("k", &()).unwrap();
    let seen = cache.update("k", |old: Option<Vec<u8>>| Ok(vec![u8::from(old.is_some())]));
    assert_eq!(seen, Ok(vec![0]));
    assert_eq!(cache.get("k"), Ok(Some(vec![0])));
}

#[test]
fn update_loses_no_concurrent_change() {
    let cache = cache();
    cache.set("k", &1).unwrap();
    let calls = Cell::new(0);
    let sum = cache.update("k", |old| {
        calls.set(calls.get() + 1);
        match calls.get() {
            1 => cache.set("k", &10)?,
            2 => drop(cache.delete("k")?),
            _ => {}
        }
        Ok(old.unwrap_or(100) + 1)
    });
    assert_eq!((sum, calls.get()), (Ok(101), 3));
    assert_eq!(cache.get("k"), Ok(Some(101)));
}

#[test]
fn update_of_a_key_that_always_changes_ends_and_names_the_key() {
    let cache = cache();
    let mut calls = 0;
    let failure = cache.update("busy-key", |old: Option<u32>| {
        calls += 1;
        cache.set("busy-key", &calls)?;
        Ok(old.unwrap_or(0) + 1)
    });
    let failure = failure.unwrap_err();
    assert_eq!((failure.kind, calls), (FailureKind::Unavailable, 100));
    assert!(failure.message.contains("\"busy-key\""), "{failure}");
    assert_eq!(cache.get("busy-key"), Ok(Some(100)));
}

#[test]
fn update_that_fails_leaves_the_entry() {
    let cache = cache();
    cache.set("k", &1).unwrap();
    let failure = cache.update("k", |_: Option<u32>| Err(Failure::conflict("no")));
    assert_eq!(failure, Err(Failure::conflict("no")));
    let failure = cache.update("k", |_: Option<f64>| Ok(f64::NAN)).unwrap_err();
    assert!(failure.message.contains("\"k\" has no JSON form: NaN"), "{failure}");
    let failure = cache.update("k", |_: Option<String>| Ok("v".to_owned())).unwrap_err();
    assert!(failure.message.contains("\"k\" cannot be read as"), "{failure}");
    assert_eq!(cache.get("k"), Ok(Some(1)));
}

#[test]
fn take_returns_a_value_once() {
    let cache = cache();
    cache.set("k", "v").unwrap();
    assert_eq!(cache.take("k"), Ok(Some("v".to_owned())));
    assert_eq!(cache.take::<String>("k"), Ok(None));
    cache.set_raw("k", " null").unwrap();
    assert_eq!(cache.take_raw("k"), Ok(Some(" null".to_owned())));
    assert_eq!(cache.take_raw("k"), Ok(None));
}

#[test]
fn take_of_another_type_is_an_error_that_names_key_and_type() {
    let cache = cache();
    cache.set("k", "v").unwrap();
    let error = cache.take::<u8>("k").unwrap_err();
    assert!(error.message.contains("under \"k\" cannot be read as u8"), "{error}");
    assert_eq!(cache.exists("k"), Ok(false));
}
