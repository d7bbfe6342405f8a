//! Installs Python packages into a folder, independently of most of the user's pip settings.

use super::{BuildError, Progress, tool};
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) const PYTHON: &str = "python3";

pub(super) const FIX: &str =
    "run `python3 -m ensurepip --upgrade`, or install your system's python3-pip";

/// The pip settings that define how packages are reached. Only these are kept. Other settings, such
/// as the target, are for the user's own installs and may conflict with an install into a folder.
const KEPT: [&str; 11] = [
    "index-url",
    "extra-index-url",
    "find-links",
    "proxy",
    "cert",
    "client-cert",
    "trusted-host",
    "timeout",
    "default-timeout",
    "retries",
    "keyring-provider",
];

/// The sections of pip's settings for `pip install`, in ascending order of precedence.
const SECTIONS: [&str; 3] = ["global", "install", ":env:"];

/// Installs the packages named by the arguments into a folder.
pub(super) fn install(
    arguments: &[&str],
    folder: &Path,
    progress: Progress<'_>,
) -> Result<(), BuildError> {
    let python = python().ok_or(BuildError::NoTool { tool: "pip", fix: FIX })?;
    let settings = settings(&python);
    let mut pip = pip(&python);
    // With this variable, pip reads no configuration file. With `--isolated` alone, pip would read
    // the system's file.
    pip.env("PIP_CONFIG_FILE", "/dev/null")
        .args(["--isolated", "install", "--quiet", "--no-input", "--no-compile"])
        .args(["--disable-pip-version-check", "--root-user-action=ignore", "--no-warn-conflicts"])
        .args(settings)
        .args(arguments)
        .arg("--target")
        .arg(folder);
    tool::run("pip", folder, &mut pip, progress, &[], false).map(drop)
}

/// The name and version that pip prints, if a Python with pip is installed.
pub(super) fn version() -> Option<String> {
    let words = version_of(&python()?)?;
    Some(words.split(" from ").next().unwrap_or_default().to_owned())
}

/// The first Python in the search path that has pip. The Python of a virtual environment may have
/// no pip, for example if uv created the environment.
fn python() -> Option<PathBuf> {
    let search_path = std::env::var_os("PATH")?;
    let mut found = std::env::split_paths(&search_path).map(|folder| folder.join(PYTHON));
    found.find(|python| version_of(python).is_some())
}

fn version_of(python: &Path) -> Option<String> {
    tool::ask(python.to_str()?, &["-E", "-m", "pip", "--isolated", "--version"])
}

fn pip(python: &Path) -> Command {
    let mut pip = Command::new(python);
    pip.args(["-E", "-m", "pip"]);
    pip
}

/// The kept settings as options, from pip's configuration files and the environment.
fn settings(python: &Path) -> Vec<String> {
    let listed = tool::complete(pip(python).args(["config", "list"]));
    let listed = listed.map(|output| output.stdout).unwrap_or_default();
    options(&String::from_utf8_lossy(&listed))
}

/// Converts the kept settings in the output of `pip config list` to options. Each line of it is
/// `section.name='value'`. Spaces or the escape `\n` separate the values of a setting.
fn options(listed: &str) -> Vec<String> {
    let value = |name: &str| {
        let named = listed.lines().filter_map(|line| line.split_once('='));
        let found = named.filter_map(|(setting, value)| {
            let (section, setting) = setting.rsplit_once('.')?;
            let rank = SECTIONS.iter().position(|it| *it == section)?;
            (setting == name).then_some((rank, value))
        });
        found.max_by_key(|(rank, _)| *rank).map(|(_, value)| value)
    };
    let mut options = Vec::new();
    for name in KEPT {
        let text = value(name).unwrap_or_default().trim().trim_matches(['\'', '"']);
        let values = text.split("\\n").flat_map(str::split_whitespace);
        options.extend(values.map(|value| format!("--{name}={value}")));
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_settings_for_the_package_index_are_kept() {
        // pip sorts the lines.
        let listed = ":env:.index-url='https://d'\n:env:.no-binary=':all:'\nfreeze.timeout='1'\n\
            global.extra-index-url='https://e'\nglobal.index-url='https://a/simple'\n\
            global.require-virtualenv='1'\nglobal.user='true'\n\
            install.extra-index-url='\\nhttps://b\\nhttps://c'\ninstall.prefix='/opt'\n";
        let expected =
            ["--index-url=https://d", "--extra-index-url=https://b", "--extra-index-url=https://c"];
        assert_eq!(options(listed), expected);
        assert!(options("").is_empty());
    }
}
