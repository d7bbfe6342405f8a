//! `hostel new`: creates a folder with a new service.

use super::exit::Exit;
use crate::PluginName;
use crate::telemetry::eprint_line;
use crate::toolchain::{self, Language};
use std::path::PathBuf;
use std::process::ExitCode;

/// Create a folder with a new service, its test and a README
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  hostel new my-service\n  hostel new my-service --lang python")]
pub(super) struct Arguments {
    /// Folder to create; its last part is the plugin's name: lower-case letters, digits and hyphens
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,

    /// Language of the service: c, go, javascript, python, rust or typescript
    #[arg(long, value_name = "LANGUAGE", default_value = "rust", value_parser = language)]
    lang: Language,
}

/// Other common names of the languages.
const ALIASES: &[(&str, Language)] = &[
    ("js", Language::JavaScript),
    ("py", Language::Python),
    ("ts", Language::TypeScript),
    ("golang", Language::Go),
    ("rs", Language::Rust),
];

/// Languages that use the SDK of another language.
const OTHERS: &[&str] = &["cpp", "c++", "zig"];

pub(super) fn language(name: &str) -> Result<Language, String> {
    let name = name.to_ascii_lowercase();
    if OTHERS.contains(&&*name) {
        return Err(
            "it uses the SDK for C: say `--lang c`; a .cpp or .zig file runs as well".into()
        );
    }
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, language)| *language);
    let found = Language::ALL.into_iter().find(|language| language.name() == name).or(alias);
    let names = Language::ALL.map(Language::name).join(", ");
    found.ok_or_else(|| format!("there is no SDK for it; there are: {names}"))
}

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Exit> {
    let folder = &arguments.folder;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let name = PluginName::new(&name).map_err(Exit::usage)?;
    toolchain::create(folder, name.as_str(), arguments.lang).map_err(Exit::usage)?;
    let shown = folder.display();
    eprint_line(format_args!(
        "created {shown}: `hostel run {shown}` builds and calls it; see also its README.md"
    ));
    Ok(ExitCode::SUCCESS)
}
