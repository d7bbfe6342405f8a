//! Leases on a mock clock: which callers compute or wait, and which operations end a lease.

use super::*;
use crate::cache::Cache;
use crate::clock::{Clock, MockClock};
use crate::error::{Error, ErrorKind};
use crate::limits::{CacheLimits, MIN_CAPACITY};
use crate::outcome::{Lifetime, Swap};
use std::pin::pin;
use std::time::Duration;

fn new_cache() -> (Cache, MockClock) {
    let (clock, time) = Clock::mock();
    (Cache::new(CacheLimits::default(), clock), time)
}

fn found(cache: &Cache, key: &str, early: Option<u32>, holder: Holder) -> &'static str {
    match cache.get_or_lease(key, early, holder).unwrap() {
        Found::Value(_) => "value",
        Found::Refresh(_) => "refresh",
        Found::Compute => "compute",
        Found::Held(_) => "held",
    }
}

fn held(cache: &Cache, key: &str, holder: Holder) -> LeaseEnd {
    match cache.get_or_lease(key, None, holder).unwrap() {
        Found::Held(end) => end,
        other => panic!("{other:?}"),
    }
}

fn has_ended(end: &mut LeaseEnd) -> bool {
    pin!(end).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[test]
fn of_those_that_miss_a_key_one_computes_and_the_others_get_what_it_fills_in() {
    let (cache, _) = new_cache();
    let (one, other) = (Holder::new(), Holder::new());
    assert_eq!(found(&cache, "k", None, one), "compute");
    assert_eq!(found(&cache, "k", None, one), "compute");
    let mut end = held(&cache, "k", other);
    assert!(!has_ended(&mut end));
    assert_eq!(cache.fill("k", "1", None, one), Ok(true));
    assert!(has_ended(&mut end));
    assert_eq!(found(&cache, "k", None, other), "value");
    assert_eq!(cache.fill("k", "2", None, one), Ok(false));
    assert_eq!(cache.get("k").unwrap().as_deref(), Some("1"));
}

#[test]
fn a_lease_that_is_given_back_is_the_next_ones() {
    let (cache, _) = new_cache();
    let (one, other) = (Holder::new(), Holder::new());
    assert_eq!(found(&cache, "k", None, one), "compute");
    let mut end = held(&cache, "k", other);
    cache.release("k", other).unwrap();
    assert!(!has_ended(&mut end));
    cache.release("k", one).unwrap();
    assert!(has_ended(&mut end));
    assert_eq!(found(&cache, "k", None, other), "compute");
    assert_eq!(cache.fill("k", "1", None, one), Ok(false));
    assert_eq!(cache.fill("k", "2", None, other), Ok(true));
}

type Change = fn(&Cache);

#[test]
fn what_changes_an_entry_ends_its_lease_and_nothing_older_is_filled_in() {
    let changes: &[(&str, Change)] = &[
        ("set", |cache| cache.set("k", "7", None).unwrap()),
        ("delete", |cache| assert_eq!(cache.delete("k"), Ok(false))),
        ("set and delete", |cache| {
            cache.set("k", "7", None).unwrap();
            assert_eq!(cache.delete("k"), Ok(true));
        }),
        ("set-if-absent", |cache| assert_eq!(cache.set_if_absent("k", "7", None), Ok(true))),
        ("increment", |cache| assert_eq!(cache.increment("k", 1, None), Ok(1))),
        ("compare-and-swap", |cache| {
            let swap = cache.compare_and_swap("k", None, Some("7"), Lifetime::Keep).unwrap();
            assert!(matches!(swap, Swap::Swapped));
        }),
        ("increment of a non-integer", |cache| {
            cache.set("k", "null", None).unwrap();
            assert!(cache.increment("k", 1, None).is_err());
        }),
        ("compare-and-swap of another", |cache| {
            let swap = cache.compare_and_swap("k", Some("7"), None, Lifetime::Keep).unwrap();
            assert!(matches!(swap, Swap::Changed(None)));
        }),
        ("take", |cache| assert!(cache.take("k").unwrap().is_none())),
        ("expire", |cache| assert_eq!(cache.expire("k", None), Ok(false))),
        ("set-many", |cache| cache.set_many(&[("k", "7")], None).unwrap()),
        ("delete-many", |cache| assert_eq!(cache.delete_many(&["k"]), Ok(0))),
        ("delete-prefix", |cache| assert_eq!(cache.delete_prefix("", None).unwrap().removed, 0)),
        ("clear", |cache| assert_eq!(cache.clear(), 0)),
    ];
    for (name, change) in changes {
        let limits = CacheLimits::new(MIN_CAPACITY, 100).unwrap();
        let cache = Cache::new(limits, Clock::mock().0);
        let (one, other) = (Holder::new(), Holder::new());
        assert_eq!(found(&cache, "k", None, one), "compute");
        let mut end = held(&cache, "k", other);
        change(&cache);
        assert!(has_ended(&mut end), "{name}");
        let before = cache.get("k").unwrap();
        assert_eq!(cache.fill("k", "1", None, one), Ok(false), "{name}");
        assert_eq!(cache.get("k").unwrap(), before, "{name}");
    }
}

#[test]
fn in_the_last_seconds_of_an_entry_one_refreshes_it_and_the_others_get_the_old_value() {
    let (cache, time) = new_cache();
    let (one, other) = (Holder::new(), Holder::new());
    cache.set("k", "1", Some(60)).unwrap();
    time.advance(Duration::from_secs(50));
    assert_eq!(found(&cache, "k", Some(10), one), "value");
    time.advance(Duration::from_millis(1));
    assert_eq!(found(&cache, "k", Some(10), one), "refresh");
    assert_eq!(found(&cache, "k", Some(10), other), "value");
    assert_eq!(found(&cache, "k", None, one), "value");
    assert_eq!(cache.fill("k", "2", Some(60), one), Ok(true));
    assert_eq!(found(&cache, "k", Some(10), other), "value");
    assert_eq!(cache.get("k").unwrap().as_deref(), Some("2"));
}

#[test]
fn an_entry_that_expires_while_it_is_refreshed_is_filled_in() {
    let (cache, time) = new_cache();
    let (one, other) = (Holder::new(), Holder::new());
    cache.set("k", "1", Some(60)).unwrap();
    time.advance(Duration::from_secs(59));
    assert_eq!(found(&cache, "k", Some(10), one), "refresh");
    time.advance(Duration::from_secs(1));
    assert_eq!(found(&cache, "k", Some(10), other), "held");
    assert_eq!(cache.fill("k", "2", None, one), Ok(true));
}

#[test]
fn a_value_that_was_replaced_while_it_is_refreshed_stays() {
    let (cache, time) = new_cache();
    let one = Holder::new();
    cache.set("k", "1", Some(60)).unwrap();
    time.advance(Duration::from_secs(59));
    assert_eq!(found(&cache, "k", Some(10), one), "refresh");
    cache.set("k", "1", Some(60)).unwrap();
    assert_eq!(cache.fill("k", "2", None, one), Ok(false));
    assert_eq!(cache.get("k").unwrap().as_deref(), Some("1"));
}

#[test]
fn a_fill_that_is_refused_leaves_the_lease() {
    let (cache, _) = new_cache();
    let one = Holder::new();
    assert_eq!(found(&cache, "k", None, one), "compute");
    assert!(cache.fill("k", "nonsense", None, one).is_err());
    assert!(cache.fill("k", "1", Some(0), one).is_err());
    assert_eq!(found(&cache, "k", None, Holder::new()), "held");
    assert_eq!(cache.fill("k", "1", None, one), Ok(true));
}

#[test]
fn a_lease_is_asked_for_by_a_key_and_an_expiry() {
    let (cache, _) = new_cache();
    let kind = |refused: Result<Found, Error>| refused.unwrap_err().kind();
    let one = Holder::new();
    assert_eq!(kind(cache.get_or_lease("", None, one)), ErrorKind::InvalidKey);
    assert_eq!(kind(cache.get_or_lease("k", Some(0), one)), ErrorKind::InvalidExpiry);
    assert_eq!(found(&cache, "k", None, one), "compute");
}
