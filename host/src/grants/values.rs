//! The settings and secrets of a plugin.

use std::collections::BTreeMap;
use std::fmt;

/// Minimum bytes of a secret. The log masks secrets, and a shorter one would occur in other text by
/// chance.
const MIN_SECRET: usize = 8;

/// The settings and secrets that a plugin may read, by name. `Debug` does not print secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigGrant {
    /// The settings.
    pub settings: BTreeMap<String, String>,
    /// The secrets. A secret must not have the name of a setting.
    pub secrets: BTreeMap<String, Secret>,
}

/// A secret of a plugin. `Debug` does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Why a secret or the name of a value is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// The secret has fewer than 8 bytes, so the log could not mask it reliably.
    #[error(
        "the secret has fewer than {MIN_SECRET} bytes: use a longer one, which the log can mask"
    )]
    Short,
    /// The name is empty, has invalid characters or is too long.
    #[error(
        "{0:?} is not a valid setting name: a name is 1 to 128 ASCII letters, digits, hyphens, \
         underscores and dots"
    )]
    Name(String),
}

impl Secret {
    /// Creates a secret from text. Removes one trailing line break, because most files end with
    /// one.
    ///
    /// # Errors
    ///
    /// If the secret has fewer than 8 bytes.
    pub fn new(text: &str) -> Result<Self, ValueError> {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.len() < MIN_SECRET { Err(ValueError::Short) } else { Ok(Secret(text.to_owned())) }
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Validates the name of a setting or a secret.
///
/// # Errors
///
/// If the name is empty, has invalid characters or is too long.
pub fn check_value_name(name: &str) -> Result<(), ValueError> {
    let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || name.len() > 128 || !name.bytes().all(is_name_byte) {
        return Err(ValueError::Name(name.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_eight_bytes_without_its_newline_and_is_not_shown() {
        assert_eq!(Secret::new("12345678\n").unwrap().text(), "12345678");
        assert_eq!(Secret::new("12345678\r\n").unwrap().text(), "12345678");
        assert_eq!(Secret::new("1234567\n\n").unwrap().text(), "1234567\n");
        assert_eq!(Secret::new("1234567\n"), Err(ValueError::Short));
        assert_eq!(format!("{:?}", Secret::new("12345678").unwrap()), "Secret");
    }

    #[test]
    fn a_name_has_letters_digits_hyphens_underscores_and_dots() {
        for name in ["a", "base-currency", "zato.out.rest.CRM_1.host"] {
            assert_eq!(check_value_name(name), Ok(()), "{name}");
        }
        for name in ["", "a b", "\u{e4}", &"a".repeat(129)] {
            assert!(check_value_name(name).is_err(), "{name}");
        }
    }
}
