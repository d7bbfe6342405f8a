//! A page of a cache's listing.

use hostel_cache::EntryInfo;

/// A page of a cache's listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The entries: their keys, sizes and remaining lifetimes, without their values.
    pub entries: Vec<EntryInfo>,
    /// The cursor of the next page, or `None` on the last page.
    pub next: Option<String>,
}
