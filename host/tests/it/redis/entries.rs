//! Caches on single servers, beyond the test vectors of the contract: names on the wire, entries
//! written by other programs, listings.

use super::client::Reply;
use super::server::{RedisServer, programs};
use super::{at, cache, on};
use hostel::{CacheError, CacheLimits, CacheName, KeyFormat, RedisBackend};
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn entries_are_texts_under_documented_names() {
    for program in programs() {
        let server = RedisServer::with(&program, &[]);
        let (private, shared) =
            (CacheName::private("users").unwrap(), CacheName::configured("users").unwrap());
        let backend = RedisBackend::new(at(&server));
        for (name, value) in [(&private, "[1.0,  2]"), (&shared, "null")] {
            let cache = on(name, backend.clone());
            cache.set("a{b}/*", value, Some(60)).await.unwrap();
        }
        let mut client = server.client();
        assert_eq!(client.text("hostel:v:{p/users/a{b}/*}").as_deref(), Some("[1.0,  2]"));
        assert_eq!(client.text("hostel:v:{c/users/a{b}/*}").as_deref(), Some("null"));
        assert_eq!(client.names().len(), 2);
        let left = client.integer(&[b"PTTL", b"hostel:v:{c/users/a{b}/*}"]);
        assert!((59_000..=60_000).contains(&left), "{left}");
        let prefixed = RedisBackend { prefix: "a:b".to_owned(), ..backend.clone() };
        on(&shared, prefixed).set("k", "1", None).await.unwrap();
        assert_eq!(client.text("a:b:v:{c/users/k}").as_deref(), Some("1"));
        let zato = RedisBackend { key_format: KeyFormat::Zato, ..backend };
        on(&shared, zato).set("k", "2", None).await.unwrap();
        assert_eq!(client.text("zato:cache:k").as_deref(), Some("2"));
    }
}

#[tokio::test]
async fn a_write_ends_the_lease_of_its_key() {
    let server = RedisServer::start();
    let (cache, mut client) = (cache(at(&server)), server.client());
    let lease = b"hostel:l:{c/c/k}";
    for is_set in [true, false] {
        client.ask(&[b"SET", lease, b"token"]);
        match is_set {
            true => cache.set("k", "1", None).await.unwrap(),
            false => assert!(cache.delete("k").await.unwrap()),
        }
        assert_eq!(client.integer(&[b"EXISTS", lease]), 0);
    }
    client.ask(&[b"SET", lease, b"token"]);
    assert!(!cache.delete("k").await.unwrap(), "a lease alone is not an entry");
    client.ask(&[b"SET", lease, b"token"]);
    assert_eq!(cache.clear().await.unwrap(), 0);
    assert_eq!(client.names().len(), 0);
}

#[tokio::test]
async fn what_others_wrote_is_an_error_that_names_the_key_and_can_be_replaced() {
    for program in programs() {
        let server = RedisServer::with(&program, &[]);
        let (cache, mut client) = (cache(at(&server)), server.client());
        let name = b"hostel:v:{c/c/k}".as_slice();
        let writes: [(&[&[u8]], &str); 6] = [
            (&[b"LPUSH", name, b"1"], "it is not a string"),
            (&[b"SET", name, b"no json"], "invalid value at byte 0"),
            (&[b"SET", name, b"\"\xff\""], "it is not UTF-8"),
            (&[b"SET", name, b""], "it is empty"),
            (&[b"HSET", name, b"a", b"b"], "it is not a string"),
            (&[b"SETRANGE", name, b"1048576", b"1"], "is larger than 1048576 bytes"),
        ];
        for (command, part) in writes {
            client.ask(&[b"DEL", name]);
            assert!(!matches!(client.ask(command), Reply::Error(_)), "{part}");
            let error = cache.get("k").await.unwrap_err().to_string();
            assert!(error.contains(part) && error.contains("\"k\""), "{error}");
            assert!(cache.exists("k").await.unwrap());
            cache.set("k", "1", None).await.unwrap();
            assert_eq!(cache.get("k").await.unwrap().as_deref(), Some("1"));
            client.ask(&[b"DEL", name]);
            client.ask(command);
            assert!(cache.delete("k").await.unwrap());
        }
    }
}

#[tokio::test]
async fn a_huge_text_of_others_is_not_read() {
    let server = RedisServer::start();
    let (cache, mut client) = (cache(at(&server)), server.client());
    // A string of 500 MB: the server fills it with zero bytes.
    client.ask(&[b"SETRANGE", b"hostel:v:{c/c/k}", b"500000000", b"1"]);
    client.say("CONFIG RESETSTAT");
    let error = cache.get("k").await.unwrap_err();
    assert!(matches!(error, CacheError::Oversized { .. }), "{error}");
    let Reply::Text(stats) = client.say("INFO stats") else { panic!("no statistics") };
    let stats = String::from_utf8(stats).unwrap();
    let line = stats.lines().find_map(|line| line.strip_prefix("total_net_output_bytes:"));
    let sent: u64 = line.unwrap().trim().parse().unwrap();
    assert!(sent < 2 << 20, "{sent} bytes were sent");
}

#[tokio::test]
async fn a_value_is_at_most_the_limit_of_the_cache() {
    let server = RedisServer::start();
    let limits = CacheLimits::new(64 << 20, 100).unwrap();
    let host = super::host();
    let name = CacheName::configured("c").unwrap();
    let backend = hostel::Backend::Redis(Arc::new(RedisBackend::new(at(&server))));
    let cache = host.caches().open_on(name, limits, &backend).unwrap();
    let text = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    cache.set("k", &text(100), None).await.unwrap();
    let error = cache.set("k", &text(101), None).await.unwrap_err();
    assert!(matches!(error, CacheError::Invalid(hostel_cache::Error::TooLarge { .. })), "{error}");
    assert_eq!(cache.get("k").await.unwrap().as_deref(), Some(&*text(100)));
}

#[tokio::test]
async fn a_walk_sees_every_entry_of_its_cache_and_no_other() {
    for program in programs() {
        let server = RedisServer::with(&program, &[]);
        let cache = cache(at(&server));
        let mut keys: Vec<String> = (0..2_500).map(|number| format!("key:{number}")).collect();
        keys.extend(["*", "?", "[a]", "\\", "k*", "a-b", "{x}", "}"].map(str::to_owned));
        for key in &keys {
            cache.set(key, "1", None).await.unwrap();
        }
        let mut client = server.client();
        for other in ["hostel:v:{c/d/key:1}", "hostel:v:{p/c/key:1}", "key:1", "hostel:v:{c/c/x"] {
            client.ask(&[b"SET", other.as_bytes(), b"1"]);
        }
        let walk = async |prefix: &str| {
            let (mut found, mut cursor) = (Vec::new(), None::<String>);
            loop {
                let page = cache.list(prefix, cursor.as_deref(), 100).await.unwrap();
                assert!(page.entries.len() < 1_000, "{}", page.entries.len());
                found.extend(page.entries);
                cursor = page.next;
                if cursor.is_none() {
                    found.sort_by(|a, b| a.key.cmp(&b.key));
                    found.dedup_by(|a, b| a.key == b.key);
                    return found;
                }
            }
        };
        let names = async |prefix: &str| -> Vec<String> {
            walk(prefix).await.into_iter().map(|entry| entry.key).collect()
        };
        keys.sort();
        assert_eq!(names("").await, keys);
        assert_eq!(names("k*").await, ["k*"]);
        assert_eq!(names("[").await, ["[a]"]);
        assert_eq!(names("key:249").await.len(), 11);
        cache.set("long", "\"12345678\"", Some(100)).await.unwrap();
        let found = walk("long").await;
        let left = found[0].remaining.unwrap();
        assert_eq!((found.len(), found[0].bytes), (1, 14));
        assert!(left > Duration::from_secs(90) && left <= Duration::from_secs(100), "{left:?}");
        let error = cache.list("", Some("x"), 1).await.unwrap_err();
        assert!(matches!(error, CacheError::Cursor { .. }), "{error}");
        let (entries, bytes) = cache.count().await.unwrap();
        assert_eq!(entries, keys.len() as u64 + 1);
        assert!(bytes > entries);
        assert_eq!(cache.clear().await.unwrap(), entries);
        assert_eq!(client.names().len(), 4, "other caches' entries stay");
    }
}
