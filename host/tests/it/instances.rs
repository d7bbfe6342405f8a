//! Reused instances: the state they carry from call to call, and when they are dropped.

use crate::support::{TestHost, guests, patient};
use hostel::{Instances, Limits, PluginSettings};
use serde_json::{Value, json};
use std::num::NonZeroU32;
use std::time::Duration;

async fn host(instances: Instances) -> TestHost {
    host_with(patient(), instances).await
}

async fn host_with(limits: Limits, instances: Instances) -> TestHost {
    let host = TestHost::with(limits);
    let settings = PluginSettings { instances, ..PluginSettings::default() };
    host.load_with("guests", guests(), settings).await;
    host
}

async fn reusing(calls: u32) -> TestHost {
    host(Instances::reuse(NonZeroU32::new(calls).unwrap())).await
}

/// Calls the service `counts`. Returns how many calls of this service its instance has handled,
/// including this call.
async fn count(host: &TestHost) -> Value {
    TestHost::json(host.call("guests.counts", &Value::Null).await)
}

#[tokio::test]
async fn a_fresh_instance_has_had_no_call() {
    let host = host(Instances::Fresh).await;
    assert_eq!([count(&host).await, count(&host).await], [1, 1]);
}

#[tokio::test]
async fn a_reused_instance_serves_the_configured_number_of_calls() {
    let host = reusing(3).await;
    let mut counts = Vec::new();
    for _ in 0..5 {
        counts.push(count(&host).await);
    }
    assert_eq!(counts, [1, 2, 3, 1, 2]);
}

/// Calls a service that fails, then returns the count of the instance that takes the next call.
async fn count_after(service: &str) -> Value {
    count_on(reusing(100).await, service).await
}

async fn count_on(host: TestHost, service: &str) -> Value {
    assert_eq!(count(&host).await, 1);
    assert!(host.call(service, &Value::Null).await.is_err());
    count(&host).await
}

#[tokio::test]
async fn an_instance_survives_only_the_failures_that_it_returns() {
    assert_eq!(count_after("guests.fails").await, 2);
    for service in ["panics", "exits", "returns-a-bad-status", "recurses"] {
        assert_eq!(count_after(&format!("guests.{service}")).await, 1, "{service}");
    }
    let short = Limits { time: Duration::from_millis(300), ..Limits::default() };
    let reuse = Instances::reuse(NonZeroU32::MAX);
    assert_eq!(count_on(host_with(short, reuse).await, "guests.spins").await, 1, "spins");
}

#[tokio::test]
async fn an_instance_whose_memory_has_grown_by_a_quarter_of_the_limit_is_dropped() {
    let host = reusing(100).await;
    assert_eq!(count(&host).await, 1);
    TestHost::json(host.call("guests.counts", &json!(10)).await);
    assert_eq!(count(&host).await, 3);
    TestHost::json(host.call("guests.counts", &json!(10)).await);
    assert_eq!(count(&host).await, 1);
}

#[tokio::test]
async fn each_call_of_a_reused_instance_has_its_own_log() {
    let host = reusing(100).await;
    count(&host).await;
    assert_eq!(host.messages(), ["call 1"]);
    count(&host).await;
    assert_eq!(host.messages(), ["call 2"]);
    let mut lines = Vec::new();
    for _ in 0..2 {
        host.call("guests.logs-too-much", &Value::Null).await.unwrap();
        lines.push(host.messages());
    }
    assert!(lines[0].last().unwrap().contains("log lines dropped"), "{:?}", lines[0].last());
    assert_eq!(lines[0], lines[1]);
}

#[tokio::test]
async fn calls_at_the_same_time_have_an_instance_each() {
    let host = reusing(100).await;
    assert_eq!(count(&host).await, 1, "and the instance is reused");
    // The sleeping call is polled first, and occupies the instance.
    tokio::select! {
        biased;
        ended = host.call("guests.sleeps", &Value::Null) => panic!("{ended:?}"),
        calls = count(&host) => assert_eq!(calls, 1),
    }
}

#[tokio::test]
async fn a_replaced_plugin_leaves_no_instance_behind() {
    let host = reusing(100).await;
    assert_eq!(count(&host).await, 1);
    host.host.replace(&hostel::PluginName::new("guests").unwrap(), guests()).await.unwrap();
    assert_eq!(count(&host).await, 1);
}
