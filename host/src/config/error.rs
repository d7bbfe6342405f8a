//! Faults of a configuration: their position, and suggestions to fix them.

use crate::file::{listed, nearest};
use crate::name::PluginName;
use crate::units::show_count;
use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A position in a file; lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The path of the configuration file, as given, or of a file that it names.
    pub file: PathBuf,
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// A fault in a file, or a warning about a file: its position and a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The position.
    pub place: Place,
    /// The message.
    pub message: String,
}

/// A plugin, or the folder of plugins, that was missing or unusable when the configuration was
/// read. The configuration is valid nevertheless, because the operator may create the plugin later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// The missing or unusable plugin; `None` for the folder of plugins.
    pub plugin: Option<PluginName>,
    /// The position of the setting, and a message.
    pub fault: Fault,
}

/// Why a configuration could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read, or is not UTF-8.
    #[error("cannot read {}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The faults that were found. `Display` prints the first 20, one on each line, and the number
    /// of the others.
    #[error("{}", lines(.0))]
    Faults(Vec<Fault>),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

fn lines(faults: &[Fault]) -> String {
    first_lines(faults.iter().map(Fault::to_string)).join("\n")
}

/// Maximum number of printed errors: a long file may have one on each line.
const MAX_LINES: usize = 20;

/// Returns the first [`MAX_LINES`] lines, and a line with the number of the others, if any.
pub(crate) fn first_lines(mut lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut first: Vec<_> = lines.by_ref().take(MAX_LINES).collect();
    let more = lines.count();
    first.extend((more > 0).then(|| format!("and {} more", show_count(more))));
    first
}

/// Collects the faults, the warnings and the missing plugins of a configuration.
pub(super) struct Diagnostics<'a> {
    file: &'a Path,
    text: &'a str,
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Fault>,
    pub(super) absent: Vec<Absent>,
}

impl<'a> Diagnostics<'a> {
    pub(super) fn new(file: &'a Path, text: &'a str) -> Self {
        let (faults, warnings, absent) = Default::default();
        Diagnostics { file, text, faults, warnings, absent }
    }

    /// Reports a fault at these bytes.
    pub(super) fn fault(&mut self, at: Range<usize>, message: impl fmt::Display) {
        let fault = Fault { place: self.place(at), message: message.to_string() };
        self.faults.push(fault);
    }

    /// Reports a warning at these bytes. The configuration remains valid.
    pub(super) fn warn(&mut self, at: Range<usize>, message: impl fmt::Display) {
        let warning = Fault { place: self.place(at), message: message.to_string() };
        self.warnings.push(warning);
    }

    /// Reports a missing or unusable plugin; if `plugin` is `None`, a missing or unusable folder of
    /// plugins. The configuration remains valid.
    pub(super) fn absent(
        &mut self,
        plugin: Option<&PluginName>,
        at: Range<usize>,
        message: impl fmt::Display,
    ) {
        let fault = Fault { place: self.place(at), message: message.to_string() };
        self.absent.push(Absent { plugin: plugin.cloned(), fault });
    }

    /// Returns the position of these bytes of the file.
    pub(super) fn place(&self, at: Range<usize>) -> Place {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before.chars().count()
                - before.get(..line_start).unwrap_or_default().chars().count()
                + 1,
        }
    }
}

/// Maximum number of names that a message lists. No table has as many settings.
const MAX_NAMES: usize = 30;

/// Returns a suggestion for an unknown name: the nearest known name, or else a list of the known
/// names. If `known` is empty, returns a remark instead.
pub(crate) fn instead<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match (nearest(name, known.iter().copied()), known.is_empty()) {
        (Some(nearest), _) => format!("did you mean `{nearest}`?"),
        (None, true) => "none is defined".to_owned(),
        (None, false) => format!("there are: {}", listed(&known, MAX_NAMES)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_lines_and_characters_from_1() {
        let text = "a = 1\nžš = 2\n\nb";
        let diagnostics = Diagnostics::new(Path::new("hostel.toml"), text);
        for (at, place) in
            [(0, "1:1"), (4, "1:5"), (6, "2:1"), (11, "2:4"), (text.len() - 1, "4:1")]
        {
            assert_eq!(
                diagnostics.place(at..at).to_string(),
                format!("hostel.toml:{place}"),
                "{at}"
            );
        }
    }

    #[test]
    fn the_nearest_name_is_suggested() {
        let known = ["listen", "token-env", "token-file"];
        assert_eq!(instead("lisen", known), "did you mean `listen`?");
        assert_eq!(instead("token", known), "did you mean `token-env`?");
        assert_eq!(instead("token_file", known), "did you mean `token-file`?");
        assert_eq!(instead("colour", known), "there are: listen, token-env, token-file");
        assert_eq!(instead("users", []), "none is defined");
    }
}
