//! Caches on Redis or Valkey: one server, the servers of a Sentinel, or a cluster.
//!
//! The library speaks the protocol and puts the commands of many callers on one connection. Which
//! server has a key, when a command is sent again and when a server is left alone is decided here,
//! since no write may be sent twice and no call may wait longer than its cache's time.
//!
//! Entries are named in `names.rs`; `servers.rs` sends operations; each server is a `node.rs` with
//! its `circuit.rs`. **How a write ends a lease** (leases come with a later version, and hosts of
//! both may share a server): `set` and `delete` remove the key's lease before they touch its entry,
//! by two commands and no transaction. A host that fills a lease has to find both its lease and the
//! entry that it began with.

mod address;
mod batch;
mod circuit;
mod dial;
mod discover;
mod joint;
mod layout;
mod meters;
mod names;
mod node;
mod place;
mod reply;
mod servers;
mod settings;
mod slot;
mod walk;

pub use address::{RedisAddress, RedisAddressError};
pub(super) use meters::Meters;
pub use names::KeyFormat;
pub(crate) use servers::ServerState;
pub(super) use servers::Servers;
pub use settings::RedisBackend;

use super::error::CacheError;
use super::stats::CacheStats;
use batch::Batch;
use hostel_cache::{Expiry, Json, Key, Value};
use meters::timed;
use names::Names;
use redis::cmd;
use reply::{bytes, integer};
use std::sync::Arc;
use tokio::time::Instant;

/// How often a `get` reads again when an entry came between its two commands, before it takes the
/// entry for an empty text.
const MAX_READS: usize = 3;

/// One cache whose entries are on Redis.
#[derive(Debug)]
pub(super) struct RedisCache {
    names: Names,
    value_limit: usize,
    servers: Arc<Servers>,
    meters: Meters,
}

impl RedisCache {
    /// A cache. Nothing is connected to yet.
    pub(super) fn new(
        names: Names,
        value_limit: usize,
        servers: Arc<Servers>,
        meters: Meters,
    ) -> Self {
        RedisCache { names, value_limit, servers, meters }
    }

    fn names(&self) -> &Names {
        &self.names
    }

    pub(super) fn servers(&self) -> &Arc<Servers> {
        &self.servers
    }

    pub(super) fn stats(&self) -> CacheStats {
        self.meters.counts.stats()
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<Value>, CacheError> {
        timed(&self.meters.get, self.read(key)).await
    }

    pub(super) async fn set(
        &self,
        key: &str,
        value: &str,
        expiry: Option<u32>,
    ) -> Result<(), CacheError> {
        timed(&self.meters.set, self.store(key, value, expiry)).await
    }

    pub(super) async fn delete(&self, key: &str) -> Result<bool, CacheError> {
        timed(&self.meters.delete, self.remove(key)).await
    }

    pub(super) async fn exists(&self, key: &str) -> Result<bool, CacheError> {
        timed(&self.meters.exists, self.look(key)).await
    }

    /// Reads at most one byte over the limit, whatever is there.
    async fn read(&self, key: &str) -> Result<Option<Value>, CacheError> {
        let key = Key::new(key)?;
        let name = self.names.entry(key.as_str());
        let deadline = self.servers.deadline();
        for _ in 0..MAX_READS {
            let mut text = cmd("GETRANGE");
            text.arg(&name).arg(0).arg(self.value_limit);
            let mut exists = cmd("EXISTS");
            exists.arg(&name);
            let batch = Batch::of_reads(&name, vec![text, exists]);
            let [text, exists] = self.run_until(deadline, batch).await?;
            if let redis::Value::ServerError(error) = &text
                && error.code() == "WRONGTYPE"
            {
                return Err(CacheError::foreign(key, "it is not a string of Redis"));
            }
            let text = bytes(text).map_err(unavailable)?;
            match (text.is_empty(), integer(&exists).map_err(unavailable)?) {
                (false, _) => {
                    self.meters.counts.hit();
                    return self.value(key, text).map(Some);
                }
                (true, 0) => {
                    self.meters.counts.miss();
                    return Ok(None);
                }
                // Set between the two commands, or a text without a byte.
                (true, _) => {}
            }
        }
        Err(CacheError::foreign(key, "it is empty"))
    }

    async fn store(&self, key: &str, value: &str, expiry: Option<u32>) -> Result<(), CacheError> {
        let key = Key::new(key)?;
        let json = Json::new(value, self.value_limit)?;
        let expiry = expiry.map(Expiry::new).transpose()?;
        let name = self.names.entry(key.as_str());
        let mut set = cmd("SET");
        set.arg(&name).arg(json.as_str());
        if let Some(expiry) = expiry {
            set.arg("EX").arg(expiry.seconds());
        }
        let reply = self.write(key, &name, set).await?;
        match reply {
            redis::Value::Okay => {
                self.meters.counts.set();
                Ok(())
            }
            other => Err(unavailable(reply::unexpected(&other))),
        }
    }

    async fn remove(&self, key: &str) -> Result<bool, CacheError> {
        let key = Key::new(key)?;
        let name = self.names.entry(key.as_str());
        let mut delete = cmd("UNLINK");
        delete.arg(&name);
        let reply = self.write(key, &name, delete).await?;
        let was_there = integer(&reply).map_err(unavailable)? > 0;
        if was_there {
            self.meters.counts.delete();
        }
        Ok(was_there)
    }

    async fn look(&self, key: &str) -> Result<bool, CacheError> {
        let key = Key::new(key)?;
        let name = self.names.entry(key.as_str());
        let mut exists = cmd("EXISTS");
        exists.arg(&name);
        let [reply] = self.run(Batch::of_reads(&name, vec![exists])).await?;
        let is_there = integer(&reply).map_err(unavailable)? > 0;
        self.meters.counts.exists();
        Ok(is_there)
    }

    /// Makes sure that the servers respond.
    pub(super) async fn check(&self) -> Result<(), CacheError> {
        self.servers.check().await.map_err(unavailable)
    }

    /// Ends the key's lease, then changes its entry. Returns the reply to the second.
    async fn write(
        &self,
        key: Key<'_>,
        name: &str,
        command: redis::Cmd,
    ) -> Result<redis::Value, CacheError> {
        let is_cluster = self.servers.address().is_cluster();
        let Some(lease) = self.names.lease(key.as_str(), is_cluster) else {
            let [reply] = self.run(Batch::of_writes(name, vec![command])).await?;
            return Ok(reply);
        };
        let mut end = cmd("DEL");
        end.arg(lease);
        let [ended, reply] = self.run(Batch::of_writes(name, vec![end, command])).await?;
        integer(&ended).map_err(unavailable)?;
        Ok(reply)
    }

    async fn run<const N: usize>(&self, batch: Batch) -> Result<[redis::Value; N], CacheError> {
        self.run_until(self.servers.deadline(), batch).await
    }

    async fn run_until<const N: usize>(
        &self,
        deadline: Instant,
        batch: Batch,
    ) -> Result<[redis::Value; N], CacheError> {
        let replies = self.servers.run(batch, deadline).await.map_err(unavailable)?;
        replies.try_into().map_err(|_| unavailable("a reply is missing".to_owned()))
    }

    /// A value that was read, if any guest can read it too: others may write under our names.
    fn value(&self, key: Key<'_>, text: Vec<u8>) -> Result<Value, CacheError> {
        if text.len() > self.value_limit {
            return Err(CacheError::oversized(key, self.value_limit));
        }
        let text = String::from_utf8(text);
        let text = text.map_err(|_| CacheError::foreign(key, "it is not UTF-8"))?;
        match Json::new(&text, self.value_limit) {
            Ok(json) => Ok(Value::new(key, json)),
            Err(error) => Err(CacheError::foreign(key, &error.to_string())),
        }
    }
}

fn unavailable(reason: String) -> CacheError {
    CacheError::Unavailable { reason }
}
