//! The name of a plugin.

use hostel_cache::{Name, NameError};
use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// A plugin's name: a [`Name`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PluginName(Name);

impl PluginName {
    /// Creates a plugin name.
    ///
    /// # Errors
    ///
    /// If the name is invalid.
    pub fn new(name: &str) -> Result<Self, NameError> {
        Name::new(name).map(PluginName)
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) fn as_name(&self) -> &Name {
        &self.0
    }

    pub(crate) fn shared(&self) -> Arc<str> {
        self.0.shared()
    }
}

/// Allows lookup by text; both types have the same order.
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
