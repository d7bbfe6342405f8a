//! The contract's test vector 1: the examples return the expected responses, log the expected lines
//! and make the expected cache calls.

use crate::outbound::server::Source;
use crate::support::{TestHost, component};
use hostel::{CacheName, CacheStats, CallError, FailureKind, Secret};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// The counters of a cache that the tests compare.
#[derive(Debug, Default, PartialEq)]
struct Calls {
    sets: u64,
    hits: u64,
    misses: u64,
    deletes: u64,
    exists: u64,
}

impl From<CacheStats> for Calls {
    fn from(stats: CacheStats) -> Self {
        let CacheStats { sets, hits, misses, deletes, exists, .. } = stats;
        Calls { sets, hits, misses, deletes, exists }
    }
}

async fn loaded(name: &str) -> TestHost {
    loaded_from(name, name).await
}

/// Loads an example, from a folder or a file, on a new host. The example must have one service.
async fn loaded_from(example: &str, name: &str) -> TestHost {
    let host = TestHost::new();
    let file = component(&format!("example-services/{example}"));
    // The origin server runs until the test process ends.
    let granted = Source::new().granted();
    let services = host.load_with(name, std::fs::read(file).unwrap(), granted).await;
    assert_eq!(services.len(), 1);
    assert_eq!(services[0].name, name);
    assert_ne!(services[0].description, "");
    host
}

async fn stats(host: &TestHost) -> CacheStats {
    host.host.caches().stats().await.into_iter().next().unwrap().1
}

/// Runs an example on an empty cache. Checks its log lines and cache calls and, if `expiry` is
/// given, that its entry expires after exactly `expiry` seconds.
async fn check(name: &str, lines: &[&str], calls: Calls, expiry: Option<u64>) {
    let host = loaded(name).await;
    let response = host.call(name, &Value::Null).await.unwrap();
    assert_eq!((response.status, response.body.len()), (204, 0));
    assert_eq!(host.messages(), lines);
    assert_eq!(Calls::from(stats(&host).await), calls);
    if let Some(seconds) = expiry {
        host.clock.advance(Duration::from_millis(seconds * 1_000 - 1));
        assert_eq!(live_entries(&host, name).await, 1, "just before the expiry");
        host.clock.advance(Duration::from_millis(1));
        assert_eq!(live_entries(&host, name).await, 0, "at the expiry");
    }
}

/// Returns how many of the keys of `session-token` and `user-profile` have a live entry.
async fn live_entries(host: &TestHost, name: &str) -> usize {
    let cache = host.host.caches().get(&CacheName::private(name).unwrap()).unwrap();
    let keys = ["session-token", "user:123"];
    let mut live = 0;
    for key in keys {
        live += usize::from(cache.exists(key).await.unwrap());
    }
    live
}

#[tokio::test]
async fn store_and_read() {
    let calls = Calls { sets: 1, hits: 1, ..Calls::default() };
    check("store-and-read", &["my-value"], calls, None).await;
}

#[tokio::test]
async fn session_token() {
    let calls = Calls { sets: 1, hits: 1, ..Calls::default() };
    check("session-token", &["abc123"], calls, Some(60)).await;
}

#[tokio::test]
async fn temporary_key() {
    let calls = Calls { sets: 1, deletes: 1, misses: 1, ..Calls::default() };
    check("temporary-key", &["None"], calls, None).await;
}

#[tokio::test]
async fn feature_flag() {
    let calls = Calls { sets: 1, exists: 2, deletes: 1, ..Calls::default() };
    check("feature-flag", &["Key is present", "Key is gone"], calls, None).await;
}

#[tokio::test]
async fn cache_aside() {
    let lines = ["Key not found, fetching from source ..", "value-from-source"];
    // `get_or_set` first asks for the value, then for the lease; both miss.
    let calls = Calls { misses: 2, sets: 1, ..Calls::default() };
    check("cache-aside", &lines, calls, None).await;
}

/// Checks that the example permits five calls a minute and refuses the sixth.
async fn check_limiter(example: &str) {
    let host = loaded_from(example, "rate-limiter").await;
    for call in 1..=5 {
        host.call("rate-limiter", &Value::Null).await.unwrap();
        assert_eq!(host.messages(), [format!("Call {call} of 5")]);
    }
    let refused = host.call("rate-limiter", &Value::Null).await.unwrap_err();
    assert_eq!(refused.to_string(), "too-many-requests: at most 5 calls a minute");
    host.clock.advance(Duration::from_secs(60));
    host.call("rate-limiter", &Value::Null).await.unwrap();
    assert_eq!(host.messages(), ["Call 1 of 5"]);
}

const CLIENTS: usize = 50;
const CALLS_EACH: usize = 20;

/// Checks that the example counts each of many concurrent calls, and permits five of them.
async fn check_limiter_at_once(example: &str) {
    let host = Arc::new(loaded_from(example, "rate-limiter").await);
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let host = Arc::clone(&host);
        clients.spawn(async move {
            let mut allowed = 0;
            for _ in 0..CALLS_EACH {
                match host.call("rate-limiter", &Value::Null).await {
                    Ok(_) => allowed += 1,
                    Err(CallError::Failure(failure)) => {
                        assert_eq!(failure.kind, FailureKind::TooManyRequests, "{failure}");
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            allowed
        });
    }
    assert_eq!(clients.join_all().await.iter().sum::<usize>(), 5);
    let cache = host.host.caches().get(&CacheName::private("rate-limiter").unwrap()).unwrap();
    let counted = cache.get("calls").await.unwrap().unwrap();
    assert_eq!(*counted, *(CLIENTS * CALLS_EACH).to_string());
    println!("{example}: {counted} calls of {CLIENTS} clients, {counted} counted");
}

/// Checks that the example fetches from its origin server once, and again after two minutes.
async fn check_cache_aside(example: &str) {
    let host = loaded_from(example, "cache-aside").await;
    let both = ["Key not found, fetching from source ..", "value-from-source"];
    for lines in [&both[..], &both[1..]] {
        host.call("cache-aside", &Value::Null).await.unwrap();
        assert_eq!(host.messages(), lines);
    }
    host.clock.advance(Duration::from_secs(120));
    host.call("cache-aside", &Value::Null).await.unwrap();
    assert_eq!(host.messages(), both);
}

async fn check_compute_once(example: &str) {
    let host = loaded_from(example, "compute-once").await;
    for lines in [vec!["Computing ..", "the-report"], vec!["the-report"]] {
        host.call("compute-once", &Value::Null).await.unwrap();
        assert_eq!(host.messages(), lines);
    }
    host.clock.advance(Duration::from_secs(55));
    host.call("compute-once", &Value::Null).await.unwrap();
    assert_eq!(host.messages(), ["Computing ..", "the-report"]);
}

/// Generates the tests of three examples in every language, from the examples' file names.
macro_rules! in_every_language {
    ($($language:ident: $limiter:literal, $compute:literal, $aside:literal;)*) => {
        mod limiter {
            $(mod $language {
                #[tokio::test]
                async fn allows_five_calls_a_minute() {
                    super::super::check_limiter(concat!("rate-limiter", $limiter)).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn loses_no_count_of_fifty_clients() {
                    super::super::check_limiter_at_once(concat!("rate-limiter", $limiter)).await;
                }
            })*
        }

        mod cache_aside {
            $(mod $language {
                #[tokio::test]
                async fn fetches_once_and_again_after_the_expiry() {
                    super::super::check_cache_aside(concat!("cache-aside", $aside)).await;
                }
            })*
        }

        mod compute_once {
            $(mod $language {
                #[tokio::test]
                async fn computes_once_and_again_before_the_expiry() {
                    super::super::check_compute_once(concat!("compute-once", $compute)).await;
                }
            })*
        }
    };
}

in_every_language! {
    c: "/rate_limiter.c", "/compute_once.c", "/cache_aside.c";
    go: "/rate_limiter.go", "/compute_once.go", "/cache_aside.go";
    javascript: "/rate-limiter.js", "/compute-once.js", "/cache-aside.js";
    python: "/rate_limiter.py", "/compute_once.py", "/cache_aside.py";
    rust: "", "", "";
    typescript: "/rate-limiter.ts", "/compute-once.ts", "/cache-aside.ts";
}

/// Runs the example `user-profile` in one language. The example stores the same user in every
/// language, but logs the user's roles in the format of the language.
async fn check_user(file: &str, roles: &str) {
    let host = loaded_from(&format!("user-profile/{file}"), "user-profile").await;
    let response = host.call("user-profile", &Value::Null).await.unwrap();
    assert_eq!((response.status, response.body.len()), (204, 0));
    assert_eq!(host.messages(), ["joe", roles]);
    assert_eq!(Calls::from(stats(&host).await), Calls { sets: 1, hits: 1, ..Calls::default() });

    let cache = host.host.caches().get(&CacheName::private("user-profile").unwrap()).unwrap();
    let kept: Value = serde_json::from_str(&cache.get("user:123").await.unwrap().unwrap()).unwrap();
    let roles = ["admin", "editor"];
    assert_eq!(kept, json!({"username": "joe", "email": "joe@example.com", "roles": roles}));
    host.clock.advance(Duration::from_millis(299_999));
    assert_eq!(live_entries(&host, "user-profile").await, 1, "just before the expiry");
    host.clock.advance(Duration::from_millis(1));
    assert_eq!(live_entries(&host, "user-profile").await, 0, "at the expiry");
}

macro_rules! user_profile_in {
    ($($language:ident: $file:literal logs $roles:literal;)*) => {
        mod languages {
            $(mod $language {
                #[tokio::test]
                async fn keeps_the_same_user() {
                    super::super::check_user($file, $roles).await;
                }
            })*
        }
    };
}

user_profile_in! {
    c: "user_profile.c" logs r#"["admin","editor"]"#;
    go: "user_profile.go" logs r#"["admin" "editor"]"#;
    javascript: "user-profile.js" logs r#"["admin","editor"]"#;
    python: "user_profile.py" logs "['admin', 'editor']";
    rust: "" logs r#"["admin", "editor"]"#;
    typescript: "user-profile.ts" logs r#"["admin","editor"]"#;
}

/// Runs the example that fetches exchange rates from its origin server, with a secret key.
async fn check_exchange_rates(file: &str) {
    let source = Source::answering(r#"{"base":"EUR","rates":{"USD":1.25,"GBP":0.8}}"#);
    let host = TestHost::new();
    let mut settings = source.granted();
    let config = &mut settings.grants.config;
    config.settings.insert("rates-url".to_owned(), source.url("/answer"));
    config.secrets.insert("api-key".to_owned(), Secret::new("a-secret-key").unwrap());
    let file = component(&format!("example-services/exchange-rates/{file}"));
    host.load_with("exchange-rates", std::fs::read(file).unwrap(), settings).await;
    for (from, to, amount) in [("EUR", "USD", 125.0), ("GBP", "USD", 156.25), ("EUR", "EUR", 100.0)]
    {
        let asked = json!({ "amount": 100, "from": from, "to": to });
        let answer = TestHost::json(host.call("exchange-rates.convert", &asked).await);
        assert_eq!(answer["amount"].as_f64(), Some(amount), "{answer}");
        assert_eq!(answer["currency"], to);
    }
    let unknown = json!({ "amount": 100, "from": "EUR", "to": "XYZ" });
    let error = host.call("exchange-rates.convert", &unknown).await.unwrap_err();
    let CallError::Failure(failure) = &error else { panic!("{error}") };
    assert_eq!(failure.kind, FailureKind::NotFound, "{failure:?}");
    assert_eq!(source.requests(), ["GET /answer HTTP/1.1"]);
    assert!(source.heads()[0].contains("x-api-key: a-secret-key"), "{:?}", source.heads());
}

mod exchange_rates {
    #[tokio::test]
    async fn converts_in_python() {
        super::check_exchange_rates("exchange_rates.py").await;
    }

    #[tokio::test]
    async fn converts_in_rust() {
        super::check_exchange_rates("").await;
    }

    #[tokio::test]
    async fn converts_in_typescript() {
        super::check_exchange_rates("exchange-rates.ts").await;
    }
}
