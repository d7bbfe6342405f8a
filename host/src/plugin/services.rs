//! Validation of the services that a plugin lists.

use super::error::LoadError;
use super::limits::{MAX_DESCRIPTION_BYTES, MAX_SERVICE_NAME_BYTES};
use crate::service::ServiceInfo;
use std::collections::BTreeSet;

/// Validates the services that a plugin lists.
///
/// # Errors
///
/// If there are no services, a name or a description is invalid, or two services have the same
/// name.
pub(super) fn check(services: &[ServiceInfo]) -> Result<(), LoadError> {
    if services.is_empty() {
        return Err(LoadError::NoServices);
    }
    let mut seen = BTreeSet::new();
    for ServiceInfo { name, description } in services {
        if !is_service_name(name) {
            return Err(LoadError::ServiceName(name.clone()));
        }
        if description.len() > MAX_DESCRIPTION_BYTES || description.chars().any(char::is_control) {
            return Err(LoadError::Description(name.clone()));
        }
        if !seen.insert(name) {
            return Err(LoadError::ServiceTwice(name.clone()));
        }
    }
    Ok(())
}

fn is_service_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    name.len() <= MAX_SERVICE_NAME_BYTES
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_one_line_and_short() {
        let described = |description: &str| {
            let (name, description) = ("a".to_owned(), description.to_owned());
            check(&[ServiceInfo { name, description }]).is_ok()
        };
        assert!(described("") && described("Finds a user.") && described(&"x".repeat(1_024)));
        assert!(!described("two\nlines") && !described("\u{1b}[2J"));
        assert!(!described(&"x".repeat(1_025)));
    }

    #[track_caller]
    fn check_name(name: &str, valid: bool) {
        assert_eq!(is_service_name(name), valid, "{name:?}");
    }

    #[test]
    fn a_service_name_is_a_short_ascii_word_that_may_hold_dots() {
        for name in ["a", "my-service", "orders.find_all", "V2"] {
            check_name(name, true);
        }
        for name in ["", ".a", "1a", "-a", "a b", "a/b", "ž", "a\n"] {
            check_name(name, false);
        }
        check_name(&"a".repeat(MAX_SERVICE_NAME_BYTES), true);
        check_name(&"a".repeat(MAX_SERVICE_NAME_BYTES + 1), false);
    }
}
