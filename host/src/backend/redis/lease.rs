//! Leases: when several callers miss an entry, one of them computes its value.
//!
//! A lease is a Redis key with an expiry. The key's value is the holder's token. If the holder saw
//! an entry, the digest of that entry's value and the entry's expiry time follow. Most writes to
//! the entry also delete the lease's key, which ends the lease (see `redis.rs`). The scripts that
//! grant and fill leases use two keys of one slot, so they are retried while the slot migrates, at
//! most until the operation's deadline. Plain reads need no script.

use super::super::error::CacheError;
use super::batch::{Batch, RedisCommand};
use super::changes::{outcome, seconds};
use super::meters::timed;
use super::reply::{bytes, integer};
use super::scripts::{FILL, LEASE, RELEASE};
use super::{RedisCache, checked, unavailable};
use hostel_cache::{Expiry, Json, Key, Value};
use redis::cmd;
use std::time::Duration;

/// Maximum duration of a lease: one day. A call that computes for longer loses its lease.
const MAX_LEASE_MILLIS: u64 = 86_400_000;

/// The result of [`RedisCache::lease_once`].
#[derive(Debug, PartialEq, Eq)]
pub(in crate::backend) enum LeaseReply {
    /// The value of a live entry.
    Value(Value),
    /// The value of a live entry that expires soon; the caller has the lease to replace it.
    Refresh(Value),
    /// There is no live entry; the caller has the lease to create it.
    Compute,
    /// There is no live entry; another caller has the lease.
    Held {
        /// Time until the lease expires, if known.
        left: Option<Duration>,
    },
}

impl RedisCache {
    /// Reads the entry. If the entry is missing or expires within `early` seconds, takes its lease,
    /// provided that the lease is free or the caller already holds it. The lease expires after
    /// `lease`, or after [`MAX_LEASE_MILLIS`] if that is shorter, unless it ends earlier.
    pub(in crate::backend) async fn lease_once(
        &self,
        key: &str,
        early: Option<u32>,
        token: &str,
        lease: Duration,
    ) -> Result<LeaseReply, CacheError> {
        timed(&self.meters.get_or_lease, self.read_or_lease(key, early, token, lease)).await
    }

    /// Stores the value if the lease with this token still exists, and the entry has the value that
    /// it had when the lease was granted, is still missing, or has expired since. Returns true if
    /// the value was stored. Ends the lease with this token in either case; after an error the
    /// lease may still exist.
    pub(in crate::backend) async fn fill(
        &self,
        key: &str,
        value: &str,
        expiry: Option<u32>,
        token: &str,
    ) -> Result<bool, CacheError> {
        timed(&self.meters.fill, self.store_by_lease(key, value, expiry, token)).await
    }

    /// Ends the key's lease if the lease has this token.
    pub(in crate::backend) async fn release(
        &self,
        key: &str,
        token: &str,
    ) -> Result<(), CacheError> {
        timed(&self.meters.release, self.end_lease(key, token)).await
    }

    async fn read_or_lease(
        &self,
        key: &str,
        early: Option<u32>,
        token: &str,
        lease: Duration,
    ) -> Result<LeaseReply, CacheError> {
        let key = Key::new(key)?;
        let early = early.map(Expiry::new).transpose()?;
        let early = early.map_or(-1, |early| i64::from(early.seconds()) * 1_000);
        let deadline = self.servers.deadline();
        let (name, lease_name) = self.both_names(key)?;
        let mut left = cmd("PTTL");
        left.arg(&name);
        // Most callers find an entry that does not expire soon. They need no script, so a slot
        // migration does not delay them.
        let (found, left) = self.find(deadline, key, Some(left)).await?;
        let left = integer(&left.unwrap_or(redis::Value::Nil)).map_err(unavailable)?;
        let found = match found {
            Some(value) if left < 0 || left >= early => return Ok(self.counted(value)),
            found => found,
        };
        let lease = u64::try_from(lease.as_millis()).unwrap_or(u64::MAX);
        let mut script = LEASE.on(&[&name, &lease_name]);
        script.arg(token).arg(lease.clamp(1, MAX_LEASE_MILLIS)).arg(early).arg(self.value_limit);
        let script = RedisCommand::of_script(&LEASE, script);
        let reply = self.run_until(deadline, Batch::of_writes(&name, vec![script])).await;
        let granted = reply.and_then(|[reply]| outcome(checked(key, reply)?));
        let (outcome, detail) = match (granted, found) {
            // The lease cannot be taken now, but the value is still valid.
            (Err(CacheError::Unavailable { .. }), Some(value)) => return Ok(self.counted(value)),
            (granted, _) => granted?,
        };
        match &*outcome {
            b"compute" => {
                self.meters.counts.miss();
                Ok(LeaseReply::Compute)
            }
            b"held" => {
                let left = u64::try_from(integer(&detail).map_err(unavailable)?);
                Ok(LeaseReply::Held { left: left.ok().map(Duration::from_millis) })
            }
            outcome => {
                let value = self.value(key, bytes(detail).map_err(unavailable)?)?;
                self.meters.counts.hit();
                let is_early = outcome == b"refresh";
                Ok(if is_early { LeaseReply::Refresh(value) } else { LeaseReply::Value(value) })
            }
        }
    }

    fn counted(&self, value: Value) -> LeaseReply {
        self.meters.counts.hit();
        LeaseReply::Value(value)
    }

    async fn store_by_lease(
        &self,
        key: &str,
        value: &str,
        expiry: Option<u32>,
        token: &str,
    ) -> Result<bool, CacheError> {
        let key = Key::new(key)?;
        let json = Json::new(value, self.value_limit)?;
        let expiry = expiry.map(Expiry::new).transpose()?;
        let (name, lease_name) = self.both_names(key)?;
        let mut script = FILL.on(&[&name, &lease_name]);
        script.arg(token).arg(json.as_str()).arg(seconds(expiry)).arg(self.value_limit);
        let script = RedisCommand::of_script(&FILL, script);
        let [reply] = self.run(Batch::of_writes(&name, vec![script])).await?;
        let is_stored = integer(&reply).map_err(unavailable)? == 1;
        if is_stored {
            self.meters.counts.set();
        }
        Ok(is_stored)
    }

    async fn end_lease(&self, key: &str, token: &str) -> Result<(), CacheError> {
        let (_, lease_name) = self.both_names(Key::new(key)?)?;
        let mut script = RELEASE.on(&[&lease_name]);
        script.arg(token);
        let script = RedisCommand::of_script(&RELEASE, script);
        let [reply] = self.run(Batch::of_writes(&lease_name, vec![script])).await?;
        integer(&reply).map_err(unavailable)?;
        Ok(())
    }

    /// Returns the names of an entry and of its lease.
    fn both_names(&self, key: Key<'_>) -> Result<(String, String), CacheError> {
        let lease = self.lease_name(key).ok_or_else(|| CacheError::no_lease(key))?;
        Ok((self.names.entry(key.as_str()), lease))
    }
}

#[cfg(test)]
mod tests;
