//! The status line: shown during a long build on a terminal, but not on a pipe.

use crate::http::client::PATIENCE;
use crate::http::program::{ANYWHERE, Serving, numbered};
use crate::source::folder_with;
use crate::support::{component, hostel, program, stderr, stdout};
use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use tempfile::TempDir;

/// A source whose compiler is controlled by the test: the compiler prints a line, waits for the
/// test, and prints another line.
struct Shop {
    outside: TempDir,
    folder: PathBuf,
}

impl Shop {
    fn new() -> Self {
        let (outside, folder) = folder_with("shop", &[("Cargo.toml", b"[package]\n")]);
        let at = |name: &str| outside.path().join(name).display().to_string();
        assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        fs::copy(component("host/tests/guests"), at("made.wasm")).unwrap();
        let artifact = serde_json::json!({
            "reason": "compiler-artifact",
            "target": { "crate_types": ["cdylib"] },
            "manifest_path": folder.join("Cargo.toml"),
            "filenames": [at("made.wasm")],
        });
        program(outside.path(), "rustc", "echo /");
        let steps = ["echo first words >&2", "read go < PIPE", "echo last words >&2"];
        let steps = steps.join("\n").replace("PIPE", &at("pipe"));
        program(outside.path(), "cargo", &format!("{steps}\necho '{artifact}'"));
        Shop { outside, folder }
    }

    /// Returns the program with these arguments and the source's folder.
    fn program(&self, arguments: &[&str]) -> Command {
        let mut program = hostel();
        let path = format!("{}:{}", self.outside.path().display(), std::env::var("PATH").unwrap());
        program.args(arguments).arg(&self.folder).env("PATH", path);
        program
    }

    /// Lets the compiler finish.
    fn go_on(&self) {
        fs::write(self.outside.path().join("pipe"), "go\n").unwrap();
    }
}

/// A program on a terminal.
struct Terminal {
    script: Child,
    keys: ChildStdin,
    output: Receiver<String>,
    seen: String,
}

impl Terminal {
    fn run(program: &Command) -> Self {
        let words = std::iter::once(program.get_program()).chain(program.get_args());
        let words: Vec<_> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
        let mut script = Command::new("script");
        script.args(["-qefc", &words.join(" "), "/dev/null"]).env("TERM", "xterm");
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => script.env(name, value),
                None => script.env_remove(name),
            };
        }
        let mut script = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (tell, output) = channel();
        let mut screen = script.stdout.take().unwrap();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut bytes)
                && tell.send(String::from_utf8_lossy(&bytes[..count]).into_owned()).is_ok()
            {
            }
        });
        let keys = script.stdin.take().unwrap();
        Terminal { script, keys, output, seen: String::new() }
    }

    /// Reads until the output satisfies a condition.
    fn until(&mut self, what: &str, is_so: impl Fn(&str) -> bool) {
        while !is_so(&self.seen) {
            let more = self.output.recv_timeout(PATIENCE);
            self.seen += &more.unwrap_or_else(|error| panic!("{what}: {error}: {}", self.seen));
        }
    }

    /// Reads until the status line reports that a build has run for more than 0.55 s.
    fn until_long(&mut self) {
        self.until("a build that takes long", |seen| {
            let last = seen.rsplit_once("building shop ").map(|(_, after)| after);
            let time = last.and_then(|after| after.split(' ').next()?.parse::<f64>().ok());
            time.is_some_and(|seconds| seconds > 0.55)
        });
    }

    /// Waits until the program ends, and returns the lines on the screen.
    fn lines(&mut self) -> Vec<String> {
        while let Ok(more) = self.output.recv() {
            self.seen += &more;
        }
        // Omit text that was cleared.
        let shown = |line: &str| line.rsplit("\r\x1b[K").next().unwrap_or_default().to_owned();
        let lines = self.seen.split("\r\n").map(shown).filter(|line| !line.is_empty());
        lines.map(|line| anstream::adapter::strip_str(&line).to_string()).collect()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // The second Ctrl+C ends a server that is still working at once.
        let _ = self.keys.write_all(b"\x03\x03");
        let _ = self.script.wait();
    }
}

#[test]
fn a_terminal_shows_the_step_and_its_time_and_leaves_the_lines_of_compilers_whole() {
    let shop = Shop::new();
    let mut terminal = Terminal::run(&shop.program(&["build"]));
    terminal.until_long();
    shop.go_on();
    let lines = terminal.lines();
    let [first, last, built, path] = &*lines else { panic!("{lines:?}") };
    assert_eq!([first, last], ["first words", "last words"]);
    assert!(built.starts_with("built shop in ") && built.ends_with(" s"), "{lines:?}");
    assert!(path.ends_with("/shop.wasm"), "{lines:?}");
}

#[test]
fn a_pipe_is_shown_the_lines_of_compilers_and_nothing_else() {
    let shop = Shop::new();
    let mut building = shop.program(&["build"]);
    let building = building.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Wait until a build that began later shows its status line on a terminal.
    let other = Shop::new();
    Terminal::run(&other.program(&["build"])).until_long();
    shop.go_on();
    let output = building.wait_with_output().unwrap();
    assert_eq!(stderr(&output), "first words\nlast words\n");
    assert!(stdout(&output).ends_with("/shop.wasm\n"), "{}", stdout(&output));
}

#[test]
fn a_server_on_a_terminal_shows_what_it_builds() {
    let shop = Shop::new();
    let serve = [&["serve"][..], &ANYWHERE].concat();
    let mut terminal = Terminal::run(&shop.program(&serve));
    terminal.until_long();
    shop.go_on();
    terminal.until("the loaded plugin", |seen| seen.contains(", loaded in "));
    terminal.keys.write_all(b"\x03").unwrap();
    let lines = terminal.lines();
    let is_whole = |line: &String| line.contains(" info ") && line.contains("T");
    let own = lines.iter().filter(|line| !line.contains("^C") && !line.contains(" warn "));
    assert!(own.clone().all(is_whole), "{lines:#?}");
    let count = |words: &str| own.clone().filter(|line| line.contains(words)).count();
    assert_eq!([count(" first words"), count(" last words"), count(" (built in ")], [1, 1, 1]);
    assert!(count("stopping: ") == 1 && count("building shop ") == 0, "{lines:#?}");
}

#[test]
fn an_edit_without_watch_is_reported_and_built_on_a_signal() {
    let shop = Shop::new();
    let (mut serving, outside) = (Serving::spawn(shop.program(&["serve"])), shop.outside.path());
    shop.go_on();
    let line = serving.line_with("sources are built at the start: ");
    assert!(line.contains("`kill -HUP ") && line.contains("--watch"), "{line}");
    fs::write(shop.folder.join("Cargo.toml"), "[package]\n# edited\n").unwrap();
    let until = |serving: &Serving, words: &str| loop {
        let (plugin, line) = serving.any_line().unwrap();
        assert!(!line.contains("nothing has changed"), "{line}");
        if line.contains(words) {
            assert_eq!(plugin, "shop", "{line}");
            return;
        }
    };
    until(&serving, "was edited, but the earlier build still serves: `kill -HUP ");
    fs::write(outside.join("made.wasm"), numbered("two")).unwrap();
    serving.signal("HUP");
    shop.go_on();
    until(&serving, "; was ");
}
