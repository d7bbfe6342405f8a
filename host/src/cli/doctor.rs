//! `hostel doctor`: checks the tools that building needs.

use super::exit::Exit;
use super::exit::NO_PLUGIN;
use super::new::LANGUAGE;
use super::output::print;
use crate::toolchain::{self, Check, Language};
use anstyle::AnsiColor;
use serde_json::json;
use std::process::ExitCode;

/// Check the tools that building needs, for each language
///
/// Prints one line for each tool: its version, or how to install it if it is missing. The exit code
/// is 3 if a tool of a given LANGUAGE is missing, and 0 if no language is given.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  hostel doctor\n  hostel doctor python --json")]
pub(super) struct Arguments {
    /// Languages to check: c, go, javascript, python, rust, typescript [default: all]
    #[arg(value_name = "LANGUAGE", value_parser = LANGUAGE, hide_possible_values = true)]
    languages: Vec<Language>,

    /// Print one JSON object per line for each tool
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Exit> {
    let languages = match arguments.languages.as_slice() {
        [] => Language::ALL.as_slice(),
        some => some,
    };
    let mut all_found = true;
    for language in languages {
        for check in toolchain::doctor(*language) {
            let line = if arguments.json { json } else { line };
            print(line(*language, &check).as_bytes())?;
            all_found &= check.found.is_some();
        }
    }
    // Few users need all languages, so without a language a missing tool is not an error.
    let well = all_found || arguments.languages.is_empty();
    Ok(if well { ExitCode::SUCCESS } else { NO_PLUGIN.into() })
}

fn line(language: Language, Check { what, found, fix }: &Check) -> String {
    let (good, bad) = (AnsiColor::Green.on_default(), AnsiColor::Yellow.on_default());
    match found {
        Some(found) => format!("{language:11} {what:18} {good}{found}{good:#}"),
        None => format!("{language:11} {what:18} {bad}missing{bad:#}: {fix}"),
    }
}

fn json(language: Language, Check { what, found, fix }: &Check) -> String {
    let fix = found.is_none().then_some(fix);
    let language = language.name();
    let line = json!({ "language": language, "what": what, "found": found, "fix": fix });
    line.to_string()
}
