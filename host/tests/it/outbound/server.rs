//! An origin server for guests, on loopback, that echoes requests.

use hostel::{Allowed, ConfigGrant, Grants, HttpGrant, PluginSettings};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Barrier, Mutex};

/// A server that responds by path:
///
/// - `/status/N` returns that status
/// - `/redirect` redirects to `/echo`
/// - `/value` returns a text as JSON; `/answer` returns the text set by the test
/// - `/large` returns 100,000 bytes
/// - `/together/N` responds once N such requests have arrived
/// - `/never` does not respond, and `/close` closes the connection
/// - any other path returns the request as JSON
pub struct Source {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

type Barriers = Arc<Mutex<BTreeMap<usize, Arc<Barrier>>>>;

impl Source {
    pub fn new() -> Self {
        Source::answering("")
    }

    /// Creates a server that returns this text for `/answer`.
    pub fn answering(text: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (of_thread, barriers) = (Arc::clone(&seen), Barriers::default());
        // The thread ends with the test process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, seen) = (stream.unwrap(), Arc::clone(&of_thread));
                let barriers = Arc::clone(&barriers);
                std::thread::spawn(move || serve(stream, &seen, &barriers, text));
            }
        });
        Source { address, seen }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns settings that permit an example to fetch a value from this server.
    pub fn granted(&self) -> PluginSettings {
        let allowed = Allowed::new(&self.url("")).unwrap().with_private().unwrap();
        let http = HttpGrant { allow: vec![allowed], ..HttpGrant::default() };
        let settings = [("source-url".to_owned(), self.url("/value"))].into();
        let config = ConfigGrant { settings, ..ConfigGrant::default() };
        let grants = Grants { http, config, ..Grants::default() };
        PluginSettings { grants, ..PluginSettings::default() }
    }

    /// Returns the request lines received so far.
    pub fn requests(&self) -> Vec<String> {
        let first = |head: &String| head.lines().next().unwrap().to_owned();
        self.seen.lock().unwrap().iter().map(first).collect()
    }

    /// Returns the request heads received so far.
    pub fn heads(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(
    stream: TcpStream,
    seen: &Mutex<Vec<String>>,
    barriers: &Barriers,
    answer: &'static str,
) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    loop {
        let mut lines = head(&mut reader)?;
        seen.lock().unwrap().push(lines.join("\n"));
        let first = lines.remove(0);
        let headers: Vec<(&str, &str)> =
            lines.iter().map(|line| line.split_once(": ").unwrap_or((line, ""))).collect();
        let length = headers.iter().find(|(name, _)| *name == "content-length");
        let mut body = vec![0; length.map_or(0, |(_, value)| value.parse().unwrap())];
        reader.read_exact(&mut body).ok()?;
        let (method, path) = first.split_once(' ').unwrap();
        let path = path.trim_end_matches(" HTTP/1.1");
        let (status, more, text) = match path.split('/').collect::<Vec<_>>()[1..] {
            ["status", status] => (status.to_owned(), String::new(), String::new()),
            ["redirect"] => ("302".to_owned(), "location: /echo\r\n".to_owned(), String::new()),
            ["value"] => ("200".to_owned(), String::new(), "\"value-from-source\"".to_owned()),
            ["answer"] => ("200".to_owned(), String::new(), answer.to_owned()),
            ["large"] => ("200".to_owned(), String::new(), "x".repeat(100_000)),
            ["close"] => return None,
            ["never"] => {
                reader.read_to_end(&mut Vec::new()).ok()?;
                return None;
            }
            ["together", count] => {
                let count = count.parse().unwrap();
                let barrier = Arc::clone(
                    barriers.lock().unwrap().entry(count).or_insert(Arc::new(Barrier::new(count))),
                );
                barrier.wait();
                ("204".to_owned(), String::new(), String::new())
            }
            _ => {
                let body = String::from_utf8_lossy(&body);
                let asked = json!({
                    "method": method, "path": path, "headers": headers, "body": body,
                });
                ("200".to_owned(), "x-source: it\r\n".to_owned(), asked.to_string())
            }
        };
        let length = match &*status {
            "204" => String::new(),
            _ => format!("content-length: {}\r\n", text.len()),
        };
        let text = if method == "HEAD" { String::new() } else { text };
        write!(writer, "HTTP/1.1 {status} Status\r\n{more}{length}\r\n{text}").ok()?;
    }
}

/// Reads the lines of a request's head, or returns `None` at the end of the connection.
fn head(reader: &mut impl BufRead) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim_end() {
            "" => return Some(lines),
            line => lines.push(line.to_owned()),
        }
    }
}
