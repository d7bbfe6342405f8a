//! Parses the credentials in the headers of a request.

use crate::config::{MAX_SECRET_BYTES, Scheme, token_digest};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hyper::header::{AUTHORIZATION, HeaderMap};

/// Maximum bytes of Basic credentials in base64: enough for a name of 128 bytes, a colon, and the
/// longest password.
const MAX_PAIR_TEXT_BYTES: usize = (128 + 1 + MAX_SECRET_BYTES).div_ceil(3) * 4;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SentCredentials {
    /// The digest of a token.
    Token([u8; 32]),
    Password {
        name: String,
        password: Vec<u8>,
    },
}

/// The credentials in the headers of a request, for one scheme.
pub(super) enum HeaderCredentials {
    Missing,
    /// The credentials are malformed, have another scheme, are too long, or are repeated.
    Malformed,
    Sent(SentCredentials),
}

impl HeaderCredentials {
    pub(super) fn of(headers: &HeaderMap, scheme: Scheme) -> Self {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        match (values.next(), values.next()) {
            (None, _) => HeaderCredentials::Missing,
            (Some(value), None) => SentCredentials::parse(scheme, value.as_bytes())
                .map_or(HeaderCredentials::Malformed, HeaderCredentials::Sent),
            (Some(_), Some(_)) => HeaderCredentials::Malformed,
        }
    }
}

impl SentCredentials {
    pub(super) fn parse(scheme: Scheme, value: &[u8]) -> Option<Self> {
        let space = value.iter().position(|&byte| byte == b' ')?;
        let (word, rest) = value.split_at_checked(space)?;
        let rest = rest.trim_ascii();
        match scheme {
            // Check the length before hashing: a header may be much longer than a token.
            Scheme::Bearer if rest.len() > MAX_SECRET_BYTES => None,
            Scheme::Bearer if word.eq_ignore_ascii_case(b"bearer") => {
                Some(SentCredentials::Token(token_digest(rest)))
            }
            Scheme::Basic if rest.len() > MAX_PAIR_TEXT_BYTES => None,
            Scheme::Basic if word.eq_ignore_ascii_case(b"basic") => {
                let pair = BASE64_STANDARD.decode(rest).ok()?;
                let colon = pair.iter().position(|&byte| byte == b':')?;
                let (name, password) = pair.split_at_checked(colon)?;
                let name = std::str::from_utf8(name).ok()?.to_owned();
                let password = password.get(1..)?.to_vec();
                (password.len() <= MAX_SECRET_BYTES)
                    .then_some(SentCredentials::Password { name, password })
            }
            _ => None,
        }
    }

    /// Returns the name that the client sent, or `None` for a token.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            SentCredentials::Token(_) => None,
            SentCredentials::Password { name, .. } => Some(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_at_most_1_kib() {
        let token = |bytes: usize| {
            let value = format!("Bearer {}", "a".repeat(bytes));
            SentCredentials::parse(Scheme::Bearer, value.as_bytes())
        };
        assert!(token(1_024).is_some() && token(1_025).is_none() && token(1 << 20).is_none());
        let pair = |name: usize, password: usize| {
            let pair = format!("{}:{}", "n".repeat(name), "p".repeat(password));
            let value = format!("Basic {}", BASE64_STANDARD.encode(pair));
            SentCredentials::parse(Scheme::Basic, value.as_bytes())
        };
        assert!(pair(128, 1_024).is_some() && pair(128, 1_025).is_none());
        assert!(pair(1, 1_025).is_none() && pair(1 << 20, 1).is_none());
    }
}
