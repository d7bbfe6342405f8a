//! The results of the contract's operations on every server program, standalone and as a cluster.

use super::client::Reply;
use super::server::RedisServer;
use super::{PATIENT, at, cache, servers};
use hostel::{CacheError, CacheLimits, CacheName, CacheStore, RedisBackend};
use hostel_cache::{Error, ErrorKind, Lifetime, MAX_INTEGER, Swap, TimeLeft};
use std::sync::Arc;

/// The Redis name of the entry under `k`.
const NAME: &[u8] = b"hostel:v:{c/c/k}";
const LEASE: &[u8] = b"hostel:l:{c/c/k}";

/// A server or cluster, and the cache `c` on it.
struct Place {
    server: Arc<RedisServer>,
    cache: CacheStore,
}

impl Place {
    fn ask(&self, words: &[&[u8]]) -> Reply {
        self.server.ask_about_a_name(words)
    }

    /// Returns the raw text under `k` on the server, or `None` if there is no text.
    fn text(&self) -> Option<String> {
        match self.ask(&[b"GET", NAME]) {
            Reply::Text(text) => Some(String::from_utf8(text).unwrap()),
            _ => None,
        }
    }

    /// Sets `k` as another program would, or deletes it if `text` is `None`. Also sets a lease of
    /// `k`.
    fn write(&self, text: Option<&[u8]>, seconds: Option<&str>) {
        self.ask(&[b"DEL", NAME]);
        self.ask(&[b"SET", LEASE, b"token"]);
        if let Some(text) = text {
            self.ask(&[b"SET", NAME, text]);
        }
        if let Some(seconds) = seconds {
            self.ask(&[b"EXPIRE", NAME, seconds.as_bytes()]);
        }
    }

    fn has_lease(&self) -> bool {
        self.ask(&[b"EXISTS", LEASE]) == Reply::Integer(1)
    }

    async fn check_ttl(&self, expected: Option<u32>) {
        match (self.cache.ttl("k").await.unwrap(), expected) {
            (TimeLeft::Unlimited, None) => {}
            (TimeLeft::Seconds(left), Some(most)) if left <= most && left + 30 > most => {}
            (left, _) => panic!("{}: {left:?}, not {expected:?}", self.server.title()),
        }
    }
}

async fn places() -> Vec<Place> {
    let place = |server: Arc<RedisServer>| Place { cache: cache(at(&server)), server };
    servers().await.into_iter().map(place).collect()
}

/// Checks the kind of an error, and a part of its message.
#[track_caller]
fn check_error<T: std::fmt::Debug>(result: Result<T, CacheError>, kind: ErrorKind, part: &str) {
    let error = result.unwrap_err();
    let invalid = match &error {
        CacheError::Invalid(error) => Some(error.kind()),
        CacheError::Foreign { .. } => Some(ErrorKind::InvalidValue),
        CacheError::Oversized { .. } | CacheError::ManyOversized { .. } => {
            Some(ErrorKind::TooLarge)
        }
        CacheError::Cursor { .. } => Some(ErrorKind::InvalidKey),
        _ => None,
    };
    assert_eq!(invalid, Some(kind), "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

/// Data that other programs may have written under a key and that is not a valid value, with the
/// resulting error.
const FOREIGN: [(&[&[u8]], ErrorKind, &str); 4] = [
    (&[b"LPUSH", NAME, b"1"], ErrorKind::InvalidValue, "it is not a string"),
    (&[b"SET", NAME, b"no json"], ErrorKind::InvalidValue, "at byte 0"),
    (&[b"SET", NAME, b""], ErrorKind::InvalidValue, "it is empty"),
    (&[b"SETRANGE", NAME, b"1048576", b"1"], ErrorKind::TooLarge, "1048576 bytes"),
];

#[tokio::test]
async fn an_entry_is_changed_in_one_step_on_every_server() {
    for place in places().await {
        creates(&place).await;
        adds(&place).await;
        adds_no_further_than_integers_go(&place).await;
        checks_what_is_added(&place).await;
        swaps(&place).await;
        checks_what_is_swapped(&place).await;
        takes(&place).await;
        gives_another_expiry(&place).await;
        keeps_what_others_wrote(&place).await;
        counts(&place).await;
    }
}

async fn creates(place: &Place) {
    let cache = &place.cache;
    for there in ["1", "null", "no json", ""] {
        place.write(Some(there.as_bytes()), None);
        assert_eq!(cache.set_if_absent("k", "2", Some(60)).await, Ok(false));
        assert_eq!(place.text().as_deref(), Some(there));
        place.check_ttl(None).await;
    }
    for expiry in [None, Some(60)] {
        place.write(None, None);
        assert_eq!(cache.set_if_absent("k", "[1.0,  2]", expiry).await, Ok(true));
        assert_eq!(place.text().as_deref(), Some("[1.0,  2]"));
        place.check_ttl(expiry).await;
        assert!(place.has_lease(), "what it creates is not what the lease began with");
    }
    place.write(None, None);
    check_error(cache.set_if_absent("", "x", Some(0)).await, ErrorKind::InvalidKey, "1024");
    check_error(cache.set_if_absent("k", "x", Some(0)).await, ErrorKind::InvalidValue, "byte 0");
    check_error(cache.set_if_absent("k", "1", Some(0)).await, ErrorKind::InvalidExpiry, "0");
    assert_eq!(place.text(), None);
}

async fn adds(place: &Place) {
    let cache = &place.cache;
    for (there, delta, sum) in [
        (None, 5, 5),
        (None, -5, -5),
        (None, 0, 0),
        (None, -MAX_INTEGER, -MAX_INTEGER),
        (Some("0"), 0, 0),
        (Some("5"), -5, 0),
        (Some("-5"), 5, 0),
        (Some("-1"), -1, -2),
        (Some("9007199254740990"), 1, MAX_INTEGER),
        (Some("9007199254740991"), 0, MAX_INTEGER),
        (Some("-9007199254740991"), MAX_INTEGER, 0),
        (Some("9007199254740991"), -MAX_INTEGER, 0),
    ] {
        let title = format!("{}: {there:?} and {delta}", place.server.title());
        place.write(there.map(str::as_bytes), there.map(|_| "1000"));
        assert_eq!(cache.increment("k", delta, Some(60)).await, Ok(sum), "{title}");
        assert_eq!(place.text(), Some(sum.to_string()), "{title}");
        place.check_ttl(Some(if there.is_some() { 1_000 } else { 60 })).await;
        assert!(!place.has_lease(), "{title}");
    }
    place.write(None, None);
    assert_eq!(cache.increment("k", 1, None).await, Ok(1));
    place.check_ttl(None).await;
    assert_eq!(cache.increment("k", 1, Some(60)).await, Ok(2));
    place.check_ttl(None).await;
}

async fn adds_no_further_than_integers_go(place: &Place) {
    let cache = &place.cache;
    for there in [
        " 1",
        "1 ",
        "-0",
        "+1",
        "01",
        "-01",
        "1.0",
        "1e2",
        "\"1\"",
        "null",
        "",
        "-",
        "1\0",
        "\0",
        "9007199254740992",
        "-9007199254740992",
        "9007199254740993",
        "9223372036854775807",
        "99999999999999999999999999999999999999999999999999999999999999999999999999999999999999",
    ] {
        place.write(Some(there.as_bytes()), Some("1000"));
        let result = cache.increment("k", 1, None).await;
        check_error(result, ErrorKind::InvalidValue, "is not an integer from -(2^53 - 1)");
        assert_eq!(place.text().as_deref(), Some(there));
        place.check_ttl(Some(1_000)).await;
    }
    for (there, delta) in [
        ("9007199254740991", 1),
        ("-9007199254740991", -1),
        ("9007199254740991", MAX_INTEGER),
        ("1", MAX_INTEGER),
    ] {
        place.write(Some(there.as_bytes()), Some("1000"));
        let refused =
            Err(CacheError::Invalid(Error::SumOutOfRange { value: there.parse().unwrap(), delta }));
        assert_eq!(cache.increment("k", delta, None).await, refused);
        assert_eq!(place.text().as_deref(), Some(there));
        place.check_ttl(Some(1_000)).await;
    }
}

async fn checks_what_is_added(place: &Place) {
    let cache = &place.cache;
    place.write(None, None);
    for delta in [MAX_INTEGER + 1, -MAX_INTEGER - 1, i64::MAX, i64::MIN] {
        let result = cache.increment("k", delta, Some(0)).await;
        check_error(result, ErrorKind::InvalidValue, "is not an integer");
    }
    check_error(cache.increment("k", 1, Some(0)).await, ErrorKind::InvalidExpiry, "0");
    assert_eq!(place.text(), None);
    let limits = CacheLimits::new(64 << 20, 3).unwrap();
    let name = CacheName::configured("c").unwrap();
    let backend = RedisBackend { timeout: PATIENT, ..place.server.backend() };
    let backend = hostel::Backend::Redis(Arc::new(backend));
    let short = super::host().caches().open_on(name, limits, &backend).unwrap();
    for (there, delta) in [("-99", -1), ("999", 1)] {
        place.write(Some(there.as_bytes()), None);
        check_error(short.increment("k", delta, None).await, ErrorKind::TooLarge, "of 4 bytes");
        assert_eq!(place.text().as_deref(), Some(there));
    }
    assert_eq!(short.increment("k", -1, None).await, Ok(998));
}

async fn swaps(place: &Place) {
    use Lifetime::{After, Keep, Unlimited};
    let cache = &place.cache;
    let (one, two) = (Some("1"), Some("2"));
    // Columns: the current value and its expiry; the expected value; the new value and its
    // lifetime; then the resulting value and its expiry.
    for (there, seconds, expected, wanted, lifetime, left, left_seconds) in [
        (one, None, one, two, After(60), two, Some(60)),
        (one, Some(1_000), one, two, Keep, two, Some(1_000)),
        (one, None, one, two, Keep, two, None),
        (one, Some(1_000), one, two, Unlimited, two, None),
        (one, Some(1_000), one, one, After(60), one, Some(60)),
        (None, None, None, two, After(60), two, Some(60)),
        (None, None, None, two, Keep, two, None),
        (None, None, None, two, Unlimited, two, None),
        (one, None, one, None, After(0), None, None),
        (None, None, None, None, Keep, None, None),
        // The current value is not the expected one.
        (one, Some(1_000), two, two, After(60), one, Some(1_000)),
        (one, Some(1_000), Some("1.0"), two, Unlimited, one, Some(1_000)),
        (one, Some(1_000), None, two, Keep, one, Some(1_000)),
        (one, Some(1_000), None, None, Keep, one, Some(1_000)),
        (one, Some(1_000), two, None, Keep, one, Some(1_000)),
        (None, None, one, two, Keep, None, None),
        (None, None, one, None, Keep, None, None),
    ] {
        let title = format!("{}: {there:?} {expected:?} {wanted:?}", place.server.title());
        let seconds: Option<u32> = seconds;
        place.write(there.map(str::as_bytes), seconds.map(|left| left.to_string()).as_deref());
        let swap = cache.compare_and_swap("k", expected, wanted, lifetime).await.unwrap();
        match swap {
            Swap::Swapped => assert_eq!(there, expected, "{title}"),
            Swap::Changed(found) => {
                assert_ne!(there, expected, "{title}");
                assert_eq!(found.as_deref(), there, "{title}");
            }
        }
        assert_eq!(place.text().as_deref(), left, "{title}");
        if left.is_some() {
            place.check_ttl(left_seconds).await;
        }
        assert!(!place.has_lease(), "{title}: a lease ends also where nothing changes");
    }
}

async fn checks_what_is_swapped(place: &Place) {
    use Lifetime::{After, Keep};
    let cache = &place.cache;
    let (one, two) = (Some("1"), Some("2"));
    place.write(Some(b"1"), None);
    let long = format!("\"{}\"", "x".repeat(1 << 20));
    for (key, expected, wanted, lifetime, kind) in [
        ("", Some("x"), Some("x"), After(0), ErrorKind::InvalidKey),
        ("k", Some("x"), Some(&*long), After(0), ErrorKind::InvalidValue),
        ("k", Some(&*long), Some("x"), After(0), ErrorKind::TooLarge),
        ("k", one, Some("x"), After(0), ErrorKind::InvalidValue),
        ("k", two, Some(&*long), After(0), ErrorKind::TooLarge),
        ("k", two, one, After(0), ErrorKind::InvalidExpiry),
        ("k", one, one, After(u32::MAX), ErrorKind::InvalidExpiry),
    ] {
        check_error(cache.compare_and_swap(key, expected, wanted, lifetime).await, kind, "");
        assert!(place.has_lease() && place.text().as_deref() == one, "nothing was sent");
    }
    // The largest value that the default limit permits.
    let largest = format!("\"{}\"", "x".repeat((1 << 20) - 2));
    let swap = cache.compare_and_swap("k", one, Some(&largest), Keep).await.unwrap();
    assert!(matches!(swap, Swap::Swapped));
    let swap = cache.compare_and_swap("k", Some(&largest), one, Keep).await.unwrap();
    assert!(matches!(swap, Swap::Swapped));
}

async fn takes(place: &Place) {
    let cache = &place.cache;
    for there in [None, Some("1"), Some("null")] {
        place.write(there.map(str::as_bytes), there.map(|_| "1000"));
        assert_eq!(cache.take("k").await.unwrap().as_deref(), there);
        assert_eq!(place.text(), None);
        assert!(!place.has_lease());
    }
    check_error(cache.take("").await, ErrorKind::InvalidKey, "1024");
}

async fn gives_another_expiry(place: &Place) {
    let cache = &place.cache;
    for expiry in [None, Some(60)] {
        place.write(None, None);
        assert_eq!(cache.ttl("k").await, Ok(TimeLeft::Missing));
        assert_eq!(cache.expire("k", expiry).await, Ok(false));
        assert_eq!(place.text(), None);
        for there in [None, Some("1000")] {
            place.write(Some(b"1"), there);
            assert_eq!(cache.expire("k", expiry).await, Ok(true));
            place.check_ttl(expiry).await;
            assert!(!place.has_lease());
        }
    }
    // The server's clock advances, so observing the rounding may take several attempts.
    let (mut rounded, mut attempts) = (false, 0..20);
    while !rounded && attempts.next().is_some() {
        place.write(Some(b"1"), None);
        place.ask(&[b"PEXPIRE", NAME, b"99900"]);
        rounded = cache.ttl("k").await == Ok(TimeLeft::Seconds(100));
    }
    assert!(rounded, "{}", place.server.title());
    place.write(Some(b"1"), None);
    place.ask(&[b"PEXPIRE", NAME, b"631072000001"]);
    assert_eq!(cache.ttl("k").await, Ok(TimeLeft::Seconds(315_360_000)));
    place.ask(&[b"PEXPIRE", NAME, b"5000000000000"]);
    assert_eq!(cache.ttl("k").await, Ok(TimeLeft::Seconds(315_360_000)));
    for seconds in [0, 315_360_001] {
        check_error(cache.expire("k", Some(seconds)).await, ErrorKind::InvalidExpiry, "");
    }
    check_error(cache.ttl("").await, ErrorKind::InvalidKey, "");
    check_error(cache.expire("", Some(0)).await, ErrorKind::InvalidKey, "");
}

async fn keeps_what_others_wrote(place: &Place) {
    let cache = &place.cache;
    for (command, kind, part) in FOREIGN {
        place.write(None, None);
        assert!(!matches!(place.ask(command), Reply::Error(_)), "{part}");
        let before = place.ask(&[b"DUMP", NAME]);
        check_error(cache.take("k").await, kind, part);
        for (expected, wanted) in [(None, Some("1")), (Some("1"), None), (None, None)] {
            let swap = cache.compare_and_swap("k", expected, wanted, Lifetime::Unlimited).await;
            check_error(swap, kind, part);
        }
        check_error(cache.increment("k", 1, None).await, ErrorKind::InvalidValue, "");
        assert_eq!(cache.set_if_absent("k", "1", None).await, Ok(false));
        assert_eq!(cache.ttl("k").await, Ok(TimeLeft::Unlimited));
        assert_eq!(cache.expire("k", None).await, Ok(true));
        assert_eq!(place.ask(&[b"DUMP", NAME]), before, "{part}");
        let keys = ["other", "k", "another"];
        check_error(cache.get_many(&keys).await, kind, part);
        assert_eq!(cache.delete_many(&keys).await, Ok(1));
        place.ask(command);
        cache.set_many(&[("k", "7")], None).await.unwrap();
        assert_eq!(place.text().as_deref(), Some("7"));
    }
}

async fn counts(place: &Place) {
    let before = place.cache.stats().await;
    let cache = &place.cache;
    place.write(None, None);
    for _ in 0..2 {
        cache.set_if_absent("k", "1", None).await.unwrap();
        cache.increment("k", 1, None).await.unwrap();
    }
    for expected in ["3", "4"] {
        let swap = cache.compare_and_swap("k", Some(expected), Some("4"), Lifetime::Keep).await;
        assert!(swap.is_ok());
    }
    cache.compare_and_swap("missing", None, None, Lifetime::Keep).await.unwrap();
    cache.compare_and_swap("missing", Some("1"), None, Lifetime::Keep).await.unwrap();
    for key in ["k", "missing"] {
        cache.expire(key, None).await.unwrap();
    }
    cache.set_many(&[("a", "1"), ("b", "1"), ("a", "2")], None).await.unwrap();
    cache.get_many(&["a", "b", "missing"]).await.unwrap();
    for key in ["k", "k"] {
        cache.take(key).await.unwrap();
    }
    cache.delete_many(&["a", "missing"]).await.unwrap();
    cache.delete_prefix("b", None).await.unwrap();
    let after = cache.stats().await;
    let numbers = [
        after.sets - before.sets,
        after.increments - before.increments,
        after.swaps - before.swaps,
        after.expires - before.expires,
        after.takes - before.takes,
        after.hits - before.hits,
        after.misses - before.misses,
    ];
    assert_eq!(numbers, [4, 2, 2, 1, 1, 2, 1], "{}", place.server.title());
    cache.clear().await.unwrap();
}
