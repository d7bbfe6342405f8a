//! Operations that read and change one entry atomically.

use super::Cache;
use crate::entry::{Entry, Value};
use crate::error::Error;
use crate::expiry::{Deadline, Expiry};
use crate::integer::Integer;
use crate::key::Key;
use crate::outcome::{Lifetime, Swap};
use crate::shard::{Count, Write};
use crate::value::Json;

impl Cache {
    /// Like [`set`](Self::set), but only if there is no live entry. Returns true if the entry was
    /// set.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Self::set), even if nothing would be set.
    pub fn set_if_absent(
        &self,
        key: &str,
        value: &str,
        expiry: Option<u32>,
    ) -> Result<bool, Error> {
        self.write(key, value, expiry, |old| old.is_none())
    }

    /// Adds `delta` to the integer under the key and returns the sum. A missing entry counts as 0
    /// and is created with `expiry`; an existing entry keeps its own expiry.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`]; [`Error::NotAnInteger`] for the delta; those of [`Expiry::new`], even
    /// if the expiry would not apply; [`Error::NotAnInteger`] for the stored value;
    /// [`Error::SumOutOfRange`]; [`Error::TooLarge`] if the sum is longer than the cache's value
    /// limit.
    pub fn increment(&self, key: &str, delta: i64, expiry: Option<u32>) -> Result<i64, Error> {
        let key = Key::new(key)?;
        let delta = Integer::new(delta)?;
        let expiry = expiry.map(Expiry::new).transpose()?;
        let (shard, hash) = self.place_of(key);
        let mut outcome = Ok(0);
        let count: Count = |stats| &mut stats.increments;
        shard.write(hash, key, &self.clock, count, |old, now| {
            let deadline = old.map_or_else(|| Deadline::from_now(expiry, now), Entry::deadline);
            let sum = Integer::sum(old.map(Entry::value), delta, self.limits.value_limit());
            let (sum, write) = match sum {
                Ok((sum, text)) => (Ok(sum.get()), Some(Write { value: text.into(), deadline })),
                Err(error) => (Err(error), None),
            };
            outcome = sum;
            write
        });
        if outcome.is_err() {
            shard.end_lease(key);
        }
        outcome
    }

    /// Replaces the value of the entry with `wanted` if the current value equals `expected` byte
    /// for byte. In both arguments, `None` means "no live entry", so this operation can also create
    /// and remove an entry. `lifetime` is ignored when `wanted` is `None`.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`], [`Json::new`] for both values and [`Expiry::new`], whatever the
    /// entry's value is.
    pub fn compare_and_swap(
        &self,
        key: &str,
        expected: Option<&str>,
        wanted: Option<&str>,
        lifetime: Lifetime,
    ) -> Result<Swap, Error> {
        let key = Key::new(key)?;
        let expected = expected.map(|value| self.json(value)).transpose()?.map(Json::as_str);
        let wanted = wanted.map(|value| self.json(value)).transpose()?.map(Json::as_str);
        let expiry = match (lifetime, wanted) {
            (Lifetime::After(seconds), Some(_)) => Some(Expiry::new(seconds)?),
            _ => None,
        };
        let (shard, hash) = self.place_of(key);
        let mut found = None;
        let mut is_expected = |old: Option<&Entry>| {
            let is_expected = old.map(Entry::value) == expected;
            found = if is_expected { None } else { old.map(Entry::share) };
            is_expected
        };
        let count: Count = |stats| &mut stats.swaps;
        let is_swapped = match wanted {
            Some(value) => shard.write(hash, key, &self.clock, count, |old, now| {
                let deadline = match (lifetime, old) {
                    (Lifetime::Keep, Some(old)) => old.deadline(),
                    _ => Deadline::from_now(expiry, now),
                };
                is_expected(old).then_some(Write { value: value.into(), deadline })
            }),
            None => {
                let is_meant = |old: &Entry| is_expected(Some(old));
                let removed = shard.remove(hash, key, &self.clock, count, is_meant);
                removed || (expected.is_none() && found.is_none())
            }
        };
        if is_swapped {
            return Ok(Swap::Swapped);
        }
        shard.end_lease(key);
        Ok(Swap::Changed(found))
    }

    /// Removes the entry and returns its value, or `None` if there is no live entry. Only one of
    /// several concurrent callers gets the value.
    ///
    /// # Errors
    ///
    /// Those of [`Key::new`].
    pub fn take(&self, key: &str) -> Result<Option<Value>, Error> {
        let key = Key::new(key)?;
        let (shard, hash) = self.place_of(key);
        let mut taken = None;
        let count: Count = |stats| &mut stats.takes;
        shard.remove(hash, key, &self.clock, count, |entry| {
            taken = Some(entry.share());
            true
        });
        Ok(taken)
    }
}
