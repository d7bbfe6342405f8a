//! Runs external tools: passes their output on, and explains their failures in one line.

use super::{BuildError, Progress};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{RwLock, RwLockWriteGuard};

/// Parts of tool messages about the machine, the network or a registry rather than the source. Each
/// has an explanation.
const MACHINE_TROUBLE: &[(&str, &str)] = &[
    ("No space left on device", "the disk is full: make room and try again"),
    ("ENOSPC", "the disk is full: make room and try again"),
    ("no space left on device", "the disk is full: make room and try again"),
    ("failed to download", NO_NETWORK),
    ("failed to fetch", NO_NETWORK),
    ("Could not resolve host", NO_NETWORK),
    ("Temporary failure in name resolution", NO_NETWORK),
    ("ENOTFOUND", NO_NETWORK),
    ("EAI_AGAIN", NO_NETWORK),
    ("ECONNREFUSED", NO_NETWORK),
    ("ECONNRESET", NO_NETWORK),
    ("ETIMEDOUT", NO_NETWORK),
    ("Failed to establish a new connection", NO_NETWORK),
    ("NewConnectionError", NO_NETWORK),
    ("ConnectTimeoutError", NO_NETWORK),
    ("ReadTimeoutError", NO_NETWORK),
    ("ProxyError", NO_NETWORK),
    ("network failure", NO_NETWORK),
    ("could not download", NO_NETWORK),
    ("dial tcp", NO_NETWORK),
    ("proxyconnect tcp", NO_NETWORK),
    ("No matching distribution found", NO_SUCH_PACKAGE),
    ("npm error code E404", NO_SUCH_PACKAGE),
];

/// Parts of compiler messages about missing methods and functions of the SDK, each with an
/// explanation.
const NO_SUCH_METHOD: &[(&str, &str)] = &[
    (
        "type hostel.Cache has no field or method",
        "the cache has no such method; it has Get, GetRaw, Set, SetWithExpiry, SetRaw, \
         SetRawWithExpiry, SetIfAbsent, SetIfAbsentWithExpiry, Increment, IncrementWithExpiry, \
         Delete, Exists, CompareAndSwapRaw, TakeRaw, DeleteMany, TTL, Expire, Keys and \
         DeletePrefix; Update, Take, GetOrSet, GetMany, SetMany and SetManyWithExpiry are \
         functions of the package",
    ),
    (
        "undeclared function 'hostel_cache_",
        "the cache has no such function; it has hostel_cache_get, _get_raw, _set, _delete, \
         _exists, _set_if_absent, _increment, _update, _compare_and_swap_raw, _take, _take_raw, \
         _get_or_set, _get_or_set_with, _get_many, _set_many, _delete_many, _ttl, _expire, _keys, \
         _next_key and _delete_prefix",
    ),
    (
        "found for struct `Cache`",
        "the cache has no such method; it has get, get_raw, set, set_with_expiry, set_raw, \
         set_raw_with_expiry, set_if_absent, set_if_absent_with_expiry, increment, \
         increment_with_expiry, delete, exists, update, compare_and_swap_raw, take, take_raw, \
         get_or_set, get_or_set_with, get_many, set_many, set_many_with_expiry, delete_many, ttl, \
         expire, keys and delete_prefix",
    ),
    (
        "does not exist on type 'Cache'",
        "the cache has no such method; it has get, getInteger, getRaw, set, setRaw, delete, \
         exists, setIfAbsent, increment, compareAndSwapRaw, update, take, takeRaw, getOrSet, \
         getMany, setMany, deleteMany, ttl, expire, keys and deletePrefix",
    ),
    (
        "type hostel.HTTP has no field or method",
        "HTTP has no such method; it has Get, Head, Options, Post, Put, Patch, Delete, Send and \
         SendMany",
    ),
    (
        "type hostel.Config has no field or method",
        "the settings have no such method; they have Get, Require and Names",
    ),
    ("undeclared function 'hostel_http_", "unknown function; hostel_http.h declares the functions"),
    (
        "undeclared function 'hostel_config_",
        "unknown function; the functions are hostel_config_get, _require and _names",
    ),
    (
        "found for struct `Http`",
        "HTTP has no such method; it has get, head, delete, post, put, patch, send and send_many",
    ),
    (
        "found for struct `Config`",
        "the settings have no such method; they have get, require and names",
    ),
];

const NO_SUCH_PACKAGE: &str = "the registry has no such package or version, or cannot be reached: \
                               check the name and the network";

const NO_NETWORK: &str = "something could not be fetched: check the network and try again";

/// Locked for reading while a process is being started or its end is being reported.
static STARTING: RwLock<()> = RwLock::new(());

/// Returns a guard. Until the guard is dropped, no tool starts, and the end of a tool is not
/// reported. For use while this process and its tools are being killed. `None` if the lock is
/// poisoned.
pub(crate) fn start_no_more() -> Option<RwLockWriteGuard<'static, ()>> {
    STARTING.write().ok()
}

fn spawn(command: &mut Command) -> io::Result<Child> {
    let _starting = STARTING.read();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
}

/// Runs a command to its end and returns its output.
pub(super) fn complete(command: &mut Command) -> io::Result<Output> {
    let output = spawn(command)?.wait_with_output();
    let _starting = STARTING.read();
    output
}

/// Runs a tool on a service's source. Passes the tool's output to `progress`, except lines that
/// begin with one of `hides`. Returns the lines of stdout; if `keeps_stdout` is set, does not pass
/// them to `progress`.
pub(super) fn run(
    tool: &'static str,
    path: &Path,
    command: &mut Command,
    progress: Progress<'_>,
    hides: &[&str],
    keeps_stdout: bool,
) -> Result<Vec<String>, BuildError> {
    let run = |source| BuildError::Run { tool, source };
    let mut running = spawn(command).map_err(run)?;
    let (words, errors) = (running.stdout.take(), running.stderr.take());
    let quiet = Progress { line: &|_| {}, ..progress };
    let (kept, why) = std::thread::scope(|scope| {
        let errors = scope.spawn(|| relay(errors, progress, hides).1);
        let (kept, why) = relay(words, if keeps_stdout { quiet } else { progress }, hides);
        (kept, errors.join().unwrap_or_default().or(why))
    });
    let ended = running.wait().map_err(run)?;
    let _starting = STARTING.read();
    if ended.success() {
        return Ok(kept);
    }
    let why = why.map_or_else(|| format!("see the output of {tool} above"), str::to_owned);
    Err(BuildError::Failed { path: path.to_owned(), why })
}

/// Passes a tool's output to `progress`, except lines that begin with one of `hides`. Returns all
/// lines, and an explanation if they show a known failure.
fn relay(
    words: Option<impl Read>,
    progress: Progress<'_>,
    hides: &[&str],
) -> (Vec<String>, Option<&'static str>) {
    let mut why = None;
    let mut kept = Vec::new();
    let bytes = words.into_iter().flat_map(|stream| BufReader::new(stream).split(b'\n'));
    for line in bytes.map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        let plain = anstream::adapter::strip_str(&line).to_string();
        // A source line quoted by a compiler is not a message of the tool.
        let is_quoted = plain.contains(" | ");
        let mut known = MACHINE_TROUBLE.iter().chain(NO_SUCH_METHOD);
        let trouble = known.find(|(words, _)| plain.contains(words) && !is_quoted);
        // After a failed fetch, a tool may print a message about a missing package: keep the
        // explanation of the fetch.
        if why != Some(NO_NETWORK) {
            why = trouble.map(|(_, why)| *why).or(why);
        }
        if !hides.iter().any(|hidden| plain.trim_start().starts_with(hidden)) {
            (progress.line)(&line);
        }
        kept.push(line);
    }
    (kept, why)
}

/// Tries a fetched tool before it is cached, because a tool that does not run would fail every
/// later build.
pub(super) fn try_fetched(tool: &'static str, command: &mut Command) -> Result<(), BuildError> {
    let output = complete(command).map_err(|source| BuildError::Run { tool, source })?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let said = words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it printed nothing");
    let why =
        format!("it was downloaded, but does not run on this machine, and was deleted: {said}");
    Err(BuildError::Tool { tool: tool.to_owned(), why })
}

/// The first line that a tool prints to stdout, if the tool exists and succeeds.
pub(super) fn ask(tool: &str, arguments: &[&str]) -> Option<String> {
    let output = complete(Command::new(tool).args(arguments)).ok()?;
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = words.lines().next().unwrap_or_default().trim().to_owned();
    output.status.success().then_some(line)
}

/// Runs a tool and returns its output. The error for a missing tool contains the fix.
pub(super) fn output(
    tool: &'static str,
    fix: &'static str,
    command: &mut Command,
) -> Result<Output, BuildError> {
    complete(command).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => BuildError::NoTool { tool, fix },
        _ => BuildError::Run { tool, source },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the explanation for a tool that prints `said` and fails.
    #[track_caller]
    fn check(said: &str, expected: &str) {
        let mut command = Command::new("sh");
        command.args(["-c", "printf '%s\\n' \"$1\" >&2; exit 1", "sh", said]);
        let progress = Progress { line: &|_| {}, step: &|_| {}, colour: false };
        let error = run("sh", Path::new("x"), &mut command, progress, &[], false).unwrap_err();
        assert_eq!(error.to_string(), format!("x does not build: {expected}"));
    }

    #[test]
    fn the_network_is_blamed_when_it_is_the_network_and_not_otherwise() {
        check("npm error code ECONNREFUSED", NO_NETWORK);
        let pip = "WARNING: Retrying after NewConnectionError\n\
            ERROR: No matching distribution found for x";
        check(pip, NO_NETWORK);
        check("ERROR: No matching distribution found for x", NO_SUCH_PACKAGE);
        check(" 12 | text = \"dial tcp\"", "see the output of sh above");
    }

    #[test]
    fn a_tool_that_was_fetched_and_does_not_run_is_refused_with_its_words() {
        let mut command = Command::new("sh");
        let broken = command.args(["-c", "echo 'wrong format' >&2; exit 1"]);
        let error = try_fetched("zig", broken).unwrap_err().to_string();
        assert!(
            error.starts_with("zig: ") && error.ends_with("was deleted: wrong format"),
            "{error}"
        );
        assert!(try_fetched("zig", &mut Command::new("true")).is_ok());
    }
}
