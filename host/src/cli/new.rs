//! `hostel new`: creates a folder with a new service.

use super::completed::Completed;
use super::exit::Exit;
use crate::PluginName;
use crate::config::instead;
use crate::telemetry::eprint_line;
use crate::toolchain::{self, Language};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Create a folder with a new service, its test and a README
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  hostel new my-service\n  hostel new my-service --lang python")]
pub(super) struct Arguments {
    /// Folder to create, or `.`; its name is the plugin's: lower-case letters, digits and hyphens
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,

    /// Language of the service: c, go, javascript, python, rust or typescript
    #[arg(long, value_name = "LANGUAGE", default_value = "rust", value_parser = LANGUAGE)]
    #[arg(hide_possible_values = true)]
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

/// Parses the name of a language. Shells can complete the name.
pub(super) const LANGUAGE: Completed<Language> =
    Completed { parse: language, values: || Language::ALL.map(Language::name).to_vec() };

fn language(name: &str) -> Result<Language, String> {
    let name = name.to_ascii_lowercase();
    if OTHERS.contains(&&*name) {
        return Err("it uses the SDK for C: pass `--lang c`; a .cpp or .zig file also works".into());
    }
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, language)| *language);
    let found = Language::ALL.into_iter().find(|language| language.name() == name).or(alias);
    let names = Language::ALL.map(Language::name);
    found.ok_or_else(|| format!("it has no SDK; {}", instead(&name, names)))
}

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Exit> {
    let folder = &arguments.folder;
    let is_here = is_current(folder);
    let name = PluginName::new(&toolchain::folder_name(folder)).map_err(Exit::usage)?;
    let made = toolchain::create(folder, name.as_str(), arguments.lang, is_here);
    let changed = made.map_err(Exit::usage)?;
    let shown = shell_word(&folder.to_string_lossy());
    eprint_line(format_args!(
        "created {shown}: `hostel run {shown}` builds and calls it; see also its README.md"
    ));
    if let Some(manifest) = changed {
        let manifest = manifest.display();
        eprint_line(format_args!(
            "excluded it from the workspace of {manifest}: a service is a workspace of its own"
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn is_current(folder: &Path) -> bool {
    let current = || std::env::current_dir()?.canonicalize();
    matches!((folder.canonicalize(), current()), (Ok(folder), Ok(current)) if folder == current)
}

/// Quotes a word for a shell if needed.
fn shell_word(word: &str) -> String {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "/._-+,:@%=".contains(character);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::shell_word;

    #[test]
    fn a_folder_is_shown_as_a_shell_reads_it_back() {
        for word in ["my-shop", "/a/b c/d", "it's", "$HOME/x", "~", "a;b", "-"] {
            let command = format!("printf %s {}", shell_word(word));
            let output = std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word);
        }
        assert_eq!(shell_word("a/my-shop"), "a/my-shop");
    }
}
