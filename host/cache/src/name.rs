//! Names of plugins and caches, and their validation.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::limits::MAX_NAME_BYTES;

/// The name of a plugin or of a configured cache: `[a-z][a-z0-9-]*`, at most 64 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

/// The name of a cache.
///
/// Names of the two kinds cannot collide: a [`Name`] contains no slash, so a configured name is
/// never displayed like a private one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CacheName {
    /// The private cache of one plugin, displayed as `plugin/<name>`.
    Private(Name),
    /// A cache that the host's configuration names and grants to plugins, displayed as `<name>`.
    Configured(Name),
}

/// The error for an invalid name of a plugin or cache.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "invalid name {name:?}: a name is 1 to {MAX_NAME_BYTES} lower-case letters, digits and hyphens, \
     a letter first"
)]
pub struct NameError {
    /// The text as given.
    pub name: String,
}

impl Name {
    /// Validates a name.
    ///
    /// # Errors
    ///
    /// [`NameError`] if `name` is not `[a-z][a-z0-9-]*`, or longer than 64 bytes.
    pub fn new(name: &str) -> Result<Self, NameError> {
        let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        let begins_well = name.starts_with(|first: char| first.is_ascii_lowercase());
        if begins_well && name.len() <= MAX_NAME_BYTES && name.bytes().all(allowed) {
            Ok(Self(name.into()))
        } else {
            Err(NameError { name: name.to_owned() })
        }
    }

    /// Returns the text of the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text of the name as a shared pointer.
    #[must_use]
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl CacheName {
    /// Returns the name of a plugin's private cache.
    ///
    /// # Errors
    ///
    /// [`NameError`] if `plugin` is not a valid [`Name`].
    pub fn private(plugin: &str) -> Result<Self, NameError> {
        Name::new(plugin).map(Self::Private)
    }

    /// Returns the name of a configured cache.
    ///
    /// # Errors
    ///
    /// [`NameError`] if `name` is not a valid [`Name`].
    pub fn configured(name: &str) -> Result<Self, NameError> {
        Name::new(name).map(Self::Configured)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for CacheName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Private(plugin) => write!(f, "plugin/{plugin}"),
            Self::Configured(name) => name.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_small_letter_then_letters_digits_and_hyphens() {
        for name in ["a", "users", "user-api-2", "a-", "a--b"] {
            assert_eq!(Name::new(name).unwrap().as_str(), name);
        }
        for name in
            ["", "-a", "1a", "A", "aB", "a_b", "a.b", "a:b", "plugin/a", "a b", "é", "aé", "a\n"]
        {
            let error = Name::new(name).unwrap_err();
            assert!(error.to_string().contains(&format!("{name:?}")), "{error}");
        }
    }

    #[test]
    fn a_private_and_a_configured_name_never_meet() {
        let private = CacheName::private("users").unwrap();
        let configured = CacheName::configured("users").unwrap();
        assert_ne!(private, configured);
        assert_eq!(private.to_string(), "plugin/users");
        assert_eq!(configured.to_string(), "users");
        assert!(CacheName::configured(&private.to_string()).is_err());
        assert!(CacheName::private(&private.to_string()).is_err());
    }
}
