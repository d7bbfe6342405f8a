//! Redis servers of the tests: each in a temporary folder, on a port that was free.

use super::client::Client;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Attempts to start a server: another process may take its port first.
const ATTEMPTS: u32 = 5;

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
    programs()
        .into_iter()
        .next()
        .expect("no redis-server: install it (Debian: apt-get install redis-server)")
}

/// A server, ended with this.
pub struct RedisServer {
    pub port: u16,
    pub folder: TempDir,
    program: PathBuf,
    arguments: Vec<String>,
    child: Child,
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
                return RedisServer { port, folder, program, arguments, child };
            }
        }
        panic!("{} does not start with {arguments:?}", program.display());
    }

    /// Starts a Sentinel, which keeps what it knows in a file of its own.
    pub fn sentinel(settings: &str) -> Self {
        let settings = format!("FOLDER/sentinel.conf {settings}");
        RedisServer::with(&program(), &[&settings])
    }

    /// The value of a setting that it was started with.
    pub fn setting(&self, name: &str) -> &str {
        let at = self.arguments.iter().position(|argument| argument == name).unwrap();
        &self.arguments[at + 1]
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
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
    /// An entry that is not gone then is given `SPARE` more, or it would go by itself while a slow
    /// test still looks at it. It is taken away again when time passes the next time.
    pub fn advance(&self, time: Duration) {
        let mut client = self.client();
        let milliseconds = |time: Duration| i64::try_from(time.as_millis()).unwrap();
        for name in client.names() {
            let left = client.integer(&[b"PTTL", &name]);
            if left < 0 {
                continue;
            }
            let is_spared = left > milliseconds(SPARE) / 2;
            let spare = if is_spared { milliseconds(SPARE) } else { 0 };
            let left = match left - spare - milliseconds(time) {
                left @ 1.. => left + milliseconds(SPARE),
                gone => gone,
            };
            client.ask(&[b"PEXPIRE", &name, left.to_string().as_bytes()]);
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
