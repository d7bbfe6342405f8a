//! The server's metrics, parsed with the crate `prometheus-parse`.

use super::admin::Operated;
use super::client::{Client, post};
use crate::support::guests;
use hostel::config::{CallerGroup, Callers, Credential, Scheme, SecretHash};
use hostel::http::{HttpSettings, run};
use hostel::{CacheName, Instances, PluginName, PluginSettings, Request};
use hostel_cache::Lifetime;
use prometheus_parse::{Scrape, Value};
use serde_json::json;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

struct Metrics(Scrape);

impl Metrics {
    async fn of(operated: &Operated) -> Self {
        let reply = operated.get("/metrics").await;
        let media_type = reply.header("content-type").unwrap();
        assert!(media_type.starts_with("application/openmetrics-text"));
        let lines: Vec<&str> = reply.body.lines().collect();
        assert_eq!(lines.last(), Some(&"# EOF"));
        let scrape = Scrape::parse(lines.iter().map(|line| Ok((*line).to_owned()))).unwrap();
        let samples = scrape.samples.iter().map(|sample| match &sample.value {
            Value::Histogram(buckets) => buckets.len(),
            _ => 1,
        });
        let written = lines.iter().filter(|line| !line.starts_with('#')).count();
        assert_eq!(samples.sum::<usize>(), written, "the parser passes over a line it cannot read");
        Metrics(scrape)
    }

    /// Returns the value of the first sample with this name and all these labels (`a=b c=d`). The
    /// value of a histogram is its count.
    #[track_caller]
    fn get(&self, name: &str, labels: &str) -> f64 {
        let mut labels = labels.split_whitespace().map(|label| label.split_once('=').unwrap());
        let found = self.0.samples.iter().find(|sample| {
            let mut labels = labels.clone();
            sample.metric == name
                && labels.all(|(key, value)| sample.labels.get(key) == Some(value))
        });
        match found.map(|sample| &sample.value) {
            Some(Value::Counter(value) | Value::Gauge(value) | Value::Untyped(value)) => *value,
            Some(Value::Histogram(buckets)) => buckets.last().unwrap().count,
            other => panic!("{name} {:?}: {other:?}", labels.next()),
        }
    }

    #[track_caller]
    fn check(&self, expected: &[(&str, &str, f64)]) {
        for (name, labels, value) in expected {
            assert_eq!(self.get(name, labels), *value, "{name} {labels}");
        }
    }
}

fn name(name: &str) -> PluginName {
    PluginName::new(name).unwrap()
}

async fn fail(operated: &Operated, services: &[&str]) {
    for service in services {
        assert!(operated.host.call(service, Request::default()).await.is_err(), "{service}");
    }
}

#[tokio::test]
async fn calls_are_counted_by_how_they_end() {
    let operated = Operated::loaded().await;
    operated.touch(json!(["set", "k", "1"])).await;
    for key in ["k", "k", "none"] {
        operated.touch(json!(["get", key])).await;
    }
    fail(&operated, &["guests.fails", "guests.panics", "guests.recurses"]).await;
    operated.host.call("guests.logs-too-much", Request::default()).await.unwrap();
    let metrics = Metrics::of(&operated).await;
    let touches = "service=guests.touches-the-cache";
    metrics.check(&[
        ("hostel_calls_total", &format!("{touches} outcome=answered"), 4.0),
        ("hostel_calls_total", "service=guests.fails outcome=bad-request", 1.0),
        ("hostel_calls_total", "service=guests.panics outcome=trap", 1.0),
        ("hostel_calls_total", "service=guests.recurses outcome=limit", 1.0),
        ("hostel_call_seconds_count", touches, 4.0),
        ("hostel_call_seconds", touches, 4.0),
        ("hostel_traps_total", "plugin=guests", 1.0),
        ("hostel_limits_reached_total", "plugin=guests limit=stack", 1.0),
        ("hostel_calls_under_way", "", 0.0),
        ("hostel_calls_waiting", "", 0.0),
        ("hostel_cache_sets_total", "cache=plugin/guests", 1.0),
        ("hostel_cache_hits_total", "cache=plugin/guests", 2.0),
        ("hostel_cache_misses_total", "cache=plugin/guests", 1.0),
        ("hostel_cache_evictions_total", "cache=plugin/guests", 0.0),
        ("hostel_cache_expirations_total", "cache=plugin/guests", 0.0),
        ("hostel_cache_entries", "cache=plugin/guests", 1.0),
        ("hostel_log_lines_dropped_total", "reason=plugin", 0.0),
        ("hostel_log_lines_dropped_total", "reason=unread", 0.0),
        ("hostel_build_info", &format!("version={}", env!("CARGO_PKG_VERSION")), 1.0),
    ]);
    for (name, labels) in [
        ("hostel_call_seconds_sum", touches),
        ("hostel_log_lines_dropped_total", "reason=call"),
        ("hostel_cache_bytes", "cache=plugin/guests"),
        ("hostel_instance_slots", ""),
        ("process_start_time_seconds", ""),
        ("process_resident_memory_bytes", ""),
        ("process_open_fds", ""),
        ("process_max_fds", ""),
    ] {
        assert!(metrics.get(name, labels) > 0.0, "{name} {labels}");
    }
}

#[tokio::test]
async fn operations_and_leases_are_counted_by_cache() {
    let operated = Operated::loaded().await;
    let cache = operated.host.caches().get(&CacheName::private("guests").unwrap()).unwrap();
    (cache.increment("k", 1, None)).await.unwrap();
    for (expected, wanted) in [("1", "2"), ("2", "3"), ("1", "4")] {
        let lifetime = Lifetime::Keep;
        cache.compare_and_swap("k", Some(expected), Some(wanted), lifetime).await.unwrap();
    }
    for _ in 0..3 {
        assert!(cache.expire("k", Some(60)).await.unwrap());
    }
    for number in 0..5 {
        cache.increment(&number.to_string(), 1, None).await.unwrap();
        cache.take(&number.to_string()).await.unwrap();
    }
    cache.take("gone").await.unwrap();
    let how = operated.host.call(
        "guests.computes-once",
        Request {
            body: json!(["computed-once", 30_000, 0, null]).to_string().into_bytes(),
            ..Request::default()
        },
    );
    assert_eq!(how.await.unwrap().body, b"\"computed\"");
    let name = "cache=plugin/guests";
    Metrics::of(&operated).await.check(&[
        ("hostel_cache_increments_total", name, 7.0),
        ("hostel_cache_swaps_total", name, 2.0),
        ("hostel_cache_takes_total", name, 5.0),
        ("hostel_cache_expires_total", name, 3.0),
        ("hostel_cache_leases_total", &format!("{name} outcome=computed"), 1.0),
        ("hostel_cache_leases_total", &format!("{name} outcome=waited"), 0.0),
        ("hostel_cache_lease_wait_seconds_count", name, 0.0),
    ]);
    let counts = operated.get("/caches").await.json()["caches"][0].take();
    let counts = ["increments", "swaps", "takes", "expires"].map(|field| counts[field].as_u64());
    assert_eq!(counts, [7, 2, 5, 3].map(Some));
}

#[tokio::test]
async fn loads_and_instances_are_counted_by_what_became_of_them() {
    let operated = Operated::loaded().await;
    let host = &operated.host;
    let calls = 2.try_into().unwrap();
    let settings =
        PluginSettings { instances: Instances::reuse(calls), ..PluginSettings::default() };
    host.load(name("warm"), guests(), settings).await.unwrap();
    for _ in 0..5 {
        host.call("warm.counts", Request::default()).await.unwrap();
    }
    fail(&operated, &["warm.panics"]).await;
    host.call("warm.counts", Request::default()).await.unwrap();
    // The idle instance is dropped at once, although its version stays until the probation of the
    // new version ends.
    host.replace(&name("warm"), guests()).await.unwrap();
    let retired = ("hostel_instances_retired_total", "plugin=warm reason=version", 1.0);
    Metrics::of(&operated).await.check(&[retired, ("hostel_versions", "", 3.0)]);
    fail(&operated, &["warm.panics"; 3]).await;
    // After the rollback, the old version reuses instances again.
    for _ in 0..2 {
        host.call("warm.counts", Request::default()).await.unwrap();
    }
    host.replace(&name("guests"), guests()).await.unwrap();
    host.replace(&name("guests"), b"no component".to_vec()).await.unwrap_err();
    fail(&operated, &["guests.panics"; 3]).await;
    Metrics::of(&operated).await.check(&[
        ("hostel_plugins", "", 2.0),
        ("hostel_loads_total", "plugin=guests outcome=loaded", 1.0),
        ("hostel_loads_total", "plugin=guests outcome=reloaded", 1.0),
        ("hostel_loads_total", "plugin=guests outcome=refused", 1.0),
        ("hostel_loads_total", "plugin=guests outcome=rolled-back", 1.0),
        ("hostel_compile_seconds_count", "plugin=guests", 3.0),
        ("hostel_instances_made_total", "plugin=guests", 3.0),
        ("hostel_instances_reused_total", "plugin=guests", 0.0),
        ("hostel_instances_made_total", "plugin=warm", 8.0),
        ("hostel_instances_reused_total", "plugin=warm", 4.0),
        ("hostel_instances_retired_total", "plugin=warm reason=calls", 3.0),
        ("hostel_instances_retired_total", "plugin=warm reason=error", 4.0),
    ]);
}

#[tokio::test]
async fn requests_connections_and_unknown_callers_are_counted() {
    let operated = Operated::loaded().await;
    let hash = SecretHash::of_token(b"the-long-secret-of-ann").unwrap();
    let credentials = vec![Credential { caller: "ann".to_owned(), hash }];
    let group = CallerGroup { name: "tokens".to_owned(), scheme: Scheme::Bearer, credentials };
    let settings = HttpSettings {
        groups: vec![group],
        plugins: [(name("guests"), Callers::Group("tokens".to_owned()))].into(),
        ..HttpSettings::default()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(run(listener, Arc::clone(&operated.host), settings, std::future::pending()));
    let mut client = Client::new(TcpStream::connect(address).await.unwrap());
    for (headers, status) in [
        ("authorization: Bearer the-long-secret-of-ann\r\n", 200),
        ("authorization: Bearer wrong\r\n", 401),
        ("", 401),
    ] {
        client.send(post("mirrors", headers, "")).await;
        assert_eq!(client.reply().await.unwrap().status, status);
    }
    client.send("GET /none HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(client.reply().await.unwrap().status, 404);
    client.send("OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(client.reply().await.unwrap().status, 204);
    let (services, admin) = ("listener=services", "listener=admin");
    Metrics::of(&operated).await.check(&[
        ("hostel_http_requests_total", &format!("{services} kind=service status=2xx"), 1.0),
        ("hostel_http_requests_total", &format!("{services} kind=service status=4xx"), 2.0),
        ("hostel_http_requests_total", &format!("{services} kind=nothing status=4xx"), 1.0),
        ("hostel_http_requests_total", &format!("{services} kind=options status=2xx"), 1.0),
        ("hostel_http_requests_total", &format!("{admin} kind=admin status=2xx"), 0.0),
        ("hostel_http_connections_total", services, 1.0),
        ("hostel_http_connections_total", admin, 1.0),
        ("hostel_http_connections_open", services, 1.0),
        ("hostel_http_connections_refused_total", &format!("{services} reason=system"), 0.0),
        ("hostel_http_connections_refused_total", &format!("{services} reason=tls"), 0.0),
        ("hostel_http_connections_refused_total", &format!("{services} reason=proxy"), 0.0),
        ("hostel_http_unauthorized_total", &format!("{services} credentials=missing"), 1.0),
        ("hostel_http_unauthorized_total", &format!("{services} credentials=wrong"), 1.0),
        ("hostel_http_unauthorized_total", &format!("{services} credentials=unchecked"), 0.0),
    ]);
    drop(client);
    while Metrics::of(&operated).await.get("hostel_http_connections_open", services) > 0.0 {}
}
