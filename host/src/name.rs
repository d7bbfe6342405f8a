//! The name of a plugin.

use hostel_cache::{Name, NameError};
use std::borrow::Borrow;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A plugin's name: a [`Name`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PluginName(Name);

impl PluginName {
    /// Takes a name that is one already.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub fn new(name: &str) -> Result<Self, NameError> {
        Name::new(name).map(PluginName)
    }

    /// The name that a file gives its plugin: its stem, with a hyphen for each underscore.
    ///
    /// # Errors
    ///
    /// When what comes out is no name.
    pub fn of_file(file: &Path) -> Result<Self, NameError> {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        PluginName::new(&stem.replace('_', "-"))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The name as what it is.
    pub(crate) fn as_name(&self) -> &Name {
        &self.0
    }

    /// The name as shared text.
    pub(crate) fn shared(&self) -> Arc<str> {
        self.0.shared()
    }
}

/// Names are found by text: both have one order.
impl Borrow<str> for PluginName {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for PluginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
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
