//! `hostel doctor`: what building in each language needs, and what of it is there.

use super::exit::Exit;
use super::exit::NO_PLUGIN;
use super::output::print;
use crate::toolchain::{self, Check, Language};
use anstyle::AnsiColor;
use serde_json::json;
use std::process::ExitCode;

/// Tell what building needs in each language, and what is missing
///
/// Each line says what was found, or what mends its absence. Exit code 3 when something is missing
/// that was asked for.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  hostel doctor\n  hostel doctor python --json")]
pub(super) struct Arguments {
    /// Only these languages
    #[arg(value_name = "LANGUAGE", value_parser = super::new::language)]
    languages: Vec<Language>,

    /// Print what was found as JSON, an object on a line for each thing
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
    // Without a question nobody has said that they need every language.
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
