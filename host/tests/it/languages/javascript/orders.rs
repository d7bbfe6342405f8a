//! The page about HTTP: its listings pass their tests, and its commands print the output shown.

use super::hostel_in;
use crate::http::program::Serving;
use crate::support::{hostel, project, stderr, stdout};
use std::fs;
use std::path::Path;
use std::process::Command;

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

/// Returns a folder with the page's service as its author would have it, after its tests have
/// passed.
fn tested(language: &str, end: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let made = hostel_in(folder.path(), &["new", "orders", "--lang", language]);
    assert!(made.status.success(), "{}", stderr(&made));
    let service = folder.path().join("orders");
    for file in [format!("orders.{end}"), format!("orders.test.{end}")] {
        let listing = project().join("guest-sdk/javascript/tests/orders").join(&file);
        fs::copy(listing, service.join(file)).unwrap();
    }
    let built = hostel_in(folder.path(), &["build", "orders"]);
    assert!(built.status.success(), "{}", stderr(&built));
    let tested = Command::new("npm").arg("test").current_dir(&service).output().unwrap();
    assert!(stdout(&tested).contains("pass 2"), "{}{}", stdout(&tested), stderr(&tested));
    folder
}

/// Serves the folder with the configuration from the page.
fn served(folder: &Path) -> Serving {
    let blocks = blocks();
    let settings = blocks.iter().filter(|(language, _)| language == "toml");
    let settings: String = settings.map(|(_, text)| text.replace("orders.py", "orders")).collect();
    fs::write(folder.join("hostel.toml"), settings).unwrap();
    let commands = blocks.iter().find(|(language, _)| language == "sh");
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

/// Returns the lines of a text without empty and omitted ones, and without request ids.
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

#[track_caller]
fn check(language: &str, end: &str) {
    let folder = tested(language, end);
    let server = served(folder.path());
    let (mut printed, mut checked) = (Vec::new(), 0);
    for (language, text) in blocks().into_iter().skip_while(|(name, _)| name != "sh").skip(1) {
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

#[test]
fn the_commands_of_the_page_about_http_print_what_it_shows_in_javascript() {
    check("javascript", "js");
}

#[test]
fn the_commands_of_the_page_about_http_print_what_it_shows_in_typescript() {
    check("typescript", "ts");
}
