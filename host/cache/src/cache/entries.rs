//! Operations on the lifetime of an entry, and on all entries whose keys begin with a prefix.

use super::Cache;
use crate::error::Error;
use crate::expiry::Expiry;
use crate::key::Key;
use crate::outcome::{KeyPage, RemovedPage, TimeLeft};
use crate::shard::Shard;
use crate::walk::Walk;

impl Cache {
    /// Returns how long the entry has left to live. Does not count as a use of the entry for
    /// eviction.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`].
    pub fn ttl(&self, key: &str) -> Result<TimeLeft, Error> {
        let key = Key::new(key)?;
        let (shard, hash) = self.place_of(key);
        Ok(shard.ttl(hash, key, &self.clock))
    }

    /// Sets the expiry of a live entry to this many seconds from now; `None` removes the expiry.
    /// Returns true if there is a live entry. Does not count as a use of the entry for eviction.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`] and [`Expiry::new`].
    pub fn expire(&self, key: &str, expiry: Option<u32>) -> Result<bool, Error> {
        let key = Key::new(key)?;
        let expiry = expiry.map(Expiry::new).transpose()?;
        let (shard, hash) = self.place_of(key);
        Ok(shard.expire(hash, key, &self.clock, expiry))
    }

    /// Returns a page of at most 1,000 keys that begin with `prefix`. `cursor` is the cursor that
    /// the previous page returned, or `None` for the first page. Does not count as a use of any
    /// entry for eviction.
    ///
    /// A page scans at most 1,000 entries, so a page without keys is not necessarily the last. An
    /// entry that lives from the first page to the last appears in at least one page. A cursor is a
    /// position, not a snapshot: the cache stores nothing for it, and it never becomes invalid.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCursor`].
    pub fn keys(&self, prefix: &str, cursor: Option<&str>) -> Result<KeyPage, Error> {
        let mut keys = Vec::new();
        let cursor = self.walk(cursor, |shard, walk| {
            keys.extend(shard.keys(prefix, walk, &self.clock));
        })?;
        Ok(KeyPage { keys, cursor })
    }

    /// Removes a page of the entries whose keys begin with `prefix`. Pages and cursors work as in
    /// [`keys`](Self::keys).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCursor`].
    pub fn delete_prefix(&self, prefix: &str, cursor: Option<&str>) -> Result<RemovedPage, Error> {
        let mut removed = 0;
        let cursor = self.walk(cursor, |shard, walk| {
            removed += shard.delete_prefix(prefix, walk, &self.clock) as u32;
        })?;
        Ok(RemovedPage { removed, cursor })
    }

    /// Walks one page in short steps, releasing the shard's lock between steps. Returns the cursor
    /// for the next page, or `None` after the last page.
    fn walk(
        &self,
        cursor: Option<&str>,
        mut step: impl FnMut(&Shard, &mut Walk),
    ) -> Result<Option<String>, Error> {
        let shards = self.others.len() + 1;
        let mut walk = Walk::new(cursor, shards)?;
        while walk.shard() < shards {
            if !walk.goes_on() {
                return Ok(Some(walk.cursor()));
            }
            step(self.shard(walk.shard()), &mut walk);
        }
        Ok(None)
    }
}
