//! A page of a listing.

use hostel_cache::EntryInfo;

/// A page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Keys with sizes and expiries; no values.
    pub entries: Vec<EntryInfo>,
    /// Where the next page begins; none: this is the last one.
    pub next: Option<String>,
}
