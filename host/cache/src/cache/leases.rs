//! A value that is computed once, however many callers need it.

use super::Cache;
use crate::error::Error;
use crate::expiry::{Deadline, Expiry};
use crate::key::Key;
use crate::lease::{Found, Holder};
use crate::shard::Write;
use std::time::Duration;

impl Cache {
    /// The value of a live entry, as [`get`](Self::get) finds it. If no entry is live, the result
    /// names the holder that computes it: this one, or another that has the lease of the key
    /// already. A holder that asks again is told to compute again.
    ///
    /// With `early`, in seconds, the first holder that asks in the last so many seconds of an entry's
    /// life is told to refresh it, and the others get its value.
    ///
    /// A holder has its lease until it fills it or gives it back, or the key is set or deleted.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`]; those of [`Expiry::new`] of `early`.
    pub fn get_or_lease(
        &self,
        key: &str,
        early: Option<u32>,
        holder: Holder,
    ) -> Result<Found, Error> {
        let key = Key::new(key)?;
        let early = early.map(Expiry::new).transpose()?;
        let early = Duration::from_secs(early.map_or(0, Expiry::seconds).into());
        let (shard, hash) = self.place_of(key);
        Ok(shard.get_or_lease(hash, key, &self.clock, early, holder))
    }

    /// Stores what was computed, as [`set`](Self::set) does, and ends the lease. False, and nothing
    /// is stored, when the holder has no lease of the key, or another value was set since it began.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Self::set). The holder still has its lease then.
    pub fn fill(
        &self,
        key: &str,
        value: &str,
        expiry: Option<u32>,
        holder: Holder,
    ) -> Result<bool, Error> {
        let key = Key::new(key)?;
        let value = self.json(value)?;
        let expiry = expiry.map(Expiry::new).transpose()?;
        let (shard, hash) = self.place_of(key);
        Ok(shard.fill(hash, key, &self.clock, holder, |now| {
            let deadline = Deadline::from_now(expiry, now);
            Write { value: value.as_str().into(), deadline }
        }))
    }

    /// Ends the holder's lease of a key; nothing where it has none.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`].
    pub fn release(&self, key: &str, holder: Holder) -> Result<(), Error> {
        let key = Key::new(key)?;
        let (shard, _) = self.place_of(key);
        shard.release(key, holder);
        Ok(())
    }
}
