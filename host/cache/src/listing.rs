//! Lists entries for operators: keys, sizes and expiries, but no values.

use crate::clock::Now;
use crate::expiry::Deadline;
use std::collections::BTreeMap;
use std::time::Duration;

/// Information about a live entry, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryInfo {
    /// The key.
    pub key: String,
    /// Bytes of key and value together.
    pub bytes: u64,
    /// Time until the entry expires; `None` if it has no expiry.
    pub remaining: Option<Duration>,
}

/// Collects the first matching entries, in byte order of their keys.
pub(crate) struct Listing<'a> {
    prefix: &'a str,
    after: &'a str,
    most: usize,
    now: Now<'a>,
    found: BTreeMap<Box<str>, (usize, Option<Duration>)>,
}

impl<'a> Listing<'a> {
    /// Creates an empty listing for at most `most` entries whose keys begin with `prefix` and come
    /// after `after`.
    pub(crate) fn new(prefix: &'a str, after: Option<&'a str>, most: usize, now: Now<'a>) -> Self {
        // Keys are never empty, so all of them come after the empty text.
        Listing { prefix, after: after.unwrap_or(""), most, now, found: BTreeMap::new() }
    }

    /// Adds an entry to the listing if it is live and its key is among the first `most` matching
    /// keys so far.
    pub(crate) fn see(&mut self, key: &str, bytes: usize, deadline: Deadline) {
        let is_first = self.found.len() < self.most
            || self.found.last_key_value().is_some_and(|(last, _)| key < &**last);
        let is_wanted = is_first && key > self.after && key.starts_with(self.prefix);
        if !is_wanted || deadline.has_passed(&self.now) {
            return;
        }
        self.found.insert(key.into(), (bytes, deadline.remaining(&self.now)));
        if self.found.len() > self.most {
            self.found.pop_last();
        }
    }

    pub(crate) fn entries(self) -> Vec<EntryInfo> {
        let entry = |(key, (bytes, remaining)): (Box<str>, (usize, Option<Duration>))| EntryInfo {
            key: key.into(),
            bytes: bytes as u64,
            remaining,
        };
        self.found.into_iter().map(entry).collect()
    }
}
