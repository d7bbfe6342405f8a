//! The name of a plugin.

use hostel_cache::{Name, NameError};
use std::borrow::Borrow;
use std::fmt;
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
