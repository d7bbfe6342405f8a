//! Iterates over a cache's entries, server by server, in bounded steps: with `SCAN`, never with
//! `KEYS`.

use super::super::error::CacheError;
use super::super::page::Page;
use super::node::RedisNode;
use super::reply::{array, bytes, integer, string};
use super::{RedisCache, unavailable};
use hostel_cache::EntryInfo;
use redis::{Pipeline, Value, cmd};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Approximate maximum number of Redis keys that a server examines in one step, including keys
/// outside the cache. A step takes a few tenths of a millisecond.
pub(super) const STEP_NAMES: usize = 1_000;

/// Maximum steps of one page. This limit bounds the work for a page when few keys match.
pub(super) const PAGE_STEPS: usize = 10;

/// A position in a walk: a server with its first slot, and the `SCAN` cursor of that server, which
/// is meaningless to any other server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    slot: u16,
    scan: String,
    server: String,
}

impl Cursor {
    /// Returns the start of a walk.
    pub(super) fn start() -> Self {
        Cursor { slot: 0, scan: "0".to_owned(), server: String::new() }
    }

    /// Parses a cursor; `None` is the start of a walk.
    pub(super) fn read(given: Option<&str>) -> Result<Self, CacheError> {
        let Some(text) = given else { return Ok(Cursor::start()) };
        Cursor::parse(text).ok_or_else(|| CacheError::cursor(text))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut fields = text.splitn(3, '-');
        let (slot, scan, server) = (fields.next()?, fields.next()?, fields.next()?);
        let is_number = scan.bytes().all(|byte| byte.is_ascii_digit());
        scan.parse::<u64>().ok().filter(|_| is_number)?;
        let (slot, scan, server) = (slot.parse().ok()?, scan.to_owned(), server.to_owned());
        Some(Cursor { slot, scan, server })
    }

    pub(super) fn show(&self) -> String {
        format!("{}-{}-{}", self.slot, self.scan, self.server)
    }
}

impl RedisCache {
    /// Returns a page of the entries whose keys begin with `prefix`. Runs whole steps, so the page
    /// may contain more than `most` entries.
    pub(in crate::backend) async fn list(
        &self,
        prefix: &str,
        cursor: Option<&str>,
        most: usize,
    ) -> Result<Page, CacheError> {
        let pattern = self.names().pattern(prefix);
        let mut place = Some(Cursor::read(cursor)?);
        let mut entries = Vec::new();
        let mut count = most.clamp(10, STEP_NAMES);
        for _ in 0..PAGE_STEPS {
            let Some(at) = place.take() else { break };
            let (node, names, next) =
                self.step(&at, &pattern, count, self.servers().deadline()).await?;
            if names.is_empty() {
                count = STEP_NAMES;
            }
            self.describe(&node, names, &mut entries).await?;
            place = next;
            if entries.len() >= most {
                break;
            }
        }
        Ok(Page { entries, next: place.map(|place| place.show()) })
    }

    /// Removes all entries and leases, and returns the number of removed entries.
    pub(in crate::backend) async fn clear(&self) -> Result<u64, CacheError> {
        let leases = self.names().lease_pattern();
        self.remove_all(&leases).await?;
        let removed = self.remove_all(&self.names().pattern("")).await?;
        // Remove the leases that were taken in the meantime.
        self.remove_all(&leases).await?;
        Ok(removed)
    }

    /// Walks through all entries, and returns their number and the bytes of their keys and values.
    /// Both are approximate, because `SCAN` may return an entry twice.
    pub(in crate::backend) async fn count(&self) -> Result<(u64, u64), CacheError> {
        let (mut entries, mut bytes, mut cursor) = (0, 0, None);
        loop {
            let page = self.list("", cursor.as_deref(), STEP_NAMES).await?;
            entries += page.entries.len() as u64;
            bytes += page.entries.iter().map(|entry| entry.bytes).sum::<u64>();
            cursor = page.next;
            if cursor.is_none() {
                return Ok((entries, bytes));
            }
        }
    }

    async fn remove_all(&self, pattern: &[u8]) -> Result<u64, CacheError> {
        let mut removed = 0;
        let mut place = Some(Cursor::start());
        while let Some(at) = place {
            let (node, names, next) =
                self.step(&at, pattern, STEP_NAMES, self.servers().deadline()).await?;
            let mut commands = Pipeline::with_capacity(names.len());
            for name in &names {
                commands.cmd("UNLINK").arg(name);
            }
            if !names.is_empty() {
                let deadline = self.servers().deadline();
                let replies = self.servers().ask_all(&node, &commands, deadline).await;
                for reply in replies.map_err(unavailable)? {
                    removed += integer(&reply).map_err(unavailable)?.unsigned_abs();
                }
            }
            place = next;
        }
        Ok(removed)
    }

    /// Runs one step of a walk. Returns the server, the matching names, and the next position or
    /// `None` at the end of the walk.
    pub(super) async fn step(
        &self,
        at: &Cursor,
        pattern: &[u8],
        count: usize,
        deadline: Instant,
    ) -> Result<(Arc<RedisNode>, Vec<Vec<u8>>, Option<Cursor>), CacheError> {
        let nodes = self.servers().primaries(deadline).await.map_err(unavailable)?;
        let is_same = |(_, node): &(u16, Arc<RedisNode>)| node.place.to_string() == at.server;
        let begin = nodes.iter().position(is_same);
        let begin = begin.or_else(|| nodes.iter().position(|(slot, _)| *slot >= at.slot));
        let mut rest = nodes.into_iter().skip(begin.unwrap_or(usize::MAX));
        let Some((slot, node)) = rest.next() else {
            let reason = "the servers changed during the listing: start again".to_owned();
            return Err(unavailable(reason));
        };
        let server = node.place.to_string();
        // A cursor is valid only on its own server. If another server now has the slot, start its
        // scan from the beginning.
        let scan = if server == at.server { &*at.scan } else { "0" };
        let mut command = cmd("SCAN");
        command.arg(scan).arg("MATCH").arg(pattern).arg("COUNT").arg(count);
        let reply = self.servers().ask(&node, command, deadline).await.map_err(unavailable)?;
        let mut fields = array(reply).map_err(unavailable)?.into_iter();
        let mut field = || fields.next().unwrap_or(Value::Nil);
        let scan = string(field()).map_err(unavailable)?;
        let names = array(field()).map_err(unavailable)?.into_iter().map(bytes);
        let names = names.collect::<Result<_, _>>().map_err(unavailable)?;
        let next = match scan.as_str() {
            "0" => rest.next().map(|(slot, _)| Cursor { slot, ..Cursor::start() }),
            _ => Some(Cursor { slot, scan, server }),
        };
        Ok((node, names, next))
    }

    /// Describes the entries with these names, and adds those that still exist to `entries`.
    async fn describe(
        &self,
        node: &Arc<RedisNode>,
        names: Vec<Vec<u8>>,
        entries: &mut Vec<EntryInfo>,
    ) -> Result<(), CacheError> {
        let keys: Vec<_> =
            names.iter().filter_map(|name| Some((name, self.names().key(name)?))).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let mut commands = Pipeline::with_capacity(keys.len() * 2);
        for (name, _) in &keys {
            commands.cmd("STRLEN").arg(name);
            commands.cmd("PTTL").arg(name);
        }
        let deadline = self.servers().deadline();
        let replies = self.servers().ask_all(node, &commands, deadline).await;
        let replies = replies.map_err(unavailable)?;
        let mut replies = replies.iter();
        for (_, key) in keys {
            let mut number = |default, codes| number_of(replies.next(), default, codes);
            // For a key of another type, the length is expensive to find and counts as 0.
            let length = number(0, &["WRONGTYPE", "MOVED", "ASK"]).map_err(unavailable)?;
            let left = number(-2, &["MOVED", "ASK"]).map_err(unavailable)?;
            let remaining = match left {
                // The entry was deleted, expired or moved to another server after `SCAN` ran.
                ..=-2 => continue,
                -1 => None,
                left => Some(Duration::from_millis(left.unsigned_abs())),
            };
            let bytes = key.len() as u64 + length.unsigned_abs();
            entries.push(EntryInfo { key: key.to_owned(), bytes, remaining });
        }
        Ok(())
    }
}

/// Returns the number of a reply, or `default` if the reply is an error with one of these codes.
fn number_of(reply: Option<&Value>, default: i64, codes: &[&str]) -> Result<i64, String> {
    match reply {
        Some(Value::ServerError(error)) if codes.contains(&error.code()) => Ok(default),
        reply => integer(reply.unwrap_or(&Value::Nil)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_shown_and_nothing_else_is() {
        for text in ["0-0-", "5461-18446744073709551615-a-b.c:6379"] {
            assert_eq!(Cursor::parse(text).unwrap().show(), text);
        }
        for text in
            ["", "0", "-", "0-0", "a-0-", "0-a-", "70000-0-", "0-18446744073709551616-", "0-+1-"]
        {
            assert_eq!(Cursor::parse(text), None, "{text}");
        }
    }
}
