//! Redis servers for the tests: each in a temporary folder, on a free port.

use super::client::{Client, Reply};
use hostel::{RedisAddress, RedisBackend};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;
use tempfile::TempDir;

/// Number of attempts to start a server: another process may take its port first.
const ATTEMPTS: u32 = 5;

/// The panic message when no server is installed.
pub const MISSING: &str =
    "there is no redis-server: install it (Debian: apt-get install redis-server)";

/// Added to the time to live of entries, so that they do not expire while a test inspects them:
/// more than any expiry.
const SPARE: Duration = Duration::from_secs(1_000_000_000);

/// Returns the server programs to test: the paths in `HOSTEL_REDIS_SERVERS`, separated by colons,
/// or else the installed program.
pub fn programs() -> Vec<PathBuf> {
    let named = std::env::var("HOSTEL_REDIS_SERVERS").unwrap_or_default();
    let named: Vec<_> =
        named.split(':').filter(|path| !path.is_empty()).map(PathBuf::from).collect();
    if !named.is_empty() {
        return named;
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let mut places = ["redis-server", "valkey-server"].into_iter().flat_map(|name| {
        std::env::split_paths(&folders).map(|folder| folder.join(name)).collect::<Vec<_>>()
    });
    places.find(|path| path.is_file()).into_iter().collect()
}

/// Returns the server program for tests that do not depend on the version.
pub fn program() -> PathBuf {
    programs().into_iter().next().expect(MISSING)
}

/// A server, killed when dropped. If it is the first server of a cluster, `others` contains the
/// other servers.
pub struct RedisServer {
    pub port: u16,
    pub folder: TempDir,
    program: PathBuf,
    arguments: Vec<String>,
    child: Child,
    spared: Mutex<BTreeMap<Vec<u8>, i64>>,
    others: Vec<RedisServer>,
}

impl RedisServer {
    pub fn start() -> Self {
        RedisServer::with(&program(), &[])
    }

    /// Starts a server with these settings, for example `--maxmemory 2mb`.
    pub fn with(program: &Path, settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let arguments: Vec<String> = settings
            .iter()
            .flat_map(|setting| setting.split(' '))
            .map(|word| word.replace("FOLDER", folder.path().to_str().unwrap()))
            .collect();
        for _ in 0..ATTEMPTS {
            let port = free_port();
            if let Some(child) = spawn(program, folder.path(), port, &arguments) {
                let program = program.to_owned();
                let (spared, others) = (Mutex::default(), Vec::new());
                return RedisServer { port, folder, program, arguments, child, spared, others };
            }
        }
        panic!("{} does not start with {arguments:?}", program.display());
    }

    /// Starts a Sentinel, which stores its state in its own file.
    pub fn sentinel(settings: &str) -> Self {
        let settings = format!("FOLDER/sentinel.conf {settings}");
        RedisServer::with(&program(), &[&settings])
    }

    /// Combines the servers of a cluster into one value.
    pub fn of_cluster(mut servers: Vec<RedisServer>) -> Self {
        let mut first = servers.remove(0);
        first.others = servers;
        first
    }

    fn all(&self) -> impl Iterator<Item = &RedisServer> {
        std::iter::once(self).chain(&self.others)
    }

    /// Returns the server's name and version, for example `redis 7.0.15` or
    /// `a cluster of valkey 9.1.2`.
    pub fn title(&self) -> String {
        let info = self.client().info("INFO server");
        let version = |name: &str| {
            let prefix = format!("{name}_version:");
            info.lines().find_map(|line| Some(format!("{name} {}", line.strip_prefix(&*prefix)?)))
        };
        let version = version("valkey").or_else(|| version("redis")).unwrap();
        if self.others.is_empty() { version } else { format!("a cluster of {version}") }
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Returns a backend for this server, with a timeout long enough for a busy machine.
    pub fn backend(&self) -> RedisBackend {
        let hosts: Vec<_> = self.all().map(RedisServer::address).collect();
        let scheme = if self.others.is_empty() { "redis" } else { "redis+cluster" };
        let address = RedisAddress::parse(&format!("{scheme}://{}", hosts.join(","))).unwrap();
        RedisBackend { timeout: Duration::from_secs(20), ..RedisBackend::new(address) }
    }

    /// Returns the number of names that the server or the cluster holds.
    pub fn size(&self) -> i64 {
        self.all().map(|server| server.client().integer(&[b"DBSIZE"])).sum()
    }

    /// Sends a command about one name to the server that owns the name, and returns the reply.
    pub fn ask_about_a_name(&self, words: &[&[u8]]) -> Reply {
        let mut replies = self.all().map(|server| server.client().ask(words));
        let is_elsewhere = |reply: &Reply| match reply {
            Reply::Error(error) => error.starts_with("MOVED"),
            _ => false,
        };
        replies.find(|reply| !is_elsewhere(reply)).unwrap()
    }

    pub fn client(&self) -> Client {
        Client::connect(self.port)
    }

    /// Kills the server, to simulate a fault.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Restarts the server on the same port, with the data that it last saved, if any.
    pub fn restart(&mut self) {
        for _ in 0..ATTEMPTS {
            if let Some(child) =
                spawn(&self.program, self.folder.path(), self.port, &self.arguments)
            {
                self.child = child;
                return;
            }
        }
        panic!("{} does not start again", self.program.display());
    }

    /// Pauses or resumes the process; its sockets stay open.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.child.id()).unwrap();
        let id = rustix::process::Pid::from_raw(id).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    /// Simulates the passage of time: every entry's deadline moves closer by `time`.
    ///
    /// A deadline that has not passed then moves away by `SPARE`, because the entry could otherwise
    /// expire while a slow test still inspects it. Its true time left is recorded in `spared`.
    pub fn advance(&self, time: Duration) {
        self.all().for_each(|server| server.advance_own(time));
    }

    fn advance_own(&self, time: Duration) {
        let (mut client, mut spared) = (self.client(), self.spared.lock().unwrap());
        let spare = i64::try_from(SPARE.as_millis()).unwrap();
        for name in client.names() {
            let left = client.integer(&[b"PTTL", &name]);
            let left = match spared.remove(&name) {
                _ if left < 0 => continue,
                Some(known) if left > spare / 2 => known,
                // Assume that the entry was set less than a second ago: its time left was then a
                // whole number of seconds.
                _ => (left + 999) / 1_000 * 1_000,
            };
            let left = left - i64::try_from(time.as_millis()).unwrap();
            let given = if left > 0 { left + spare } else { 0 };
            client.ask(&[b"PEXPIRE", &name, given.to_string().as_bytes()]);
            if left > 0 {
                spared.insert(name, left);
            }
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts a server and waits until it accepts connections. Returns `None` if the server ends first,
/// for example because its port is taken.
fn spawn(program: &Path, folder: &Path, port: u16, arguments: &[String]) -> Option<Child> {
    let mut command = Command::new(program);
    let is_sentinel = arguments.iter().any(|argument| argument == "--sentinel");
    let (file, rest) = arguments.split_at(usize::from(is_sentinel));
    for file in file {
        std::fs::write(file, "").unwrap();
    }
    command.args(file).args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--dir"]);
    command.arg(folder);
    if !is_sentinel {
        command.args(["--save", "", "--loglevel", "notice"]);
    }
    command.args(rest);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let is_ready = |line: &String| {
        line.contains("eady to accept connections") || line.contains("Sentinel ID is")
    };
    if lines.any(|line| is_ready(&line)) {
        // Keep reading, so that the server never blocks on its log.
        std::thread::spawn(move || lines.for_each(drop));
        return Some(child);
    }
    child.wait().unwrap();
    None
}
