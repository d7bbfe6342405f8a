//! How long entries live, and looking after all of them.

use super::Cache;
use crate::error::Error;
use crate::expiry::Expiry;
use crate::key::Key;
use crate::outcome::{KeyPage, RemovedPage, TimeLeft};
use crate::shard::Shard;
use crate::walk::Walk;

impl Cache {
    /// How long the entry still lives. Not a use of it for eviction.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`].
    pub fn ttl(&self, key: &str) -> Result<TimeLeft, Error> {
        let key = Key::new(key)?;
        let (shard, hash) = self.place_of(key);
        Ok(shard.ttl(hash, key, &self.clock))
    }

    /// Gives a live entry another expiry, counted from now; none takes it away. True when there is a
    /// live entry. Not a use of it for eviction.
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

    /// A page of the keys that begin with `prefix`, at most 1,000. `cursor` is that of the page
    /// before. Not a use of any entry for eviction.
    ///
    /// A page looks at about 1,000 entries at most, so that it may have no key and not be the last.
    /// An entry that lives throughout a walk is in some page; it may be in several. A cursor is a
    /// place, no snapshot: it holds no memory and never becomes invalid.
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

    /// Removes a page of the entries whose keys begin with `prefix`, as [`keys`](Self::keys) goes
    /// through them.
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

    /// One page of a walk, in short steps. Returns the next page's cursor, if there is one.
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
