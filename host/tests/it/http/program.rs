//! Runs `hostel serve` as a separate process for the tests.

use super::client::{Client, PATIENCE, Reply, eventually, patiently, post};
use crate::abi::assemble;
use crate::support::{component, hostel};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;
use wit_component::StringEncoding;

/// Arguments for listeners on free ports.
pub const ANYWHERE: [&str; 4] = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];

/// Capacity of the queue of log lines. If it is full, reading from the pipe soon stops.
const LINES_AHEAD: usize = 16;

/// Maximum time that [`Serving::begin`] waits for each log line: the server may first have to build
/// a plugin from source.
const BUILD_PATIENCE: Duration = Duration::from_secs(300);

/// Returns a component that responds with its version, a space and the request's body.
pub fn numbered(version: &str) -> Vec<u8> {
    numbered_after(version, "")
}

/// Like [`numbered`], but logs the request's body first and takes tens of milliseconds.
pub fn numbered_slowly(version: &str) -> Vec<u8> {
    let slowly = "
      (call $log (i32.const 1) (local.get $text) (local.get $length))
      (local.set $left (i32.const 8000000))
      (loop $again
        (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))";
    numbered_after(version, slowly)
}

fn numbered_after(version: &str, first: &str) -> Vec<u8> {
    let start = version.len() + 1;
    let text = format!(
        r#"
        (data (i32.const 2048) "{version} ")
        (func $handle (param $request i32) (result i32)
          (local $text i32) (local $length i32) (local $left i32)
          (local.set $text (i32.load offset=28 (local.get $request)))
          (local.set $length (i32.load offset=32 (local.get $request)))
          {first}
          (memory.copy (i32.const {place}) (local.get $text) (local.get $length))
          (i32.store (i32.const 156) (i32.const 2048))
          (i32.store (i32.const 160) (i32.add (i32.const {start}) (local.get $length)))
          (call $nothing))"#,
        place = 2048 + start
    );
    assemble(&text, StringEncoding::UTF8)
}

/// Returns a request with this number to the plugin `numbers`.
pub fn numbered_request(number: usize) -> String {
    post("", "", &number.to_string()).replace("guests.", "numbers")
}

/// Returns the program, run by a shell after the commands in `shell`.
pub fn after(shell: &str) -> Command {
    let mut command = Command::new("sh");
    let program = hostel();
    let script = format!("{shell}; exec \"$0\" \"$@\"");
    command.args(["-c", &script]).arg(program.get_program());
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

/// A folder with a `hostel.toml`, and with plugins in its folder `plugins`.
pub struct Place {
    pub folder: TempDir,
}

impl Place {
    /// Creates a place without plugins, with these lines in its configuration.
    pub fn new(lines: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("plugins")).unwrap();
        fs::write(folder.path().join("hostel.toml"), format!("folder = \"plugins\"\n{lines}"))
            .unwrap();
        Place { folder }
    }

    /// Creates a place with the test guests. Most tests share the guests' compiled code.
    pub fn with_guests(lines: &str) -> Self {
        let place = Place::new(lines);
        fs::copy(component("host/tests/guests"), place.file("guests")).unwrap();
        place
    }

    pub fn file(&self, plugin: &str) -> PathBuf {
        self.folder.path().join("plugins").join(plugin).with_extension("wasm")
    }

    /// Writes the file of a plugin atomically.
    pub fn put(&self, plugin: &str, content: &[u8]) {
        let aside = self.folder.path().join("aside");
        fs::write(&aside, content).unwrap();
        fs::rename(aside, self.file(plugin)).unwrap();
    }

    pub fn serve(&self) -> Serving {
        self.serve_by(hostel()).0
    }

    /// Serves the place at this address, which must be free.
    pub fn serve_at(&self, address: SocketAddr) -> Serving {
        let mut program = hostel();
        program.current_dir(&self.folder).args(["serve", "--listen", &address.to_string()]);
        Serving::begin(program).0
    }

    /// Starts a server of the place, and does not wait until it serves.
    pub fn begin_by(&self, mut program: Command) -> Serving {
        program.current_dir(&self.folder).arg("serve");
        Serving::spawn(program)
    }

    /// Serves the place with this program. Also returns the log line about the end of loading.
    pub fn serve_by(&self, mut program: Command) -> (Serving, String) {
        program.current_dir(&self.folder).arg("serve");
        Serving::begin(program)
    }
}

/// A server process, killed when this value is dropped.
pub struct Serving {
    child: Child,
    lines: Receiver<String>,
    /// Maximum time to wait for a log line.
    patience: Duration,
    pub address: SocketAddr,
    pub admin: SocketAddr,
    _folder: Option<TempDir>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Serving {
    /// Serves a folder with the test guests. Also returns the log line about the end of loading.
    pub fn start() -> (Self, String) {
        Serving::start_by(hostel())
    }

    pub fn start_by(mut serve: Command) -> (Self, String) {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(component("host/tests/guests"), folder.path().join("guests.wasm")).unwrap();
        fs::write(folder.path().join("README.md"), "no plugin").unwrap();
        serve.arg("serve").arg(folder.path());
        let (mut serving, first) = Serving::begin(serve);
        serving._folder = Some(folder);
        (serving, first)
    }

    /// Starts a program and waits until each plugin is loaded or refused. Also returns the log line
    /// that reports the end of loading.
    pub fn begin(serve: Command) -> (Self, String) {
        let mut serving = Serving::spawn(serve);
        serving.patience = BUILD_PATIENCE;
        let mut first = serving.line_with("serving ");
        serving.takes_addresses(&first);
        while first.contains("being loaded") {
            first = serving.line_with("serving ");
        }
        serving.patience = PATIENCE;
        (serving, first)
    }

    /// Stores the server's addresses: from this log line, and from the admin listener's line.
    pub fn takes_addresses(&mut self, first: &str) {
        self.address = address(first).parse().unwrap();
        self.admin = address(&self.line_with("admin on ")).parse().unwrap();
        // Skip the warnings before the line about the wall: running the tests as root causes one.
        self.line_with("wall: ");
    }

    /// Starts a program, on free ports unless its arguments name listeners.
    pub fn spawn(mut serve: Command) -> Self {
        for listener in ANYWHERE.chunks(2) {
            if serve.get_args().all(|argument| argument != listener[0]) {
                serve.args(listener);
            }
        }
        let mut child = serve.stderr(Stdio::piped()).spawn().unwrap();
        let (tell, lines) = sync_channel(LINES_AHEAD);
        let mut output = BufReader::new(child.stderr.take().unwrap()).lines();
        // This thread ends with the process, or after `lines` is dropped, at the latest at the next
        // line. It then closes the pipe.
        std::thread::spawn(move || {
            while let Some(Ok(line)) = output.next()
                && tell.send(line).is_ok()
            {}
        });
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let patience = PATIENCE;
        Serving { child, lines, patience, address: nowhere, admin: nowhere, _folder: None }
    }

    /// Waits until the process has installed its SIGTERM handler.
    pub async fn until_it_listens_for_signals(&self) {
        const TERM: u64 = 1 << (15 - 1);
        let listens = async || {
            let caught = self.status("SigCgt:")?;
            (u64::from_str_radix(&caught, 16).unwrap() & TERM != 0).then_some(())
        };
        eventually("a handler of SIGTERM", listens).await;
    }

    /// Returns the plugin and the message of the next log line, or `None` if the process has ended.
    /// The plugin is empty for a line of the server itself.
    pub fn any_line(&self) -> Option<(String, String)> {
        let line = match self.lines.recv_timeout(self.patience) {
            Ok(line) => line,
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return None,
            Err(error) => panic!("no line: {error}"),
        };
        // By default, log lines are JSON because stderr is not a terminal. Other output is text.
        let Ok(line) = serde_json::from_str::<Value>(&line) else {
            return Some((String::new(), line));
        };
        let text = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
        Some((text("plugin"), text("message")))
    }

    /// Returns the next log line of the server itself.
    pub fn line(&mut self) -> String {
        loop {
            let (plugin, message) = self.any_line().unwrap();
            if plugin.is_empty() {
                return message;
            }
        }
    }

    /// Waits for a log line of the server itself that begins with `start`.
    pub fn line_with(&mut self, start: &str) -> String {
        loop {
            let line = self.line();
            if line.starts_with(start) {
                return line;
            }
        }
    }

    /// Closes the pipe of the log, at the latest when the server logs another line.
    pub fn close_log(&mut self) {
        self.lines = sync_channel(0).1;
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Returns the process ids of the helpers that start processes for the server of this folder.
    pub fn helpers(folder: &Path) -> Vec<String> {
        let pattern = format!("start-processes {}", folder.display());
        let output = Command::new("pgrep").args(["-f", &pattern]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    /// Returns true if all threads of the process are stopped.
    pub fn stands_still(&self) -> bool {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        threads.map(|thread| thread.unwrap().path().join("stat")).all(|stat| {
            let stat = std::fs::read_to_string(stat).unwrap();
            // The state follows the name in parentheses, which may contain any characters.
            stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
        })
    }

    /// Kills the process as `kill -9` does, and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits until the process ends. Returns its exit code, or `None` if a signal killed it.
    pub async fn ended(&mut self) -> Option<i32> {
        let status = eventually("the end", async || self.child.try_wait().unwrap()).await;
        status.code()
    }

    pub fn code(&mut self) -> Option<i32> {
        while self.any_line().is_some() {}
        self.child.wait().unwrap().code()
    }

    #[track_caller]
    pub fn check_runs(&mut self) {
        assert_eq!(self.child.try_wait().unwrap(), None, "it has ended");
    }

    pub async fn connect(&self) -> Client<TcpStream> {
        Client::new(TcpStream::connect(self.address).await.unwrap())
    }

    /// Sends a request on a new connection and returns the response.
    pub async fn send(&self, request: &str) -> Reply {
        let mut client = self.connect().await;
        client.send(request).await;
        client.reply().await.unwrap()
    }

    pub async fn check_serves(&mut self, after: &str) {
        self.check_runs();
        let reply = self.send(&post("mirrors", "", after)).await;
        assert_eq!((reply.status, &reply.json()["body"]), (200, &Value::from(after)));
    }

    /// Sends a `GET` to the admin listener.
    pub async fn get(&self, path: &str) -> Reply {
        let mut client = Client::new(TcpStream::connect(self.admin).await.unwrap());
        client.send(format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.admin)).await;
        patiently(path, client.reply()).await.unwrap()
    }

    pub async fn metric(&self, name: &str) -> u64 {
        let text = self.get("/metrics").await.body;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
    }

    pub async fn until_metric(&self, name: &str, value: u64) {
        let is_there = async || (self.metric(name).await == value).then_some(());
        eventually(&format!("{name} {value}"), is_there).await;
    }

    /// Returns the path of a file in `/proc` about the process.
    fn proc(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{path}", self.child.id()))
    }

    /// Returns the number of open file descriptors.
    pub fn files(&self) -> usize {
        fs::read_dir(self.proc("fd")).unwrap().count()
    }

    /// Returns the inode numbers of the watched folders.
    pub fn watched(&self) -> BTreeSet<u64> {
        let open = fs::read_dir(self.proc("fdinfo")).unwrap().filter_map(Result::ok);
        let open: Vec<_> = open.filter_map(|file| fs::read_to_string(file.path()).ok()).collect();
        let lines = open.iter().flat_map(|text| text.lines());
        let inodes = lines.filter_map(|line| line.strip_prefix("inotify ")?.split("ino:").nth(1));
        let hexadecimal = inodes.filter_map(|inode| inode.split(' ').next());
        hexadecimal.map(|inode| u64::from_str_radix(inode, 16).unwrap()).collect()
    }

    /// Waits until at most `most` file descriptors are open.
    pub async fn until_files(&self, most: usize) {
        let are_closed = async || (self.files() <= most).then_some(());
        eventually(&format!("{most} files instead of {}", self.files()), are_closed).await;
    }

    /// Returns the number of memory mappings.
    pub fn mappings(&self) -> usize {
        fs::read_to_string(self.proc("maps")).unwrap().lines().count()
    }

    /// Returns the resident memory in MiB.
    pub fn memory(&self) -> usize {
        let resident = self.status("VmRSS:").unwrap();
        resident.strip_suffix(" kB").unwrap().parse::<usize>().unwrap() >> 10
    }

    fn status(&self, field: &str) -> Option<String> {
        let status = fs::read_to_string(self.proc("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        line.map(|value| value.trim().to_owned())
    }
}

/// Returns the address in a log line.
pub fn address(line: &str) -> &str {
    line.split("http://").nth(1).unwrap().split(": ").next().unwrap()
}
