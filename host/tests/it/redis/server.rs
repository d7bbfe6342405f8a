//! Redis servers of the tests: each in a temporary folder, on a port that was free.

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

/// Attempts to start a server: another process may take its port first.
const ATTEMPTS: u32 = 5;

/// What is told where there is no server.
pub const MISSING: &str =
    "there is no redis-server: install it (Debian: apt-get install redis-server)";

/// Time that entries are given so that they do not go while a test looks at them: more than any
/// expiry there is.
const SPARE: Duration = Duration::from_secs(1_000_000_000);

/// The servers to test against: those that `HOSTEL_REDIS_SERVERS` names, separated by colons, and
/// else the one of this machine.
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

/// The server that tests are run on which need no particular version.
pub fn program() -> PathBuf {
    programs().into_iter().next().expect(MISSING)
}

/// A server, ended with this; or the first of a cluster, with the others.
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

    /// Starts a server with these settings, as in `--maxmemory 2mb`.
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

    /// Starts a Sentinel, which keeps what it knows in a file of its own.
    pub fn sentinel(settings: &str) -> Self {
        let settings = format!("FOLDER/sentinel.conf {settings}");
        RedisServer::with(&program(), &[&settings])
    }

    /// The servers of a cluster as one.
    pub fn of_cluster(mut servers: Vec<RedisServer>) -> Self {
        let mut first = servers.remove(0);
        first.others = servers;
        first
    }

    fn all(&self) -> impl Iterator<Item = &RedisServer> {
        std::iter::once(self).chain(&self.others)
    }

    /// What it is, as in `redis 7.0.15` and `a cluster of valkey 9.1.2`.
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

    /// Caches here, whose operations have the time that a busy machine needs.
    pub fn backend(&self) -> RedisBackend {
        let hosts: Vec<_> = self.all().map(RedisServer::address).collect();
        let scheme = if self.others.is_empty() { "redis" } else { "redis+cluster" };
        let address = RedisAddress::parse(&format!("{scheme}://{}", hosts.join(","))).unwrap();
        RedisBackend { timeout: Duration::from_secs(20), ..RedisBackend::new(address) }
    }

    /// How many names there are.
    pub fn size(&self) -> i64 {
        self.all().map(|server| server.client().integer(&[b"DBSIZE"])).sum()
    }

    /// Sends a command about one name to the server that has it.
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

    /// Ends it at once, as a fault would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again on its port, with the data that it had saved.
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

    /// Stops its process, with its sockets open, or lets it go on.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.child.id()).unwrap();
        let id = rustix::process::Pid::from_raw(id).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    /// Makes time pass for every entry: its deadline comes that much nearer.
    ///
    /// An entry that is not gone then is given `SPARE` more, and the time it has left is kept here:
    /// it would go by itself while a slow test still looks at it.
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
                // Set since then, less than a second ago, for whole seconds.
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

/// Starts a server and waits until it accepts connections; none: its port was taken.
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
        // Read to its end, so that the server never waits for its own log.
        std::thread::spawn(move || lines.for_each(drop));
        return Some(child);
    }
    child.wait().unwrap();
    None
}
