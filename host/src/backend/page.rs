//! A page of a listing.

use hostel_cache::EntryInfo;

/// A page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Keys with sizes and expiries; no values.
    pub entries: Vec<EntryInfo>,
    /// The cursor of the next page, or `None` on the last page.
    pub next: Option<String>,
}
