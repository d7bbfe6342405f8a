//! Operations on several keys in one call. Each key is read or changed atomically, but the call as
//! a whole is not atomic.

use super::Cache;
use crate::entry::Value;
use crate::error::Error;
use crate::expiry::Expiry;
use crate::key::Key;

impl Cache {
    /// Returns the values of the keys, in the order of the keys: `None` for a key without a live
    /// entry. The batch as a whole is not atomic.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`] for the first invalid key. In that case, no counter changes.
    pub fn get_many(&self, keys: &[&str]) -> Result<Vec<Option<Value>>, Error> {
        let read = |key| {
            let (shard, hash) = self.place_of(key);
            shard.get(hash, key, &self.clock)
        };
        Ok(valid(keys)?.into_iter().map(read).collect())
    }

    /// Sets the entries in the given order, all with the same expiry. The batch as a whole is not
    /// atomic.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Self::set) for the first invalid entry, otherwise for the expiry. After an
    /// error, nothing is set.
    pub fn set_many(&self, entries: &[(&str, &str)], expiry: Option<u32>) -> Result<(), Error> {
        let entries = entries.iter().map(|(key, value)| Ok((Key::new(key)?, self.json(value)?)));
        let entries = entries.collect::<Result<Vec<_>, Error>>()?;
        let expiry = expiry.map(Expiry::new).transpose()?;
        for (key, value) in entries {
            self.store(key, value, expiry, |_| true);
        }
        Ok(())
    }

    /// Removes the entries and returns how many of them were live.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`] for the first invalid key. In that case, nothing is removed.
    pub fn delete_many(&self, keys: &[&str]) -> Result<u32, Error> {
        Ok(valid(keys)?.into_iter().map(|key| u32::from(self.remove(key))).sum())
    }
}

fn valid<'a>(keys: &[&'a str]) -> Result<Vec<Key<'a>>, Error> {
    keys.iter().map(|key| Key::new(key)).collect()
}
