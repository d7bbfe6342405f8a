//! Runs test vectors of the contract in a real component: those whose results a guest can observe.

use crate::support::{TestHost, guests};
use hostel::{Access, CacheBinding, CacheGrant, Grants, Name, PluginName, PluginSettings};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

/// A guest that performs cache operations on request, without the SDK.
struct Guest {
    host: TestHost,
}

impl Guest {
    async fn with(host: TestHost) -> Self {
        host.load("guest", guests()).await;
        Guest { host }
    }

    async fn ask(&self, call: Value) -> Value {
        TestHost::json(self.host.call("guest.touches-the-cache", &call).await)
    }

    async fn get(&self, key: &str) -> Value {
        self.ask(json!(["get", key])).await
    }

    async fn set(&self, key: &str, text: &str) -> Value {
        self.ask(json!(["set", key, text])).await
    }

    async fn set_for(&self, key: &str, text: &str, seconds: u64) -> Value {
        self.ask(json!(["set", key, text, seconds])).await
    }

    async fn exists(&self, key: &str) -> Value {
        self.ask(json!(["exists", key])).await
    }

    async fn delete(&self, key: &str) -> Value {
        self.ask(json!(["delete", key])).await
    }

    /// Checks that a text is stored and returned byte for byte.
    async fn check_kept(&self, text: &str) {
        assert_eq!(self.set("kept", text).await, "ok", "{text:.40}");
        assert_eq!(self.get("kept").await, text, "{text:.40}");
    }

    /// Checks that a text is refused with an error at this byte, and that the old entry is
    /// unchanged.
    async fn check_refused(&self, text: &str, offset: usize) {
        assert_eq!(self.set_for("old", "\"old\"", 10).await, "ok");
        let answer = self.set("old", text).await;
        assert_eq!(answer["kind"], "ErrorKind::InvalidValue", "{text:.40}: {answer}");
        let message = answer["message"].as_str().unwrap();
        assert!(message.contains(&format!("byte {offset}")), "{text:.40}: {message}");
        assert_eq!(self.get("old").await, "\"old\"");
        self.host.advance(Duration::from_secs(10));
        assert_eq!(self.exists("old").await, false, "the expiry of the old entry stays");
    }
}

/// Generates the tests of each vector: in memory, and on each available Redis server and cluster.
macro_rules! vectors {
    ($($vector:ident)*) => {
        mod memory {
            $(#[tokio::test]
            async fn $vector() {
                super::$vector(&super::Guest::with(super::TestHost::new()).await).await;
            })*
        }

        mod redis {
            $(#[tokio::test]
            async fn $vector() {
                for server in crate::redis::servers().await {
                    let host = super::TestHost::on(std::sync::Arc::clone(&server));
                    super::$vector(&super::Guest::with(host).await).await;
                    super::count(stringify!($vector), server.title());
                }
            })*
        }
    };
}

vectors! {
    vectors_2_to_4_texts_come_back_byte_for_byte
    vector_5_invalid_json_is_refused_with_its_offset
    vector_6_a_hundred_levels_are_stored
    vector_7_an_entry_is_gone_at_its_deadline
    vector_8_an_entry_without_readers_expires_at_its_deadline
    vector_9_only_the_newest_expiry_applies
    vector_10_an_expiry_is_1_second_to_10_years
    vectors_11_and_12_null_is_a_value_and_a_second_delete_finds_nothing
    vector_13_keys_are_bytes_of_utf8_and_distinct
    vector_14_a_value_is_at_most_its_limit
    vectors_15_and_16_plugins_meet_only_in_a_shared_cache
    vectors_18_and_19_entries_outlive_a_trap_and_a_new_component
}

/// Prints how many vectors have passed so far on this server. `vectors` is the test's name, which
/// contains the numbers of its vectors.
fn count(vectors: &str, server: String) {
    static PASSED: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());
    let words = vectors.split('_').skip(1);
    let words = words.take_while(|word| ["to", "and"].contains(word) || is_number(word));
    let numbers: Vec<usize> = words.filter_map(|word| word.parse().ok()).collect();
    let mut passed = PASSED.lock().unwrap();
    let count = passed.entry(server.clone()).or_default();
    *count += numbers.last().unwrap() - numbers[0] + 1;
    println!("vectors on {server}: {count}");
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

async fn vectors_2_to_4_texts_come_back_byte_for_byte(guest: &Guest) {
    for text in [
        "\"s\"",
        "1",
        "1.5",
        "{\"b\":1,\"a\":[2]}",
        "[1, 2 ,3]",
        "true",
        "false",
        "null",
        "1180591620717411303424",
        "1.0",
        "-0.0",
        "-0",
        "5e-324",
        "1e308",
        "0.30000000000000004",
        "{\"a\":1,\"a\":2}",
        " [ ] ",
        "\"žluťoučký 🐎\"",
        "\"\\u0000\"",
        "\"\u{2028}\"",
        "\"\\ud83d\\udc0e\"",
    ] {
        guest.check_kept(text).await;
    }
    guest.check_kept(&format!("\"{}\"", "x".repeat((1 << 20) - 2))).await;
}

async fn vector_5_invalid_json_is_refused_with_its_offset(guest: &Guest) {
    for (text, offset) in [
        ("NaN", 0),
        ("Infinity", 0),
        ("[1e400]", 1),
        ("\"a\\ud800\"", 2),
        ("", 0),
        ("1 2", 2),
        ("\u{feff}1", 0),
    ] {
        guest.check_refused(text, offset).await;
    }
    guest.check_refused(&nested(101), 100).await;
}

async fn vector_6_a_hundred_levels_are_stored(guest: &Guest) {
    guest.check_kept(&nested(100)).await;
}

async fn vector_7_an_entry_is_gone_at_its_deadline(guest: &Guest) {
    guest.set_for("k", "1", 1).await;
    guest.host.advance(Duration::from_millis(999));
    assert_eq!((guest.get("k").await, guest.exists("k").await), (json!("1"), json!(true)));
    guest.host.advance(Duration::from_millis(1));
    assert_eq!((guest.exists("k").await, guest.get("k").await), (json!(false), Value::Null));
}

async fn vector_8_an_entry_without_readers_expires_at_its_deadline(guest: &Guest) {
    guest.set_for("k", "1", 1).await;
    guest.host.advance(Duration::from_secs(1));
    assert_eq!(guest.exists("k").await, false);
    assert_eq!(guest.delete("k").await, false);
}

async fn vector_9_only_the_newest_expiry_applies(guest: &Guest) {
    for (first, second, alive_after_5, alive_after_20) in [
        (Some(2), Some(10), true, false),
        (Some(10), Some(2), false, false),
        (Some(2), None, true, true),
        (None, Some(2), false, false),
    ] {
        for expiry in [first, second] {
            guest.ask(json!(["set", "k", "1", expiry])).await;
        }
        guest.host.advance(Duration::from_secs(5));
        assert_eq!(guest.exists("k").await, alive_after_5, "{first:?} then {second:?}");
        guest.host.advance(Duration::from_secs(15));
        assert_eq!(guest.exists("k").await, alive_after_20, "{first:?} then {second:?}");
    }
}

async fn vector_10_an_expiry_is_1_second_to_10_years(guest: &Guest) {
    guest.set("k", "\"old\"").await;
    for seconds in [0, 315_360_001, u64::from(u32::MAX)] {
        let answer = guest.set_for("k", "1", seconds).await;
        assert_eq!(answer["kind"], "ErrorKind::InvalidExpiry", "{seconds}");
        assert!(answer["message"].as_str().unwrap().contains(&seconds.to_string()));
    }
    assert_eq!(guest.get("k").await, "\"old\"");
    assert_eq!(guest.set_for("k", "1", 315_360_000).await, "ok");
}

async fn vectors_11_and_12_null_is_a_value_and_a_second_delete_finds_nothing(guest: &Guest) {
    assert_eq!(guest.get("k").await, Value::Null);
    guest.set("k", "null").await;
    assert_eq!((guest.get("k").await, guest.exists("k").await), (json!("null"), json!(true)));
    assert_eq!((guest.delete("k").await, guest.delete("k").await), (json!(true), json!(false)));
}

async fn vector_13_keys_are_bytes_of_utf8_and_distinct(guest: &Guest) {
    for key in ["", &"k".repeat(1_025), &"é".repeat(513)] {
        let answer = guest.set(key, "1").await;
        assert_eq!(answer["kind"], "ErrorKind::InvalidKey");
        assert!(answer["message"].as_str().unwrap().contains("1024"), "{answer}");
        assert_eq!(guest.get(key).await["kind"], "ErrorKind::InvalidKey");
    }
    let keys = [
        &*"k".repeat(1_024),
        &*"é".repeat(512),
        "\0",
        "\n",
        "{tag}",
        "*?[]",
        "a:b",
        " ",
        "k",
        "e\u{301}",
        "\u{e9}",
        "🐎",
    ];
    for key in keys {
        assert_eq!(guest.set(key, &json!(key).to_string()).await, "ok");
    }
    for key in keys {
        assert_eq!(guest.get(key).await, json!(key).to_string());
    }
}

async fn vector_14_a_value_is_at_most_its_limit(guest: &Guest) {
    let longest = format!("\"{}\"", "x".repeat((1 << 20) - 2));
    guest.check_kept(&longest).await;
    let answer = guest.set("kept", &format!("{longest} ")).await;
    assert_eq!(answer["kind"], "ErrorKind::TooLarge");
    assert!(answer["message"].as_str().unwrap().contains("1048576"), "{answer}");
    assert_eq!(guest.get("kept").await, longest);
}

#[tokio::test]
async fn a_plugin_that_may_only_read_is_denied_the_rest() {
    let host = TestHost::new();
    let settings = |access| {
        let binding = CacheBinding::Configured(Name::new("shared").unwrap());
        let grants = Grants::from(CacheGrant { binding, access });
        PluginSettings { grants, ..PluginSettings::default() }
    };
    host.load_with("writer", guests(), settings(Access::ReadWrite)).await;
    host.load_with("reader", guests(), settings(Access::ReadOnly)).await;
    let call = async |plugin: &str, call: Value| {
        TestHost::json(host.call(&format!("{plugin}.touches-the-cache"), &call).await)
    };
    assert_eq!(call("writer", json!(["set", "k", "1"])).await, "ok");
    for refused in [json!(["set", "k", "2"]), json!(["delete", "k"])] {
        let error = call("reader", refused).await;
        assert_eq!(error["kind"], "ErrorKind::Denied");
        assert!(error["message"].as_str().unwrap().contains("may only read"), "{error}");
    }
    assert_eq!(call("reader", json!(["get", "k"])).await, "1");
    assert_eq!(call("reader", json!(["exists", "k"])).await, true);
}

/// Sets an entry in one plugin and returns the value that another plugin reads.
async fn seen_by_the_other(host: TestHost, first: CacheBinding, second: CacheBinding) -> Value {
    host.load_bound("users", guests(), first).await;
    host.load_bound("orders", guests(), second).await;
    host.call("users.touches-the-cache", &json!(["set", "k", "1"])).await.unwrap();
    TestHost::json(host.call("orders.touches-the-cache", &json!(["get", "k"])).await)
}

async fn vectors_15_and_16_plugins_meet_only_in_a_shared_cache(guest: &Guest) {
    let shared = |name: &str| CacheBinding::Configured(Name::new(name).unwrap());
    let private = CacheBinding::Private;
    assert_eq!(
        seen_by_the_other(guest.host.another(), private.clone(), private.clone()).await,
        Value::Null
    );
    assert_eq!(seen_by_the_other(guest.host.another(), shared("both"), shared("both")).await, "1");
    assert_eq!(
        seen_by_the_other(guest.host.another(), shared("a"), shared("b")).await,
        Value::Null
    );
    // A plugin's private cache is not the configured cache of the same name.
    assert_eq!(
        seen_by_the_other(guest.host.another(), private.clone(), shared("users")).await,
        Value::Null
    );
    assert_eq!(
        seen_by_the_other(guest.host.another(), shared("orders"), private).await,
        Value::Null
    );
}

async fn vectors_18_and_19_entries_outlive_a_trap_and_a_new_component(guest: &Guest) {
    guest.host.call("guest.sets-then-traps", &Value::Null).await.unwrap_err();
    assert_eq!((guest.get("first").await, guest.get("second").await), (json!("1"), json!("2")));
    let name = PluginName::new("guest").unwrap();
    guest.host.host.replace(&name, guests()).await.unwrap();
    assert_eq!((guest.get("first").await, guest.get("second").await), (json!("1"), json!("2")));
}
