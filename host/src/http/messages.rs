//! The bytes of the messages of a listener: of bodies of requests, and of responses until they are
//! sent. `limits.request` and `limits.response` bound one message, but a client may have any number.
//!
//! They come from two pools, one for small messages and one for large ones, and each client has at
//! most a share of each pool. So one client that fills its share keeps neither the others from
//! sending bodies, nor itself from sending small ones.

use hostel_cache::BudgetPart;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// The largest small message, in bytes.
pub(super) const MAX_SMALL_BYTES: usize = 64 << 10;

/// The largest message that is charged to nothing, in bytes: the stream that carries it takes more,
/// and most messages are as short. So they take no lock.
const MAX_FREE_BYTES: usize = 512;

/// A client has at most this fraction of a pool, and small messages have this fraction of the bytes
/// that large ones have: a quarter.
const QUARTER: usize = 4;

/// The pools of a listener, and what each client has of them.
pub(super) struct Messages {
    /// The part of the host's memory that all bytes are taken from, too.
    part: Arc<BudgetPart>,
    most: Sizes,
    /// The setting that bounds the pools.
    setting: &'static str,
    taken: Mutex<Taken>,
}

/// Bytes of small and of large messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sizes {
    small: usize,
    large: usize,
}

#[derive(Default)]
struct Taken {
    all: Sizes,
    /// Only clients that have bytes.
    by_client: HashMap<IpAddr, Sizes>,
}

/// That a message finds no room, with the setting that would give it some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoRoom {
    bound: MessageBound,
    setting: &'static str,
}

/// Whose messages have no room left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MessageBound {
    Client,
    All,
}

impl Messages {
    /// Pools for so many bytes of large messages, or for fewer where the part has too few: both
    /// pools must fit into it, or small messages would depend on large ones.
    pub(super) fn new(bytes: usize, part: &Arc<BudgetPart>) -> Arc<Self> {
        let fit = part.most() / (QUARTER + 1) * QUARTER;
        let (large, setting) = match bytes <= fit {
            true => (bytes, "server.bodies"),
            false => (fit, "server.memory"),
        };
        let most = Sizes { small: large / QUARTER, large };
        Arc::new(Messages { part: Arc::clone(part), most, setting, taken: Mutex::default() })
    }

    /// A charge of no bytes yet. `client` is `None` where it is unknown whose message it is: then only
    /// the pools bound it.
    pub(super) fn charge(self: &Arc<Self>, client: Option<IpAddr>) -> MessageCharge {
        MessageCharge { messages: Arc::clone(self), client, held: Sizes::default() }
    }

    /// Takes the bytes `new` in place of `old`. On an error nothing changes.
    fn replace(&self, client: Option<IpAddr>, old: Sizes, new: Sizes) -> Result<(), NoRoom> {
        let no_room = |bound| NoRoom { bound, setting: self.setting };
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let Taken { all, by_client } = &mut *taken;
        let entry = client.map(|client| by_client.entry(client));
        let before = match &entry {
            Some(Entry::Occupied(share)) => *share.get(),
            Some(Entry::Vacant(_)) | None => Sizes::default(),
        };
        let share = match &entry {
            None => Some(Sizes::default()),
            Some(_) => before.replaced(old, new, self.most.quarter()),
        };
        let share = share.ok_or(no_room(MessageBound::Client))?;
        let sum = all.replaced(old, new, self.most).ok_or(no_room(MessageBound::All))?;
        if new.bytes() < old.bytes() {
            self.part.give_back(old.bytes() - new.bytes());
        } else if !self.part.take(new.bytes() - old.bytes()) {
            return Err(NoRoom { bound: MessageBound::All, setting: "server.memory" });
        }
        *all = sum;
        match entry {
            Some(Entry::Occupied(entry)) if share == Sizes::default() => {
                entry.remove();
            }
            Some(entry) => {
                entry.insert_entry(share);
            }
            None => {}
        }
        Ok(())
    }
}

impl Sizes {
    /// The bytes of one message.
    fn of(bytes: usize, is_small: bool) -> Self {
        match is_small {
            true => Sizes { small: bytes, large: 0 },
            false => Sizes { small: 0, large: bytes },
        }
    }

    fn bytes(self) -> usize {
        self.small + self.large
    }

    fn quarter(self) -> Self {
        Sizes { small: self.small / QUARTER, large: self.large / QUARTER }
    }

    /// The sum with `new` in place of `old`; none where a size that grows would be above the most.
    fn replaced(self, old: Sizes, new: Sizes, most: Sizes) -> Option<Sizes> {
        let replaced = |sum: usize, old: usize, new: usize, most: usize| {
            let sum = (sum - old).checked_add(new)?;
            (new <= old || sum <= most).then_some(sum)
        };
        Some(Sizes {
            small: replaced(self.small, old.small, new.small, most.small)?,
            large: replaced(self.large, old.large, new.large, most.large)?,
        })
    }
}

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = match self.bound {
            MessageBound::Client => "this client",
            MessageBound::All => "all clients",
        };
        let setting = self.setting;
        write!(
            f,
            "bodies of requests and responses of {whose} have as many bytes as the server's setting \
             `{setting}` allows"
        )
    }
}

/// The bytes of one message, given back when this is dropped.
pub(super) struct MessageCharge {
    messages: Arc<Messages>,
    client: Option<IpAddr>,
    held: Sizes,
}

impl MessageCharge {
    /// Holds these bytes in place of those that it held. `length` is that of the whole message, as
    /// far as it is known: a large one is large from its first byte on. A length that a client only
    /// declares takes nothing: clients could use up the pool without sending a byte.
    ///
    /// # Errors
    ///
    /// When there is no room. Then it holds what it held before.
    pub(super) fn hold(&mut self, bytes: usize, length: usize) -> Result<(), NoRoom> {
        let new = match bytes {
            ..=MAX_FREE_BYTES => Sizes::default(),
            _ => Sizes::of(bytes, bytes.max(length) <= MAX_SMALL_BYTES),
        };
        if new != self.held {
            self.messages.replace(self.client, self.held, new)?;
            self.held = new;
        }
        Ok(())
    }
}

impl Drop for MessageCharge {
    fn drop(&mut self) {
        // To hold nothing needs no room.
        let _ = self.hold(0, 0);
    }
}

#[cfg(test)]
mod tests;
