//! The program from a user's perspective: its output and exit codes.

use crate::support::{component, hostel, project, stderr, stdout};
use hostel::config::SecretHash;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn run(arguments: &[&str]) -> Output {
    hostel().arg("run").args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn guests() -> String {
    component("host/tests/guests").to_string_lossy().into_owned()
}

fn example(name: &str) -> String {
    component(&format!("example-services/{name}")).to_string_lossy().into_owned()
}

/// Checks the exit code, and that stderr is one line with these words.
#[track_caller]
fn check_error(output: &Output, code: i32, words: &[&str]) {
    let told = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    for word in words {
        assert!(told.contains(word), "no {word:?} in {told}");
    }
}

#[test]
fn logs_go_to_stderr_with_time_level_and_source() {
    let output = run(&[&example("store-and-read")]);
    assert_eq!((output.status.code(), &*stdout(&output)), (Some(0), ""));
    let told = stderr(&output);
    let (time, rest) = told.trim_end().split_once(' ').unwrap();
    assert!(time.ends_with('Z') && time.len() == "2026-01-01T00:00:00.000Z".len(), "{time}");
    assert_eq!(rest, "info  store-and-read.store-and-read my-value");
}

#[test]
fn a_result_goes_to_stdout_on_a_line_of_its_own() {
    let payload = r#"["set", "k", "1"]"#;
    let output = run(&[&guests(), "--service", "touches-the-cache", "--payload", payload]);
    assert_eq!((output.status.code(), &*stdout(&output)), (Some(0), "\"ok\"\n"));
    assert_eq!(stderr(&output), "");
}

#[test]
fn a_payload_comes_from_a_file_or_from_stdin() {
    let payload = r#"["exists", "k"]"#;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(payload.as_bytes()).unwrap();
    let path = file.path().to_string_lossy().into_owned();
    let guests = guests();
    let output = run(&[&guests, "--service", "touches-the-cache", "--payload-file", &path]);
    assert_eq!(stdout(&output), "false\n", "{}", stderr(&output));
    for stdin in [["--payload", "-"], ["--payload-file", "-"]] {
        let mut child = hostel()
            .args(["run", &guests, "--service", "touches-the-cache"])
            .args(stdin)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(payload.as_bytes()).unwrap();
        assert_eq!(stdout(&child.wait_with_output().unwrap()), "false\n");
    }
}

#[test]
fn several_plugins_have_each_their_cache_unless_one_is_shared() {
    let folder = tempfile::tempdir().unwrap();
    let copy = |name: &str| {
        let file = folder.path().join(name);
        std::fs::copy(guests(), &file).unwrap();
        file.to_string_lossy().into_owned()
    };
    let (first, second) = (copy("first.wasm"), copy("sec_ond.wasm"));
    let call = ["--service", "touches-the-cache", "--payload", r#"["delete", "k"]"#, "--stats"];
    let output = run(&[&[&*first, &*second], &call[..]].concat());
    assert_eq!(stdout(&output), "false\nfalse\n");
    let told = stderr(&output);
    assert!(told.contains("cache plugin/first: "), "{told}");
    assert!(told.contains("cache plugin/sec-ond: "), "{told}");
    let set = ["--service", "touches-the-cache", "--payload", r#"["set", "k", "1"]"#, "--stats"];
    let output = run(&[&[&*first, &*second, "--shared-cache", "both"], &set[..]].concat());
    let told = stderr(&output);
    assert!(told.starts_with("cache both: sets 2, "), "{told}");
    assert_eq!(told.lines().count(), 1);
}

#[test]
fn wrong_usage_is_reported_in_a_line_with_exit_code_2() {
    let guests = guests();
    let check = |arguments: &[&str], words: &[&str]| {
        check_error(&run(&[&[&*guests], arguments].concat()), 2, words);
    };
    check(&["--service", "missing"], &["`missing`", "guests.exits", "more"]);
    check(&["--payload", "{a: 1}"], &["payload is not JSON", "column 2"]);
    check(&["--payload-file", "nowhere.json"], &["nowhere.json"]);
    check(&["--cache-size", "lots"], &["--cache-size", "lots", "64MiB"]);
    check(&["--cache-size", "1KiB"], &["--cache-size", "1024 bytes"]);
    check(&["--shared-cache", "Both"], &["--shared-cache", "Both"]);
}

#[test]
fn what_clap_refuses_has_exit_code_2_too() {
    for arguments in [&["run"][..], &["run", "a", "--limit", "x=1"], &["fly"], &[]] {
        let output = hostel().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn an_invalid_plugin_is_reported_in_a_line_with_exit_code_3() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_string_lossy().into_owned()
    };
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let core = wat::parse_str("(module)").unwrap();
    let component = wat::parse_str("(component)").unwrap();
    for (path, words) in [
        (file("text.wasm", b"hello"), &["text.wasm", "not WebAssembly", "text"][..]),
        (file("core.wasm", &core), &["core.wasm", "core module", "wasm32-wasip2"]),
        (file("other.wasm", &component), &["other.wasm", "hostel:service/handler@0.1.0"]),
        (file("Upper.wasm", &component), &["\"Upper\"", "lower-case"]),
        (file("notes.txt", b""), &["notes.txt is not a service", "(.wasm)", ".py", ".zig"]),
        (empty.to_string_lossy().into_owned(), &["empty", "Cargo.toml", "hostel new"]),
        (folder.path().join("gone.wasm").to_string_lossy().into_owned(), &["gone.wasm"]),
    ] {
        check_error(&run(&[&path]), 3, words);
    }
}

#[test]
fn a_folder_that_does_not_compile_has_cargos_words_and_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let service = folder.path().join("broken");
    std::fs::create_dir_all(service.join("src")).unwrap();
    let manifest = "[package]\nname = \"broken\"\n[lib]\ncrate-type = [\"cdylib\"]\n[workspace]\n";
    std::fs::write(service.join("Cargo.toml"), manifest).unwrap();
    std::fs::write(service.join("src/lib.rs"), "fn f() -> u8 { \"no\" }\n").unwrap();
    let output = run(&[&service.to_string_lossy()]);
    assert_eq!(output.status.code(), Some(3));
    let told = stderr(&output);
    assert!(told.contains("error[E0308]: mismatched types"), "{told}");
    assert!(told.lines().last().unwrap().contains("broken does not build"), "{told}");
    std::fs::write(service.join("src/lib.rs"), "").unwrap();
    std::fs::write(service.join("Cargo.toml"), "[package]\nname = \"broken\"\n[workspace]\n")
        .unwrap();
    let told = stderr(&run(&[&service.to_string_lossy()]));
    assert!(told.lines().last().unwrap().contains("cdylib"), "{told}");
}

#[test]
fn a_service_that_fails_is_a_line_with_exit_code_1() {
    let guests = guests();
    let call =
        |service: &str, more: &[&str]| run(&[&[&*guests, "--service", service], more].concat());
    let time = ["--limit", "time=50ms"];
    check_error(&call("spins", &time), 1, &["guests.spins", "50ms", "--limit time="]);
    check_error(&call("sleeps", &time), 1, &["guests.sleeps", "50ms"]);
    check_error(&call("recurses", &[]), 1, &["stack", "512.0 KiB"]);
    check_error(&call("sets-then-traps", &[]), 1, &["guest trapped", "unreachable"]);
    check_error(&call("exits", &[]), 1, &["exit"]);
    check_error(&call("fails", &["--payload", "\"conflict\""]), 1, &["conflict: said\\nno"]);
}

#[test]
fn a_backtrace_is_shown_when_it_is_asked_for() {
    let output = hostel()
        .args(["run", &guests(), "--service", "sets-then-traps"])
        .env("RUST_BACKTRACE", "1")
        .output()
        .unwrap();
    let told = stderr(&output);
    assert!(told.lines().count() > 1 && told.contains("   0: abort"), "{told}");
}

#[test]
fn the_other_plugins_run_when_one_cannot() {
    let output = run(&["gone.wasm", &example("store-and-read")]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("my-value"));
    let twice = run(&[&example("store-and-read"), &example("store-and-read")]);
    assert_eq!(twice.status.code(), Some(3));
    assert!(stderr(&twice).contains("a plugin called `store-and-read` is loaded already"));
    assert!(stderr(&twice).contains("my-value"));
}

#[test]
fn colour_is_for_terminals() {
    let told = |variable: &str| {
        let output = hostel().args(["run", &example("store-and-read")]).env(variable, "1").output();
        stderr(&output.unwrap())
    };
    assert!(told("CLICOLOR_FORCE").contains("\u{1b}["));
    assert!(!told("NO_COLOR").contains("\u{1b}["));
    assert!(!stderr(&run(&[&example("store-and-read")])).contains("\u{1b}["));
}

/// Writes the man pages to a folder. Returns each command's name with the text of its page. The
/// name is for example `run` or `cache-list`, and empty for `hostel` itself.
fn pages(folder: &Path) -> Vec<(String, String)> {
    let output = hostel().arg("man").arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let page = |file: &str| {
        let name = Path::new(file).file_stem().unwrap().to_string_lossy();
        let command = name.strip_prefix("hostel").unwrap().trim_start_matches('-').to_owned();
        (command, std::fs::read_to_string(file).unwrap())
    };
    stdout(&output).lines().map(page).collect()
}

#[test]
fn every_command_has_a_help_with_an_example_and_a_page_of_the_manual() {
    let folder = tempfile::tempdir().unwrap();
    let pages = pages(&folder.path().join("man1"));
    assert!(pages.len() > 15);
    for (command, page) in &pages {
        assert!(page.contains(".SH NAME") && page.contains(".SH OPTIONS"), "{command}: {page}");
        let names = command.split('-').filter(|name| !name.is_empty());
        let output = hostel().args(names).arg("--help").output().unwrap();
        assert!(output.status.success(), "{command}");
        let is_below = command.contains('-');
        assert!(is_below || stdout(&output).contains("Example"), "{command}");
        assert!(is_below || page.contains(".SH EXAMPLES"), "{command}");
    }
    let help = stdout(&hostel().arg("--help").output().unwrap());
    for (command, _) in pages.iter().filter(|(command, _)| !command.contains('-')) {
        assert!(help.contains(&format!("  {command}")), "{command} is not in {help}");
    }
}

#[test]
fn errors_have_one_form_whatever_reports_them() {
    let coloured = |arguments: &[&str]| {
        let mut command = hostel();
        stderr(&command.args(arguments).env("CLICOLOR_FORCE", "1").output().unwrap())
    };
    let start = "\u{1b}[1m\u{1b}[31merror:\u{1b}[0m ";
    for arguments in [
        &["fly"][..],
        &["new", "a", "--lang", "cobol"],
        &["run", "gone"],
        &["check", "--config", "gone"],
    ] {
        let told = coloured(arguments);
        assert!(told.starts_with(start), "{told:?}");
    }
    let told = coloured(&["new", "a", "--lang", "pyton"]);
    assert!(told.contains("did you mean `python`?"), "{told}");
    let told = coloured(&["run", "a", "--limit", "memroy=1MiB"]);
    assert!(told.contains("no limit is called `memroy`; did you mean `memory`?"), "{told}");
}

#[test]
fn shells_take_their_completions() {
    for (shell, word) in [("bash", "complete -F"), ("zsh", "#compdef hostel"), ("fish", "complete")]
    {
        let output = hostel().args(["completions", shell]).output().unwrap();
        let script = stdout(&output);
        assert!(script.contains(word), "{shell}");
        let Ok(mut child) =
            Command::new(shell).arg("-n").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn()
        else {
            assert_ne!(shell, "bash", "bash is not here");
            continue;
        };
        child.stdin.take().unwrap().write_all(&output.stdout).unwrap();
        let checked = child.wait_with_output().unwrap();
        assert_eq!((checked.status.code(), &*stderr(&checked)), (Some(0), ""), "{shell}");
    }
}

#[test]
fn shells_complete_the_values_of_closed_sets() {
    let script = stdout(&hostel().args(["completions", "bash"]).output().unwrap());
    for values in [
        "c go javascript python rust typescript",
        "GET HEAD POST PUT PATCH DELETE OPTIONS",
        "basic bearer",
    ] {
        assert!(script.contains(&format!("compgen -W \"{values}\"")), "{values}");
    }
    // `hostel call` also accepts methods that the shell does not complete.
    let output = hostel().args(["call", "-X", "PURGE", "http://127.0.0.1:1/"]).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
}

#[test]
fn what_a_program_reads_is_json_a_line_each() {
    let lines = |arguments: &[&str], code| {
        let output = hostel().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?} {}", stderr(&output));
        let line = |line: &str| serde_json::from_str::<Value>(line).unwrap();
        stdout(&output).lines().map(line).collect::<Vec<_>>()
    };
    let (wasm, guests) = (example("store-and-read"), guests());
    let called = lines(&["run", &wasm, "--json"], 0);
    assert_eq!(called, [json!({"service": "store-and-read.store-and-read", "status": 204})]);
    let payload = r#"["set", "k", "1"]"#;
    let touches = ["--service", "touches-the-cache", "--payload", payload, "--json"];
    let called = lines(&[&["run", &guests], &touches[..]].concat(), 0);
    assert_eq!((&called[0]["json"], &called[0]["status"]), (&json!("ok"), &json!(200)));
    let failed = lines(&["run", &guests, "--service", "exits", "--json"], 1);
    assert!(failed[0]["error"].as_str().unwrap().contains("exit"), "{failed:?}");
    let source = project().join("example-services/store-and-read");
    let built = lines(&["build", "gone", &source.to_string_lossy(), "--json"], 3);
    assert_eq!((&built[0]["path"], &built[0]["component"]), (&json!("gone"), &Value::Null));
    assert!(built[0]["error"].is_string() && built[1]["error"].is_null(), "{built:?}");
    assert!(Path::new(built[1]["component"].as_str().unwrap()).is_file());
    let needed = lines(&["doctor", "rust", "--json"], 0);
    assert!(needed.iter().all(|it| it["language"] == "rust" && it["found"].is_string()));
}

/// Runs `hostel hash` with a secret on stdin.
fn hash(arguments: &[&str], secret: &str) -> Output {
    let mut command = hostel();
    command.arg("hash").args(arguments).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Ignore write errors: a command that refuses its arguments exits without reading.
    let _ = child.stdin.take().unwrap().write_all(secret.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn a_secret_is_hashed_as_a_file_of_callers_keeps_it() {
    let told = |arguments: &[&str], secret: &str| {
        let output = hash(arguments, secret);
        assert_eq!((output.status.code(), &*stderr(&output)), (Some(0), ""));
        stdout(&output).trim_end().to_owned()
    };
    let line = told(&["ann"], "correct horse\n");
    let (caller, kept) = line.split_once(':').unwrap();
    let kept = SecretHash::read_password_hash(kept).unwrap();
    assert!(caller == "ann" && kept.verify(b"correct horse") && !kept.verify(b"correct horse\n"));
    let token = "0123456789abcdefghij";
    let kept = SecretHash::read_token_hash(&told(&["--scheme", "bearer"], token)).unwrap();
    assert!(kept.verify(token.as_bytes()));
    check_error(&hash(&["--scheme", "bearer"], "short"), 2, &["fewer than 20 characters"]);
    check_error(&hash(&["ann"], "\n"), 2, &["the password is empty"]);
    assert_eq!(hash(&["a:b"], "x").status.code(), Some(2));
}

#[test]
fn build_prints_where_the_component_is() {
    let file = component("example-services/store-and-read");
    assert!(file.is_file() && file.extension() == Some(Path::new("wasm").as_os_str()));
}

#[test]
fn services_run_even_if_address_space_is_short() {
    let program = hostel();
    let mut run = Command::new("sh");
    run.args(["-c", "ulimit -v 2000000 && exec \"$0\" \"$@\""]).arg(program.get_program());
    run.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = run.arg("run").arg(component("example-services/store-and-read")).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("my-value"), "{}", stderr(&output));
}
