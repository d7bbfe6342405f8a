//! Leases and the other cache functions, called by guests. Of many concurrent calls, only one at a
//! time computes a value. A lease ends with the call that holds it.

use crate::redis::server::program;
use crate::redis::servers_of;
use crate::support::{TestHost, guests, patient, project};
use hostel::{
    Access, Admission, Backend, CacheGrant, CallError, Grants, Instances, Limit, Limits,
    PluginSettings, Settings,
};
use serde_json::{Value, json};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Creates a host on which more than two hundred calls may wait for leases.
async fn wide_host(backend: Backend) -> Arc<TestHost> {
    let admission = Admission { calls: 600, calls_per_plugin: 600, ..Admission::default() };
    let host = TestHost::with_settings(Settings {
        limits: patient(),
        backend,
        admission,
        ..Settings::default()
    });
    host.load("guests", guests()).await;
    Arc::new(host)
}

async fn touch(host: &TestHost, call: Value) -> Value {
    TestHost::json(host.call("guests.touches-the-cache", &call).await)
}

async fn end(host: &TestHost, key: &str, how: &str) -> Result<Value, CallError> {
    let response = host.call("guests.leases-then-ends", &json!([key, how])).await?;
    Ok(serde_json::from_slice(&response.body).unwrap())
}

/// Sends two hundred concurrent calls, distributed over the hosts. Returns how many computed and
/// how many found the value.
async fn rush(hosts: &[Arc<TestHost>], early: Option<u32>) -> [usize; 2] {
    let mut calls = JoinSet::new();
    for number in 0..200 {
        let host = Arc::clone(&hosts[number % hosts.len()]);
        calls.spawn(async move {
            let call = json!(["k", 30_000, 200, early]);
            TestHost::json(host.call("guests.computes-once", &call).await)
        });
    }
    let answers = calls.join_all().await;
    ["computed", "found"].map(|how| answers.iter().filter(|answer| **answer == how).count())
}

/// Checks a rush on a missing key, and on a key that expires soon.
async fn check_rush(hosts: &[Arc<TestHost>], title: &str) {
    let host = &hosts[0];
    let begun = Instant::now();
    assert_eq!(rush(hosts, None).await, [1, 199]);
    let cold = begun.elapsed();
    assert_eq!(touch(host, json!(["get", "computed"])).await, "1");
    // Leave the entry ten of its sixty seconds.
    assert_eq!(touch(host, json!(["expire", "k", "", 10])).await, true);
    let begun = Instant::now();
    assert_eq!(rush(hosts, Some(30)).await, [1, 199]);
    assert_eq!(touch(host, json!(["get", "computed"])).await, "2");
    println!(
        "200 calls on {title}: a cold key is computed once in {cold:.0?}, one that soon expires once \
         in {:.0?}",
        begun.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_calls_at_once_compute_a_value_once() {
    check_rush(&[wide_host(Backend::Memory).await], "one host in memory").await;
}

mod redis {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn two_hundred_calls_at_once_on_two_hosts_compute_a_value_once() {
        for server in servers_of(&[program()]).await {
            let backend = Backend::Redis(Arc::new(server.backend()));
            let hosts = [wide_host(backend.clone()).await, wide_host(backend).await];
            check_rush(&hosts, &format!("two hosts on {}", server.title())).await;
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_lease_ends_with_the_call_that_holds_it_however_that_ends() {
        for server in servers_of(&[program()]).await {
            let backend = Backend::Redis(Arc::new(server.backend()));
            check_endings(&|limits| Settings {
                limits,
                backend: backend.clone(),
                ..Settings::default()
            })
            .await;
        }
    }

    #[tokio::test]
    async fn a_plugin_that_may_only_read_is_denied_each_function_that_writes() {
        for server in servers_of(&[program()]).await {
            let backend = Backend::Redis(Arc::new(server.backend()));
            check_denied(Settings { limits: patient(), backend, ..Settings::default() }).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_ends_with_the_call_that_holds_it_however_that_ends() {
    check_endings(&|limits| Settings { limits, ..Settings::default() }).await;
}

async fn check_endings(settings: &dyn Fn(Limits) -> Settings) {
    let host = TestHost::with_settings(settings(patient()));
    host.load("guests", guests()).await;
    let takes_over = async |host: &TestHost, key: &str| {
        let call = json!(["get-or-lease", key, 30_000]);
        assert_eq!(touch(host, call).await, "Found::Compute", "{key}");
    };

    assert_eq!(end(&host, "returns", "").await.unwrap(), "Found::Compute");
    takes_over(&host, "returns").await;

    assert!(matches!(end(&host, "traps", "trap").await, Err(CallError::Trap { .. })));
    takes_over(&host, "traps").await;

    let given_up = tokio::time::timeout(Duration::from_secs(1), end(&host, "gone", "sleep")).await;
    assert!(given_up.is_err());
    takes_over(&host, "gone").await;

    let hasty = TestHost::with_settings(settings(Limits {
        time: Duration::from_secs(2),
        cpu: Duration::from_secs(2),
        ..Limits::default()
    }));
    hasty.load("guests", guests()).await;
    let late = end(&hasty, "late", "spin").await;
    assert!(matches!(late, Err(CallError::Limit(reached)) if reached.limit == Limit::Time));
    takes_over(&hasty, "late").await;

    let reuse = Instances::reuse(NonZeroU32::new(10).unwrap());
    let settings = PluginSettings { instances: reuse, ..PluginSettings::default() };
    host.load_with("again", guests(), settings).await;
    let call = json!(["returns", ""]);
    TestHost::json(host.call("again.leases-then-ends", &call).await);
    let call = json!(["get-or-lease", "returns", 30_000]);
    let found = TestHost::json(host.call("again.touches-the-cache", &call).await);
    assert_eq!(found, "Found::Compute", "its instance lives on");
}

#[tokio::test]
async fn a_plugin_that_may_only_read_is_denied_each_function_that_writes() {
    check_denied(Settings { limits: patient(), ..Settings::default() }).await;
}

async fn check_denied(settings: Settings) {
    let host = TestHost::with_settings(settings);
    let grants = Grants::from(CacheGrant { access: Access::ReadOnly, ..CacheGrant::default() });
    let settings = PluginSettings { grants, ..PluginSettings::default() };
    host.load_with("guests", guests(), settings).await;
    let calls = [
        (json!(["get", "k"]), Some(Value::Null)),
        (json!(["exists", "k"]), Some(json!(false))),
        (json!(["get-many", "k"]), Some(json!([null]))),
        (json!(["ttl", "k"]), Some(json!("TimeLeft::Missing"))),
        (json!(["keys", ""]), Some(json!([]))),
        (json!(["set", "k", "1"]), None),
        (json!(["delete", "k"]), None),
        (json!(["set-if-absent", "k", "1"]), None),
        (json!(["increment", "k", 1]), None),
        (json!(["compare-and-swap", "k", "1"]), None),
        (json!(["take", "k"]), None),
        (json!(["get-or-lease", "k", 0]), None),
        (json!(["fill", "k", "1"]), None),
        (json!(["release", "k"]), None),
        (json!(["set-many", "k"]), None),
        (json!(["delete-many", "k"]), None),
        (json!(["expire", "k"]), None),
        (json!(["delete-prefix", "k"]), None),
    ];
    for (call, allowed) in calls {
        let answer = touch(&host, call.clone()).await;
        match allowed {
            Some(allowed) => assert_eq!(answer, allowed, "{call}"),
            None => assert_eq!(answer["kind"], "ErrorKind::Denied", "{call}: {answer}"),
        }
    }
}

#[tokio::test]
async fn a_value_that_is_not_an_integer_or_too_large_is_refused_with_the_rule() {
    let host = TestHost::new();
    host.load("guests", guests()).await;
    let many: Vec<String> = (0..1_001).map(|number| format!("k{number}")).collect();
    let mut too_many = json!(["get-many"]);
    too_many.as_array_mut().unwrap().extend(many.into_iter().map(Value::from));
    for (call, kind, message) in [
        (json!(["increment", "k", 1.5]), "InvalidValue", "1.5 is not an integer"),
        (json!(["increment", "k", "not a number"]), "InvalidValue", "NaN is not an integer"),
        (json!(["increment", "k", 1e300]), "InvalidValue", "is not an integer"),
        (json!(["increment", "", 1.5]), "InvalidKey", "a key must be 1 to 1024 bytes"),
        (too_many, "TooLarge", "1001 keys in one call: the maximum is 1000"),
    ] {
        let answer = touch(&host, call).await;
        assert_eq!(answer["kind"], format!("ErrorKind::{kind}"), "{answer}");
        assert!(answer["message"].as_str().unwrap().contains(message), "{answer}");
    }
}

#[tokio::test]
async fn a_component_that_was_built_for_an_earlier_cache_loads_and_runs() {
    let file = project().join("host/tests/guests/built/greeting-cache-0.1.0.wasm");
    let host = TestHost::new();
    host.load("greeting", std::fs::read(file).unwrap()).await;
    let name = json!({ "name": "Ada" });
    for count in [1, 2] {
        let greeting = TestHost::json(host.call("greeting.greet", &name).await);
        assert_eq!(greeting, format!("Hello, Ada! ({count})"));
    }
}
