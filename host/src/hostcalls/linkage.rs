//! The linkage of the functions that use a plugin's cache.

/// How the functions that use a plugin's cache are linked. Exceptions are the functions of leases,
/// which may always wait: they are asynchronous with either linkage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linkage {
    /// The functions return at once, because the entries are in memory. They need no future.
    Synchronous,
    /// The functions may wait. The guest is suspended meanwhile, and its thread runs other calls.
    Asynchronous,
}
