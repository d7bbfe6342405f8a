//! Caches on Redis or Valkey: one server, the servers of a Sentinel, or a cluster.
//!
//! The library speaks the protocol and puts the commands of many callers on one connection. Which
//! server has a key, when a command is sent again and when a server is left alone is decided here,
//! since no write may be sent twice and no call may wait longer than its cache's time.
//!
//! Entries are named in `names.rs`; `servers.rs` sends operations; each server is a `node.rs` with
//! its `circuit.rs`. What changes an entry in one step is a script of `scripts.rs`.
//!
//! **How a write ends a lease**: it removes the key's lease before it touches its entry, by two
//! commands and no transaction, whatever comes of the second. A host that fills a lease has to find
//! both its lease and the entry that it began with. `set_if_absent` ends no lease: the entry that it
//! creates is another one than the lease began with.

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

/// How often a `get` reads again when an entry came between its two commands, before it takes the
/// entry for an empty text.
const MAX_READS: usize = 3;

/// What is wrong with a text without a byte.
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

    async fn read(&self, key: &str) -> Result<Option<Value>, CacheError> {
        let key = Key::new(key)?;
        let (found, _) = self.find(self.servers.deadline(), key, None).await?;
        match found {
            Some(_) => self.meters.counts.hit(),
            None => self.meters.counts.miss(),
        }
        Ok(found)
    }

    /// Reads at most one byte over the limit, whatever is there. Returns the value, and the reply to
    /// what else is asked about the entry.
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
                // Set between the two commands, or a text without a byte.
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

    /// Makes sure that the servers respond.
    pub(super) async fn check(&self) -> Result<(), CacheError> {
        self.servers.check().await.map_err(unavailable)
    }

    /// Ends the key's lease, then changes its entry. Returns the reply to the second.
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

    /// The name of the key's lease; none where it can have none.
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

    /// A value that was read, if any guest can read it too: others may write under our names.
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

/// The replies to so many commands.
fn exactly<const N: usize>(replies: Vec<redis::Value>) -> Result<[redis::Value; N], CacheError> {
    replies.try_into().map_err(|_| unavailable("a reply is missing".to_owned()))
}

/// The command that ends a lease.
fn del(lease: &str) -> RedisCommand {
    let mut end = cmd("DEL");
    end.arg(lease);
    end.into()
}

/// The arguments of SET for an expiry.
struct Ex(Option<Expiry>);

impl redis::ToRedisArgs for Ex {
    fn write_redis_args<W: ?Sized + redis::RedisWrite>(&self, out: &mut W) {
        if let Some(expiry) = self.0 {
            ("EX", expiry.seconds()).write_redis_args(out);
        }
    }
}

/// A reply about an entry, unless something else than a string is there.
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
