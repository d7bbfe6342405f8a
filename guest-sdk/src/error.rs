//! Errors of cache calls.

use std::error::Error;
use std::fmt;

/// Why a cache call failed. No kinds will be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CacheErrorKind {
    /// The key is empty or longer than 1,024 bytes.
    InvalidKey,
    /// The value has no JSON form that every language can read, does not fit the requested type, or
    /// is invalid data that another program stored in Redis. For a raw text: it is not JSON that
    /// the cache accepts. For an increment: the delta, the stored value or the sum is not an
    /// integer from -(2^53 - 1) to 2^53 - 1.
    InvalidValue,
    /// The expiry is not a whole number of seconds from 1 to 315,360,000, or the duration of
    /// [`GetOrSet::early`](crate::GetOrSet::early) is invalid.
    InvalidExpiry,
    /// The value is larger than the cache allows, the call has too many keys, or the values that
    /// `get_many` reads are together larger than the host allows.
    TooLarge,
    /// The plugin has no permission for this call, or the cache does not support `get_or_set` for
    /// this key.
    Denied,
    /// The backend of the cache failed or did not respond in time. Only with this kind is it
    /// unknown whether a write happened.
    Unavailable,
}

/// A failed cache call.
///
/// `?` in a service converts this error to a [`Failure`](crate::Failure): `Unavailable` stays
/// `Unavailable`; every other kind becomes `Internal`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheError {
    /// The kind, for programs.
    pub kind: CacheErrorKind,
    /// A message for people. If an argument is invalid, the message contains the reason.
    pub message: String,
}

impl fmt::Display for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for CacheError {}
