//! How the functions that use a plugin's cache are linked.

/// How the functions that use a plugin's cache are linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linkage {
    /// The functions return at once, because the entries are in memory. A call needs no future.
    Synchronous,
    /// The functions may wait. The guest is suspended meanwhile, and its thread runs other calls.
    Asynchronous,
}
