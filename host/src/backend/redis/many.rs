//! Operations on several entries. Each entry is read or changed independently of the others, but
//! all entries share one deadline.

use super::super::error::CacheError;
use super::super::store::MAX_READ_BYTES;
use super::batch::{Batch, RedisCommand};
use super::meters::timed;
use super::reply::{bytes, integer, unexpected};
use super::{EMPTY, Ex, MAX_READS, RedisCache, checked, del, exactly, unavailable};
use hostel_cache::{Expiry, Json, Key, Value};
use redis::{Cmd, cmd};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Maximum number of entries in a batch for a server without slots, and of concurrent batches of
/// one operation.
const MAX_BATCH_ENTRIES: usize = 64;
const MAX_BATCHES: usize = 64;

/// Maximum bytes of the values in a batch of several entries, and the number of bytes in flight at
/// which an operation starts no further batch.
const MAX_BATCH_BYTES: usize = 1 << 20;
const MAX_BYTES_UNDER_WAY: usize = 16 << 20;

/// Maximum bytes of a value in the first read, which is enough for most values. Longer values are
/// read again, up to the value limit.
const FIRST_BYTES: usize = 4 << 10;

/// One entry's part of an operation on several entries.
struct Part {
    /// The index of the entry in the operation.
    place: usize,
    name: String,
    commands: Vec<RedisCommand>,
    /// Maximum bytes of the value that are sent or read.
    bytes: usize,
}

/// The result of reading an entry.
enum Read {
    Missing,
    Text(Vec<u8>),
    /// The text may be incomplete or outdated, so the entry must be read again.
    Partial,
}

impl RedisCache {
    pub(in crate::backend) async fn get_many(
        &self,
        keys: &[&str],
    ) -> Result<Vec<Option<Value>>, CacheError> {
        timed(&self.meters.get_many, self.read_many(keys)).await
    }

    pub(in crate::backend) async fn set_many(
        &self,
        entries: &[(&str, &str)],
        expiry: Option<u32>,
    ) -> Result<(), CacheError> {
        timed(&self.meters.set_many, self.store_many(entries, expiry)).await
    }

    pub(in crate::backend) async fn delete_many(&self, keys: &[&str]) -> Result<u32, CacheError> {
        let remove = self.remove_many(keys, self.servers.deadline());
        timed(&self.meters.delete_many, remove).await
    }

    async fn read_many(&self, keys: &[&str]) -> Result<Vec<Option<Value>>, CacheError> {
        let keys = keys.iter().map(|key| Key::new(key)).collect::<Result<Vec<_>, _>>()?;
        let deadline = self.servers.deadline();
        let limit = MAX_READ_BYTES.max(self.value_limit);
        let (mut found, mut total) = (BTreeMap::new(), 0);
        let mut left: BTreeMap<_, _> = keys.into_iter().enumerate().collect();
        let mut most = self.value_limit.min(FIRST_BYTES);
        for _ in 0..MAX_READS {
            let reads = left.iter().map(|(place, key)| self.reading(*place, *key, most));
            let reads: Vec<_> = reads.collect();
            self.run_all(reads, deadline, Batch::of_reads, |place, replies| {
                let Some(key) = left.get(&place).copied() else { return Ok(()) };
                let value = match self.whole(key, replies, most) {
                    Ok(Read::Partial) => return Ok(()),
                    Ok(Read::Missing) => Ok(None),
                    Ok(Read::Text(text)) => {
                        total += text.len();
                        if total > limit {
                            return Err(CacheError::ManyOversized { limit });
                        }
                        self.value(key, text).map(Some)
                    }
                    Err(error @ CacheError::Unavailable { .. }) => return Err(error),
                    Err(foreign) => Err(foreign),
                };
                found.insert(place, value);
                left.remove(&place);
                Ok(())
            })
            .await?;
            most = self.value_limit;
        }
        if let Some(key) = left.into_values().next() {
            return Err(CacheError::foreign(key, EMPTY));
        }
        let values = found.into_values().collect::<Result<Vec<_>, _>>()?;
        for value in &values {
            match value {
                Some(_) => self.meters.counts.hit(),
                None => self.meters.counts.miss(),
            }
        }
        Ok(values)
    }

    /// Interprets the replies to the commands of [`reading`](Self::reading).
    fn whole(
        &self,
        key: Key<'_>,
        replies: Vec<redis::Value>,
        most: usize,
    ) -> Result<Read, CacheError> {
        let [text, exists] = exactly(replies)?;
        let text = bytes(checked(key, text)?).map_err(unavailable)?;
        Ok(match (text.len(), integer(&exists).map_err(unavailable)?) {
            (0, 0) => Read::Missing,
            // Either the entry was set between the two commands, or its text is empty.
            (0, _) => Read::Partial,
            (read, _) if read > most && most < self.value_limit => Read::Partial,
            _ => Read::Text(text),
        })
    }

    /// Builds the commands that read the first `most` + 1 bytes of a value, and check whether its
    /// entry exists.
    fn reading(&self, place: usize, key: Key<'_>, most: usize) -> Part {
        let name = self.names.entry(key.as_str());
        let mut text = cmd("GETRANGE");
        text.arg(&name).arg(0).arg(most);
        let mut exists = cmd("EXISTS");
        exists.arg(&name);
        Part { place, name, commands: vec![text.into(), exists.into()], bytes: most + 1 }
    }

    async fn store_many(
        &self,
        entries: &[(&str, &str)],
        expiry: Option<u32>,
    ) -> Result<(), CacheError> {
        // Batches end in any order, so only the last value of a repeated key is sent.
        let mut last = BTreeMap::new();
        for (key, value) in entries {
            last.insert(Key::new(key)?, Json::new(value, self.value_limit)?);
        }
        let expiry = expiry.map(Expiry::new).transpose()?;
        let writes = last.into_iter().enumerate().map(|(place, (key, value))| {
            let name = self.names.entry(key.as_str());
            let mut set = cmd("SET");
            set.arg(&name).arg(value.as_str()).arg(Ex(expiry));
            self.writing(place, key, name, set, value.as_str().len())
        });
        let writes = writes.collect();
        let deadline = self.servers.deadline();
        self.run_all(writes, deadline, Batch::of_writes, |_, replies| match written(replies)? {
            redis::Value::Okay => Ok(()),
            other => Err(unavailable(unexpected(&other))),
        })
        .await?;
        entries.iter().for_each(|_| self.meters.counts.set());
        Ok(())
    }

    pub(super) async fn remove_many(
        &self,
        keys: &[&str],
        deadline: Instant,
    ) -> Result<u32, CacheError> {
        let keys = keys.iter().map(|key| Key::new(key)).collect::<Result<Vec<_>, _>>()?;
        let writes = keys.into_iter().enumerate().map(|(place, key)| {
            let name = self.names.entry(key.as_str());
            let mut unlink = cmd("UNLINK");
            unlink.arg(&name);
            self.writing(place, key, name, unlink, 0)
        });
        let writes = writes.collect();
        let mut removed = 0;
        self.run_all(writes, deadline, Batch::of_writes, |_, replies| {
            if integer(&written(replies)?).map_err(unavailable)? > 0 {
                self.meters.counts.delete();
                removed += 1;
            }
            Ok(())
        })
        .await?;
        Ok(removed)
    }

    /// Builds the commands that end the key's lease, if the key can have one, and then change its
    /// entry.
    fn writing(&self, place: usize, key: Key<'_>, name: String, change: Cmd, bytes: usize) -> Part {
        let end = self.lease_name(key).map(|lease| del(&lease));
        Part { place, name, commands: end.into_iter().chain([change.into()]).collect(), bytes }
    }

    /// Runs the parts in concurrent batches, and passes the replies of each part to `take`. The
    /// first error cancels the other batches.
    async fn run_all(
        &self,
        parts: Vec<Part>,
        deadline: Instant,
        batch_of: fn(&str, Vec<RedisCommand>) -> Batch,
        mut take: impl FnMut(usize, Vec<redis::Value>) -> Result<(), CacheError>,
    ) -> Result<(), CacheError> {
        let is_cluster = self.servers.address().is_cluster();
        let max_entries = if is_cluster { 1 } else { MAX_BATCH_ENTRIES };
        let (mut parts, mut under_way) = (parts.into_iter().peekable(), JoinSet::new());
        let mut bytes_under_way = 0;
        loop {
            while under_way.len() < MAX_BATCHES
                && bytes_under_way < MAX_BYTES_UNDER_WAY
                && let Some(first) = parts.next()
            {
                let mut bytes = first.bytes;
                let mut places = vec![(first.place, first.commands.len())];
                let (name, mut commands) = (first.name, first.commands);
                while places.len() < max_entries
                    && let Some(part) = parts.next_if(|part| bytes + part.bytes <= MAX_BATCH_BYTES)
                {
                    bytes += part.bytes;
                    places.push((part.place, part.commands.len()));
                    commands.extend(part.commands);
                }
                let (batch, servers) = (batch_of(&name, commands), Arc::clone(&self.servers));
                bytes_under_way += bytes;
                let run = async move { (places, bytes, servers.run(batch, deadline).await) };
                under_way.spawn(run);
            }
            let Some(ended) = under_way.join_next().await else { return Ok(()) };
            let ended = ended.map_err(|error| unavailable(error.to_string()))?;
            let (places, bytes, replies) = ended;
            bytes_under_way -= bytes;
            let mut replies = replies.map_err(unavailable)?.into_iter();
            for (place, count) in places {
                take(place, replies.by_ref().take(count).collect())?;
            }
        }
    }
}

/// Returns the reply to a change. Returns an error if the command that ends the lease failed.
fn written(mut replies: Vec<redis::Value>) -> Result<redis::Value, CacheError> {
    let reply = replies.pop().unwrap_or(redis::Value::Nil);
    for ended in &replies {
        integer(ended).map_err(unavailable)?;
    }
    Ok(reply)
}
