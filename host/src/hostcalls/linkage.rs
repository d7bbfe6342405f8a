//! The linkage of the functions that use a plugin's cache.

/// How the functions that use a plugin's cache are linked. The functions of leases are asynchronous
/// with either linkage, because a call may wait for a lease even if the entries are in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linkage {
    /// The functions return at once, because the entries are in memory.
    Synchronous,
    /// The functions may wait. The guest is suspended meanwhile, and its thread runs other calls.
    Asynchronous,
}
