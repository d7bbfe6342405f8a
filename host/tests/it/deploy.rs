//! Deployment: the state and the calls of a plugin as its file appears, changes and disappears.
//!
//! Most tests trigger scans by hand: a change takes effect when two consecutive scans have seen it.

#[cfg(target_os = "linux")]
mod watch;

use crate::abi::assemble;
use crate::support::{TestHost, patient};
use hostel::source::Inputs;
use hostel::{
    Admission, Build, Built, CacheName, CallError, Deployment, Host, Limits, Name, NamedPlugin,
    PluginFolder, PluginName, PluginSettings, PluginState, Request, Requirement, Response,
    ServiceName, Settings, Stage,
};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use tokio::task::JoinSet;
use wit_component::StringEncoding;

/// Returns a component that responds with its version. If a request's body begins with `t`, the
/// guest traps; with `f`, it fails; with `w`, it first waits until its cache has an entry `go`.
fn component(version: &str) -> Vec<u8> {
    let text = r#"
    (data (i32.const 2048) "VERSION")
    (data (i32.const 2100) "go")
    (func $handle (param $request i32) (result i32) (local $asks i32)
      (if (i32.load offset=32 (local.get $request))
        (then (local.set $asks (i32.load8_u (i32.load offset=28 (local.get $request))))))
      (if (i32.eq (local.get $asks) (i32.const 116)) (then (unreachable)))
      (if (i32.eq (local.get $asks) (i32.const 102))
        (then (i32.store8 (i32.const 128) (i32.const 1)) (return (i32.const 128))))
      (if (i32.eq (local.get $asks) (i32.const 119))
        (then (loop $again
          (call $exists (i32.const 2100) (i32.const 2) (i32.const 2200))
          (br_if $again (i32.eqz (i32.load8_u offset=4 (i32.const 2200)))))))
      (i32.store (i32.const 156) (i32.const 2048))
      (i32.store (i32.const 160) (i32.const LENGTH))
      (call $nothing))"#;
    let length = version.len().to_string();
    assemble(&text.replace("VERSION", version).replace("LENGTH", &length), StringEncoding::UTF8)
}

/// Returns a component whose calls all trap.
fn traps() -> Vec<u8> {
    let own = "(func $handle (param i32) (result i32) (unreachable))";
    assemble(own, StringEncoding::UTF8)
}

fn name(name: &str) -> PluginName {
    PluginName::new(name).unwrap()
}

/// A folder of plugins and their deployment.
struct House {
    folder: TempDir,
    host: Arc<Host>,
    lines: Arc<std::sync::Mutex<Vec<(hostel::Level, String)>>>,
    deployment: Deployment,
}

impl House {
    fn new() -> Self {
        House::with(Vec::new())
    }

    /// Creates a house with these plugins: pairs of a name and a file's path in the folder.
    fn with(named: Vec<(&str, &str)>) -> Self {
        House::that_builds(named, None)
    }

    fn that_builds(named: Vec<(&str, &str)>, build: Option<Build>) -> Self {
        House::whose_calls_wait(Admission::default().queue_time, named, build)
    }

    fn whose_calls_wait(
        queue_time: Duration,
        named: Vec<(&str, &str)>,
        build: Option<Build>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let limits = Limits {
            time: Duration::from_secs(60),
            cpu: Duration::from_secs(60),
            component: 1 << 20,
            ..Limits::default()
        };
        let admission = Admission { queue_time, ..Admission::default() };
        let TestHost { host, lines, .. } =
            TestHost::with_settings(Settings { limits, admission, ..Settings::default() });
        let (host, settings) = (Arc::new(host), PluginSettings::default());
        let named = named.into_iter().map(|(plugin, path)| NamedPlugin {
            name: name(plugin),
            path: folder.path().join(path),
            settings: settings.clone(),
        });
        let found = PluginFolder { path: folder.path().to_owned(), settings: settings.clone() };
        let deployment = Deployment::new(Arc::clone(&host), named.collect(), Some(found), build);
        House { folder, host, lines, deployment }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn write(&self, file: &str, content: &[u8]) {
        fs::write(self.path(file), content).unwrap();
    }

    /// Writes a file atomically.
    fn put(&self, file: &str, content: &[u8]) {
        let aside = self.path(".aside");
        fs::write(&aside, content).unwrap();
        fs::rename(aside, self.path(file)).unwrap();
    }

    /// Scans once, and waits for the resulting work.
    async fn scan(&self) {
        self.deployment.scan().await;
        self.deployment.settle().await;
    }

    /// Scans twice, so that the current files take effect.
    async fn scan_twice(&self) {
        self.scan().await;
        self.scan().await;
    }

    /// Creates a house in which `users` serves version `one`.
    async fn serving() -> Self {
        let house = House::new();
        house.put("users.wasm", &component("one"));
        house.scan_twice().await;
        house.check("users", "one").await;
        house
    }

    async fn call(&self, plugin: &str, body: &str) -> Result<Response, CallError> {
        call(&self.host, plugin, body).await
    }

    /// Checks which version responds.
    async fn check(&self, plugin: &str, version: &str) {
        assert_eq!(answer(self.call(plugin, "").await), version);
    }

    async fn check_gone(&self, plugin: &str) {
        let answer = self.call(plugin, "").await;
        assert!(matches!(answer, Err(CallError::UnknownService { .. })), "{answer:?}");
    }

    fn state(&self, plugin: &str) -> PluginState {
        let states = self.deployment.list();
        let found = states.iter().find(|state| state.name == plugin);
        found.unwrap_or_else(|| panic!("no {plugin} in {states:?}")).clone()
    }

    /// Checks a plugin's stage, and that its reason contains `words`, or that it has no reason if
    /// `words` is empty.
    #[track_caller]
    fn check_state(&self, plugin: &str, stage: Stage, words: &str) {
        let state = self.state(plugin);
        assert_eq!(state.stage, stage, "{state:?}");
        let reason = state.reason.unwrap_or_default();
        let fits = if words.is_empty() { reason.is_empty() } else { reason.contains(words) };
        assert!(fits, "{reason}");
    }

    /// Returns and clears the log lines so far.
    fn lines(&self) -> Vec<String> {
        let mut lines = self.lines.lock().unwrap();
        lines.drain(..).map(|(level, message)| format!("{level} {message}")).collect()
    }

    #[track_caller]
    fn check_line(&self, words: &str) {
        let lines = self.lines();
        assert!(lines.len() == 1 && lines[0].contains(words), "{lines:#?}");
    }
}

async fn call(host: &Host, plugin: &str, body: &str) -> Result<Response, CallError> {
    let request = Request { body: body.as_bytes().to_vec(), ..Request::default() };
    host.call(plugin, request).await
}

fn answer(answer: Result<Response, CallError>) -> String {
    String::from_utf8(answer.unwrap().body).unwrap()
}

#[tokio::test]
async fn a_ready_host_stays_ready_when_a_plugin_is_added() {
    let house = House::new();
    house.put("users.wasm", &component("one"));
    house.scan_twice().await;
    house.check("users", "one").await;
    house.put("orders.wasm", &component("two"));
    house.scan().await;
    assert!(house.deployment.readiness().await.is_ready, "no earlier query recorded this");
}

#[tokio::test]
async fn a_file_that_appears_is_served() {
    let house = House::new();
    house.scan_twice().await;
    assert!(house.deployment.readiness().await.is_ready && house.deployment.list().is_empty());
    house.put("my_users.wasm", &component("one"));
    house.scan().await;
    house.check_state("my-users", Stage::Loading, "");
    assert!(house.host.resolve(&ServiceName::new("my-users")).is_none());
    house.scan().await;
    house.check("my-users", "one").await;
    let state = house.state("my-users");
    assert_eq!((state.stage, state.reason, state.services.len()), (Stage::Serving, None, 1));
    assert_eq!(state.path, house.path("my_users.wasm"));
    let name = PluginName::new(&state.name).ok();
    assert_eq!(state.grants.rows(name.as_ref())[0], ("cache", Some("plugin/my-users".to_owned())));
    let version = state.version.unwrap().to_string();
    assert_eq!(version.len(), 12);
    let line = format!("info version {version} serves 1 service, loaded in ");
    house.check_line(&line);
}

#[tokio::test]
async fn a_file_that_changes_is_swapped_in() {
    let house = House::serving().await;
    let was = house.state("users").version.unwrap();
    house.lines();
    house.put("users.wasm", &component("two"));
    house.scan_twice().await;
    house.check("users", "two").await;
    assert_ne!(house.state("users").version, Some(was));
    house.check_line(&format!("; was {was}"));
}

#[tokio::test]
async fn a_file_that_is_being_written_is_not_loaded() {
    let house = House::serving().await;
    house.lines();
    let whole = component("two");
    for length in [1, whole.len() / 2, whole.len()] {
        house.write("users.wasm", &whole[..length]);
        house.scan().await;
        house.check_state("users", Stage::Serving, "");
    }
    house.scan().await;
    house.check("users", "two").await;
    assert_eq!(house.lines().len(), 1);
}

#[tokio::test]
async fn a_file_that_is_written_slowly_changes_nothing_until_it_is_whole() {
    let house = House::serving().await;
    let whole = component("two");
    house.write("users.wasm", &whole[..whole.len() / 2]);
    house.scan_twice().await;
    house.check("users", "one").await;
    house.check_state("users", Stage::Serving, "it cannot be compiled: ");
    house.write("users.wasm", &whole);
    house.scan_twice().await;
    house.check("users", "two").await;
    house.check_state("users", Stage::Serving, "");
}

#[tokio::test]
async fn a_broken_file_is_tried_and_reported_once() {
    let house = House::serving().await;
    house.lines();
    let file = fs::File::options().write(true).open(house.path("users.wasm")).unwrap();
    file.set_len(100).unwrap();
    for _ in 0..3 {
        house.scan_twice().await;
        house.write("users.wasm", &fs::read(house.path("users.wasm")).unwrap());
    }
    house.check("users", "one").await;
    house.check_line("warn kept the version that serves, since ");
    house.put("users.wasm", &component("one"));
    house.scan_twice().await;
    house.check_state("users", Stage::Serving, "");
    house.put("other.wasm", b"no wasm");
    house.scan_twice().await;
    house.check_state("other", Stage::Failed, "it is not WebAssembly");
    house.check_line("error ");
    fs::remove_file(house.path("other.wasm")).unwrap();
    house.scan_twice().await;
    assert_eq!((house.deployment.list().len(), house.lines().len()), (1, 0));
}

/// Checks that the old version keeps serving after `replace` has replaced the plugin's file, and
/// checks the reported reason. Then checks that a new file in the same place is served.
async fn check_replaced_by(replace: impl FnOnce(&Path), words: &str) {
    let house = House::serving().await;
    house.lines();
    let file = house.path("users.wasm");
    fs::remove_file(&file).unwrap();
    replace(&file);
    for _ in 0..3 {
        house.scan().await;
    }
    house.check("users", "one").await;
    house.check_state("users", Stage::Serving, words);
    house.check_line("warn kept the version that serves, since ");
    if file.is_dir() {
        fs::remove_dir(&file).unwrap()
    } else {
        fs::remove_file(&file).unwrap()
    }
    house.put("users.wasm", &component("two"));
    house.scan_twice().await;
    house.check("users", "two").await;
    house.check_state("users", Stage::Serving, "");
}

#[tokio::test]
async fn anything_but_a_file_is_refused_and_never_opened() {
    check_replaced_by(|file| fs::create_dir(file).unwrap(), "it is a folder, not a file").await;
    let pipe = |file: &Path| {
        let made = std::process::Command::new("mkfifo").arg(file).status().unwrap();
        assert!(made.success());
    };
    check_replaced_by(pipe, "it is a named pipe, not a file").await;
    let listen = |file: &Path| drop(std::os::unix::net::UnixListener::bind(file).unwrap());
    check_replaced_by(listen, "it is a socket, not a file").await;
    let dangling = "it is a link to a file that does not exist";
    check_replaced_by(|file| symlink("nowhere", file).unwrap(), dangling).await;
    let device = "it is a device, not a file";
    check_replaced_by(|file| symlink("/dev/zero", file).unwrap(), device).await;
    check_replaced_by(|file| symlink(file, file).unwrap(), "it cannot be read: ").await;
    let huge = |file: &Path| fs::File::create(file).unwrap().set_len((1 << 20) + 1).unwrap();
    check_replaced_by(huge, "the component is larger than 1.0 MiB").await;
}

#[tokio::test]
async fn a_file_that_may_not_be_read_leaves_the_old_version_serving() {
    let house = House::serving().await;
    let set_mode = |mode| {
        fs::set_permissions(house.path("users.wasm"), fs::Permissions::from_mode(mode)).unwrap();
    };
    set_mode(0);
    let may_read = fs::read(house.path("users.wasm")).is_ok();
    house.scan_twice().await;
    house.check("users", "one").await;
    house.check_state("users", Stage::Serving, if may_read { "" } else { "it cannot be read" });
    set_mode(0o600);
    house.scan_twice().await;
    house.check_state("users", Stage::Serving, "");
}

#[tokio::test]
async fn a_file_that_is_gone_takes_its_plugin_along_but_not_its_entries() {
    let house = House::serving().await;
    let cache = house.host.caches().get(&private("users")).unwrap();
    cache.set("key", "1", None).await.unwrap();
    house.lines();
    fs::remove_file(house.path("users.wasm")).unwrap();
    house.scan().await;
    house.check("users", "one").await;
    house.scan().await;
    house.check_gone("users").await;
    assert!(house.deployment.list().is_empty() && house.host.activity().versions == 0);
    house.check_line("info unloaded, since ");
    house.put("users.wasm", &component("one"));
    house.scan_twice().await;
    house.check("users", "one").await;
    assert!(house.host.caches().get(&private("users")).unwrap().exists("key").await.unwrap());
}

fn private(plugin: &str) -> CacheName {
    CacheName::Private(Name::new(plugin).unwrap())
}

#[tokio::test]
async fn a_file_that_is_gone_for_a_moment_is_not_missed() {
    let house = House::serving().await;
    fs::remove_file(house.path("users.wasm")).unwrap();
    house.scan().await;
    house.put("users.wasm", &component("two"));
    house.scan_twice().await;
    house.check("users", "two").await;
    assert_eq!(house.lines().len(), 2, "it was never unloaded");
}

#[tokio::test]
async fn a_folder_that_is_gone_changes_nothing_and_one_that_is_replaced_counts() {
    let house = House::serving().await;
    house.put("other.wasm", &component("other"));
    house.scan_twice().await;
    house.lines();
    let aside = tempfile::tempdir().unwrap();
    fs::rename(house.folder.path(), aside.path().join("old")).unwrap();
    for _ in 0..3 {
        house.scan().await;
    }
    house.check("users", "one").await;
    house.check_line("warn kept all plugins, since the folder ");
    fs::create_dir(house.folder.path()).unwrap();
    house.put("users.wasm", &component("two"));
    house.scan_twice().await;
    house.check("users", "two").await;
    house.check_gone("other").await;
}

#[tokio::test]
async fn a_file_that_is_only_touched_changes_nothing() {
    let house = House::serving().await;
    let state = house.state("users");
    house.lines();
    let file = fs::File::options().append(true).open(house.path("users.wasm")).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(60)).unwrap();
    house.scan_twice().await;
    house.put("users.wasm", &component("one"));
    house.scan_twice().await;
    assert_eq!(house.state("users"), state);
    assert_eq!(house.lines(), Vec::<String>::new());
}

#[tokio::test]
async fn other_content_of_the_same_size_and_time_is_noticed() {
    let house = House::serving().await;
    let path = house.path("users.wasm");
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    house.write("users.wasm", &component("two"));
    fs::File::options().append(true).open(&path).unwrap().set_modified(modified).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), modified);
    house.scan_twice().await;
    house.check("users", "two").await;
}

#[tokio::test]
async fn links_are_followed_to_their_current_targets() {
    let house = House::new();
    for (folder, version) in [("..one", "one"), ("..two", "two")] {
        fs::create_dir(house.path(folder)).unwrap();
        fs::write(house.path(folder).join("users.wasm"), component(version)).unwrap();
    }
    symlink("..one", house.path("..data")).unwrap();
    symlink("..data/users.wasm", house.path("users.wasm")).unwrap();
    house.scan_twice().await;
    house.check("users", "one").await;
    symlink("..two", house.path("..new")).unwrap();
    fs::rename(house.path("..new"), house.path("..data")).unwrap();
    house.scan_twice().await;
    house.check("users", "two").await;
}

#[tokio::test]
async fn of_two_files_of_one_name_the_one_that_serves_keeps_it() {
    let house = House::new();
    house.put("my_users.wasm", &component("one"));
    house.scan_twice().await;
    house.put("my-users.wasm", &component("two"));
    house.put("Users.wasm", &component("no"));
    house.scan_twice().await;
    house.check("my-users", "one").await;
    house.check_state("Users", Stage::Failed, "a letter first: rename it");
    let [_, second, first] = &*house.deployment.list() else {
        panic!("{:?}", house.deployment.list())
    };
    let other = house.path("my_users.wasm").display().to_string();
    let reason = format!("it gives the same name as {other}: rename one of the two");
    assert_eq!((second.stage, second.reason.as_ref()), (Stage::Failed, Some(&reason)));
    assert_eq!((first.stage, first.reason.as_ref()), (Stage::Serving, None));
    fs::remove_file(house.path("my_users.wasm")).unwrap();
    for _ in 0..4 {
        house.scan().await;
    }
    house.check("my-users", "two").await;
}

#[tokio::test]
async fn a_host_is_ready_when_all_was_loaded_or_refused_and_what_is_required_serves() {
    let mut house = House::with(vec![("users", "my.wasm"), ("orders", "aside/orders.wasm")]);
    assert!(!house.deployment.readiness().await.is_ready, "nothing was scanned");
    house.scan_twice().await;
    let readiness = house.deployment.readiness().await;
    assert!(readiness.is_ready && readiness.missing.is_empty(), "{readiness:?}");
    assert_eq!(readiness.refused, ["orders", "users"]);
    house.deployment = house
        .deployment
        .requiring(["orders", "users"].map(|of| Requirement::Plugin(name(of))).to_vec());
    house.put("my.wasm", &component("one"));
    house.put("orders.wasm", &component("by folder"));
    house.scan_twice().await;
    house.check("users", "one").await;
    assert!(!house.deployment.readiness().await.is_ready);
    assert_eq!(house.deployment.readiness().await.missing, ["orders"]);
    house.check_state("orders", Stage::Failed, "its folder does not exist");
    assert_eq!(house.deployment.list().len(), 3, "a named file does not define a second plugin");
    house.check_gone("orders").await;
    fs::create_dir(house.path("aside")).unwrap();
    house.scan_twice().await;
    house.check_state("orders", Stage::Failed, "the file does not exist");
    house.put("aside/orders.wasm", &component("two"));
    house.scan_twice().await;
    house.check("orders", "two").await;
    assert!(house.deployment.readiness().await.is_ready);
    house.lines();
    fs::remove_file(house.path("aside/orders.wasm")).unwrap();
    house.scan_twice().await;
    house.check_line("info unloaded, since ");
    house.check_gone("orders").await;
    house.check_state("orders", Stage::Failed, "the file does not exist");
    assert!(!house.deployment.readiness().await.is_ready);
}

#[tokio::test]
async fn versions_do_not_pile_up() {
    let house = House::serving().await;
    let versions = [component("even"), component("odd ")];
    for round in 0..100 {
        house.put("users.wasm", &versions[round % 2]);
        house.scan_twice().await;
        assert!(house.host.activity().versions <= 2, "one serves, one may be brought back");
    }
    house.check("users", "odd ").await;
    assert_eq!(house.host.activity().versions, 1);
}

#[tokio::test]
async fn a_call_under_way_ends_on_the_version_it_began_with() {
    let house = House::serving().await;
    let mut calls = JoinSet::new();
    let host = Arc::clone(&house.host);
    calls.spawn(async move { answer(call(&host, "users", "w").await) });
    while house.host.activity().calls == 0 {
        tokio::task::yield_now().await;
    }
    house.put("users.wasm", &component("two"));
    house.scan_twice().await;
    house.check("users", "two").await;
    assert_eq!(house.host.activity().versions, 2);
    fs::remove_file(house.path("users.wasm")).unwrap();
    house.scan_twice().await;
    house.check_gone("users").await;
    house.host.caches().get(&private("users")).unwrap().set("go", "1", None).await.unwrap();
    assert_eq!(calls.join_next().await.unwrap().unwrap(), "one");
    assert_eq!(house.host.activity().versions, 0);
}

/// Callers keep sending requests while versions are swapped. Each call gets a response, and never
/// from a version that was replaced before the call began.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_is_lost_or_late_while_versions_are_swapped() {
    const SWAPS: usize = 100;
    let host = Arc::new(TestHost::with(patient()).host);
    host.load(name("users"), component("0"), PluginSettings::default()).await.unwrap();
    let swapped = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    for _ in 0..4 {
        let (host, swapped) = (Arc::clone(&host), Arc::clone(&swapped));
        callers.spawn(async move {
            let mut answered = 0;
            loop {
                let oldest = swapped.load(Ordering::SeqCst);
                let version: usize = answer(call(&host, "users", "").await).parse().unwrap();
                let newest = swapped.load(Ordering::SeqCst) + 1;
                assert!((oldest..=newest).contains(&version), "{oldest} {version} {newest}");
                answered += 1;
                if oldest == SWAPS {
                    return answered;
                }
                tokio::task::yield_now().await;
            }
        });
    }
    for swap in 1..=SWAPS {
        host.replace(&name("users"), component(&swap.to_string())).await.unwrap();
        swapped.store(swap, Ordering::SeqCst);
    }
    let answered: usize = callers.join_all().await.iter().sum();
    assert!(answered > SWAPS, "only {answered} calls were answered");
    assert_eq!(host.activity().versions, 1);
}

#[tokio::test]
async fn a_version_whose_first_three_calls_trap_is_rolled_back() {
    let house = House::serving().await;
    let good = house.state("users").version;
    house.lines();
    house.put("users.wasm", &traps());
    house.scan_twice().await;
    let bad = house.state("users").version.unwrap();
    assert_eq!(house.lines().len(), 1);
    for _ in 0..3 {
        house.check_state("users", Stage::Serving, "");
        house.call("users", "").await.unwrap_err();
    }
    house.check("users", "one").await;
    house.check_state("users", Stage::RolledBack, "the guest trapped: ");
    assert_eq!((house.state("users").version, house.host.activity().versions), (good, 1));
    house.check_line(&format!(
        "error brought back version {}, since the first 3 calls of {bad} all failed",
        good.unwrap()
    ));
    // The failed version is not tried again, and the restored version is not on probation.
    house.put("users.wasm", &traps());
    house.scan_twice().await;
    for _ in 0..4 {
        house.call("users", "t").await.unwrap_err();
    }
    house.check("users", "one").await;
    house.put("users.wasm", &component("two"));
    house.scan_twice().await;
    house.check("users", "two").await;
    house.check_state("users", Stage::Serving, "");
}

/// Checks whether these calls cause a new version to be rolled back.
async fn check_probation(calls: &[&str], rolled_back: bool) {
    let house = House::serving().await;
    house.put("users.wasm", &component("two"));
    house.scan_twice().await;
    for call in calls {
        match *call {
            // The call is cancelled while it waits in the guest.
            "cancelled" => {
                let waiting = house.call("users", "w");
                let waited = tokio::time::timeout(Duration::from_millis(20), waiting).await;
                waited.unwrap_err();
            }
            "too large" => {
                let body = "t".repeat(Limits::default().request + 1);
                house.call("users", &body).await.unwrap_err();
            }
            "unknown" => drop(house.call("users.unknown", "t").await.unwrap_err()),
            body => drop(house.call("users", body).await),
        }
    }
    house.check("users", if rolled_back { "one" } else { "two" }).await;
    let stage = if rolled_back { Stage::RolledBack } else { Stage::Serving };
    assert_eq!(house.state("users").stage, stage, "{calls:?}");
}

#[tokio::test]
async fn only_traps_before_the_first_response_have_a_version_rolled_back() {
    check_probation(&["t", "t", "t"], true).await;
    check_probation(&["t", "t"], false).await;
    check_probation(&["t", "", "t", "t", "t"], false).await;
    check_probation(&["f", "f", "f", "f"], false).await;
    check_probation(&["too large", "too large", "too large"], false).await;
    check_probation(&["unknown", "unknown", "unknown"], false).await;
    check_probation(&["cancelled", "cancelled", "cancelled"], false).await;
    check_probation(&["t", "f", "t", "too large", "cancelled", "t"], true).await;
}

#[tokio::test]
async fn a_version_on_probation_that_is_replaced_is_not_brought_back() {
    let house = House::serving().await;
    house.put("users.wasm", &component("two"));
    house.scan_twice().await;
    house.call("users", "t").await.unwrap_err();
    house.put("users.wasm", &traps());
    house.scan_twice().await;
    for _ in 0..3 {
        house.call("users", "").await.unwrap_err();
    }
    house.check("users", "one").await;
}

#[tokio::test]
async fn a_plugin_that_is_not_there_cannot_be_unloaded() {
    let house = House::new();
    let message = "no plugin called `users` is loaded";
    assert_eq!(house.host.unload(&name("users")).unwrap_err().to_string(), message);
}

/// Returns a build that counts its runs. The text of a source is the version of its component, or
/// selects a failure, such as `mistake`.
fn build(built: &TempDir, runs: &Arc<AtomicUsize>) -> Build {
    let (runs, file) = (Arc::clone(runs), built.path().join("built.wasm"));
    Arc::new(move |source| {
        runs.fetch_add(1, Ordering::Relaxed);
        let version = fs::read_to_string(&source.file).unwrap();
        let read = ["helper.js", "../shared.txt"].map(|file| source.folder.join(file));
        let inputs = inputs(read.iter().chain([&source.file]));
        if version == "mistake" {
            return Built { component: Err("it does not build: line 1".into()), inputs };
        }
        let component = if version == "huge" { vec![0; 2 << 20] } else { component(&version) };
        fs::write(&file, component).unwrap();
        Built { component: Ok(fs::File::open(&file).unwrap()), inputs }
    })
}

fn inputs<'a>(files: impl IntoIterator<Item = &'a PathBuf>) -> Inputs {
    let mut inputs = Inputs::default();
    files.into_iter().for_each(|file| inputs.add(file));
    inputs
}

#[tokio::test]
async fn a_source_is_built_again_when_anything_that_was_read_changes_and_for_nothing_else() {
    let (built, runs) = (tempfile::tempdir().unwrap(), Arc::default());
    let house = House::that_builds(Vec::new(), Some(build(&built, &runs)));
    fs::create_dir(house.path("shop")).unwrap();
    let check = async |file: &str, content: &str, expected: usize| {
        house.write(&format!("shop/{file}"), content.as_bytes());
        house.scan_twice().await;
        house.scan_twice().await;
        assert_eq!(runs.load(Ordering::Relaxed), expected, "{file}");
    };
    check("shop.js", "one", 1).await;
    check("../shared.txt", "two", 2).await;
    for file in ["hostel.toml", "README.md", "shop.test.js", "notes.txt"] {
        check(file, "other", 2).await;
    }
    check("shop.js", "mistake", 3).await;
    check("notes.txt", "again", 3).await;
    check("../shared.txt", "three", 4).await;
    check("new.js", "", 5).await;
    check("shop.js", "two", 6).await;
    house.check("shop", "two").await;
}

#[tokio::test]
async fn a_source_is_built_when_it_changes() {
    let (built, runs) = (tempfile::tempdir().unwrap(), Arc::default());
    let house = House::that_builds(Vec::new(), Some(build(&built, &runs)));
    house.put("users.py", b"one");
    fs::create_dir_all(house.path("orders/target")).unwrap();
    house.write("orders/orders.py", b"of a folder");
    house.scan_twice().await;
    house.scan_twice().await;
    house.check("users", "one").await;
    house.check("orders", "of a folder").await;
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    house.put("users.py", b"mistake");
    house.write("orders/target/made", b"by a build");
    house.scan_twice().await;
    house.check("users", "one").await;
    house.check_state("users", Stage::Serving, "it does not build: line 1");
    assert_eq!(runs.load(Ordering::Relaxed), 3);
    house.put("users.py", b"huge");
    house.scan_twice().await;
    house.scan_twice().await;
    house.check("users", "one").await;
    house.check_state("users", Stage::Serving, "the component is larger than 1.0 MiB");
    assert_eq!(runs.load(Ordering::Relaxed), 4);
    house.put("users.py", b"two");
    house.write("orders/orders.py", b"another");
    house.write("orders/more.py", b"a second file");
    house.scan_twice().await;
    house.check("users", "two").await;
    house.check("orders", "another").await;
    house.put("users.wasm", &component("three"));
    house.scan_twice().await;
    house.check("users", "two").await;
}

#[tokio::test]
async fn a_module_of_a_source_is_not_a_plugin_and_its_change_builds_the_source() {
    let (built, runs) = (tempfile::tempdir().unwrap(), Arc::default());
    let house = House::that_builds(Vec::new(), Some(build(&built, &runs)));
    fs::create_dir_all(house.path("shop/venv")).unwrap();
    house.write("shop/shop.js", b"one");
    house.write("shop/helper.js", b"helps");
    house.scan_twice().await;
    house.check("shop", "one").await;
    let names: Vec<_> = house.deployment.list().into_iter().map(|state| state.name).collect();
    assert_eq!((names, runs.load(Ordering::Relaxed)), (vec!["shop".to_owned()], 1));
    house.write("shop/helper.js", b"helps more");
    house.scan_twice().await;
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    house.write("shop/venv/installed.js", b"");
    house.write("shop/notes.txt", b"");
    house.scan_twice().await;
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}

/// Checks that a source is served, and built again, even with `count` other files below its folder.
async fn check_beside(count: usize, file: impl Fn(usize) -> String) {
    let (built, runs) = (tempfile::tempdir().unwrap(), Arc::default());
    let house = House::that_builds(Vec::new(), Some(build(&built, &runs)));
    house.write("users.py", b"one");
    for number in 0..count {
        let file = house.path(&file(number));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "").unwrap();
    }
    house.scan_twice().await;
    house.check("users", "one").await;
    house.check_state("users", Stage::Serving, "");
    house.put("users.py", b"two");
    house.scan_twice().await;
    house.check("users", "two").await;
}

#[tokio::test]
async fn a_source_is_served_whatever_lies_beside_it() {
    check_beside(10_050, |number| format!("venv/lib/installed_{number}.py")).await;
    check_beside(10_050, |number| format!("lib/module_{number}.py")).await;
}

#[tokio::test]
async fn a_folder_that_is_one_service_is_one_plugin_until_a_component_is_put_there() {
    let (built, runs) = (tempfile::tempdir().unwrap(), Arc::default());
    let house = House::that_builds(Vec::new(), Some(build(&built, &runs)));
    house.write("service.py", b"one");
    house.write("users.py", b"two");
    house.scan_twice().await;
    let [only] = &*house.deployment.list() else { panic!("{:?}", house.deployment.list()) };
    assert_eq!(only.path, house.folder.path());
    house.put("orders.wasm", &component("three"));
    house.scan_twice().await;
    house.check("orders", "three").await;
    house.check("users", "two").await;
}

#[tokio::test]
async fn a_build_that_panics_is_a_failure_like_any_other() {
    let build: Build = Arc::new(|_| panic!("on purpose"));
    let house = House::that_builds(Vec::new(), Some(build));
    house.put("users.py", b"");
    house.scan_twice().await;
    house.check_state("users", Stage::Failed, "reading or building it panicked");
    house.put("users.wasm", &component("one"));
    fs::remove_file(house.path("users.py")).unwrap();
    for _ in 0..3 {
        house.scan().await;
    }
    house.check("users", "one").await;
}

#[tokio::test]
async fn a_name_that_is_in_use_is_tried_until_it_is_free() {
    let house = House::new();
    house.host.load(name("users"), component("own"), PluginSettings::default()).await.unwrap();
    house.put("users.wasm", &component("one"));
    for _ in 0..4 {
        house.scan().await;
    }
    house.check("users", "own").await;
    house.check_state("users", Stage::Failed, "a plugin called `users` is loaded already");
    house.check_line("error ");
    house.host.unload(&name("users")).unwrap();
    house.scan().await;
    house.check("users", "one").await;
}

#[tokio::test]
async fn a_deployment_scans_until_it_is_stopped() {
    let house = House::new();
    house.put("users.wasm", &component("one"));
    let stop = async {
        let served = |version: &'static str| async {
            let mut ticks = tokio::time::interval(Duration::from_millis(10));
            while house.call("users", "").await.ok().map(|answer| answer.body)
                != Some(version.as_bytes().to_vec())
            {
                ticks.tick().await;
            }
        };
        served("one").await;
        house.put("users.wasm", &component("two"));
        served("two").await;
    };
    house.deployment.run(Duration::from_millis(20), stop).await;
}

/// Returns a build that waits for a signal, and the sender of the signal. The build fails if the
/// sender is dropped.
fn build_on_a_signal(built: &TempDir) -> (Build, std::sync::mpsc::Sender<()>) {
    let file = built.path().join("built.wasm");
    let (tell, told) = std::sync::mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let build: Build = Arc::new(move |source| {
        if let Err(error) = told.lock().unwrap().recv() {
            return Built { component: Err(error.into()), inputs: Inputs::default() };
        }
        fs::write(&file, component(&fs::read_to_string(&source.file).unwrap())).unwrap();
        let component = Ok(fs::File::open(&file).unwrap());
        Built { component, inputs: inputs([&source.file]) }
    });
    (build, tell)
}

/// Scans twice, so that the current files begin to load. Does not wait for the load.
async fn begin_to_load(house: &House, plugin: &str) {
    house.deployment.scan().await;
    house.deployment.scan().await;
    house.check_state(plugin, Stage::Loading, "");
}

/// Scans until a plugin reaches this stage. `None` means until the plugin is gone.
async fn until(house: &House, plugin: &str, stage: Option<Stage>) {
    let stage_of = |states: Vec<PluginState>| {
        states.into_iter().find(|state| state.name == plugin).map(|state| state.stage)
    };
    while stage_of(house.deployment.list()) != stage {
        house.deployment.scan().await;
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_waits_for_a_slow_load_but_the_calls_to_its_plugin() {
    let built = tempfile::tempdir().unwrap();
    let (build, tell) = build_on_a_signal(&built);
    let house = House::that_builds(Vec::new(), Some(build));
    house.put("slow.py", b"built");
    house.put("slower.py", b"built");
    begin_to_load(&house, "slow").await;
    house.put("quick.wasm", &component("quick"));
    until(&house, "quick", Some(Stage::Serving)).await;
    house.check("quick", "quick").await;
    house.put("quick.wasm", &component("replaced"));
    let host = Arc::clone(&house.host);
    let waits = tokio::spawn(async move { call(&host, "slow", "").await });
    while house.call("quick", "").await.is_ok_and(|answer| answer.body == b"quick") {
        house.deployment.scan().await;
    }
    house.check("quick", "replaced").await;
    house.check_state("slow", Stage::Loading, "");
    let refused = house.call("slow", "").await.unwrap_err();
    assert!(matches!(&refused, CallError::Busy(words) if words.contains("`slow`")), "{refused}");
    // This call either waited too long or was refused at once: both end with `Busy`.
    assert!(matches!(waits.await.unwrap(), Err(CallError::Busy(_))));
    tell.send(()).unwrap();
    tell.send(()).unwrap();
    for plugin in ["slow", "slower"] {
        until(&house, plugin, Some(Stage::Serving)).await;
        house.check(plugin, "built").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_waits_for_its_plugin_returns_once_that_is_loaded_or_refused() {
    let built = tempfile::tempdir().unwrap();
    let (build, tell) = build_on_a_signal(&built);
    let house = House::whose_calls_wait(Duration::from_secs(60), Vec::new(), Some(build));
    house.put("slow.py", b"built");
    begin_to_load(&house, "slow").await;
    let host = Arc::clone(&house.host);
    let waits = tokio::spawn(async move { call(&host, "slow", "").await });
    while house.host.activity().waiting == 0 {
        tokio::task::yield_now().await;
    }
    tell.send(()).unwrap();
    assert_eq!(answer(waits.await.unwrap()), "built");
    // If the build fails, the service does not exist.
    house.put("other.py", b"x");
    begin_to_load(&house, "other").await;
    let host = Arc::clone(&house.host);
    let waits = tokio::spawn(async move { call(&host, "other", "").await });
    while house.host.activity().waiting == 0 {
        tokio::task::yield_now().await;
    }
    drop(tell);
    let refused = waits.await.unwrap();
    assert!(matches!(refused, Err(CallError::UnknownService { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_is_given_up_when_its_file_is_gone() {
    let built = tempfile::tempdir().unwrap();
    let (build, tell) = build_on_a_signal(&built);
    let house = House::that_builds(Vec::new(), Some(build));
    house.put("slow.py", b"built");
    begin_to_load(&house, "slow").await;
    fs::remove_file(house.path("slow.py")).unwrap();
    // The build is still running.
    until(&house, "slow", None).await;
    drop(tell);
}
