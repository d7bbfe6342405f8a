//! Starts a server in a separate process, waits until the server reports its address, sends it
//! requests, and kills it at the end.

use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// The key, as encoded in a URL, and the value of the single entry.
const ENTRY: (&str, &str) = (
    "user%3A123",
    r#"{"username":"joe","email":"joe@example.com","roles":["admin","editor"],"id":123}"#,
);

/// The maximum time until a server reports its address. Some servers compile their component first.
const START: Duration = Duration::from_secs(60);

/// A server that runs until it is dropped.
pub struct Server {
    child: Child,
    addresses: Receiver<SocketAddr>,
    pub address: SocketAddr,
}

impl Server {
    /// Starts a server and waits until it reports its address.
    pub fn start(command: &mut Command) -> Result<Self> {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let lines = child.stderr.take().context("stderr is piped")?;
        let (send, addresses) = channel();
        // Keep reading: a server can block if its log lines are not read.
        std::thread::spawn(move || {
            for line in BufReader::new(lines).lines().map_while(Result::ok) {
                if let Some(address) = address(&line) {
                    // Ignore the error of a send after the server has been dropped.
                    let _ = send.send(address);
                }
            }
        });
        match addresses.recv_timeout(START) {
            Ok(address) => Ok(Server { child, addresses, address }),
            Err(_) => {
                child.kill()?;
                bail!("{command:?} does not start to serve");
            }
        }
    }

    /// Starts `hostel serve` with this configuration, and stores the entry in the cache of its
    /// plugin `entry`.
    pub fn hostel(hostel: &Path, config: &Path) -> Result<Self> {
        let server = Server::start(Command::new(hostel).arg("serve").arg("--config").arg(config))?;
        let admin = server.addresses.recv_timeout(START)?;
        let path = format!("/caches/plugin%2Fentry/entries/{}", ENTRY.0);
        let status = ask(admin, "PUT", &path, ENTRY.1)?;
        ensure!(status == 200, "the entry cannot be set: {status}");
        Ok(server)
    }

    /// Returns the MiB of memory that the process holds.
    pub fn memory(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|line| line.split_whitespace().next());
        Ok(kibibytes.context("VmRSS is missing")?.parse::<f64>()? / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Parses the address in a line that contains `http://ADDRESS:PORT`.
fn address(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("http://")?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':');
    rest.get(..end.unwrap_or(rest.len()))?.trim_end_matches(':').parse().ok()
}

/// Sends a request on a new connection and returns the status.
pub fn ask(address: SocketAddr, method: &str, path: &str, body: &str) -> Result<u16> {
    let mut answer = String::new();
    send(address, method, path, body)?.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).context("not a response")?;
    Ok(status.parse()?)
}

/// Sends a request and returns the stream, from which the caller may read the response.
pub fn send(address: SocketAddr, method: &str, path: &str, body: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes())?;
    Ok(stream)
}
