//! The memory budget of a host: the share of each plugin, and the ways in which memory is freed.

use crate::support::{TestHost, guests, patient};
use hostel::{Admission, CallError, Instances, PluginSettings, Settings};
use serde_json::{Value, json};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

const BUDGET: usize = 32 << 20;

/// Creates a host with little memory, on which calls wait at most 10 ms for memory.
fn host() -> TestHost {
    let admission = Admission { queue_time: Duration::from_millis(10), ..Admission::default() };
    let settings =
        Settings { limits: patient(), admission, memory: Some(BUDGET), ..Settings::default() };
    TestHost::with_settings(settings)
}

async fn with_plugins(instances: Instances) -> TestHost {
    let host = host();
    for name in ["greedy", "modest", "other"] {
        let settings = PluginSettings { instances, ..PluginSettings::default() };
        host.load_with(name, guests(), settings).await;
    }
    host
}

/// Returns the bytes that instances take now, from the metrics.
async fn taken(host: &TestHost) -> usize {
    let metrics = host.host.metrics().await.unwrap();
    let name = "hostel_memory_bytes{kind=\"instances\"} ";
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.parse().unwrap()
}

#[track_caller]
fn check_busy(ended: Result<hostel::Response, CallError>) {
    let Err(CallError::Busy(reason)) = ended else { panic!("{ended:?}") };
    assert!(reason.contains("raise `server.memory`"), "{reason}");
}

#[tokio::test]
async fn the_calls_of_a_plugin_leave_memory_for_another() {
    let host = with_plugins(Instances::Fresh).await;
    let host = Arc::new(host);
    let mut calls = JoinSet::new();
    for _ in 0..60 {
        let host = Arc::clone(&host);
        calls.spawn(async move { host.call("greedy.sleeps", &Value::Null).await });
    }
    // The first call that ends is one that got no memory.
    check_busy(calls.join_next().await.unwrap().unwrap());
    let (under_way, bytes) = (host.host.activity().calls, taken(&host).await);
    assert!(under_way > 1 && bytes <= BUDGET / 2, "{under_way} calls with {bytes} bytes");
    assert_eq!(TestHost::json(host.call("modest.counts", &Value::Null).await), 1);
    calls.shutdown().await;
    assert_eq!(taken(&host).await, 0);
}

#[tokio::test]
async fn a_guest_that_grows_past_its_plugins_share_ends_as_busy() {
    let host = with_plugins(Instances::Fresh).await;
    check_busy(host.call("greedy.grows", &Value::Null).await);
    assert_eq!(taken(&host).await, 0);
}

#[tokio::test]
async fn idle_instances_make_room_for_a_call() {
    let host = with_plugins(Instances::reuse(NonZeroU32::MAX)).await;
    // Each instance stays idle with its memory: growth in its first call does not end an instance.
    for plugin in ["modest", "other"] {
        TestHost::json(host.call(&format!("{plugin}.counts"), &json!(10)).await);
    }
    let idle = taken(&host).await;
    assert!(idle > 20 << 20, "{idle}");
    assert_eq!(TestHost::json(host.call("greedy.counts", &json!(12)).await), 1);
    assert!(taken(&host).await <= BUDGET);
    let count = async |plugin| TestHost::json(host.call(plugin, &Value::Null).await);
    let counts = [count("other.counts").await, count("modest.counts").await];
    assert_eq!(counts, [2, 1], "the one that waited longest ended");
}

#[tokio::test]
async fn an_instance_ends_when_it_has_waited_for_its_time() {
    let calls = NonZeroU32::MAX;
    let host = with_plugins(Instances::Reuse { calls, idle_time: Duration::from_millis(1) }).await;
    TestHost::json(host.call("modest.counts", &Value::Null).await);
    while taken(&host).await > 0 {
        tokio::task::yield_now().await;
    }
    let metrics = host.host.metrics().await.unwrap();
    let ended = "hostel_instances_retired_total{plugin=\"modest\",reason=\"idle\"} 1\n";
    assert!(metrics.contains(ended), "{metrics}");
    assert_eq!(TestHost::json(host.call("modest.counts", &Value::Null).await), 1);
}
