//! `hostel serve` as a process of its own, and what a test does to it.

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

/// Listeners that no other test has.
pub const ANYWHERE: [&str; 4] = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];

/// Lines that are read before a test asks for them; further ones stay in the pipe.
const LINES_AHEAD: usize = 16;

/// The longest that a server takes to begin: it may have a source to build first.
const BUILD_PATIENCE: Duration = Duration::from_secs(300);

/// A component that answers its version and its request's body, with a space between.
pub fn numbered(version: &str) -> Vec<u8> {
    numbered_after(version, "")
}

/// One that logs its request's body first, and takes some ten milliseconds.
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

/// A request with this number to the plugin `numbers`.
pub fn numbered_request(number: usize) -> String {
    post("", "", &number.to_string()).replace("guests.", "numbers")
}

/// The program, run by a shell after it has done this.
pub fn after(shell: &str) -> Command {
    let mut command = Command::new("sh");
    let program = hostel();
    let script = format!("{shell}; exec \"$0\" \"$@\"");
    command.args(["-c", &script]).arg(program.get_program());
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

/// A folder with a `hostel.toml`, its plugins, and compiled code of its own.
pub struct Place {
    pub folder: TempDir,
}

impl Place {
    /// A place without plugins, where these lines are configured.
    pub fn new(lines: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("plugins")).unwrap();
        fs::write(folder.path().join("hostel.toml"), format!("folder = \"plugins\"\n{lines}"))
            .unwrap();
        Place { folder }
    }

    /// A place with the guests, whose compiled code is every test's.
    pub fn with_guests(lines: &str) -> Self {
        let place = Place::new(lines);
        fs::copy(component("host/tests/guests"), place.file("guests")).unwrap();
        place
    }

    pub fn file(&self, plugin: &str) -> PathBuf {
        self.folder.path().join("plugins").join(plugin).with_extension("wasm")
    }

    /// Puts a plugin's file in place in one step.
    pub fn put(&self, plugin: &str, content: &[u8]) {
        let aside = self.folder.path().join("aside");
        fs::write(&aside, content).unwrap();
        fs::rename(aside, self.file(plugin)).unwrap();
    }

    pub fn serve(&self) -> Serving {
        self.serve_by(hostel()).0
    }

    /// Serves what is here at this address, which has to be free.
    pub fn serve_at(&self, address: SocketAddr) -> Serving {
        let mut program = hostel();
        program.current_dir(&self.folder).args(["serve", "--listen", &address.to_string()]);
        Serving::begin(program).0
    }

    /// Begins to serve what is here.
    pub fn begin_by(&self, mut program: Command) -> Serving {
        program.current_dir(&self.folder).arg("serve");
        Serving::spawn(program)
    }

    /// Serves what is here, by this program; answers the first line as well.
    pub fn serve_by(&self, mut program: Command) -> (Serving, String) {
        program.current_dir(&self.folder).arg("serve");
        Serving::begin(program)
    }
}

/// A server, which ends with the test.
pub struct Serving {
    child: Child,
    lines: Receiver<String>,
    /// The longest that a line is waited for.
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
    /// Serves a folder with the guests; answers the first line as well.
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

    /// Starts a program and waits until it serves all that is there; answers the line about that.
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

    /// Takes the addresses of a server that has written this line.
    pub fn takes_addresses(&mut self, first: &str) {
        self.address = address(first).parse().unwrap();
        self.admin = address(&self.line_with("admin on ")).parse().unwrap();
        // After the warnings, of which there is one where the tests run as root.
        self.line_with("wall: ");
    }

    /// Starts a program. Listeners that its arguments do not name are those that no other test has.
    pub fn spawn(mut serve: Command) -> Self {
        for listener in ANYWHERE.chunks(2) {
            if serve.get_args().all(|argument| argument != listener[0]) {
                serve.args(listener);
            }
        }
        let mut child = serve.stderr(Stdio::piped()).spawn().unwrap();
        let (tell, lines) = sync_channel(LINES_AHEAD);
        let mut output = BufReader::new(child.stderr.take().unwrap()).lines();
        // It ends with the process, or when nobody asks any more: the pipe is closed then.
        std::thread::spawn(move || {
            while let Some(Ok(line)) = output.next()
                && tell.send(line).is_ok()
            {}
        });
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let patience = PATIENCE;
        Serving { child, lines, patience, address: nowhere, admin: nowhere, _folder: None }
    }

    /// Waits until the process has its own way with SIGTERM.
    pub async fn until_it_listens_for_signals(&self) {
        const TERM: u64 = 1 << (15 - 1);
        let listens = async || {
            let caught = self.status("SigCgt:")?;
            (u64::from_str_radix(&caught, 16).unwrap() & TERM != 0).then_some(())
        };
        eventually("a handler of SIGTERM", listens).await;
    }

    /// The next line, whoever's it is; none when the process has ended.
    pub fn any_line(&self) -> Option<(String, String)> {
        let line = match self.lines.recv_timeout(self.patience) {
            Ok(line) => line,
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return None,
            Err(error) => panic!("no line: {error}"),
        };
        // No terminal reads, so each line is JSON; but what comes before there is a log.
        let Ok(line) = serde_json::from_str::<Value>(&line) else {
            return Some((String::new(), line));
        };
        let text = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
        Some((text("plugin"), text("message")))
    }

    /// The next line of the server's own.
    pub fn line(&mut self) -> String {
        loop {
            let (plugin, message) = self.any_line().unwrap();
            if plugin.is_empty() {
                return message;
            }
        }
    }

    /// Waits for a line of the server's own that begins so.
    pub fn line_with(&mut self, start: &str) -> String {
        loop {
            let line = self.line();
            if line.starts_with(start) {
                return line;
            }
        }
    }

    /// Closes the pipe that the log goes to, at the latest with its next line but one.
    pub fn close_log(&mut self) {
        self.lines = sync_channel(0).1;
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// The processes that start others on behalf of the server of this folder, by their numbers.
    pub fn helpers(folder: &Path) -> Vec<String> {
        let pattern = format!("start-processes {}", folder.display());
        let output = Command::new("pgrep").args(["-f", &pattern]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    /// Whether all threads of the process are stopped.
    pub fn stands_still(&self) -> bool {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        threads.map(|thread| thread.unwrap().path().join("stat")).all(|stat| {
            let stat = std::fs::read_to_string(stat).unwrap();
            // The state follows the name, which may hold anything, in parentheses.
            stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
        })
    }

    /// Ends the process as `kill -9` does, and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for the end, and answers its code.
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

    /// Sends a request on a connection of its own.
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

    /// What whoever runs the server is answered.
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

    /// What the system says of the process.
    fn proc(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{path}", self.child.id()))
    }

    /// Descriptors that are open.
    pub fn files(&self) -> usize {
        fs::read_dir(self.proc("fd")).unwrap().count()
    }

    /// The folders that it watches, by the numbers of their inodes.
    pub fn watched(&self) -> BTreeSet<u64> {
        let open = fs::read_dir(self.proc("fdinfo")).unwrap().filter_map(Result::ok);
        let open: Vec<_> = open.filter_map(|file| fs::read_to_string(file.path()).ok()).collect();
        let lines = open.iter().flat_map(|text| text.lines());
        let inodes = lines.filter_map(|line| line.strip_prefix("inotify ")?.split("ino:").nth(1));
        let hexadecimal = inodes.filter_map(|inode| inode.split(' ').next());
        hexadecimal.map(|inode| u64::from_str_radix(inode, 16).unwrap()).collect()
    }

    /// Waits until no more descriptors are open than that.
    pub async fn until_files(&self, most: usize) {
        let are_closed = async || (self.files() <= most).then_some(());
        eventually(&format!("{most} files instead of {}", self.files()), are_closed).await;
    }

    /// Parts of its address space.
    pub fn mappings(&self) -> usize {
        fs::read_to_string(self.proc("maps")).unwrap().lines().count()
    }

    /// MiB of memory that it has.
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

/// The address that a line names.
pub fn address(line: &str) -> &str {
    line.split("http://").nth(1).unwrap().split(": ").next().unwrap()
}
