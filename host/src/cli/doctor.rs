//! `hostel doctor`: what building in each language needs, and what of it is there.

use super::exit::NO_PLUGIN;
use super::{Exit, print};
use crate::toolchain::{self, Check, Language};
use anstyle::AnsiColor;
use std::process::ExitCode;

/// Tell for each language what building needs, what was found and what mends the rest
///
/// Exit code 3 when something that was asked for is missing.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  hostel doctor\n  hostel doctor python")]
pub(super) struct Arguments {
    /// Only these languages
    #[arg(value_name = "LANGUAGE", value_parser = super::new::language)]
    languages: Vec<Language>,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Exit> {
    let languages = match arguments.languages.as_slice() {
        [] => Language::ALL.as_slice(),
        some => some,
    };
    let mut all_found = true;
    for language in languages {
        for check in toolchain::doctor(*language) {
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
