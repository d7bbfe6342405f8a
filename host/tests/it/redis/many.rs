//! Batch operations and walks by prefix, on single servers and clusters.

use super::client::Reply;
use super::server::RedisServer;
use super::{PATIENT, at, cache, servers};
use hostel::{Backend, CacheError, CacheLimits, CacheName, CacheStore, RedisBackend};
use hostel_cache::{Error, TimeLeft};
use std::collections::BTreeSet;
use std::sync::Arc;

#[tokio::test]
async fn several_entries_are_read_and_written_at_once_on_every_server() {
    for server in servers().await {
        let cache = cache(at(&server));
        sets_gets_and_deletes(&cache, &server).await;
        reads_long_values_among_short_ones(&cache).await;
        reads_no_more_than_fits(&server).await;
        sends_nothing_where_an_argument_is_wrong(&cache, &server).await;
    }
}

async fn sets_gets_and_deletes(cache: &CacheStore, server: &RedisServer) {
    let keys: Vec<String> = (0..1_000).map(|number| format!("{{{number}}}*")).collect();
    let values: Vec<String> = (0..1_000).map(|number| format!("[{number}]")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let entries: Vec<(&str, &str)> =
        keys.iter().copied().zip(values.iter().map(String::as_str)).collect();
    for key in &keys {
        let lease = format!("hostel:l:{{c/c/{key}}}");
        server.ask_about_a_name(&[b"SET", lease.as_bytes(), b"token"]);
    }
    cache.set_many(&entries, Some(60)).await.unwrap();
    assert_eq!(server.size(), 1_000, "every lease has ended");
    assert!(matches!(cache.ttl(keys[999]).await, Ok(TimeLeft::Seconds(30..=60))));
    let mut asked = keys.clone();
    asked.reverse();
    asked.extend(["missing", keys[0], keys[0]]);
    let found = cache.get_many(&asked).await.unwrap();
    let mut expected: Vec<_> = values.iter().map(|value| Some(&**value)).collect();
    expected.reverse();
    expected.extend([None, Some("[0]"), Some("[0]")]);
    let found: Vec<_> = found.iter().map(Option::as_deref).collect();
    assert_eq!(found, expected);
    // If a key occurs several times, its last value is kept.
    let again: Vec<_> = values.iter().map(|value| ("k", &**value)).collect();
    cache.set_many(&again, None).await.unwrap();
    assert_eq!(cache.get("k").await.unwrap().as_deref(), Some("[999]"));
    assert_eq!(cache.ttl("k").await, Ok(TimeLeft::Unlimited));
    let lease = b"hostel:l:{c/c/k}";
    server.ask_about_a_name(&[b"SET", lease, b"token"]);
    assert_eq!(cache.delete_many(&["k", "missing", "k", keys[0]]).await, Ok(2));
    assert_eq!(cache.delete_many(&keys).await, Ok(999));
    assert_eq!(server.size(), 0);
    assert_eq!(cache.get_many(&[]).await, Ok(Vec::new()));
    assert_eq!((cache.set_many(&[], None).await, cache.delete_many(&[]).await), (Ok(()), Ok(0)));
}

fn text(bytes: usize) -> String {
    format!("\"{}\"", "x".repeat(bytes - 2))
}

async fn reads_long_values_among_short_ones(cache: &CacheStore) {
    let lengths = [2, 4_095, 4_096, 4_097, 100_000, 1 << 20];
    let values = lengths.map(text);
    let keys = lengths.map(|length| length.to_string());
    let entries: Vec<_> = keys.iter().zip(&values).map(|(key, value)| (&**key, &**value)).collect();
    cache.set_many(&entries, None).await.unwrap();
    let mut keys: Vec<_> = keys.iter().map(String::as_str).collect();
    keys.insert(3, "missing");
    let found = cache.get_many(&keys).await.unwrap();
    let lengths: Vec<_> = found.iter().map(|value| value.as_deref().map(str::len)).collect();
    let expected = [2, 4_095, 4_096].map(Some).into_iter().chain([None]);
    let expected: Vec<_> = expected.chain([4_097, 100_000, 1 << 20].map(Some)).collect();
    assert_eq!(lengths, expected);
    cache.clear().await.unwrap();
}

async fn reads_no_more_than_fits(server: &RedisServer) {
    let open = |limit: usize| {
        let limits = CacheLimits::new(1 << 30, limit).unwrap();
        let backend = RedisBackend { timeout: PATIENT, ..server.backend() };
        let backend = Backend::Redis(Arc::new(backend));
        let name = CacheName::configured("c").unwrap();
        super::host().caches().open_on(name, limits, &backend).unwrap()
    };
    let (small, large) = (open(1 << 20), open(20 << 20));
    small.set("1", &text(1 << 20), None).await.unwrap();
    let keys = ["1"; 16];
    assert_eq!(small.get_many(&keys).await.unwrap().len(), 16);
    small.set("2", "12", None).await.unwrap();
    let too_many = small.get_many(&[&keys[..], &["2"]].concat()).await;
    assert_eq!(too_many, Err(CacheError::ManyOversized { limit: 16 << 20 }));
    let keys = ["1"; 20];
    assert_eq!(large.get_many(&keys).await.unwrap().len(), 20);
    let too_many = large.get_many(&[&keys[..], &["2"]].concat()).await;
    assert_eq!(too_many, Err(CacheError::ManyOversized { limit: 20 << 20 }));
    small.clear().await.unwrap();
}

async fn sends_nothing_where_an_argument_is_wrong(cache: &CacheStore, server: &RedisServer) {
    cache.set("k", "1", None).await.unwrap();
    let long = "k".repeat(1_025);
    let is = |error: CacheError, expected: &str| {
        assert!(error.to_string().contains(expected), "{error}");
    };
    is(cache.set_many(&[("a", "1"), ("b", "x"), ("", "1")], Some(0)).await.unwrap_err(), "byte 0");
    is(cache.set_many(&[("a", "1"), ("", "x")], None).await.unwrap_err(), "invalid key \"\"");
    is(cache.set_many(&[("a", "1")], Some(0)).await.unwrap_err(), "invalid expiry 0");
    is(cache.delete_many(&["k", &long, ""]).await.unwrap_err(), "of 1025 bytes");
    assert_eq!(cache.get_many(&["k", ""]).await, Err(CacheError::Invalid(Error::EmptyKey)));
    assert_eq!(server.size(), 1);
    assert_eq!(cache.delete("k").await, Ok(true));
}

#[tokio::test]
async fn keys_are_walked_through_and_deleted_by_prefix_on_every_server() {
    for server in servers().await {
        let cache = cache(at(&server));
        let mut keys: BTreeSet<String> = (0..2_500).map(|number| format!("key:{number}")).collect();
        keys.extend(["*", "?", "[a]", "\\", "k*", "a-b", "{x}", "}", "\0"].map(str::to_owned));
        let entries: Vec<_> = keys.iter().map(|key| (&**key, "1")).collect();
        cache.set_many(&entries, None).await.unwrap();
        let others = ["hostel:v:{c/d/key:1}", "hostel:v:{p/c/key:1}", "key:1", "hostel:v:{c/c/}"];
        for other in others {
            server.ask_about_a_name(&[b"SET", other.as_bytes(), b"1"]);
        }
        let lease = b"hostel:l:{c/c/key:2499}";
        server.ask_about_a_name(&[b"SET", lease, b"token"]);
        assert_eq!(walk(&cache, "").await, keys, "{}", server.title());
        assert_eq!(walk(&cache, "k*").await, BTreeSet::from(["k*".to_owned()]));
        assert_eq!(walk(&cache, "[").await, BTreeSet::from(["[a]".to_owned()]));
        assert_eq!(walk(&cache, "key:249").await.len(), 11);
        assert!(walk(&cache, &"k".repeat(2_000)).await.is_empty());
        for given in ["", "x", "0", "-1-0-", "0-18446744073709551616-"] {
            let refused = Err(CacheError::Cursor { cursor: given.to_owned() });
            assert_eq!(cache.keys("k", Some(given)).await, refused);
            let refused = Err(CacheError::Cursor { cursor: given.to_owned() });
            assert_eq!(cache.delete_prefix("k", Some(given)).await, refused);
        }
        assert_eq!(delete(&cache, "key:249").await, 11);
        let left: BTreeSet<_> =
            keys.iter().filter(|key| !key.starts_with("key:249")).cloned().collect();
        assert_eq!(walk(&cache, "").await, left);
        let gone = server.ask_about_a_name(&[b"EXISTS", lease]);
        assert_eq!(gone, Reply::Integer(0), "its lease has ended");
        assert_eq!(delete(&cache, "k*").await, 1);
        assert_eq!(delete(&cache, "").await, u32::try_from(left.len() - 1).unwrap());
        assert_eq!(server.size(), 4, "keys of other programs stay");
    }
}

async fn walk(cache: &CacheStore, prefix: &str) -> BTreeSet<String> {
    let (mut found, mut cursor) = (BTreeSet::new(), None::<String>);
    loop {
        let page = cache.keys(prefix, cursor.as_deref()).await.unwrap();
        assert!(page.keys.len() < 2_200, "{}", page.keys.len());
        let distinct: BTreeSet<_> = page.keys.iter().collect();
        assert_eq!(distinct.len(), page.keys.len());
        found.extend(page.keys);
        cursor = page.cursor;
        if cursor.is_none() {
            return found;
        }
    }
}

async fn delete(cache: &CacheStore, prefix: &str) -> u32 {
    let (mut removed, mut cursor) = (0, None::<String>);
    loop {
        let page = cache.delete_prefix(prefix, cursor.as_deref()).await.unwrap();
        removed += page.removed;
        cursor = page.cursor;
        if cursor.is_none() {
            return removed;
        }
    }
}

#[tokio::test]
async fn a_page_of_a_walk_bounds_what_the_server_looks_at() {
    let server = RedisServer::start();
    let (cache, mut client) = (cache(at(&server)), server.client());
    for number in 0..30 {
        let names: Vec<_> = (0..1_000).map(|name| format!("other:{number}:{name} 1")).collect();
        client.say(&format!("MSET {}", names.join(" ")));
    }
    let page = cache.keys("k", None).await.unwrap();
    assert!(page.keys.is_empty() && page.cursor.is_some());
    let page = cache.delete_prefix("k", page.cursor.as_deref()).await.unwrap();
    assert!(page.removed == 0 && page.cursor.is_some());
    assert_eq!(delete(&cache, "k").await, 0);
}
