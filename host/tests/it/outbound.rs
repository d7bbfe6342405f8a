//! Outgoing requests and settings, through each language's SDK.

pub mod server;

use crate::support::{TestHost, component, guests, hostel, patient, stderr, stdout};
use hostel::{
    Allowed, CallError, ConfigGrant, Grants, HttpGrant, Limit, Limits, PluginSettings, Secret,
    Settings,
};
use serde_json::{Value, json};
use server::Source;
use std::time::Duration;

/// Generates the tests of each language, for the plugin in its folder. The plugin sends the
/// requests, and reads the settings, that a test names.
macro_rules! languages {
    ($($language:ident: $folder:literal;)*) => {
        $(mod $language {
            #[tokio::test]
            async fn requests_are_sent_through_the_sdk() {
                super::check_requests($folder).await;
            }

            #[tokio::test]
            async fn each_error_is_a_value_with_its_kind() {
                super::check_errors($folder).await;
            }

            #[tokio::test]
            async fn several_requests_are_sent_at_the_same_time() {
                super::check_at_once($folder).await;
            }

            #[tokio::test]
            async fn settings_and_secrets_are_read_by_their_names() {
                super::check_settings($folder).await;
            }
        })*
    };
}

languages! {
    c: "guest-sdk/c/conformance";
    go: "guest-sdk/go/conformance";
    javascript: "guest-sdk/javascript/conformance";
    python: "guest-sdk/python/conformance/sources";
    rust: "guest-sdk/conformance/sources";
}

/// Returns the settings of a plugin that may reach these URLs and has one setting and one secret.
fn granted(urls: &[String]) -> PluginSettings {
    let allow = urls.iter().map(|url| Allowed::new(url).unwrap().with_private().unwrap());
    let http = HttpGrant { allow: allow.collect(), ..HttpGrant::default() };
    let config = ConfigGrant {
        settings: [("base-currency".to_owned(), "EUR".to_owned())].into(),
        secrets: [("api-key".to_owned(), Secret::new("topsecret").unwrap())].into(),
    };
    let grants = Grants { http, config, ..Grants::default() };
    PluginSettings { grants, ..PluginSettings::default() }
}

async fn loaded(folder: &str, settings: PluginSettings) -> TestHost {
    let host = TestHost::new();
    host.load_with("sources", std::fs::read(component(folder)).unwrap(), settings).await;
    host
}

/// Lets a guest send requests, and returns their results.
async fn sent(host: &TestHost, requests: Value) -> Vec<Value> {
    let results = TestHost::json(host.call("sources.http-send", &requests).await);
    results.as_array().unwrap().clone()
}

async fn check_requests(folder: &str) {
    let source = Source::new();
    let host = loaded(folder, granted(&[source.url("")])).await;
    let post = json!({
        "method": "POST", "url": source.url("/a?b=c"), "headers": [["x-key", "k"], ["X-Key", "l"]],
        "body": "zwölf", "timeout": null, "redirects": 0,
    });
    let result = sent(&host, json!([post])).await.remove(0);
    assert_eq!((&result["status"], &result["url"]), (&json!(200), &json!(source.url("/a?b=c"))));
    assert!(result["headers"].as_array().unwrap().contains(&json!(["x-source", "it"])), "{result}");
    let asked: Value = serde_json::from_str(result["body"].as_str().unwrap()).unwrap();
    assert_eq!((&asked["method"], &asked["path"]), (&json!("POST"), &json!("/a?b=c")));
    assert_eq!(asked["body"], "zwölf");
    let headers = asked["headers"].as_array().unwrap();
    for header in [json!(["x-key", "k"]), json!(["x-key", "l"]), json!(["x-request-id", "1"])] {
        assert!(headers.contains(&header), "{header} {asked}");
    }
    let get = |path: &str, redirects: u8| {
        json!({
            "method": "GET", "url": source.url(path), "headers": [], "body": "", "timeout": 60_000,
            "redirects": redirects,
        })
    };
    let requests =
        [get("/status/404", 0), get("/redirect", 0), get("/redirect", 1), get("/status/503", 0)];
    let results = sent(&host, json!(requests)).await;
    let statuses: Vec<_> = results.iter().map(|result| result["status"].clone()).collect();
    assert_eq!(statuses, [404, 302, 200, 503]);
    assert_eq!(results[2]["url"], source.url("/echo"));
}

async fn check_errors(folder: &str) {
    let source = Source::new();
    let closed = "http://127.0.0.1:1".to_owned();
    let settings = granted(&[source.url(""), closed.clone()]);
    let limits = Limits { http_response: 50_000, ..patient() };
    let host = loaded(folder, PluginSettings { limits: Some(limits), ..settings }).await;
    let cases = [
        (source.url("/close"), None, "aborted", "closed before the response was complete"),
        (closed.clone(), None, "unreachable", "Connection refused"),
        ("https://api.example.com/".to_owned(), None, "denied", "[plugins.sources.http]"),
        (source.url("/never"), Some(100), "timeout", "within 100 ms"),
        (source.url("/large"), None, "too-large", "raise `limits.http-response`"),
        ("file:///etc/passwd".to_owned(), None, "invalid-request", "is not an http or https URL"),
    ];
    let request = |url: &str, timeout: Option<u32>| {
        json!({
            "method": "GET", "url": url, "headers": [], "body": "", "timeout": timeout, "redirects": 0,
        })
    };
    let all: Vec<_> = cases.iter().map(|(url, timeout, ..)| request(url, *timeout)).collect();
    let together = sent(&host, json!(all)).await;
    for ((url, timeout, kind, words), of_many) in cases.iter().zip(together) {
        let alone = sent(&host, json!([request(url, *timeout)])).await.remove(0);
        for result in [alone, of_many] {
            assert_eq!(result["error"], *kind, "{result}");
            assert!(result["message"].as_str().unwrap().contains(words), "{result}");
        }
    }
}

async fn check_at_once(folder: &str) {
    let source = Source::new();
    let host = loaded(folder, granted(&[source.url("")])).await;
    // The server responds only once all requests have arrived.
    let urls = vec![source.url("/together/10"); 10];
    let result = TestHost::json(host.call("sources.http-at-once", &json!(urls)).await);
    assert_eq!(result, json!(vec![204; 10]));
}

async fn check_settings(folder: &str) {
    let host = loaded(folder, granted(&[])).await;
    let get =
        async |name: &str| TestHost::json(host.call("sources.config-get", &json!(name)).await);
    assert_eq!(get("base-currency").await, "EUR");
    assert_eq!(get("api-key").await, "topsecret");
    assert_eq!(host.messages(), [""; 0]);
    assert_eq!((get("none").await, get("none").await), (Value::Null, Value::Null));
    let lines = host.messages();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("write it in [plugins.sources.config]"), "{lines:?}");
    let names = TestHost::json(host.call("sources.config-names", &Value::Null).await);
    assert_eq!(names, json!(["api-key", "base-currency"]));
}

#[tokio::test]
async fn a_plugin_without_a_grant_reaches_nothing_and_has_no_settings() {
    let source = Source::new();
    let host = loaded("guest-sdk/conformance/sources", PluginSettings::default()).await;
    let request = json!([{ "method": "GET", "url": source.url("/") }]);
    let result = sent(&host, request).await.remove(0);
    assert_eq!(result["error"], "denied", "{result}");
    assert_eq!(source.requests(), [""; 0]);
    let names = TestHost::json(host.call("sources.config-names", &Value::Null).await);
    assert_eq!(names, json!([]));
}

#[tokio::test]
async fn a_secret_is_in_no_line_of_its_plugin() {
    let host = loaded("guest-sdk/conformance/sources", granted(&[])).await;
    let text = "the key is topsecret, topsecret!";
    let result = TestHost::json(host.call("sources.logs", &json!(text)).await);
    assert_eq!(result, text);
    let line = "the key is ***, ***!";
    assert_eq!(host.messages(), [line, line]);
}

#[tokio::test]
async fn the_count_of_requests_restarts_in_the_next_call_of_an_instance() {
    let source = Source::new();
    let limits = Limits { http_requests: 2, ..patient() };
    let calls = std::num::NonZeroU32::new(9).unwrap();
    let settings = PluginSettings {
        limits: Some(limits),
        instances: hostel::Instances::reuse(calls),
        ..granted(&[source.url("")])
    };
    let host = loaded("guest-sdk/conformance/sources", settings).await;
    let request = json!({ "method": "GET", "url": source.url("/") });
    for _ in 0..3 {
        let results = sent(&host, json!([request, request, request])).await;
        let denied = results.iter().filter(|result| result["error"] == "denied").count();
        assert_eq!(denied, 1, "{results:?}");
    }
}

#[tokio::test]
async fn a_guest_that_computes_ends_by_its_processor_time_however_long_a_call_may_wait() {
    let limits = Limits { cpu: Duration::from_millis(200), ..patient() };
    let host = TestHost::with_settings(Settings { limits, ..Settings::default() });
    host.load("guests", guests()).await;
    for service in ["guests.spins", "guests.logs-then-spins"] {
        let error = host.call(service, &Value::Null).await.unwrap_err();
        let CallError::Limit(reached) = &error else { panic!("{error}") };
        assert_eq!(reached.limit, Limit::Cpu, "{error}");
        assert!(error.to_string().contains("used more CPU time than 200ms: raise `limits.cpu`"));
    }
}

#[tokio::test]
async fn a_call_that_waits_is_not_ended_by_its_processor_time() {
    let source = Source::new();
    // The request takes longer than the limit on processor time, but the call only waits for it.
    let limits = Limits { cpu: Duration::from_millis(250), ..patient() };
    let settings = PluginSettings { limits: Some(limits), ..granted(&[source.url("")]) };
    let host = loaded("guest-sdk/conformance/sources", settings).await;
    let request = json!([{ "method": "GET", "url": source.url("/never"), "timeout": 600 }]);
    let result = sent(&host, request).await.remove(0);
    assert_eq!(result["error"], "timeout", "{result}");
}

#[test]
fn run_grants_what_its_options_name() {
    let source = Source::new();
    let request = json!([{ "method": "GET", "url": source.url("/a"), "redirects": 1 }]).to_string();
    let run = |arguments: &[&str]| {
        let mut command = hostel();
        command.arg("run").arg(component("guest-sdk/conformance/sources"));
        // The program must not use these proxies: nothing listens at their address.
        command.env("HTTP_PROXY", "http://127.0.0.1:1").env("http_proxy", "http://127.0.0.1:1");
        command.env("ALL_PROXY", "http://127.0.0.1:1").env("SOURCES_KEY", "topsecret");
        let output = command.args(arguments).output().unwrap();
        (stdout(&output), stderr(&output))
    };
    let send = ["--service", "http-send", "--payload", &request];
    let (out, _) = run(&[&send[..], &["--allow-http", &source.url("")]].concat());
    assert!(out.contains("\"status\":200"), "{out}");
    let (out, _) = run(&send);
    assert!(out.contains("\"error\":\"denied\""), "{out}");
    let get = |name: &'static str| ["--service", "config-get", "--payload", name];
    let given = ["--config", "a=b=c", "--secret", "key=env:SOURCES_KEY"];
    let (out, _) = run(&[&get("\"a\"")[..], &given].concat());
    assert_eq!(out, "\"b=c\"\n");
    let (out, _) = run(&[&get("\"key\"")[..], &given].concat());
    assert_eq!(out, "\"topsecret\"\n");
    for (wrong, words) in [
        (["--allow-http", "api.example.com"], "is not an http or https URL"),
        (["--config", "a"], "write it as NAME=VALUE"),
        (["--config", "a b=c"], "is not a valid setting name"),
        (["--secret", "key=topsecret"], "write it as NAME=env:VARIABLE or NAME=file:PATH"),
        (["--secret", "key=env:NOT_SET"], "the environment variable `NOT_SET` is not set"),
        (["--secret", "key=file:/no/such/file"], "cannot read /no/such/file"),
    ] {
        let (_, error) = run(&wrong);
        assert!(error.contains(words), "{error}");
    }
    let (_, error) = run(&["--config", "key=1", "--secret", "key=env:SOURCES_KEY"]);
    assert!(error.contains("`key` is a setting and a secret"), "{error}");
}
