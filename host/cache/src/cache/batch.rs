//! Several keys in one call, each by itself.

use super::Cache;
use crate::entry::Value;
use crate::error::Error;
use crate::expiry::Expiry;
use crate::key::Key;

impl Cache {
    /// The values of the keys, in their order. Each is read by itself.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`] for the first key that is wrong; nothing is counted then.
    pub fn get_many(&self, keys: &[&str]) -> Result<Vec<Option<Value>>, Error> {
        let read = |key| {
            let (shard, hash) = self.place_of(key);
            shard.get(hash, key, &self.clock)
        };
        Ok(valid(keys)?.into_iter().map(read).collect())
    }

    /// Sets the entries, in their order, all with one expiry. Each is set by itself.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Self::set) for the first entry that is wrong; nothing is set then.
    pub fn set_many(&self, entries: &[(&str, &str)], expiry: Option<u32>) -> Result<(), Error> {
        let entries = entries.iter().map(|(key, value)| Ok((Key::new(key)?, self.json(value)?)));
        let entries = entries.collect::<Result<Vec<_>, Error>>()?;
        let expiry = expiry.map(Expiry::new).transpose()?;
        for (key, value) in entries {
            self.store(key, value, expiry, |_| true);
        }
        Ok(())
    }

    /// Removes the entries, and returns how many live ones there were.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`] for the first key that is wrong; nothing is removed then.
    pub fn delete_many(&self, keys: &[&str]) -> Result<u32, Error> {
        Ok(valid(keys)?.into_iter().map(|key| u32::from(self.remove(key))).sum())
    }
}

fn valid<'a>(keys: &[&'a str]) -> Result<Vec<Key<'a>>, Error> {
    keys.iter().map(|key| Key::new(key)).collect()
}
