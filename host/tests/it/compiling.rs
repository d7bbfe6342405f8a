//! Compilation in a separate process: its results, and how its failures are reported.

use crate::support::{Random, TestHost, guests, patient, program};
use hostel::{
    Compiler, ComponentError, Launcher, Limit, Limits, LoadError, PluginName, PluginSettings,
    Settings,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

fn by(program: &Path, limits: Limits) -> TestHost {
    let compiler = Compiler::Process(Launcher::new(program.to_owned()));
    TestHost::with_settings(Settings { limits, compiler, ..Settings::default() })
}

fn by_hostel(limits: Limits) -> TestHost {
    by(Path::new(env!("CARGO_BIN_EXE_hostel")), limits)
}

async fn load(host: &TestHost, component: Vec<u8>) -> Result<(), LoadError> {
    let name = PluginName::new("guest").unwrap();
    host.host.load(name, component, PluginSettings::default()).await.map(drop)
}

#[tokio::test]
async fn a_component_is_compiled_to_the_same_services() {
    let names = |services: Vec<hostel::ServiceInfo>| -> Vec<_> {
        services.into_iter().map(|service| service.name).collect()
    };
    let inside = names(TestHost::new().load("guest", guests()).await);
    assert_eq!(names(by_hostel(patient()).load("guest", guests()).await), inside);
}

#[tokio::test]
async fn code_is_stored_and_found() {
    let folder = tempfile::tempdir().unwrap();
    let with = |program: &str| {
        let compiler = Compiler::Process(Launcher::new(PathBuf::from(program)));
        let code_folder = Some(folder.path().join("code"));
        TestHost::with_settings(Settings { compiler, code_folder, ..Settings::default() })
    };
    let first = with(env!("CARGO_BIN_EXE_hostel"));
    assert!(!first.host.has_code_of(&guests()));
    first.load("guest", guests()).await;
    assert!(first.host.has_code_of(&guests()));
    // This host finds the compiled code, so it needs no compiler.
    with("/nothing/there").load("guest", guests()).await;
}

/// Checks that a compiler process refuses a component with the same error as this process.
async fn check_refused(component: &[u8]) {
    let outside = load(&by_hostel(patient()), component.to_vec()).await.unwrap_err();
    let inside = load(&TestHost::new(), component.to_vec()).await.unwrap_err();
    assert_eq!(outside.to_string(), inside.to_string());
}

#[tokio::test]
async fn a_refusal_is_the_same_as_without_a_process() {
    check_refused(&wat::parse_str("(component)").unwrap()).await;
    check_refused(&wat::parse_str("(component (import \"mine\" (func)))").unwrap()).await;
    let functions = "(func)".repeat(60_000);
    check_refused(&wat::parse_str(format!("(component (core module {functions}))")).unwrap()).await;
    let whole = guests();
    check_refused(&whole[..whole.len() / 2]).await;
}

/// Returns a component whose functions are small but together take seconds to compile.
fn slow() -> Vec<u8> {
    let add = "local.get 0 i32.const 3 i32.mul local.set 0 ".repeat(200);
    let functions = format!("(func (param i32) {add})").repeat(6_000);
    let export = r#"(component $c) (instance $i (instantiate $c))
        (export "hostel:service/handler@0.1.0" (instance $i))"#;
    wat::parse_str(format!("(component (core module {functions}) {export})")).unwrap()
}

async fn limit_of(limits: Limits, component: Vec<u8>) -> Limit {
    match load(&by_hostel(limits), component).await.unwrap_err() {
        LoadError::Component(ComponentError::Limit(reached)) => reached.limit,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn limits_compile_time_and_compile_memory_violated() {
    let limits = Limits { compile_time: Duration::from_secs(1), ..patient() };
    assert_eq!(limit_of(limits, slow()).await, Limit::CompileTime);
    let limits = Limits { compile_memory: 24 << 20, ..patient() };
    assert_eq!(limit_of(limits, slow()).await, Limit::CompileMemory);
}

#[tokio::test]
async fn limits_compile_time_and_compile_memory_obeyed() {
    let limits =
        Limits { compile_time: Duration::from_secs(60), compile_memory: 1 << 30, ..patient() };
    by_hostel(limits).load("guest", guests()).await;
}

async fn check_fault(does: &str, words: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let host = by(&program(folder.path(), "compiler", does), patient());
    let error = whole(&load(&host, guests()).await.unwrap_err());
    assert!(words.iter().all(|word| error.contains(word)), "{error}");
}

#[tokio::test]
async fn a_process_that_fails_is_reported_and_changes_nothing() {
    check_fault("echo 'boom\x1b[31m' >&2; kill -SEGV $$", &["signal 11", "boom\\u{1b}"]).await;
    check_fault("exit 7", &["code 7"]).await;
    // The compiler's output is neither valid code nor a valid refusal.
    check_fault("echo no code", &["could not be compiled"]).await;
    check_fault("echo no reason; exit 10", &["could not be compiled"]).await;
    check_fault("yes | head -c 300000 >&2; exit 7", &["code 7"]).await;
    let host = by(Path::new("/nothing/there"), patient());
    let error = whole(&load(&host, guests()).await.unwrap_err());
    assert!(error.contains("cannot start a process"), "{error}");
}

/// Returns an error message with its causes.
fn whole(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", whole(cause)),
        None => error.to_string(),
    }
}

#[tokio::test]
async fn a_load_that_is_given_up_ends_its_process() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    make_pipe(&pipe);
    // The compiler and its children hold the pipe open. The reader reaches the pipe's end only when
    // all these processes are gone.
    let does = format!("exec 3>'{}'; echo begun >&3; sleep 600 & sleep 600", pipe.display());
    let host = Arc::new(by(&program(folder.path(), "compiler", &does), patient()));
    let loading = {
        let host = Arc::clone(&host);
        tokio::spawn(async move { load(&host, guests()).await })
    };
    let read = tokio::task::spawn_blocking(move || {
        use std::io::{BufRead, BufReader, Read};
        let mut reader = BufReader::new(std::fs::File::open(pipe).unwrap());
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        (line, move || reader.read_to_string(&mut String::new()).unwrap())
    });
    let (line, rest) = read.await.unwrap();
    assert_eq!(line, "begun\n");
    loading.abort();
    assert_eq!(tokio::task::spawn_blocking(rest).await.unwrap(), 0);
}

fn make_pipe(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Number of mutated or truncated components in the test below, unless `HOSTEL_MUTATIONS` sets
/// another number.
const MUTATIONS: u64 = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_mutated_or_truncated_component_harms_the_process_that_loads_it() {
    let count = std::env::var("HOSTEL_MUTATIONS").map_or(MUTATIONS, |count| count.parse().unwrap());
    let host = by_hostel(patient());
    let whole = guests();
    let mut random = Random(count);
    for number in 0..count {
        let mut component = whole.clone();
        if number % 4 == 0 {
            component.truncate(random.below(whole.len()));
        } else {
            for _ in 0..=random.below(8) {
                let at = random.below(whole.len());
                component[at] = random.below(256) as u8;
            }
        }
        if load(&host, component).await.is_ok() {
            host.host.unload(&PluginName::new("guest").unwrap()).unwrap();
        }
    }
    host.load("guest", guests()).await;
}
