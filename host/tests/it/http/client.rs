//! A server under test, and a client that can send arbitrary bytes.

use crate::support::{guests, patient};
use hostel::config::{Method, PathPattern, Route, RouteCors, Server};
use hostel::http::{HttpError, HttpSettings, ServerReport, run};
use hostel::{Host, Limits, PluginName, PluginSettings, ServiceName, Settings};
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// The usual time after which a waiting test fails instead of hanging.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A short timeout, for tests in which the timeout must expire.
pub const SOON: Duration = Duration::from_millis(100);

pub async fn patiently<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what} takes too long"))
}

/// Polls until `ask` returns a value, and returns the value. Panics after [`PATIENCE`].
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let mut ticks = tokio::time::interval(Duration::from_millis(2));
    let asking = async {
        loop {
            ticks.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    patiently(what, asking).await
}

pub fn route(methods: &str, path: &str, service: &str) -> Route {
    Route {
        path: PathPattern::new(path).unwrap(),
        methods: methods.split_whitespace().map(method).collect(),
        service: ServiceName::new(service),
        callers: None,
        cors: RouteCors::default(),
    }
}

fn method(name: &str) -> Method {
    Method::ALL.into_iter().find(|method| method.as_str() == name).unwrap()
}

pub struct TestServer {
    pub address: SocketAddr,
    pub host: Arc<Host>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<ServerReport, HttpError>>,
    /// Log lines as `source: message`.
    lines: mpsc::UnboundedReceiver<String>,
}

impl TestServer {
    pub async fn new() -> Self {
        TestServer::with(patient(), HttpSettings::default()).await
    }

    pub async fn limited(server: Server) -> Self {
        let settings = HttpSettings { server, ..HttpSettings::default() };
        TestServer::with(patient(), settings).await
    }

    /// Serves the test guests as `guests` and `other`.
    pub async fn with(limits: Limits, settings: HttpSettings) -> Self {
        TestServer::of(&[("guests", guests()), ("other", guests())], limits, settings).await
    }

    /// Serves plugins with these names and components.
    pub async fn of(plugins: &[(&str, Vec<u8>)], limits: Limits, settings: HttpSettings) -> Self {
        let (tell, lines) = mpsc::unbounded_channel();
        let log: hostel::LogSink = Arc::new(move |line| {
            let _ = tell.send(format!("{}: {}", line.source(), line.message));
        });
        let code_folder = Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("code"));
        let host = Settings { limits, log: log.clone(), code_folder, ..Settings::default() };
        let host = Arc::new(Host::new(host).unwrap());
        for &(name, ref component) in plugins {
            let name = PluginName::new(name).unwrap();
            host.load(name, component.clone(), PluginSettings::default()).await.unwrap();
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let settings = HttpSettings { log, ..settings };
        let shutdown = async { stopped.await.unwrap_or_default() };
        let of_task = Arc::clone(&host);
        let task = tokio::spawn(async move { run(listener, of_task, settings, shutdown).await });
        TestServer { address, host, stop: Some(stop), task, lines }
    }

    pub async fn connect(&self) -> Client<TcpStream> {
        Client::new(TcpStream::connect(self.address).await.unwrap())
    }

    /// Sends bytes on a new connection, and returns the result of [`Client::reply`].
    pub async fn send(&self, bytes: impl AsRef<[u8]>) -> Option<Reply> {
        let mut client = self.connect().await;
        client.send(bytes).await;
        client.reply().await
    }

    /// Sends a `POST` to a service of the plugin `guests`.
    pub async fn post(&self, service: &str, headers: &str, body: &str) -> Reply {
        self.send(post(service, headers, body)).await.unwrap()
    }

    /// Checks that a normal request succeeds.
    pub async fn check_serves(&self, after: &str) {
        let reply = self.post("mirrors", "", "").await;
        assert_eq!(reply.status, 200, "after {after}: {reply:?}");
    }

    /// Waits for this log line. Earlier lines are discarded.
    pub async fn line(&mut self, wanted: &str) {
        let seen = async { while self.lines.recv().await.as_deref() != Some(wanted) {} };
        patiently(&format!("the line {wanted:?}"), seen).await;
    }

    pub async fn next_line(&mut self) -> String {
        self.lines.recv().await.unwrap()
    }

    /// Signals the server to stop.
    pub fn stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
    }

    /// Waits until the server has stopped, and returns its report.
    pub async fn report(self) -> ServerReport {
        patiently("the end", self.task).await.unwrap().unwrap()
    }
}

pub fn post(service: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST /services/guests.{service} HTTP/1.1\r\nhost: a\r\n{headers}content-length: {length}\r\n\r\n{body}"
    )
}

/// An HTTP/1 response.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Checks the members that every problem response has, and returns its status and code.
    #[track_caller]
    pub fn problem(&self) -> (u16, String) {
        let problem = self.json();
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["type"], "about:blank");
        assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"));
        assert!(!problem["title"].as_str().unwrap().is_empty());
        (self.status, problem["code"].as_str().unwrap().to_owned())
    }
}

pub struct Client<S> {
    pub stream: S,
    read: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub fn new(stream: S) -> Self {
        Client { stream, read: Vec::new() }
    }

    /// Sends bytes. Ignores errors: the server may have closed the connection already, and its
    /// response must still be read.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = patiently("sending", self.stream.write_all(bytes.as_ref())).await;
    }

    /// Returns the next response, or `None` if the connection ends before the response's head does.
    /// The body may be incomplete.
    pub async fn reply(&mut self) -> Option<Reply> {
        self.read_reply(true).await
    }

    /// Returns the next response without reading a body, as for a `HEAD` request.
    pub async fn head_reply(&mut self) -> Option<Reply> {
        self.read_reply(false).await
    }

    /// Reads until the server closes the connection, and returns the received text.
    pub async fn rest(&mut self) -> String {
        while self.more().await {}
        String::from_utf8_lossy(&std::mem::take(&mut self.read)).into_owned()
    }

    async fn read_reply(&mut self, has_body: bool) -> Option<Reply> {
        let end = loop {
            if let Some(place) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break place;
            }
            if !self.more().await {
                return None;
            }
        };
        let head = String::from_utf8(self.read.drain(..end + 4).collect()).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_owned(), value.to_owned())
        };
        let mut reply = Reply { status, headers: lines.map(header).collect(), body: String::new() };
        let length = reply.header("content-length").map_or(0, |length| length.parse().unwrap());
        if has_body {
            while self.read.len() < length && self.more().await {}
            let body = self.read.drain(..length.min(self.read.len())).collect();
            reply.body = String::from_utf8(body).unwrap();
        }
        Some(reply)
    }

    async fn more(&mut self) -> bool {
        let reading = self.stream.read_buf(&mut self.read);
        patiently("reading", reading).await.is_ok_and(|count| count > 0)
    }
}
