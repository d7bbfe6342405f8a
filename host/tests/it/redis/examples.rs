//! The examples on two hosts that share a Redis server: each host finds the entries that the other
//! stores, and no longer finds the entries that the other deletes.

use super::server::RedisServer;
use crate::outbound::server::Source;
use crate::support::{TestHost, component};
use hostel::{CacheName, CacheStore};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Two hosts that serve the same example, and the example's cache as the second host opens it.
struct Pair {
    name: &'static str,
    server: Arc<RedisServer>,
    first: TestHost,
    second: TestHost,
    cache: CacheStore,
}

impl Pair {
    async fn with(name: &'static str) -> Self {
        let server = Arc::new(RedisServer::start());
        let component = std::fs::read(component(&format!("example-services/{name}"))).unwrap();
        let [first, second] = [(), ()].map(|()| TestHost::on(Arc::clone(&server)));
        for host in [&first, &second] {
            host.load_with(name, component.clone(), Source::new().granted()).await;
        }
        let cache = second.host.caches().get(&CacheName::private(name).unwrap()).unwrap();
        Pair { name, server, first, second, cache }
    }

    async fn check(&self, host: &TestHost, lines: &[&str]) {
        host.call(self.name, &Value::Null).await.unwrap();
        assert_eq!(host.messages(), lines);
    }

    async fn on_the_first(&self, lines: &[&str]) {
        self.check(&self.first, lines).await;
    }

    async fn on_the_second(&self, lines: &[&str]) {
        self.check(&self.second, lines).await;
    }

    /// Returns the value that the second host finds under a key.
    async fn found(&self, key: &str) -> Option<Value> {
        let text = self.cache.get(key).await.unwrap()?;
        Some(serde_json::from_str(&text).unwrap())
    }

    /// Checks that the second host finds a key for exactly this many seconds.
    async fn check_expiry(&self, key: &str, seconds: u64) {
        self.server.advance(Duration::from_millis(seconds * 1_000 - 1));
        assert!(self.cache.exists(key).await.unwrap(), "just before the expiry");
        self.server.advance(Duration::from_millis(1));
        assert!(!self.cache.exists(key).await.unwrap(), "at the expiry");
    }
}

#[tokio::test]
async fn another_host_reads_what_store_and_read_stored() {
    let pair = Pair::with("store-and-read").await;
    assert_eq!(pair.found("my-key").await, None);
    pair.on_the_first(&["my-value"]).await;
    assert_eq!(pair.found("my-key").await, Some(json!("my-value")));
    pair.on_the_second(&["my-value"]).await;
}

#[tokio::test]
async fn a_session_token_ends_on_every_host_after_a_minute() {
    let pair = Pair::with("session-token").await;
    pair.on_the_first(&["abc123"]).await;
    assert_eq!(pair.found("session-token").await, Some(json!("abc123")));
    pair.check_expiry("session-token", 60).await;
}

#[tokio::test]
async fn a_temporary_key_is_deleted_for_every_host() {
    let pair = Pair::with("temporary-key").await;
    pair.cache.set("temp-key", "\"of the second host\"", None).await.unwrap();
    pair.on_the_first(&["None"]).await;
    assert_eq!(pair.found("temp-key").await, None);
}

#[tokio::test]
async fn a_feature_flag_that_another_host_set_is_gone_for_both() {
    let pair = Pair::with("feature-flag").await;
    pair.cache.set("flag-key", "true", None).await.unwrap();
    pair.on_the_first(&["Key is present", "Key is gone"]).await;
    assert!(!pair.cache.exists("flag-key").await.unwrap());
}

#[tokio::test]
async fn cache_aside_fetches_once_for_all_hosts() {
    const FETCHING: &str = "Key not found, fetching from source ..";
    let pair = Pair::with("cache-aside").await;
    pair.on_the_first(&[FETCHING, "value-from-source"]).await;
    pair.on_the_second(&["value-from-source"]).await;
    pair.cache.set("no-such-key", "\"from the second host\"", None).await.unwrap();
    pair.on_the_first(&["from the second host"]).await;
    assert!(pair.cache.delete("no-such-key").await.unwrap());
    pair.on_the_first(&[FETCHING, "value-from-source"]).await;
    pair.check_expiry("no-such-key", 120).await;
    pair.on_the_second(&[FETCHING, "value-from-source"]).await;
}

#[tokio::test]
async fn another_host_reads_the_user_that_user_profile_stored() {
    let pair = Pair::with("user-profile").await;
    pair.on_the_first(&["joe", r#"["admin", "editor"]"#]).await;
    let user = json!({"username": "joe", "email": "joe@example.com", "roles": ["admin", "editor"]});
    assert_eq!(pair.found("user:123").await, Some(user));
    pair.check_expiry("user:123", 300).await;
}
