//! How the functions that use a plugin's cache are linked.

/// How the functions that use a plugin's cache are linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linkage {
    /// They return at once: the entries are in memory. A call pays for no future.
    Synchronous,
    /// They may wait: the guest is suspended meanwhile, and its thread runs other calls.
    Asynchronous,
}
