//! The error of a refused cache call.

use std::error::Error;
use std::fmt;

/// Why a call of the cache was refused. The set is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CacheErrorKind {
    /// The key is empty or longer than 1,024 bytes.
    InvalidKey,
    /// The value has no JSON form that every language can read, or does not fit the type asked for.
    InvalidValue,
    /// The expiry is not a whole number of seconds, or not 1 to 315,360,000 of them.
    InvalidExpiry,
    /// The value is longer than the cache allows.
    TooLarge,
    /// The plugin has no permission for this call.
    Denied,
    /// The backend of the cache did not respond in time. The only kind after which a write may have
    /// happened.
    Unavailable,
}

/// A refused call of the cache.
///
/// `?` in a service turns it into a [`Failure`](crate::Failure): `Unavailable` stays that, every
/// other kind is `Internal`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheError {
    /// For programs.
    pub kind: CacheErrorKind,
    /// For people: the offending value, shortened, and the rule or limit.
    pub message: String,
}

impl fmt::Display for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for CacheError {}
