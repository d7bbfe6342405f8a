//! Leases: when several callers miss a key at the same time, only one of them computes its value.

use super::Cache;
use crate::error::Error;
use crate::expiry::{Deadline, Expiry};
use crate::key::Key;
use crate::lease::{Found, Holder};
use crate::shard::Write;
use std::time::Duration;

impl Cache {
    /// Returns the value of a live entry, as [`get`](Self::get) does. Without a live entry, either
    /// `holder` gets the lease of the key ([`Found::Compute`]) or another holder already has it
    /// ([`Found::Held`]). A holder that already has the lease gets `Found::Compute` again.
    ///
    /// If `early` is given, a caller in the last `early` seconds of an entry's life gets the lease
    /// together with the value ([`Found::Refresh`]), unless another holder has the lease.
    ///
    /// A lease ends when its holder fills or releases it, or when another operation writes to the
    /// key, such as `set` or `clear`. A `delete`, `increment`, `compare_and_swap`, `take` or
    /// `expire` with valid arguments ends the lease even if it changes nothing.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`]; those of [`Expiry::new`] for `early`.
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

    /// Stores the computed value, as [`set`](Self::set) does, and ends the lease. Returns false and
    /// stores nothing if the holder does not have the lease of the key, or if another value was set
    /// since the lease began.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Self::set). The holder then keeps its lease.
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

    /// Ends the holder's lease of a key. Does nothing if the holder has no lease of the key.
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
