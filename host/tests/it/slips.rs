//! Mistakes in a configuration and in paths: errors report the place and the name, and suggest the
//! nearest existing name.

use crate::support::{hostel, stderr};
use std::fs;
use std::path::Path;
use std::process::Output;
use tempfile::TempDir;

/// Returns a folder with sources and files for a configuration.
fn place() -> TempDir {
    let place = tempfile::tempdir().unwrap();
    for (file, text) in [
        ("hello-c/service.c", ""),
        ("plugins/users.wasm", ""),
        ("plugins/notes.txt", ""),
        ("staff.callers", ""),
        ("empty/.hidden", ""),
    ] {
        let path = place.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    place
}

fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    hostel().args(arguments).current_dir(folder).output().unwrap()
}

/// Checks the only error of `hostel check`, and its exit code.
#[track_caller]
fn check(text: &str, code: i32, error: &str) {
    let place = place();
    fs::write(place.path().join("hostel.toml"), text).unwrap();
    let output = run_in(place.path(), &["check"]);
    assert_eq!(stderr(&output), format!("error: hostel.toml:{error}\n"), "{text}");
    assert_eq!(output.status.code(), Some(code));
}

#[test]
fn a_missing_plugin_gets_a_suggestion() {
    check(
        "[plugins.helo-c]\n",
        3,
        "1:10: the plugin `helo-c` is missing: neither ./helo-c.wasm nor a source of that name \
         exists; did you mean `hello-c`?",
    );
    check(
        "folder = \"plugins\"\n[plugins.user]\npath = \"plugns/users.wasm\"\n\
         [plugins.users]\npath = \"gone\"\n[plugins.users.limits]\ntime = \"0s\"\n",
        2,
        "7:8: `limits.time`: a limit of 0 is invalid: it must be above 0",
    );
    check(
        "[plugins.users]\npath = \"plugns/users.wasm\"\n",
        3,
        "2:8: the plugin `users` is missing: plugns/users.wasm does not exist; did you mean \
         `plugins/users.wasm`?",
    );
    check(
        "[plugins.users]\npath = \"plugins/x.py\"\n",
        3,
        "2:8: the plugin `users` is missing: plugins/x.py does not exist; the folder plugins \
         holds: notes.txt, users.wasm",
    );
    check(
        "[plugins.users]\npath = \"plugins/notes.txt\"\n",
        3,
        "2:8: the plugin `users` is missing: plugins/notes.txt is not a service: a service is a \
         component (.wasm), a source file (.c, .cpp, .cc, .zig, .go, .js, .mjs, .py, .ts, .mts), \
         or a folder with a Cargo.toml or a go.mod",
    );
}

#[test]
fn a_missing_folder_or_file_gets_the_nearest_one() {
    check(
        "folder = \"plugns\"\n",
        2,
        "1:10: the folder of plugins plugns does not exist; did you mean `plugins`?",
    );
    check(
        "folder = \"staff.callers\"\n",
        2,
        "1:10: staff.callers is not a folder: `folder` must be the one with the plugins",
    );
    let near = "No such file or directory; did you mean `staff.callers`?";
    check(
        "folder = \".\"\n[callers.staff]\nscheme = \"bearer\"\nfile = \"staf.callers\"\n",
        2,
        &format!("4:8: cannot read staf.callers: {near}"),
    );
    check(
        "folder = \".\"\n[plugins.hello-c.secrets]\nkey = { file = \"empty/key\" }\n",
        2,
        "3:16: cannot read empty/key: No such file or directory; the folder empty is empty",
    );
    check(
        "folder = \".\"\n[admin]\ntoken-file = \"staff.caller\"\n",
        2,
        &format!("3:14: cannot read staff.caller: {near}"),
    );
}

#[test]
fn an_unknown_name_of_another_table_gets_the_nearest_one() {
    for (text, error) in [
        (
            "[caches.sessions]\n[plugins.hello-c]\ncache = \"session\"\n",
            "3:9: no cache `session` is configured in [caches]; did you mean `sessions`?",
        ),
        (
            "[plugins.hello-c]\ncallers = \"staf\"\n",
            "2:11: no group of callers `staf` is configured in [callers]; there are: open",
        ),
        (
            "[plugins.hello-c]\n[[routes]]\npath = \"/\"\nservice = \"helo-c.greet\"\n",
            "4:11: no plugin `helo-c` is configured in [plugins]; did you mean `hello-c`?",
        ),
        (
            "[server]\nready-requires = [\"plugin:hello\"]\n[plugins.hello-c]\n",
            "2:19: no plugin `hello` is configured; did you mean `hello-c`?",
        ),
        (
            "[plugins.hello-c.limits]\nmemori = \"1MiB\"\n",
            "2:1: unknown setting `plugins.hello-c.limits.memori`; did you mean `memory`?",
        ),
        (
            "[plugins.hello-c]\n[[routes]]\npath = \"/\"\n",
            "2:1: a route needs either `service` or `files`",
        ),
    ] {
        check(text, 2, error);
    }
}

#[test]
fn a_wrong_path_of_the_command_line_gets_the_nearest_one() {
    let place = place();
    let check = |arguments: &[&str], code: i32, words: &str| {
        let output = run_in(place.path(), arguments);
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{told}");
        assert!(told.starts_with("error: ") && told.contains(words), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    };
    let near = "did you mean `hello-c`?";
    check(&["run", "helo-c"], 3, near);
    check(&["build", "helo-c"], 3, near);
    check(&["inspect", "helo-c"], 3, near);
    check(&["serve", "helo-c"], 3, near);
    check(&["run", "plugins/user.wasm"], 3, "did you mean `plugins/users.wasm`?");
    check(&["check", "--config", "staff.caller"], 2, "did you mean `staff.callers`?");
}

#[test]
fn a_server_warns_of_what_is_not_there_yet() {
    let place = place();
    let text = "folder = \"plugns\"\n[log]\nformat = \"json\"\n[plugins.helo-c]\n\
                path = \"helo-c\"\n[server]\nlisten = \"127.0.0.1:1\"\n";
    fs::write(place.path().join("hostel.toml"), text).unwrap();
    let told = stderr(&run_in(place.path(), &["serve", "--listen", "203.0.113.1:1"]));
    let log: Vec<serde_json::Value> =
        told.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let warnings: Vec<_> = log.iter().filter(|line| line["level"] == "warn").collect();
    let expected = [
        "hostel.toml:1:10: the folder of plugins plugns does not exist; did you mean `plugins`?",
        "hostel.toml:5:8: the plugin `helo-c` is missing: helo-c does not exist; did you mean \
         `hello-c`?",
    ];
    for (line, message) in warnings.iter().zip(expected) {
        assert_eq!(line["message"], message);
    }
    assert!(warnings.len() >= 2, "{told}");
}

#[test]
fn of_very_many_errors_the_first_are_printed_and_the_others_counted() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    let text = "folder = \".\"\n[callers.staff]\nscheme = \"bearer\"\nfile = \"many\"\n";
    fs::write(place.path().join("hostel.toml"), text).unwrap();
    let many = place.path().join("many");
    fs::write(&many, "ann\n".repeat(200_000)).unwrap();
    fs::set_permissions(&many, fs::Permissions::from_mode(0o600)).unwrap();
    for (command, last) in [("check", "error: and 199,980 more"), ("serve", "and 199,980 more")] {
        let output = run_in(place.path(), &[command]);
        let printed = stderr(&output);
        let lines: Vec<_> = printed.lines().collect();
        assert_eq!((lines.len(), lines.last()), (21, Some(&last)), "{command}");
        assert!(
            lines[19].contains("many:20:1: the line has no colon: write `name:hash`"),
            "{}",
            lines[19]
        );
        assert_eq!(output.status.code(), Some(2), "{command}");
    }
}
