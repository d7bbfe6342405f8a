//! Errors of cache operations, for every backend.

use hostel_cache::{ErrorKind, Key};

/// Why a cache refused an operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// The key, the value or the expiry is invalid, or the value is too large. The existing entry
    /// and its expiry are unchanged.
    #[error(transparent)]
    Invalid(#[from] hostel_cache::Error),
    /// The text stored at the key is not a valid value: another program must have written it.
    #[error(
        "the data stored under {key} is not a value of this cache: {reason}; set or delete the key"
    )]
    Foreign {
        /// The key, quoted and shortened.
        key: String,
        /// What is wrong with the text.
        reason: String,
    },
    /// The text stored at the key exceeds the cache's value limit.
    #[error(
        "the value under {key} is larger than {limit} bytes, the cache's limit: raise \
         `value-limit`, or set or delete the key"
    )]
    Oversized {
        /// The key, quoted and shortened.
        key: String,
        /// The cache's limit.
        limit: usize,
    },
    /// The requested values together exceed the maximum size of a read.
    #[error(
        "the values together are larger than {limit} bytes, the limit of one read: request \
             fewer keys"
    )]
    ManyOversized {
        /// The maximum bytes of one read.
        limit: usize,
    },
    /// The backend cannot grant a lease for this key.
    #[error(
        "{key} cannot have a lease on a cluster with `key-format = \"zato\"`, since it contains \
             braces: use another key, or `key-format = \"hostel\"`"
    )]
    NoLease {
        /// The key, quoted and shortened.
        key: String,
    },
    /// The cursor is not from a page of this cache.
    #[error("{cursor:?} is not a cursor of this cache: use `next` of the previous page")]
    Cursor {
        /// The beginning of the cursor.
        cursor: String,
    },
    /// The backend does not respond, or refuses the operation. A write may have happened.
    #[error("the cache is unavailable: {reason}")]
    Unavailable {
        /// The reason, usually with the address of the server.
        reason: String,
    },
}

/// Maximum number of characters of a key in an error message.
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

    /// Returns the kind of error for the guest, or `None` if the backend is unavailable or cannot
    /// grant a lease for the key.
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
