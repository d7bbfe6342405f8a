//! How long entries live, and work on all entries whose keys begin alike.

use std::iter;
use std::time::Duration;

use super::Cache;
use crate::error::CacheError;
use crate::expiry::whole_seconds;
use crate::outcome::TimeLeft;

impl Cache {
    /// How long the entry still lives. Does not count as a use for eviction.
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

    /// Gives a live entry another expiry, counted from now; `None` takes its expiry away. True when
    /// there is a live entry.
    ///
    /// # Errors
    ///
    /// `InvalidExpiry` without a call to the host, as for
    /// [`set_with_expiry`](Cache::set_with_expiry); `InvalidKey`, `Denied`, `Unavailable` from the
    /// host.
    pub fn expire(&self, key: &str, expiry: Option<Duration>) -> Result<bool, CacheError> {
        self.store.expire(key, expiry.map(whole_seconds).transpose()?)
    }

    /// The keys that begin with `prefix`, which is plain text and may be empty, in no order. The host
    /// is called for the next keys when the iterator needs them.
    ///
    /// A key that lives throughout the walk is in it, and may be in it more than once. One that is set
    /// or removed meanwhile may be in it or not. After an error the walk is over.
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
        // Where the next page begins; `None` after the last one.
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

    /// Removes the entries whose keys begin with `prefix`, and returns how many live ones there were.
    /// The empty prefix is that of every key. Together this is not one step: an entry that is set
    /// meanwhile may stay.
    ///
    /// # Errors
    ///
    /// `Denied`, `Unavailable` from the host. After `Unavailable` some of them may be gone.
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
