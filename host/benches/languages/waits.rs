//! A plugin author's waiting times: from `hostel new` to the first response of `hostel run`, and
//! from saving a file to the first HTTP response of the new version.

use crate::middle;
use anyhow::{Context, Result, ensure};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The languages of `hostel new`.
const LANGUAGES: &[(&str, &str)] = &[
    ("Rust", "rust"),
    ("C", "c"),
    ("Go", "go"),
    ("JavaScript", "js"),
    ("TypeScript", "ts"),
    ("Python", "python"),
];

const EDITS: usize = 10;
const BODY: &str = r#"{"name":"Ada"}"#;

/// The interval for checking whether a saved change is live.
const PAUSE: Duration = Duration::from_millis(5);

/// The maximum time until an expected response.
const PATIENCE: Duration = Duration::from_secs(120);

/// Prints the table of the selected languages.
pub(crate) fn print(wanted: impl Fn(&str) -> bool) -> Result<()> {
    println!("\nmedians of {EDITS} edits\n\n| language | new to first response | edit to live |");
    println!("|---|---|---|");
    for (language, name) in LANGUAGES.iter().filter(|(language, _)| wanted(language)) {
        let folder = tempfile::tempdir()?;
        // First download the tools and create the shared files, so that the next project is
        // measured like any later one.
        first_answer(folder.path(), "warm-up", name).context(*language)?;
        let first = first_answer(folder.path(), "greeter", name).context(*language)?;
        let edits = edits(folder.path()).context(*language)?;
        println!("| {language} | {first:.2?} | {:.2?} |", middle(edits));
    }
    Ok(())
}

fn hostel(folder: &Path) -> Command {
    let mut hostel = Command::new(env!("CARGO_BIN_EXE_hostel"));
    hostel.current_dir(folder).env("XDG_CACHE_HOME", folder.join("cache"));
    hostel
}

fn first_answer(folder: &Path, service: &str, language: &str) -> Result<Duration> {
    let start = Instant::now();
    for arguments in [
        ["new", service, "--lang", language].as_slice(),
        ["run", service, "--payload", BODY].as_slice(),
    ] {
        let output = hostel(folder).args(arguments).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(start.elapsed())
}

/// A server that is killed when dropped.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn edits(folder: &Path) -> Result<Vec<Duration>> {
    let source = greeting(&folder.join("greeter"))?;
    let mut serve = hostel(folder);
    serve.args([
        "serve",
        "greeter",
        "--watch",
        "--listen=127.0.0.1:0",
        "--admin-listen=127.0.0.1:0",
    ]);
    let mut serving = Serving(serve.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?);
    let mut lines = BufReader::new(serving.0.stderr.take().context("no stderr")?).lines();
    let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let rest = line.split_once("http://")?.1;
        Some(rest.split(['/', ' ']).next()?.trim_end_matches([',', '.', ':']).to_owned())
    });
    let address = address.context("the server names no address")?;
    std::thread::spawn(move || lines.for_each(drop));
    until_answer(&address, "Hello, Ada")?;
    let mut text = std::fs::read_to_string(&source)?;
    let mut times = Vec::new();
    let mut word = "Hello, ".to_owned();
    for edit in 0..EDITS {
        let next = format!("Hello {edit}, ");
        text = text.replacen(&word, &next, 1);
        word = next;
        let start = Instant::now();
        std::fs::write(&source, &text)?;
        until_answer(&address, &format!("{word}Ada"))?;
        times.push(start.elapsed());
    }
    Ok(times)
}

/// Returns the source file that contains the greeting.
fn greeting(folder: &Path) -> Result<PathBuf> {
    for folder in [folder.join("src"), folder.to_owned()] {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let file = entry?.path();
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let is_source = ["rs", "c", "go", "js", "ts", "py"]
                .iter()
                .any(|it| file.extension().is_some_and(|ending| ending == *it));
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            if is_source && !name.contains("test") && text.contains("Hello, ") {
                return Ok(file);
            }
        }
    }
    anyhow::bail!("no source greets with `Hello, `")
}

fn until_answer(address: &str, words: &str) -> Result<()> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if answer(address).is_ok_and(|answer| answer.contains(words)) {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    anyhow::bail!("no response contains {words:?}")
}

fn answer(address: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "POST /services/greeter.greet HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{BODY}",
        BODY.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
