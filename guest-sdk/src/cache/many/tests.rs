use super::*;
use crate::error::CacheErrorKind;
use crate::fake::Fake;
use crate::outcome::TimeLeft;

const MINUTE: Duration = Duration::from_secs(60);

fn cache() -> Cache {
    Fake::new().context().cache
}

#[test]
fn values_come_back_in_the_order_of_their_keys() {
    let cache = cache();
    cache.set_many([("a", Some(1)), ("b", Some(2)), ("c", None), ("a", Some(3))]).unwrap();
    let values = cache.get_many(["b", "missing", "a", "c", "b"]);
    assert_eq!(values, Ok(vec![Some(2), None, Some(3), None, Some(2)]));
    assert_eq!(cache.exists("c"), Ok(true));
    assert_eq!(cache.ttl("a"), Ok(TimeLeft::Unlimited));
}

#[test]
fn keys_and_entries_come_from_any_collection() {
    let cache = cache();
    let entries = std::collections::HashMap::from([("a".to_owned(), vec![1])]);
    cache.set_many(&entries).unwrap();
    cache.set_many(["b", "c"].iter().map(|key| (format!("{key}{key}"), [2]))).unwrap();
    let keys = vec!["a".to_owned(), "bb".to_owned()];
    assert_eq!(cache.get_many(&keys), Ok(vec![Some(vec![1]), Some(vec![2])]));
    assert_eq!(cache.get_many::<u8>(&[] as &[&str]), Ok(vec![]));
    assert_eq!(cache.delete_many(&keys), Ok(2));
}

#[test]
fn all_entries_get_the_same_expiry() {
    let fake = Fake::new();
    let cache = fake.context().cache;
    cache.set_many_with_expiry([("a", 1), ("b", 2)], MINUTE).unwrap();
    fake.advance(MINUTE - Duration::from_nanos(1));
    assert_eq!(cache.get_many(["a", "b"]), Ok(vec![Some(1), Some(2)]));
    fake.advance(Duration::from_nanos(1));
    assert_eq!(cache.get_many::<u8>(["a", "b"]), Ok(vec![None, None]));
}

#[test]
fn delete_many_counts_live_entries() {
    let cache = cache();
    cache.set_many([("a", 1), ("b", 2), ("c", 3)]).unwrap();
    assert_eq!(cache.delete_many(["a", "missing", "b", "a"]), Ok(2));
    assert_eq!(cache.get_many(["a", "b", "c"]), Ok(vec![None, None, Some(3)]));
}

#[track_caller]
fn check_nothing_set(result: Result<(), CacheError>, kind: CacheErrorKind, cache: &Cache) {
    assert_eq!(result.unwrap_err().kind, kind);
    assert_eq!(cache.exists("a"), Ok(false));
}

#[test]
fn one_invalid_argument_leaves_all_entries() {
    let cache = cache();
    let wrong_key = cache.set_many([("a", 1), ("", 2)]);
    check_nothing_set(wrong_key, CacheErrorKind::InvalidKey, &cache);
    let no_json = cache.set_many([("a", 1.0), ("b", f64::NAN)]);
    assert!(no_json.as_ref().unwrap_err().message.contains("\"b\" has no JSON form"));
    check_nothing_set(no_json, CacheErrorKind::InvalidValue, &cache);
    let too_short = cache.set_many_with_expiry([("", 1)], Duration::from_millis(1));
    check_nothing_set(too_short, CacheErrorKind::InvalidExpiry, &cache);
    cache.set("a", &1).unwrap();
    assert_eq!(cache.delete_many(["a", ""]).unwrap_err().kind, CacheErrorKind::InvalidKey);
    assert_eq!(cache.exists("a"), Ok(true));
}

#[test]
fn value_of_another_type_names_its_key() {
    let cache = cache();
    cache.set_many([("a", "1"), ("b", "v")]).unwrap();
    let error = cache.get_many::<Option<u8>>(["missing", "b"]).unwrap_err();
    assert!(error.message.contains("under \"b\" cannot be read as"), "{error}");
}

#[test]
fn a_call_has_at_most_a_thousand_keys() {
    let cache = cache();
    let keys = |count: usize| (0..count).map(|number| number.to_string());
    let entries = |count| keys(count).map(|key| (key, 1));
    cache.set_many(entries(1_000)).unwrap();
    assert_eq!(cache.get_many::<u8>(keys(1_000)).unwrap().len(), 1_000);
    let kinds = [
        cache.set_many(entries(1_001)).unwrap_err().kind,
        cache.get_many::<u8>(keys(1_001)).unwrap_err().kind,
        cache.delete_many(keys(1_001)).unwrap_err().kind,
    ];
    assert_eq!(kinds, [CacheErrorKind::TooLarge; 3]);
    assert_eq!(cache.delete_many(keys(1_000)), Ok(1_000));
}
