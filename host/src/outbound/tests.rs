//! Tests of the rules for outbound requests, against servers on loopback.

mod faults;
mod redirects;
mod server;
mod tls;

use super::*;
use crate::grants::{ConfigGrant, HttpGrant};
use crate::telemetry::Metrics;
use hostel_cache::{BudgetPart, MemoryBudget};
use network::Resolver;
use server::Server;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU32;

/// Returns a budget of this many bytes for responses.
pub(super) fn messages(bytes: usize) -> Arc<BudgetPart> {
    MemoryBudget::new(bytes).part(bytes)
}

/// The grants and limits of a test's plugin.
struct Reach {
    allow: Vec<Allowed>,
    secrets: Vec<&'static str>,
    connections: usize,
    network: Arc<Network>,
    most_requests: usize,
    most_bytes: usize,
}

impl Default for Reach {
    fn default() -> Self {
        Reach {
            allow: Vec::new(),
            secrets: Vec::new(),
            connections: 64,
            network: Network::new(&messages(1 << 30)),
            most_requests: 50,
            most_bytes: 8 << 20,
        }
    }
}

impl Reach {
    /// Grants only these URLs, and permits internal addresses.
    fn private(urls: &[&str]) -> Self {
        let allow = urls.iter().map(|url| Allowed::new(url).unwrap().with_private().unwrap());
        Reach { allow: allow.collect(), ..Reach::default() }
    }

    /// Grants only these URLs, and does not permit internal addresses.
    fn public(urls: &[&str]) -> Self {
        let allow = urls.iter().map(|url| Allowed::new(url).unwrap()).collect();
        Reach { allow, ..Reach::default() }
    }

    fn open(&self) -> Plugin {
        let secret = |text: &&str| ((*text).to_owned(), Secret::new(text).unwrap());
        let grants = Grants {
            http: HttpGrant { allow: self.allow.clone(), connections: self.connections },
            config: ConfigGrant {
                secrets: self.secrets.iter().map(secret).collect(),
                ..ConfigGrant::default()
            },
            ..Grants::default()
        };
        let meter = Metrics::new().http_client("p");
        let network = Arc::clone(&self.network);
        let outbound = Arc::new(Outbound::new("p".into(), &grants, network, meter));
        let until = Instant::now() + Duration::from_secs(60);
        let call = SendingCall::new(self.most_requests, self.most_bytes, until);
        Plugin { outbound, call, network: Arc::clone(&self.network) }
    }
}

/// A plugin that sends requests within one call.
struct Plugin {
    outbound: Arc<Outbound>,
    call: SendingCall,
    network: Arc<Network>,
}

impl Plugin {
    fn sending(&self) -> Sending {
        Sending { call: self.call.clone(), request_id: "id-7".to_owned(), span: None }
    }

    async fn send(&self, request: SendRequest) -> Result<SendResponse, SendError> {
        self.outbound.send(request, &self.sending()).await
    }

    async fn get(&self, url: &str) -> Result<SendResponse, SendError> {
        self.send(get(url)).await
    }

    #[track_caller]
    fn refused(result: Result<SendResponse, SendError>, kind: SendErrorKind, words: &str) {
        let error = result.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(words), "{error}");
    }

    /// Waits until no connection is open.
    async fn closes(&self) {
        while self.network.connections() > 0 {
            tokio::task::yield_now().await;
        }
    }
}

fn get(url: &str) -> SendRequest {
    request("GET", url)
}

fn request(method: &str, url: &str) -> SendRequest {
    SendRequest {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        timeout: None,
        redirects: 0,
    }
}

fn with_header(mut request: SendRequest, name: &str, value: &str) -> SendRequest {
    request.headers.push((name.to_owned(), value.as_bytes().to_vec()));
    request
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-a: 1\r\nX-A: 2\r\n\r\nok";

#[tokio::test]
async fn a_request_is_sent_as_it_is_with_what_the_host_adds() {
    let server = Server::new(|_| OK.into()).await;
    let plugin = Reach::private(&[&server.url("")]).open();
    let post = SendRequest { body: b"a=1".to_vec(), ..request("POST", &server.url("/a/b?c=d#e")) };
    let response = plugin.send(with_header(post, "X-Key", "k")).await.unwrap();
    assert_eq!((response.status, &*response.body), (200, &b"ok"[..]));
    assert_eq!(response.url, server.url("/a/b?c=d"));
    let named = |name: &str| response.headers.iter().filter(|(n, _)| n == name).count();
    assert_eq!((named("x-a"), named("X-A")), (2, 0));
    let sent = server.requests().remove(0);
    let mut lines: Vec<&str> = sent.split("\r\n").collect();
    assert_eq!((lines.remove(0), lines.pop()), ("POST /a/b?c=d HTTP/1.1", Some("a=1")));
    lines.retain(|line| !line.is_empty());
    lines.sort_unstable();
    let host = format!("host: {}", server.address);
    let agent = concat!("user-agent: hostel/", env!("CARGO_PKG_VERSION"));
    assert_eq!(lines, ["content-length: 3", &host, agent, "x-key: k", "x-request-id: id-7"]);
}

#[tokio::test]
async fn what_no_row_covers_is_denied_with_the_row_to_write() {
    let server = Server::new(|_| OK.into()).await;
    let elsewhere = Reach::private(&["http://127.0.0.1:1", &server.url("/v1/")]).open();
    for url in [server.url("/v2"), server.url("/v1/..%2fv2"), server.url("/v1/../v2")] {
        let row = format!("allow = [{{ url = \"{}\", private = true }}]", server.url(""));
        Plugin::refused(elsewhere.get(&url).await, SendErrorKind::Denied, &row);
    }
    let nothing = Reach::default().open();
    let result = nothing.get("https://api.example.com/a?key=hidden").await;
    let error = result.unwrap_err();
    assert_eq!(
        error.message,
        "https://api.example.com/a: no grant allows it: write `allow = [\"https://api.example.com\"]` \
         in [plugins.p.http], or `--allow-http https://api.example.com` for `hostel run`"
    );
    assert_eq!(server.requests(), [""; 0]);
}

#[tokio::test]
async fn addresses_inside_are_denied_unless_the_row_is_private() {
    let server = Server::new(|_| OK.into()).await;
    let port = server.address.port();
    for host in [
        "127.0.0.1",
        "0x7f000001",
        "2130706433",
        "127.1",
        // Like browsers, the URL parser converts this host and the next two to `127.0.0.1`.
        "%31%32%37.0.0.1",
        "127\u{3002}0\u{3002}0\u{3002}1",
        "\u{ff11}27.0.0.1",
        "LOCALHOST",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
        "0.0.0.0",
        "10.0.0.1",
        "[fd00::1]",
        "[64:ff9b::7f00:1]",
    ] {
        let url = format!("http://{host}:{port}/");
        let plugin = Reach::public(&[&url]).open();
        Plugin::refused(plugin.get(&url).await, SendErrorKind::Denied, ", private = true }`");
        plugin.closes().await;
    }
    assert_eq!(server.requests(), [""; 0]);
    let url = format!("http://0x7f000001:{port}/");
    assert!(Reach::private(&[&url]).open().get(&url).await.is_ok());
}

/// Counts the look-ups in the following test.
static LOOK_UPS: AtomicU32 = AtomicU32::new(0);

#[tokio::test]
async fn a_name_is_looked_up_once_and_that_address_is_connected_to() {
    let server = Server::new(|_| OK.into()).await;
    // The server listens only on the address of the first look-up. Any further look-up returns
    // another address.
    let changing = Network::with(
        |_, port| {
            let first = LOOK_UPS.fetch_add(1, Ordering::Relaxed) == 0;
            let address = if first { [127, 0, 0, 1] } else { [127, 0, 0, 9] };
            Ok(vec![SocketAddr::from((address, port))])
        },
        &messages(1 << 20),
    );
    let url = format!("http://changes.example:{}/", server.address.port());
    let reach = Reach { network: changing, ..Reach::private(&[&url]) };
    assert!(reach.open().get(&url).await.is_ok());
    assert_eq!(LOOK_UPS.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_name_that_leads_inside_is_denied_whatever_else_it_leads_to() {
    let server = Server::new(|_| OK.into()).await;
    let port = server.address.port();
    let resolve: Resolver = |_, port| Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))]);
    let inside = Network::with(resolve, &messages(1 << 20));
    let url = format!("http://inside.example:{port}/");
    let plugin = Reach { network: inside, ..Reach::public(&[&url]) }.open();
    let words = "its address 127.0.0.1 is a loopback address";
    Plugin::refused(plugin.get(&url).await, SendErrorKind::Denied, words);
    // The connection must go only to the public address, where nothing listens at this port.
    let both = Network::with(
        |_, port| {
            let inside = SocketAddr::from(([127, 0, 0, 1], port));
            Ok(vec![inside, SocketAddr::from(([192, 31, 196, 1], port)), inside])
        },
        &messages(1 << 20),
    );
    let plugin = Reach { network: both, ..Reach::public(&[&url]) }.open();
    let request = SendRequest { timeout: Some(Duration::from_millis(300)), ..get(&url) };
    let kind = plugin.send(request).await.unwrap_err().kind;
    assert!(matches!(kind, SendErrorKind::Unreachable | SendErrorKind::Timeout), "{kind:?}");
    plugin.closes().await;
    assert_eq!(server.requests(), [""; 0]);
}

#[tokio::test]
async fn a_response_that_exceeds_the_budget_is_too_large_and_takes_no_memory() {
    let server = Server::new(|_| OK.into()).await;
    let url = format!("http://{}/", server.address);
    let messages = messages(1);
    let plugin = Reach { network: Network::new(&messages), ..Reach::private(&[&url]) }.open();
    Plugin::refused(plugin.get(&url).await, SendErrorKind::TooLarge, "raise `server.memory`");
    assert_eq!(messages.taken(), 0);
}

#[tokio::test]
async fn a_name_without_an_address_is_unreachable() {
    let none = Network::with(|_, _| Ok(Vec::new()), &messages(1 << 20));
    let url = "http://none.example/";
    let plugin = Reach { network: none, ..Reach::public(&[url]) }.open();
    Plugin::refused(
        plugin.get(url).await,
        SendErrorKind::Unreachable,
        "its name cannot be resolved",
    );
}

#[tokio::test]
async fn an_invalid_request_is_refused_with_its_fault() {
    let plugin = Reach::public(&["https://a.example"]).open();
    for (url, words) in [
        ("", "is not a URL"),
        ("/a", "is not a URL"),
        ("file:///etc/passwd", "is not an http or https URL"),
        ("ftp://a.example", "is not an http or https URL"),
        ("https://", "is not a URL"),
        ("https://a.example:99999", "is not a URL"),
        ("https://user@a.example/", "has a user or a password"),
        ("https://user:hidden@a.example/", "has a user or a password"),
    ] {
        let result = plugin.get(url).await;
        assert!(!format!("{result:?}").contains("hidden"));
        Plugin::refused(result, SendErrorKind::InvalidRequest, words);
    }
    for method in ["", "GE T", "CONNECT", "TRACE", "GET\r\n"] {
        let result = plugin.send(request(method, "https://a.example/")).await;
        Plugin::refused(result, SendErrorKind::InvalidRequest, "is not a method");
    }
    for (name, value, words) in [
        ("", "a", "is not a header name"),
        ("a b", "a", "is not a header name"),
        ("a\r\n", "a", "is not a header name"),
        ("x-a", "a\r\nb: c", "has a line break"),
        ("x-a", "a\0", "has a line break"),
        ("Host", "b", "`host` is set by the host"),
        ("content-length", "3", "is set by the host"),
        ("Transfer-Encoding", "chunked", "is set by the host"),
        ("connection", "close", "is set by the host"),
        ("upgrade", "h2c", "is set by the host"),
    ] {
        let result = plugin.send(with_header(get("https://a.example/"), name, value)).await;
        Plugin::refused(result, SendErrorKind::InvalidRequest, words);
    }
}

#[tokio::test]
async fn a_call_sends_so_many_requests_and_no_more() {
    let server = Server::new(|_| OK.into()).await;
    let plugin = Reach { most_requests: 3, ..Reach::private(&[&server.url("")]) }.open();
    let requests = || (0..5).map(|_| get(&server.url("/"))).collect();
    let results =
        Arc::clone(&plugin.outbound).send_many(requests(), Arc::new(plugin.sending())).await;
    assert_eq!(results.iter().filter(|it| it.is_ok()).count(), 3);
    assert_eq!(server.requests().len(), 3);
    let result = plugin.get(&server.url("/")).await;
    Plugin::refused(result, SendErrorKind::Denied, "raise `limits.http-requests`");
}

#[tokio::test]
async fn several_requests_are_sent_at_once_and_return_in_order() {
    // The server responds only once all requests have arrived.
    let together = Arc::new(tokio::sync::Barrier::new(10));
    let server = Server::with(move |request| {
        let together = Arc::clone(&together);
        async move {
            together.wait().await;
            let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{path}", path.len()).into()
        }
    })
    .await;
    let plugin = Reach::private(&[&server.url("")]).open();
    let requests = (0..10).map(|at| get(&server.url(&format!("/{at}")))).collect();
    let results =
        Arc::clone(&plugin.outbound).send_many(requests, Arc::new(plugin.sending())).await;
    for (at, result) in results.into_iter().enumerate() {
        assert_eq!(result.unwrap().body, format!("/{at}").as_bytes());
    }
}

#[tokio::test]
async fn a_plugin_uses_so_many_connections_at_once_and_no_more() {
    let server = Server::new(|_| OK.into()).await;
    let plugin = Reach { connections: 2, ..Reach::private(&[&server.url("")]) }.open();
    let requests = (0..20).map(|_| get(&server.url("/"))).collect();
    let results =
        Arc::clone(&plugin.outbound).send_many(requests, Arc::new(plugin.sending())).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert!(server.most_connections() <= 2, "{}", server.most_connections());
    // Dropping the plugin closes its idle connections.
    let network = Arc::clone(&plugin.network);
    assert!(network.connections() > 0);
    drop(plugin);
    while network.connections() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn connections_that_a_plugin_keeps_to_many_servers_are_bounded_too() {
    let servers: Vec<Server> = futures_of(6, || Server::new(|_| OK.into())).await;
    let urls: Vec<String> = servers.iter().map(|server| server.url("")).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let plugin = Reach { connections: 2, ..Reach::private(&urls) }.open();
    for url in &urls[..4] {
        plugin.get(url).await.unwrap();
    }
    assert_eq!(plugin.network.connections(), 4);
    let request = SendRequest { timeout: Some(Duration::from_millis(100)), ..get(urls[4]) };
    Plugin::refused(plugin.send(request).await, SendErrorKind::Timeout, "within 100 ms");
    assert_eq!(plugin.network.connections(), 4);
}

async fn futures_of<F: Future>(count: usize, make: impl Fn() -> F) -> Vec<F::Output> {
    let mut made = Vec::new();
    for _ in 0..count {
        made.push(make().await);
    }
    made
}
