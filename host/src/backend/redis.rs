//! Caches on Redis or Valkey: on a single server, on a primary that Sentinels name, or on a
//! cluster.
//!
//! The `redis` crate implements the protocol and multiplexes the commands of many callers on one
//! connection. This module decides which server has a key, when a command is sent again, and when a
//! server is avoided: no write may run twice, and no command may wait longer than its cache's
//! timeout.
//!
//! `names.rs` names the entries and `servers.rs` sends operations. Each server has a connection in
//! `node.rs` and a circuit breaker in `circuit.rs`. `scripts.rs` has scripts for the atomic changes
//! that Redis has no command for.
//!
//! **A write ends the key's lease**, except `set_if_absent`. If the key can have a lease, a write
//! consists of two commands, without a transaction: the first deletes the lease, the second changes
//! the entry. If the second command fails, the lease stays deleted. A host can fill a lease only
//! while the lease exists and the entry has the value that it had when the lease was granted, is
//! still missing, or has expired since. So `set_if_absent` need not delete the lease: once it has
//! created the entry, the lease can be filled only if the entry had the same value when the lease
//! was granted.

mod address;
mod batch;
mod changes;
mod circuit;
mod dial;
mod discover;
mod joint;
mod keys;
mod layout;
mod lease;
mod many;
mod meters;
mod names;
mod node;
mod place;
mod reply;
mod scripts;
mod servers;
mod settings;
mod slot;
mod walk;

pub use address::{RedisAddress, RedisAddressError};
pub(super) use lease::LeaseReply;
pub(super) use meters::Meters;
pub use names::KeyFormat;
pub(crate) use servers::ServerState;
pub(super) use servers::Servers;
pub use settings::RedisBackend;

use super::error::CacheError;
use super::stats::CacheStats;
use batch::{Batch, RedisCommand};
use hostel_cache::{Expiry, Json, Key, Value};
use meters::timed;
use names::Names;
use redis::cmd;
use reply::{bytes, integer};
use std::sync::Arc;
use tokio::time::Instant;

/// Maximum number of attempts to read an entry. A read consists of two commands. If the first finds
/// no text but the second finds the entry, the entry may have been set in between, so the read is
/// repeated. After the last attempt, the text counts as empty.
const MAX_READS: usize = 3;

/// The error for an empty text, which is not a valid value.
const EMPTY: &str = "it is empty";

/// One cache whose entries are on Redis.
#[derive(Debug)]
pub(super) struct RedisCache {
    names: Names,
    value_limit: usize,
    servers: Arc<Servers>,
    meters: Meters,
}

impl RedisCache {
    /// Creates a cache without connecting to its servers.
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

    async fn read(&self, key: &str) -> Result<Option<Value>, CacheError> {
        let key = Key::new(key)?;
        let (found, _) = self.find(self.servers.deadline(), key, None).await?;
        match found {
            Some(_) => self.meters.counts.hit(),
            None => self.meters.counts.miss(),
        }
        Ok(found)
    }

    /// Reads the value of a key. Refuses a value over the limit. The server sends at most one byte
    /// more than the limit. Returns the value, and the reply to `more`, a further command on the
    /// entry.
    async fn find(
        &self,
        deadline: Instant,
        key: Key<'_>,
        more: Option<redis::Cmd>,
    ) -> Result<(Option<Value>, Option<redis::Value>), CacheError> {
        let name = self.names.entry(key.as_str());
        for _ in 0..MAX_READS {
            let mut text = cmd("GETRANGE");
            text.arg(&name).arg(0).arg(self.value_limit);
            let mut exists = cmd("EXISTS");
            exists.arg(&name);
            let commands = [text, exists].into_iter().chain(more.clone()).map(RedisCommand::from);
            let batch = Batch::of_reads(&name, commands.collect());
            let replies = self.servers.run(batch, deadline).await.map_err(unavailable)?;
            let mut replies = replies.into_iter();
            let mut reply = || replies.next().unwrap_or(redis::Value::Nil);
            let text = bytes(checked(key, reply())?).map_err(unavailable)?;
            match (text.is_empty(), integer(&reply()).map_err(unavailable)?) {
                (false, _) => return Ok((Some(self.value(key, text)?), replies.next())),
                (true, 0) => return Ok((None, replies.next())),
                // Either the entry was set between the two commands, or its text is empty.
                (true, _) => {}
            }
        }
        Err(CacheError::foreign(key, EMPTY))
    }

    async fn store(&self, key: &str, value: &str, expiry: Option<u32>) -> Result<(), CacheError> {
        let key = Key::new(key)?;
        let json = Json::new(value, self.value_limit)?;
        let expiry = expiry.map(Expiry::new).transpose()?;
        let name = self.names.entry(key.as_str());
        let mut set = cmd("SET");
        set.arg(&name).arg(json.as_str()).arg(Ex(expiry));
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
        let [reply] = self.run(Batch::of_reads(&name, vec![exists.into()])).await?;
        let is_there = integer(&reply).map_err(unavailable)? > 0;
        self.meters.counts.exists();
        Ok(is_there)
    }

    /// Checks that the servers respond.
    pub(super) async fn check(&self) -> Result<(), CacheError> {
        self.servers.check().await.map_err(unavailable)
    }

    /// Ends the key's lease, if the key can have one, and then changes the entry with `command`.
    /// Returns the reply to `command`.
    async fn write(
        &self,
        key: Key<'_>,
        name: &str,
        command: impl Into<RedisCommand>,
    ) -> Result<redis::Value, CacheError> {
        self.write_until(self.servers.deadline(), key, name, command).await
    }

    async fn write_until(
        &self,
        deadline: Instant,
        key: Key<'_>,
        name: &str,
        command: impl Into<RedisCommand>,
    ) -> Result<redis::Value, CacheError> {
        let Some(lease) = self.lease_name(key) else {
            let batch = Batch::of_writes(name, vec![command.into()]);
            let [reply] = self.run_until(deadline, batch).await?;
            return Ok(reply);
        };
        let batch = Batch::of_writes(name, vec![del(&lease), command.into()]);
        let [ended, reply] = self.run_until(deadline, batch).await?;
        integer(&ended).map_err(unavailable)?;
        Ok(reply)
    }

    /// Returns the name of the key's lease, or `None` if the key cannot have one.
    fn lease_name(&self, key: Key<'_>) -> Option<String> {
        self.names.lease(key.as_str(), self.servers.address().is_cluster())
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
        exactly(replies)
    }

    /// Validates a text that was read from Redis, because other programs can also write there.
    fn value(&self, key: Key<'_>, text: Vec<u8>) -> Result<Value, CacheError> {
        if text.len() > self.value_limit {
            return Err(CacheError::oversized(key, self.value_limit));
        }
        if text.is_empty() {
            return Err(CacheError::foreign(key, EMPTY));
        }
        let text = String::from_utf8(text);
        let text = text.map_err(|_| CacheError::foreign(key, "it is not UTF-8"))?;
        match Json::new(&text, self.value_limit) {
            Ok(json) => Ok(Value::new(key, json)),
            Err(error) => Err(CacheError::foreign(key, &error.to_string())),
        }
    }
}

/// Converts replies to an array of exactly `N`.
fn exactly<const N: usize>(replies: Vec<redis::Value>) -> Result<[redis::Value; N], CacheError> {
    replies.try_into().map_err(|_| unavailable("a reply is missing".to_owned()))
}

/// Builds the command that ends a lease.
fn del(lease: &str) -> RedisCommand {
    let mut end = cmd("DEL");
    end.arg(lease);
    end.into()
}

/// The arguments of `SET` for an expiry.
struct Ex(Option<Expiry>);

impl redis::ToRedisArgs for Ex {
    fn write_redis_args<W: ?Sized + redis::RedisWrite>(&self, out: &mut W) {
        if let Some(expiry) = self.0 {
            ("EX", expiry.seconds()).write_redis_args(out);
        }
    }
}

/// Returns the reply about an entry, or an error if the entry is not a string.
fn checked(key: Key<'_>, reply: redis::Value) -> Result<redis::Value, CacheError> {
    match &reply {
        redis::Value::ServerError(error) if error.code() == "WRONGTYPE" => {
            Err(CacheError::foreign(key, "it is not a string of Redis"))
        }
        _ => Ok(reply),
    }
}

fn unavailable(reason: String) -> CacheError {
    CacheError::Unavailable { reason }
}
