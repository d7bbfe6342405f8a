//! Why a cache refused an operation, whatever holds its entries.

use hostel_cache::{ErrorKind, Key};

/// Why a cache refused an operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// The key, the value or the expiry is invalid, or the value is too large. The entry that was
    /// there, its expiry too, is untouched.
    #[error(transparent)]
    Invalid(#[from] hostel_cache::Error),
    /// What is stored under the key is no value of a cache: something else has written it.
    #[error(
        "what is stored under {key} is no value of this cache: {reason}; set it anew or delete it"
    )]
    Foreign {
        /// The key, quoted and shortened.
        key: String,
        /// What it is, or what is wrong with it.
        reason: String,
    },
    /// What is stored under the key is larger than a value of this cache may be.
    #[error(
        "the value under {key} is larger than the {limit} bytes that a value has here: raise \
         `value-limit`, or set it anew or delete it"
    )]
    Oversized {
        /// The key, quoted and shortened.
        key: String,
        /// The cache's limit.
        limit: usize,
    },
    /// The values that were asked for are together larger than what is read at once.
    #[error(
        "the values are together larger than the {limit} bytes that are read at once: ask for \
             fewer keys"
    )]
    ManyOversized {
        /// The most bytes of values that are read at once.
        limit: usize,
    },
    /// A key that has no lease where its cache is.
    #[error(
        "{key} has no lease on a cluster with `key-format = \"zato\"`, since it has braces: \
             use another key, or `key-format = \"hostel\"`"
    )]
    NoLease {
        /// The key, quoted and shortened.
        key: String,
    },
    /// A cursor that no page of this cache gave.
    #[error("{cursor:?} is no place in a listing of this cache: take `next` of the page before")]
    Cursor {
        /// The cursor's beginning.
        cursor: String,
    },
    /// What holds the entries does not respond, or refuses. A write may have happened.
    #[error("the cache is unavailable: {reason}")]
    Unavailable {
        /// Why, and where.
        reason: String,
    },
}

/// How many characters of a key a message shows.
const EXCERPT_CHARS: usize = 32;

impl CacheError {
    pub(super) fn foreign(key: Key<'_>, reason: &str) -> Self {
        CacheError::Foreign { key: excerpt(key), reason: reason.to_owned() }
    }

    pub(super) fn oversized(key: Key<'_>, limit: usize) -> Self {
        CacheError::Oversized { key: excerpt(key), limit }
    }

    pub(super) fn no_lease(key: Key<'_>) -> Self {
        CacheError::NoLease { key: excerpt(key) }
    }

    pub(super) fn cursor(text: &str) -> Self {
        CacheError::Cursor { cursor: text.chars().take(EXCERPT_CHARS).collect() }
    }

    /// What is refused; none: the backend is unavailable, or has no lease for the key.
    pub(crate) fn kind(&self) -> Option<ErrorKind> {
        match self {
            CacheError::Invalid(error) => Some(error.kind()),
            CacheError::Foreign { .. } => Some(ErrorKind::InvalidValue),
            CacheError::Oversized { .. } | CacheError::ManyOversized { .. } => {
                Some(ErrorKind::TooLarge)
            }
            CacheError::Cursor { .. } => Some(ErrorKind::InvalidKey),
            CacheError::Unavailable { .. } | CacheError::NoLease { .. } => None,
        }
    }
}

fn excerpt(key: Key<'_>) -> String {
    let key = key.as_str();
    let shown: String = key.chars().take(EXCERPT_CHARS).collect();
    let rest = if shown.len() < key.len() { "..." } else { "" };
    format!("{shown:?}{rest}")
}
