use std::collections::BTreeSet;

use super::*;
use crate::error::CacheErrorKind;
use crate::fake::Fake;

const MINUTE: Duration = Duration::from_secs(60);

/// More keys than fit in one page.
const MANY: usize = 2_500;

fn many() -> Cache {
    let cache = Fake::new().context().cache;
    for number in 0..MANY {
        cache.set(&format!("user:{number}"), &number).unwrap();
        cache.set(&format!("order:{number}"), &number).unwrap();
    }
    cache
}

#[test]
fn time_left_is_whole_seconds_rounded_up_until_the_entry_expires() {
    let fake = Fake::new();
    let cache = fake.context().cache;
    assert_eq!(cache.ttl("k"), Ok(TimeLeft::Missing));
    cache.set("k", "v").unwrap();
    assert_eq!(cache.ttl("k"), Ok(TimeLeft::Unlimited));
    cache.set_with_expiry("k", "v", MINUTE).unwrap();
    assert_eq!(cache.ttl("k"), Ok(TimeLeft::Limited(MINUTE)));
    fake.advance(MINUTE - Duration::from_nanos(1));
    assert_eq!(cache.ttl("k"), Ok(TimeLeft::Limited(Duration::from_secs(1))));
    fake.advance(Duration::from_nanos(1));
    assert_eq!(cache.ttl("k"), Ok(TimeLeft::Missing));
}

#[test]
fn expire_counts_from_now_and_none_removes_the_expiry() {
    let fake = Fake::new();
    let cache = fake.context().cache;
    assert_eq!(cache.expire("k", Some(MINUTE)), Ok(false));
    cache.set_with_expiry("k", "v", MINUTE).unwrap();
    fake.advance(MINUTE / 2);
    assert_eq!(cache.expire("k", Some(MINUTE)), Ok(true));
    fake.advance(MINUTE / 2);
    assert_eq!(cache.ttl("k"), Ok(TimeLeft::Limited(MINUTE / 2)));
    assert_eq!(cache.expire("k", None), Ok(true));
    assert_eq!(cache.ttl("k"), Ok(TimeLeft::Unlimited));
    let error = cache.expire("", Some(Duration::ZERO)).unwrap_err();
    assert_eq!(error.kind, CacheErrorKind::InvalidExpiry);
}

#[test]
fn keys_of_a_prefix_are_collected_from_every_page() {
    let cache = many();
    let keys: BTreeSet<String> = cache.keys("user:").map(Result::unwrap).collect();
    let expected: BTreeSet<String> = (0..MANY).map(|number| format!("user:{number}")).collect();
    assert_eq!(keys, expected);
    assert_eq!(cache.keys("").map(Result::unwrap).collect::<BTreeSet<_>>().len(), 2 * MANY);
    assert_eq!(cache.keys("use*").count(), 0);
}

#[test]
fn keys_outlive_the_text_of_their_prefix_and_entries_may_be_deleted_meanwhile() {
    let cache = many();
    let keys = cache.keys(&["us", "er:"].concat());
    let deleted = keys.filter(|key| cache.delete(key.as_ref().unwrap()).unwrap());
    assert_eq!(deleted.count(), MANY);
    assert_eq!(cache.keys("user:").next(), None);
    assert_eq!(cache.exists("order:1"), Ok(true));
}

#[test]
fn delete_prefix_removes_every_page_and_no_other_key() {
    let cache = many();
    assert_eq!(cache.delete_prefix("user:"), Ok(MANY as u64));
    assert_eq!(cache.delete_prefix("user:"), Ok(0));
    assert_eq!(cache.keys("").count(), MANY);
    assert_eq!(cache.delete_prefix(""), Ok(MANY as u64));
}
