//! Expiry of entries, and operations on all keys with a common prefix.

use std::iter;
use std::time::Duration;

use super::Cache;
use crate::error::CacheError;
use crate::expiry::whole_seconds;
use crate::outcome::TimeLeft;

impl Cache {
    /// Returns the remaining lifetime of the entry. Unlike [`get`](Cache::get), `ttl` does not
    /// count as a use of the entry.
    ///
    /// ```
    /// # use hostel_sdk::fake::Fake;
    /// use std::time::Duration;
    ///
    /// use hostel_sdk::TimeLeft;
    ///
    /// # let fake = Fake::new();
    /// # let cache = fake.context().cache;
    /// let minute = Duration::from_secs(60);
    /// cache.set_with_expiry("session", "abc123", minute)?;
    /// assert_eq!(cache.ttl("session")?, TimeLeft::Limited(minute));
    /// # Ok::<(), hostel_sdk::CacheError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidKey`, `Denied`, `Unavailable` from the host.
    pub fn ttl(&self, key: &str) -> Result<TimeLeft, CacheError> {
        self.store.ttl(key)
    }

    /// Sets the expiry of a live entry, counted from now; `None` removes its expiry. Returns false
    /// if there is no live entry.
    ///
    /// # Errors
    ///
    /// `InvalidExpiry` without a call to the host, as for
    /// [`set_with_expiry`](Cache::set_with_expiry); `InvalidKey`, `Denied`, `Unavailable` from the
    /// host.
    pub fn expire(&self, key: &str, expiry: Option<Duration>) -> Result<bool, CacheError> {
        self.store.expire(key, expiry.map(whole_seconds).transpose()?)
    }

    /// Iterates over the keys that begin with `prefix`, in no particular order. `prefix` is literal
    /// text, not a pattern, and may be empty. The iterator asks the host for one page of keys at a
    /// time.
    ///
    /// A key that exists during the whole iteration is returned, possibly more than once. A key
    /// that is created or removed during the iteration may or may not be returned. An error ends
    /// the iteration.
    ///
    /// ```
    /// # use hostel_sdk::{Context, Result};
    /// fn sessions(ctx: &Context) -> Result<Vec<String>> {
    ///     Ok(ctx.cache.keys("session:").collect::<Result<_, _>>()?)
    /// }
    /// # let fake = hostel_sdk::fake::Fake::new();
    /// # fake.context().cache.set_many([("session:1", 1), ("user:1", 1)]).unwrap();
    /// # assert_eq!(sessions(&fake.context()), Ok(vec!["session:1".to_owned()]));
    /// ```
    ///
    /// # Errors
    ///
    /// `Denied`, `Unavailable` from the host.
    pub fn keys<'c>(
        &'c self,
        prefix: &str,
    ) -> impl Iterator<Item = Result<String, CacheError>> + use<'c> {
        let prefix = prefix.to_owned();
        let mut page = Vec::new().into_iter();
        // `None` after the last page or an error. Otherwise `Some` with the cursor of the next
        // page, which is `None` for the first page.
        let mut next: Option<Option<String>> = Some(None);
        iter::from_fn(move || {
            loop {
                if let Some(key) = page.next() {
                    return Some(Ok(key));
                }
                let cursor = next.take()?;
                match self.store.keys(&prefix, cursor.as_deref()) {
                    Ok((keys, cursor)) => {
                        page = keys.into_iter();
                        next = cursor.map(Some);
                    }
                    Err(error) => return Some(Err(error)),
                }
            }
        })
    }

    /// Removes the entries whose keys begin with `prefix` and returns the number of live entries
    /// that were removed. An empty prefix matches every key. The call is not atomic: an entry that
    /// is set meanwhile may remain.
    ///
    /// # Errors
    ///
    /// `Denied`, `Unavailable` from the host. After `Unavailable` some entries may already be
    /// removed.
    pub fn delete_prefix(&self, prefix: &str) -> Result<u64, CacheError> {
        let mut removed = 0;
        let mut cursor: Option<String> = None;
        loop {
            let (count, next) = self.store.delete_prefix(prefix, cursor.as_deref())?;
            removed += u64::from(count);
            if next.is_none() {
                return Ok(removed);
            }
            cursor = next;
        }
    }
}

#[cfg(test)]
mod tests;
