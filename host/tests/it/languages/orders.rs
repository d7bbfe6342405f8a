//! The commands of the page about HTTP print the output shown, with a service in each language.

use crate::http::program::Serving;
use crate::support::{hostel, project, stderr, stdout};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Headers that the page omits.
const LEFT_OUT: [&str; 3] = ["x-request-id: ", "content-length: ", "date: "];

/// Returns the language and text of each fenced block of the page.
fn blocks() -> Vec<(String, String)> {
    let page = fs::read_to_string(project().join("docs/answer-over-http.md")).unwrap();
    let block = |text: &str| {
        let (language, text) = text.split_once('\n').unwrap();
        (language.to_owned(), text.to_owned())
    };
    page.split("```").skip(1).step_by(2).map(block).collect()
}

/// Returns a folder with a new service that has the listings of the page. Each listing is a path in
/// `guest-sdk` and the name of its file in the service.
pub fn service(language: &str, listings: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut new = hostel();
    new.current_dir(folder.path()).args(["new", "orders", "--lang", language]);
    let made = new.output().unwrap();
    assert!(made.status.success(), "{}", stderr(&made));
    for (listing, file) in listings {
        let file = folder.path().join("orders").join(file);
        fs::copy(project().join("guest-sdk").join(listing), file).unwrap();
    }
    folder
}

/// Serves the folder with the configuration from the page.
fn served(folder: &Path) -> Serving {
    let blocks = blocks();
    let settings = blocks.iter().filter(|(language, _)| language == "toml");
    let settings: String = settings.map(|(_, text)| text.as_str()).collect();
    fs::write(folder.join("hostel.toml"), settings).unwrap();
    let commands = blocks.iter().find(|(_, text)| text.starts_with("export "));
    let (export, serve) = commands.unwrap().1.split_once('\n').unwrap();
    let mut program = hostel();
    let (name, value) = export.strip_prefix("export ").unwrap().split_once('=').unwrap();
    program.env(name, value).current_dir(folder);
    program.args(serve.strip_prefix("hostel ").unwrap().split_whitespace());
    Serving::begin(program).0
}

/// Runs a command from the page and returns its output lines in the page's format.
fn run(server: &Serving, command: &str) -> Vec<String> {
    let program = hostel();
    let command = match command.strip_prefix("hostel ") {
        Some(rest) => format!("{:?} {rest} --admin http://{}", program.get_program(), server.admin),
        None => command
            .replace("localhost:8080", &server.address.to_string())
            .replace("curl -i ", "curl --silent --show-error -i "),
    };
    let output = Command::new("sh").args(["-ec", &command]).output().unwrap();
    assert!(output.status.success(), "{command}: {}", stderr(&output));
    shown(&stdout(&output))
}

/// Returns the lines of a text, except empty lines and the headers in `LEFT_OUT`. Removes request
/// ids.
fn shown(text: &str) -> Vec<String> {
    let is_shown =
        |line: &&str| !line.is_empty() && !LEFT_OUT.iter().any(|it| line.starts_with(it));
    text.lines().filter(is_shown).map(without_id).collect()
}

fn without_id(line: &str) -> String {
    const NAME: &str = "\"request_id\":\"";
    let id = line.split_once(NAME).and_then(|(_, rest)| rest.split('"').next());
    line.replace(&format!("{NAME}{}", id.unwrap_or_default()), NAME)
}

/// Runs the commands of the page against the service in the folder, and checks that they print the
/// output shown on the page.
#[track_caller]
pub fn check(folder: &Path) {
    let server = served(folder);
    let (mut printed, mut checked) = (Vec::new(), 0);
    let is_before = |(_, text): &(String, String)| !text.starts_with("export ");
    for (language, text) in blocks().into_iter().skip_while(is_before).skip(1) {
        match &*language {
            "sh" => printed = text.lines().flat_map(|command| run(&server, command)).collect(),
            "text" => {
                assert_eq!(printed, shown(&text));
                checked += 1;
            }
            _ => {}
        }
    }
    assert_eq!(checked, 5, "each section with a route shows what its command prints");
}
