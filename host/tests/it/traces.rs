//! Traces as a collector receives them: the spans, their contents, and the behaviour when the
//! collector is unavailable.

use crate::http::client::{TestServer, post, route};
use crate::http::cors::cors;
use crate::http::program::{ANYWHERE, Place, Serving};
use crate::http::serve::check_serves;
use crate::outbound::server::Source;
use crate::redis::server::RedisServer;
use crate::support::{component, hostel, patient};
use hostel::config::Server;
use hostel::http::HttpSettings;
use hostel::{Limits, TraceSettings, Tracer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A test that waits longer than this fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(20);

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// Returns a `traceparent` header with these flags: `01` if the trace is sampled, otherwise `00`.
fn parent(flags: &str) -> String {
    format!("traceparent: 00-{TRACE}-{PARENT}-{flags}\r\n")
}

/// An OTLP collector over HTTP that responds with a sequence of statuses, and then repeats the last
/// one.
struct Collector {
    url: String,
    /// The head and body of each request.
    posts: Receiver<(String, Value)>,
}

impl Collector {
    fn start(statuses: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (tell, posts) = channel();
        std::thread::spawn(move || {
            let mut statuses = statuses.iter().chain(std::iter::repeat(statuses.last().unwrap()));
            for stream in listener.incoming() {
                let post = read(&mut BufReader::new(stream.as_ref().unwrap()));
                // Sending fails if the test has dropped the receiver.
                let _ = tell.send(post);
                let status = statuses.next().unwrap();
                let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n{{}}");
                let _ = stream.unwrap().write_all(answer.as_bytes());
            }
        });
        Collector { url, posts }
    }

    /// Returns the next request, and the collector itself.
    async fn post(self) -> (Self, (String, Value)) {
        let next = tokio::task::spawn_blocking(move || {
            let post = self.posts.recv_timeout(PATIENCE).unwrap();
            (self, post)
        });
        next.await.unwrap()
    }

    /// Returns all spans of a tracer. Waits for the expected number before it ends the tracer,
    /// because `end` gives up after two seconds, which is too short on a busy machine.
    async fn all_spans(mut self, tracer: &Tracer, expected: usize) -> Vec<Span> {
        let mut all = Vec::new();
        while all.len() < expected {
            let (collector, (_, body)) = self.post().await;
            all.extend(spans(&body));
            self = collector;
        }
        tracer.end().await;
        all.extend(self.spans());
        all
    }

    /// Returns the spans of all requests received so far that were not returned before.
    fn spans(&self) -> Vec<Span> {
        self.posts.try_iter().flat_map(|(_, body)| spans(&body)).collect()
    }
}

fn read(stream: &mut impl BufRead) -> (String, Value) {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        stream.read_line(&mut head).unwrap();
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    (head, serde_json::from_slice(&body).unwrap())
}

/// A span as it was sent: its fields, and its attributes by name.
#[derive(Debug)]
struct Span {
    fields: Value,
    attributes: BTreeMap<String, Value>,
}

fn spans(body: &Value) -> Vec<Span> {
    let [resource] = body["resourceSpans"].as_array().unwrap().as_slice() else { panic!("{body}") };
    let [scope] = resource["scopeSpans"].as_array().unwrap().as_slice() else { panic!("{body}") };
    let service = &attributes(&resource["resource"])["service.name"];
    assert_eq!(*service, "hostel");
    let span = |fields: &Value| Span { fields: fields.clone(), attributes: attributes(fields) };
    scope["spans"].as_array().unwrap().iter().map(span).collect()
}

fn attributes(of: &Value) -> BTreeMap<String, Value> {
    let attribute = |it: &Value| {
        let value = it["value"].as_object().unwrap().values().next().unwrap().clone();
        (it["key"].as_str().unwrap().to_owned(), value)
    };
    of["attributes"].as_array().unwrap().iter().map(attribute).collect()
}

impl Span {
    fn field(&self, name: &str) -> &str {
        self.fields[name].as_str().unwrap()
    }

    #[track_caller]
    fn check(&self, name: &str, attributes: &[(&str, &str)]) {
        assert_eq!(self.field("name"), name);
        for (key, value) in attributes {
            let found = self.attributes.get(*key).and_then(Value::as_str);
            assert_eq!(found, Some(*value), "{key} of {self:?}");
        }
        let nanoseconds = |name| self.field(name).parse::<u64>().unwrap();
        assert!(nanoseconds("endTimeUnixNano") > nanoseconds("startTimeUnixNano"));
    }

    fn is_error(&self) -> bool {
        self.fields["status"]["code"] == 2
    }
}

/// Creates a tracer that sends traces to a collector. A valid `traceparent` header of a request
/// decides whether the request is traced. Of the other requests, the fraction `ratio` is traced.
fn tracer(collector: &Collector, ratio: f64) -> Tracer {
    let settings = TraceSettings {
        url: format!("{}/v1/traces", collector.url),
        headers: vec![("api-key".to_owned(), "secret".to_owned())],
        service_name: "hostel".to_owned(),
        ratio,
    };
    Tracer::start(settings, std::sync::Arc::new(|_| {})).unwrap()
}

async fn server(tracer: &Tracer) -> TestServer {
    let settings = HttpSettings {
        routes: vec![route("POST", "/mirrors/{id}", "guests.mirrors")],
        tracer: Some(tracer.clone()),
        ..HttpSettings::default()
    };
    TestServer::with(patient(), settings).await
}

#[tokio::test]
async fn a_request_and_its_call_are_spans_of_the_clients_trace() {
    let collector = Collector::start(&["200 OK"]);
    let tracer = tracer(&collector, 1.0);
    let server = server(&tracer).await;
    let headers = format!("{}tracestate: a=b\r\nx-request-id: seven\r\n", parent("01"));
    server.post("mirrors", &headers, "").await;
    let (_, (head, body)) = collector.post().await;
    tracer.end().await;
    assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/json\r\n"), "{head}");
    assert!(head.contains("api-key: secret\r\n"), "{head}");
    let spans = spans(&body);
    let [call, request] = spans.as_slice() else { panic!("{spans:?}") };
    request.check(
        "POST /services/{service}",
        &[
            ("http.request.method", "POST"),
            ("http.route", "/services/{service}"),
            ("http.response.status_code", "200"),
            ("url.path", "/services/guests.mirrors"),
            ("url.scheme", "http"),
            ("client.address", "127.0.0.1"),
            ("hostel.request_id", "seven"),
        ],
    );
    call.check(
        "guests.mirrors",
        &[
            ("hostel.plugin", "guests"),
            ("hostel.service", "mirrors"),
            ("hostel.outcome", "answered"),
            ("hostel.instance", "fresh"),
        ],
    );
    assert!(call.attributes["hostel.wait_seconds"].is_f64());
    assert!(!call.is_error() && !request.is_error());
    assert_eq!((&request.fields["kind"], &call.fields["kind"]), (&2.into(), &1.into()));
    for span in [call, request] {
        assert_eq!((span.field("traceId"), span.field("traceState")), (TRACE, "a=b"));
    }
    assert_eq!(request.field("parentSpanId"), PARENT);
    assert_eq!(call.field("parentSpanId"), request.field("spanId"));
}

#[tokio::test]
async fn spans_contain_the_error_and_the_route() {
    let collector = Collector::start(&["200 OK"]);
    let tracer = tracer(&collector, 1.0);
    let server = server(&tracer).await;
    server.post("panics", "", "").await;
    server.post("fails", "", "\"bad-request\"").await;
    server.send("POST /mirrors/7 HTTP/1.1\r\nhost: a\r\n\r\n").await;
    server.send("BREW /mirrors/7 HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let spans = collector.all_spans(&tracer, 7).await;
    let names: Vec<_> = spans.iter().map(|span| span.field("name")).collect();
    let services = "POST /services/{service}";
    let expected = [
        "guests.panics",
        services,
        "guests.fails",
        services,
        "guests.mirrors",
        "POST /mirrors/{id}",
        "HTTP",
    ];
    assert_eq!(names, expected);
    spans[0].check("guests.panics", &[("hostel.outcome", "trap"), ("error.type", "trap")]);
    spans[1].check(services, &[("http.response.status_code", "500"), ("error.type", "500")]);
    spans[2].check("guests.fails", &[("hostel.outcome", "bad-request")]);
    spans[3].check(services, &[("http.response.status_code", "400")]);
    spans[6].check("HTTP", &[("http.request.method", "_OTHER")]);
    let errors: Vec<_> = spans.iter().map(Span::is_error).collect();
    assert_eq!(errors, [true, true, false, false, false, false, false]);
    let traces: std::collections::BTreeSet<_> =
        spans.iter().map(|it| it.field("traceId")).collect();
    assert_eq!(traces.len(), 4, "one trace a request");
}

#[tokio::test]
async fn the_span_of_a_preflight_has_the_route_of_its_target() {
    let collector = Collector::start(&["200 OK"]);
    let tracer = tracer(&collector, 1.0);
    let settings = HttpSettings {
        server: Server { cors: Some(cors("*")), ..Server::default() },
        routes: vec![route("POST", "/mirrors/{id}", "guests.mirrors")],
        tracer: Some(tracer.clone()),
        ..HttpSettings::default()
    };
    let server = TestServer::with(patient(), settings).await;
    let targets = [
        ("/mirrors/7", "POST", Some("/mirrors/{id}")),
        ("/services/guests.mirrors", "POST", Some("/services/{service}")),
        ("/services", "GET", Some("/services")),
        ("/mirrors/7", "PUT", None),
    ];
    for (path, method, _) in targets {
        let asked = format!("origin: https://a.example\r\naccess-control-request-method: {method}");
        server.send(&format!("OPTIONS {path} HTTP/1.1\r\nhost: a\r\n{asked}\r\n\r\n")).await;
    }
    let spans = collector.all_spans(&tracer, targets.len()).await;
    for (span, (path, method, route)) in spans.iter().zip(targets) {
        let found = span.attributes.get("http.route").and_then(Value::as_str);
        assert_eq!(found, route, "{method} {path}");
        let name = route.map_or("OPTIONS".to_owned(), |route| format!("OPTIONS {route}"));
        span.check(&name, &[("url.path", path)]);
    }
}

#[tokio::test]
async fn the_decision_of_the_parent_precedes_the_ratio() {
    for (ratio, headers, expected) in [
        (0.0, String::new(), 0),
        (0.0, parent("01"), 2),
        (1.0, parent("00"), 0),
        (1.0, parent("00") + &parent("01"), 2),
        (1.0, "traceparent: nonsense\r\n".to_owned(), 2),
    ] {
        let collector = Collector::start(&["200 OK"]);
        let tracer = tracer(&collector, ratio);
        server(&tracer).await.post("mirrors", &headers, "").await;
        let spans = collector.all_spans(&tracer, expected).await;
        assert_eq!(spans.len(), expected, "{ratio} {headers:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_spans_of_a_client_that_left_end_as_cancelled() {
    let collector = Collector::start(&["200 OK"]);
    let tracer = tracer(&collector, 1.0);
    let limits = Limits {
        time: Duration::from_secs(3_600),
        cpu: Duration::from_secs(3_600),
        ..Limits::default()
    };
    let settings = HttpSettings { tracer: Some(tracer.clone()), ..HttpSettings::default() };
    let mut server = TestServer::with(limits, settings).await;
    let mut client = server.connect().await;
    client.send(post("logs-then-spins", "", "")).await;
    server.line("guests.logs-then-spins: spins").await;
    drop(client);
    server.line("guests.logs-then-spins: spun").await;
    server.stop();
    server.report().await;
    let spans = collector.all_spans(&tracer, 2).await;
    let [call, request] = spans.as_slice() else { panic!("{spans:?}") };
    call.check("guests.logs-then-spins", &[("hostel.outcome", "cancelled")]);
    let status = ("http.response.status_code", "499");
    request.check("POST /services/{service}", &[("error.type", "cancelled"), status]);
    assert!(call.is_error() && request.is_error());
}

#[tokio::test]
async fn spans_that_are_not_taken_at_first_are_sent_again() {
    let collector = Collector::start(&["503 Service Unavailable", "200 OK"]);
    let tracer = tracer(&collector, 1.0);
    server(&tracer).await.post("mirrors", "", "").await;
    let (collector, (_, first)) = collector.post().await;
    let (_, (_, second)) = collector.post().await;
    assert_eq!(first, second);
    tracer.end().await;
}

/// Serves with a collector set in the environment. Also returns the log line about the end of
/// loading.
fn serve(collector: &str) -> (Serving, String) {
    let mut serve = hostel();
    serve.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector);
    Serving::start_by(serve)
}

#[test]
fn spans_are_sent_before_the_server_ends_and_name_reused_instances() {
    let collector = Collector::start(&["200 OK"]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(component("host/tests/guests"), folder.path().join("guests.wasm")).unwrap();
    let config = format!(
        "[plugins.guests]\ninstances = \"reuse\"\n[traces]\nendpoint = \"{}\"\n",
        collector.url
    );
    let file = folder.path().join("hostel.toml");
    std::fs::write(&file, config).unwrap();
    let mut serve = hostel();
    serve.arg("serve").arg("--config").arg(file);
    let (mut serving, first) = Serving::begin(serve);
    check_serves(&first);
    check_serves(&first);
    serving.signal("TERM");
    assert_eq!(serving.code(), Some(0));
    let spans = collector.spans();
    let instance = |span: &Span| span.attributes.get("hostel.instance").cloned();
    let instances: Vec<_> = spans.iter().filter_map(instance).collect();
    assert_eq!(instances, ["fresh", "reused"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_on_redis_is_a_span_of_its_call() {
    let collector = Collector::start(&["200 OK"]);
    let mut redis = RedisServer::start();
    let place = Place::with_guests(&format!(
        "[private-cache]\nbackend = \"redis://{}\"\ntimeout = \"2s\"\n[traces]\nendpoint = \"{}\"\n\
         [plugins.guests]\ninstances = \"reuse\"\n",
        redis.address(),
        collector.url
    ));
    let mut serving = place.serve();
    let call = |call: &str| post("touches-the-cache", "", call);
    serving.send(&call(r#"["set","k","1"]"#)).await;
    serving.send(&call(r#"["exists","k"]"#)).await;
    redis.kill();
    serving.send(&call(r#"["get","k"]"#)).await;
    serving.signal("TERM");
    assert_eq!(serving.ended().await, Some(0));
    let spans = collector.spans();
    let is_redis = |span: &&Span| span.attributes.contains_key("db.system.name");
    let operations: Vec<_> = spans.iter().filter(is_redis).collect();
    let names: Vec<_> = operations.iter().map(|span| span.field("name")).collect();
    assert_eq!(names, ["set", "exists", "get"]);
    let errors: Vec<_> = operations.iter().map(|span| span.is_error()).collect();
    assert_eq!(errors, [false, false, true]);
    operations[2].check("get", &[("db.operation.name", "get"), ("error.type", "unavailable")]);
    for operation in operations {
        let parent = operation.field("parentSpanId");
        let call = spans.iter().find(|span| span.field("spanId") == parent).unwrap();
        assert_eq!(call.attributes["hostel.service"], "touches-the-cache");
        assert_eq!(operation.fields["kind"], 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_to_another_server_is_a_span_of_its_call_and_carries_it() {
    let collector = Collector::start(&["200 OK"]);
    let source = Source::new();
    let place = Place::new(&format!(
        "[plugins.sources.http]\nallow = [{{ url = \"{}\", private = true }}, \"https://a.example\"]\n\
         [traces]\nendpoint = \"{}\"\n",
        source.url(""),
        collector.url
    ));
    let wasm = component("guest-sdk/conformance/sources");
    std::fs::copy(wasm, place.file("sources")).unwrap();
    let mut serving = place.serve();
    for path in ["/a?key=hidden", "/close"] {
        let request = json!([{ "method": "GET", "url": source.url(path) }]).to_string();
        let head = format!("{}content-type: application/json\r\n", parent("01"));
        let request = post("http-send", &head, &request).replace("guests.", "sources.");
        serving.send(&request).await;
    }
    serving.signal("TERM");
    assert_eq!(serving.ended().await, Some(0));
    let spans = collector.spans();
    let sent: Vec<_> = spans.iter().filter(|it| it.attributes.contains_key("url.full")).collect();
    let [answered, aborted] = sent[..] else { panic!("{spans:?}") };
    let url = source.url("/a");
    answered.check("GET", &[("url.full", &url), ("http.response.status_code", "200")]);
    aborted.check("GET", &[("error.type", "aborted")]);
    assert_eq!((answered.is_error(), aborted.is_error()), (false, true));
    for (span, head) in sent.iter().zip(source.heads()) {
        let of_call = spans.iter().find(|it| it.field("spanId") == span.field("parentSpanId"));
        assert_eq!(of_call.unwrap().attributes["hostel.service"], "http-send");
        let told = format!("traceparent: 00-{TRACE}-{}-01", span.field("spanId"));
        assert!(head.contains(&told), "{told}: {head}");
    }
}

#[test]
fn a_collector_that_hangs_or_is_missing_delays_no_request() {
    let hangs = TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (collector, told) in [
        (hangs.local_addr().unwrap(), "the collector did not accept the last spans within 2 s"),
        (gone, "2 spans of traces were lost: Connection refused"),
    ] {
        let (mut serving, first) = serve(&format!("http://{collector}"));
        check_serves(&first);
        serving.signal("TERM");
        assert!(serving.line().starts_with("stopping"));
        let line = serving.line();
        assert!(line.starts_with(told), "{line}");
        assert_eq!(serving.code(), Some(0));
    }
}

#[test]
fn an_invalid_collector_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut serve = hostel();
    serve.env("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318");
    let output = serve.arg("serve").args(ANYWHERE).arg(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("is invalid: write it as in"), "{told}");
}
