//! Errors of cache operations, for every backend.

use hostel_cache::{ErrorKind, Key};

/// Why a cache operation failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// An argument is invalid, a value is too large, or `increment` cannot add to the stored value.
    /// The existing entry and its expiry are unchanged.
    #[error(transparent)]
    Invalid(#[from] hostel_cache::Error),
    /// The data stored at the key is not a valid value: another program may have written the data.
    #[error(
        "the data stored under {key} is not a value of this cache: {reason}; set or delete the key"
    )]
    Foreign {
        /// The key, quoted and shortened.
        key: String,
        /// Why the data is not a valid value.
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
        /// The cache's limit on the bytes of a value.
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
    /// The cursor is malformed, so it cannot come from a previous page.
    #[error("{cursor:?} is not a cursor of this cache: use `next` of the previous page")]
    Cursor {
        /// The beginning of the cursor.
        cursor: String,
    },
    /// The backend did not complete the operation: for example, it was unreachable, too slow, or
    /// replied with an error. A write may have happened.
    #[error("the cache is unavailable: {reason}")]
    Unavailable {
        /// The reason, usually with the address of the server.
        reason: String,
    },
}

/// Maximum number of characters of a key or a cursor in an error message.
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
