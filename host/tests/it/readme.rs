//! The README: its commands, except `make test`, work and print the output shown.

use crate::http::program::Serving;
use crate::support::{hostel, project, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A `sh` block of the README, and the `text` block with its output, if any.
#[derive(Default)]
struct Step {
    commands: Vec<String>,
    output: Vec<String>,
}

impl Step {
    fn is_python(&self) -> bool {
        self.commands.iter().any(|command| command.contains("python"))
    }
}

fn readme() -> String {
    std::fs::read_to_string(project().join("README.md")).unwrap()
}

/// Returns the language and lines of each fenced block of the README.
fn blocks() -> Vec<(String, Vec<String>)> {
    let readme = readme();
    let block = |text: &str| {
        let mut lines = text.lines().map(str::to_owned);
        (lines.next().unwrap_or_default(), lines.collect())
    };
    readme.split("```").skip(1).step_by(2).map(block).collect()
}

fn steps() -> Vec<Step> {
    let mut steps = Vec::<Step>::new();
    for (language, lines) in blocks() {
        match (&*language, steps.last_mut()) {
            ("sh", _) => steps.push(Step { commands: lines, ..Step::default() }),
            ("text", Some(step)) => step.output = lines,
            _ => {}
        }
    }
    steps
}

/// A reader who follows the README.
struct Reader {
    folder: TempDir,
    /// The folder of the program.
    installed: PathBuf,
    /// Environment variables of the commands.
    variables: Vec<(String, PathBuf)>,
    server: Option<Serving>,
}

impl Reader {
    fn new(installed: PathBuf, variables: Vec<(String, PathBuf)>, folder: TempDir) -> Self {
        Reader { folder, installed, variables, server: None }
    }

    /// Returns a reader who installs the program, and has no data folder yet.
    fn without_program() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let variable = |name: &str, place| (name.to_owned(), folder.path().join(place));
        let variables =
            vec![variable("XDG_DATA_HOME", "data"), variable("XDG_CACHE_HOME", "cache")];
        Reader::new(folder.path().join("installed/bin"), variables, folder)
    }

    /// Returns a reader who uses the program under test, and shares its downloaded tools with the
    /// other tests.
    fn with_program() -> Self {
        let program = hostel();
        let installed = Path::new(program.get_program()).parent().unwrap().to_owned();
        let text = |name: &std::ffi::OsStr| name.to_string_lossy().into_owned();
        let variables = program.get_envs();
        let variables = variables.filter_map(|(name, value)| Some((text(name), value?.into())));
        let variables = variables.collect();
        Reader::new(installed, variables, tempfile::tempdir().unwrap())
    }

    /// Returns a shell command. Commands of `hostel` run outside the project's folder, and all
    /// others inside it.
    fn shell(&self, command: &str) -> Command {
        let is_outside = command.trim_start_matches("exec ").starts_with("hostel ");
        let folder = if is_outside { self.folder.path() } else { project() };
        let path = format!("{}:{}", self.installed.display(), std::env::var("PATH").unwrap());
        let mut shell = Command::new("sh");
        shell.args(["-ec", command]).current_dir(folder).env("PATH", path);
        shell.env_remove("CARGO_TARGET_DIR").env_remove("VIRTUAL_ENV");
        shell.envs(self.variables.iter().map(|(name, value)| (name, value)));
        shell
    }

    fn output(&self, command: &str) -> Output {
        let output = self.shell(command).output().unwrap();
        assert!(output.status.success(), "{command}: {}", stderr(&output));
        output
    }

    /// Runs a command and returns its output lines, for `hostel serve` only one log line.
    fn run(&mut self, command: &str) -> Vec<String> {
        if command.starts_with("hostel serve ") {
            return vec![self.serve(command)];
        }
        let output = if let Some(rest) = command.strip_prefix("cargo install ") {
            // Builds the same source in debug mode, because a release build takes a long time.
            let root = self.installed.parent().unwrap().display();
            self.output(&format!("cargo install --debug --root '{root}' {rest}"))
        } else if let Some(rest) = command.strip_prefix("curl ") {
            let address = self.server.as_ref().expect("`hostel serve` comes before").address;
            let rest = rest.replace("127.0.0.1:8080", &address.to_string());
            self.output(&format!("curl --silent --show-error {rest}"))
        } else {
            self.output(command)
        };
        let printed = stderr(&output) + &stdout(&output);
        if command == "make run" {
            check_examples(&printed);
        }
        printed.lines().map(without_time).collect()
    }

    /// Starts a server. Returns its log line about the end of loading in the form that a terminal
    /// shows, with the README's address.
    fn serve(&mut self, command: &str) -> String {
        let mut shell = self.shell(&format!("exec {command} \"$@\""));
        shell.arg("sh");
        let (server, first) = Serving::begin(shell);
        let first = first.replace(&server.address.to_string(), "127.0.0.1:8080");
        self.server = Some(server);
        format!("TIME info  hostel {first}")
    }

    /// Runs the commands of a step except `make test`, and checks that they print the lines in the
    /// README in this order. Other lines may be between them.
    fn check(&mut self, step: &Step) {
        let commands = step.commands.iter().filter(|command| *command != "make test");
        let printed: Vec<_> = commands.flat_map(|command| self.run(command)).collect();
        let mut left = printed.iter();
        for line in step.output.iter().map(|line| without_time(line)) {
            let is_printed = left.any(|found| *found == line);
            assert!(is_printed, "{:?} does not print {line:?} but {printed:#?}", step.commands);
        }
    }
}

/// Returns a line with `TIME` in place of a timestamp at its start.
fn without_time(line: &str) -> String {
    match line.split_once(' ') {
        Some((time, rest)) if time.len() == 24 && time.ends_with('Z') => format!("TIME {rest}"),
        _ => line.to_owned(),
    }
}

#[test]
fn every_command_of_the_readme_prints_what_it_shows() {
    let steps = steps();
    let commands = || steps.iter().flat_map(|step| &step.commands);
    for start in
        ["cargo install ", "hostel new ", "hostel run ", "hostel serve ", "curl ", "make run"]
    {
        assert!(commands().any(|command| command.starts_with(start)), "no {start}");
    }
    let mut reader = Reader::without_program();
    steps.iter().filter(|step| !step.is_python()).for_each(|step| reader.check(step));
}

/// Checks the commands for Python, which need Python's tools.
pub fn check_python() {
    let steps: Vec<_> = steps().into_iter().filter(Step::is_python).collect();
    assert!(steps.iter().any(|step| !step.output.is_empty()), "no output of Python is shown");
    let mut reader = Reader::with_program();
    steps.iter().for_each(|step| reader.check(step));
}

#[test]
fn the_readme_shows_the_services_that_new_creates() {
    for (language, file) in [
        ("rust", "guest-sdk/template/src/lib.rs"),
        ("python", "guest-sdk/python/template/my_service.py"),
    ] {
        let (_, lines) = blocks().into_iter().find(|(name, _)| name == language).unwrap();
        let template = std::fs::read_to_string(project().join(file)).unwrap();
        assert!(template.contains(&lines.join("\n")), "the README differs from {file}");
    }
}

/// Checks that the examples logged the lines that they log on empty caches.
fn check_examples(printed: &str) {
    for line in [
        "store-and-read.store-and-read my-value",
        "session-token.session-token abc123",
        "user-profile.user-profile joe",
        "user-profile.user-profile [\"admin\", \"editor\"]",
        "temporary-key.temporary-key None",
        "feature-flag.feature-flag Key is present",
        "feature-flag.feature-flag Key is gone",
    ] {
        assert!(printed.lines().any(|found| found.ends_with(line)), "no {line:?} in {printed}");
    }
}
