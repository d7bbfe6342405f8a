//! A page of a listing.

use hostel_cache::EntryInfo;

/// A page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The keys, with their sizes and expiries but without their values.
    pub entries: Vec<EntryInfo>,
    /// The cursor of the next page, or `None` on the last page.
    pub next: Option<String>,
}
