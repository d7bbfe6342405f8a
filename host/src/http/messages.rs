//! The memory for the messages of a listener: the bodies of requests, and responses until they are
//! sent. `limits.request` and `limits.response` bound only single messages, and a client may have
//! any number of them.
//!
//! There are two pools, one for small messages and one for large ones. Each known client has at
//! most a share of each pool. So a client that fills its share of large messages still leaves room
//! for other clients, and for its own small messages.

use hostel_cache::BudgetPart;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// The largest small message, in bytes.
pub(super) const MAX_SMALL_BYTES: usize = 64 << 10;

/// Messages of up to this many bytes are not charged. Most messages are this short, and not
/// charging them avoids a lock. Their memory may be ignored, because the HTTP stream of such a
/// message takes more memory than the message.
const MAX_FREE_BYTES: usize = 512;

/// A client's share is a quarter of each pool. The pool for small messages is a quarter of the pool
/// for large ones.
const QUARTER: usize = 4;

/// The pools of a listener, and the shares of its clients.
pub(super) struct Messages {
    /// The part of the host's memory budget to which each charge is also added.
    part: Arc<BudgetPart>,
    most: Sizes,
    /// The name of the setting that bounds the pools.
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
    /// The charged bytes of each client. Clients without charged bytes have no entry.
    by_client: HashMap<IpAddr, Sizes>,
}

/// The error that a message exceeds a pool, a share or the host's memory budget. Contains the name
/// of the setting that raises this bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoRoom {
    bound: MessageBound,
    setting: &'static str,
}

/// The bound that is exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MessageBound {
    Client,
    All,
}

impl Messages {
    /// Creates pools with `bytes` bytes for large messages, or fewer if `part` is too small. Both
    /// pools must fit into `part`; otherwise, large messages could leave no room for small ones.
    pub(super) fn new(bytes: usize, part: &Arc<BudgetPart>) -> Arc<Self> {
        let fit = part.most() / (QUARTER + 1) * QUARTER;
        let (large, setting) = match bytes <= fit {
            true => (bytes, "server.bodies"),
            false => (fit, "server.memory"),
        };
        let most = Sizes { small: large / QUARTER, large };
        Arc::new(Messages { part: Arc::clone(part), most, setting, taken: Mutex::default() })
    }

    /// Creates an empty charge. If the client is unknown, `client` is `None`, and no share bounds
    /// the charge.
    pub(super) fn charge(self: &Arc<Self>, client: Option<IpAddr>) -> MessageCharge<'_> {
        MessageCharge { messages: self, client, held: Sizes::default() }
    }

    /// Replaces the charge `old` with `new`. On an error, nothing changes.
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
    /// The size of one message.
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

    /// Subtracts `old` and adds `new`. Returns `None` if a size would grow beyond its maximum in
    /// `most`.
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
            "the bodies of requests and responses of {whose} have reached the limit of \
             `{setting}`"
        )
    }
}

/// The charge for one message. Dropping this value releases the charge.
///
/// Borrows the `Arc` of the pools instead of cloning it: a clone writes to memory that all threads
/// share, and most messages are not charged.
pub(super) struct MessageCharge<'a> {
    messages: &'a Arc<Messages>,
    client: Option<IpAddr>,
    held: Sizes,
}

impl MessageCharge<'_> {
    /// Sets the charge to `bytes`, or to 0 for at most [`MAX_FREE_BYTES`]. `length` is the length
    /// of the whole message, so that a large message counts as large from its first byte; 0 if the
    /// length is unknown. A declared length is not charged: otherwise, clients could use up the
    /// pool without sending a byte.
    ///
    /// # Errors
    ///
    /// When there is no room. The charge is then unchanged.
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

    /// Converts the charge to a charge for a response. Returns `None` if nothing is charged.
    pub(super) fn into_response(mut self) -> Option<ResponseCharge> {
        let held = std::mem::take(&mut self.held);
        let (messages, client) = (self.messages, self.client);
        let charge = || ResponseCharge { messages: Arc::clone(messages), client, held };
        (held != Sizes::default()).then(charge)
    }
}

impl Drop for MessageCharge<'_> {
    fn drop(&mut self) {
        // Cannot fail: a charge of 0 needs no room.
        let _ = self.hold(0, 0);
    }
}

/// The charge for a response until it is sent or the client disconnects. Dropping this value
/// releases the charge.
pub(super) struct ResponseCharge {
    messages: Arc<Messages>,
    client: Option<IpAddr>,
    held: Sizes,
}

impl Drop for ResponseCharge {
    fn drop(&mut self) {
        // Cannot fail: a charge of 0 needs no room.
        let _ = self.messages.replace(self.client, self.held, Sizes::default());
    }
}

#[cfg(test)]
mod tests;
