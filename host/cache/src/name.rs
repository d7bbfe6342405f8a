//! Names of caches.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::limits::MAX_NAME_BYTES;

/// The name of a plugin or of a configured cache: `[a-z][a-z0-9-]*`, at most 64 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

/// The name of a cache.
///
/// Two kinds that never meet: a [`Name`] has no slash, so no configured name is displayed as a
/// private one is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CacheName {
    /// The cache of one plugin alone, displayed as `plugin/<name>`.
    Private(Name),
    /// A cache that the host's configuration names and hands to plugins, displayed as `<name>`.
    Configured(Name),
}

/// A text that is not a [`Name`].
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
    /// Takes a name as it was written.
    ///
    /// # Errors
    ///
    /// [`NameError`] when it is not `[a-z][a-z0-9-]*`, or longer than 64 bytes.
    pub fn new(name: &str) -> Result<Self, NameError> {
        let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        let begins_well = name.starts_with(|first: char| first.is_ascii_lowercase());
        if begins_well && name.len() <= MAX_NAME_BYTES && name.bytes().all(allowed) {
            Ok(Self(name.into()))
        } else {
            Err(NameError { name: name.to_owned() })
        }
    }

    /// The name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name's text, shared.
    #[must_use]
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl CacheName {
    /// The name of a plugin's private cache.
    ///
    /// # Errors
    ///
    /// [`NameError`] when the plugin's name is no [`Name`].
    pub fn private(plugin: &str) -> Result<Self, NameError> {
        Name::new(plugin).map(Self::Private)
    }

    /// The name of a configured cache.
    ///
    /// # Errors
    ///
    /// [`NameError`] when it is no [`Name`].
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
