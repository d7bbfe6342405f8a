//! Why a cache refused an operation, whatever holds its entries.

/// Why a cache refused an operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// The key, the value or the expiry is invalid, or the value is too large. The entry that was
    /// there, its expiry too, is untouched.
    #[error(transparent)]
    Invalid(#[from] hostel_cache::Error),
}
