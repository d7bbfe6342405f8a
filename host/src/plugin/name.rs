//! The name of a plugin.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A plugin's name: `[a-z][a-z0-9-]*`, at most 64 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PluginName(Arc<str>);

/// Longest name in bytes: names stand in log lines, addresses and file names.
const NAME_BYTES: usize = 64;

/// A text that is no plugin's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no plugin name: 1 to {NAME_BYTES} lower-case letters, digits and hyphens, \
     a letter first"
)]
pub struct InvalidPluginName(String);

impl PluginName {
    /// Takes a name that is one already.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub fn new(name: &str) -> Result<Self, InvalidPluginName> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let valid = name.len() <= NAME_BYTES
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(allowed);
        if valid {
            Ok(PluginName(name.into()))
        } else {
            Err(InvalidPluginName(name.to_owned()))
        }
    }

    /// The name that a file gives its plugin: its stem, with a hyphen for each underscore.
    ///
    /// # Errors
    ///
    /// When what comes out is no name.
    pub fn of_file(file: &Path) -> Result<Self, InvalidPluginName> {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        PluginName::new(&stem.replace('_', "-"))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as shared text.
    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl fmt::Display for PluginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, name: Option<&str>) {
        let found = PluginName::of_file(Path::new(file)).ok();
        assert_eq!(found.as_ref().map(PluginName::as_str), name, "{file}");
    }

    #[test]
    fn a_plugin_is_named_by_its_file() {
        check("users.wasm", Some("users"));
        check("some/where/my_users_2.wasm", Some("my-users-2"));
        check("Users.wasm", None);
        check("2users.wasm", None);
        check("-users.wasm", None);
        check("users v2.wasm", None);
        check("users.v2.wasm", None);
        check("už.wasm", None);
        check(&format!("{}.wasm", "a".repeat(65)), None);
    }
}
