//! Helpers that the tests share: components that are built once, and a host whose clock the test
//! controls and whose log the test reads.

use crate::redis::server::RedisServer;
use hostel::{
    Backend, CacheBinding, CacheGrant, CallError, Clock, Grants, Host, Level, Limits, MockClock,
    PluginName, PluginSettings, Request, Response, ServiceInfo, Settings,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// Returns the project's folder.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Returns the program under test, with the tests' own data and cache folders, and without some
/// variables that the user may have set.
pub fn hostel() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hostel"));
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    command.env("XDG_DATA_HOME", scratch.join("data")).env("XDG_CACHE_HOME", scratch.join("cache"));
    command.env_remove("OTEL_EXPORTER_OTLP_ENDPOINT").env_remove("NOTIFY_SOCKET");
    command.env_remove("HOSTEL_CODE_FOLDER");
    command.env_remove("RUST_BACKTRACE").env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Builds a folder or file of the project with the program, once for all tests of the process.
/// Returns the path of the component.
pub fn component(folder: &str) -> PathBuf {
    static BUILT: OnceLock<Mutex<BTreeMap<String, PathBuf>>> = OnceLock::new();
    let mut built = BUILT.get_or_init(Mutex::default).lock().unwrap();
    if let Some(file) = built.get(folder) {
        return file.clone();
    }
    let output = hostel().arg("build").arg(project().join(folder)).output().unwrap();
    assert!(output.status.success(), "{folder} does not build: {}", stderr(&output));
    let file = PathBuf::from(stdout(&output).trim());
    built.insert(folder.to_owned(), file.clone());
    file
}

/// Returns the component of the test guests, `host/tests/guests`.
pub fn guests() -> Vec<u8> {
    std::fs::read(component("host/tests/guests")).unwrap()
}

/// Returns limits whose times stop only endless calls: on a busy machine, even a short call may
/// take a long time.
pub fn patient() -> Limits {
    let minute = Duration::from_secs(60);
    Limits { time: minute, cpu: minute, ..Limits::default() }
}

/// A host under test, with its clock and its log lines.
pub struct TestHost {
    /// The server with the plugins' private caches, unless they are in memory.
    pub redis: Option<Arc<RedisServer>>,
    pub host: Host,
    pub clock: MockClock,
    pub lines: Arc<Mutex<Vec<(Level, String)>>>,
}

impl TestHost {
    pub fn new() -> Self {
        TestHost::with(patient())
    }

    pub fn with(limits: Limits) -> Self {
        TestHost::with_settings(Settings { limits, ..Settings::default() })
    }

    /// Creates a host whose plugins have their caches on this server.
    pub fn on(server: Arc<RedisServer>) -> Self {
        let backend = Backend::Redis(Arc::new(server.backend()));
        let host =
            TestHost::with_settings(Settings { limits: patient(), backend, ..Settings::default() });
        TestHost { redis: Some(server), ..host }
    }

    /// Creates another host: in memory, or on the same server after `FLUSHALL`, which empties only
    /// the first server of a cluster.
    pub fn another(&self) -> Self {
        match &self.redis {
            None => TestHost::new(),
            Some(server) => {
                server.client().say("FLUSHALL");
                TestHost::on(Arc::clone(server))
            }
        }
    }

    /// Advances the time for the cache entries.
    pub fn advance(&self, time: Duration) {
        self.clock.advance(time);
        if let Some(server) = &self.redis {
            server.advance(time);
        }
    }

    /// Creates a host with these settings, except for the clock, which the test controls, and the
    /// log, which the test reads.
    pub fn with_settings(settings: Settings) -> Self {
        let (now, clock) = Clock::mock();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let log = {
            let lines = Arc::clone(&lines);
            Arc::new(move |line: &hostel::LogLine<'_>| {
                lines.lock().unwrap().push((line.level, line.message.to_owned()));
            })
        };
        let host = Host::new(Settings { clock: now, log, ..settings }).unwrap();
        TestHost { redis: None, host, clock, lines }
    }

    pub async fn load(&self, name: &str, component: Vec<u8>) -> Vec<ServiceInfo> {
        self.load_bound(name, component, CacheBinding::Private).await
    }

    pub async fn load_bound(
        &self,
        name: &str,
        component: Vec<u8>,
        binding: CacheBinding,
    ) -> Vec<ServiceInfo> {
        let grants = Grants::from(CacheGrant { binding, ..CacheGrant::default() });
        let settings = PluginSettings { grants, ..PluginSettings::default() };
        self.load_with(name, component, settings).await
    }

    pub async fn load_with(
        &self,
        name: &str,
        component: Vec<u8>,
        settings: PluginSettings,
    ) -> Vec<ServiceInfo> {
        let name = PluginName::new(name).unwrap();
        self.host.load(name, component, settings).await.unwrap()
    }

    pub async fn call(&self, service: &str, body: &Value) -> Result<Response, CallError> {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = Request { id: "1".to_owned(), body, ..Request::default() };
        self.host.call(service, request).await
    }

    /// Parses the response of a call as JSON.
    #[track_caller]
    pub fn json(response: Result<Response, CallError>) -> Value {
        serde_json::from_slice(&response.unwrap().body).unwrap()
    }

    /// Returns and clears the messages logged so far.
    pub fn messages(&self) -> Vec<String> {
        self.lines.lock().unwrap().drain(..).map(|(_, message)| message).collect()
    }
}

/// Pseudo-random numbers from a seed (SplitMix64).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

/// Writes a shell script with this name and text into a folder.
///
/// A child process writes the script. If the test process wrote it, a process that another test
/// starts meanwhile could inherit the open file, and executing the script would fail.
pub fn program(folder: &Path, name: &str, text: &str) -> PathBuf {
    let file = folder.join(name);
    let mut write = Command::new("sh");
    write.args(["-c", "printf '#!/bin/sh\\n%s\\n' \"$1\" >\"$0\" && chmod 755 \"$0\""]);
    assert!(write.arg(&file).arg(text).status().unwrap().success(), "{name}");
    file
}
