//! A queue that is fair by client: the clients with waiting items take turns.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

/// Maximum number of items of one client. The limit may be high: clients take turns, so the items
/// of one client delay another client by only one item each turn.
const MAX_OF_CLIENT: usize = 256;

/// Maximum number of items of all clients.
const MAX_ITEMS: usize = 4_096;

/// Items by client. All unknown clients count as one client.
pub(super) struct FairQueue<T> {
    clients: HashMap<Option<IpAddr>, ClientItems<T>>,
    /// The clients with items, in the order of their turns.
    turns: BTreeMap<u64, Option<IpAddr>>,
    next: u64,
    len: usize,
}

struct ClientItems<T> {
    turn: u64,
    /// The items in the order in which they are removed.
    items: BTreeMap<ItemOrder, T>,
}

/// The order of the items of one client: late items are after all others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct ItemOrder {
    is_late: bool,
    number: u64,
}

/// Identifies an item in the queue.
#[derive(Clone, Copy)]
pub(super) struct QueueTicket {
    client: Option<IpAddr>,
    order: ItemOrder,
}

/// Why the queue does not accept an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QueueFull {
    /// The item's client has too many items.
    OfClient,
    /// All clients together have too many items.
    OfAll,
}

impl<T> Default for FairQueue<T> {
    fn default() -> Self {
        FairQueue { clients: HashMap::new(), turns: BTreeMap::new(), next: 0, len: 0 }
    }
}

impl<T> FairQueue<T> {
    /// Adds an item. A late item is behind all items of its client that are not late.
    pub(super) fn push(
        &mut self,
        client: Option<IpAddr>,
        is_late: bool,
        item: T,
    ) -> Result<QueueTicket, QueueFull> {
        if self.len >= MAX_ITEMS {
            return Err(QueueFull::OfAll);
        }
        let number = self.next;
        let of_client = self
            .clients
            .entry(client)
            .or_insert_with(|| ClientItems { turn: number, items: BTreeMap::new() });
        if of_client.items.len() >= MAX_OF_CLIENT {
            return Err(QueueFull::OfClient);
        }
        let order = ItemOrder { is_late, number };
        of_client.items.insert(order, item);
        self.turns.insert(of_client.turn, client);
        self.next += 1;
        self.len += 1;
        Ok(QueueTicket { client, order })
    }

    /// Removes and returns the first item of the client whose turn it is, or returns `None` if the
    /// queue is empty. The client's next turn is after the turns of all other clients.
    pub(super) fn pop(&mut self) -> Option<T> {
        let (_, client) = self.turns.pop_first()?;
        let of_client = self.clients.get_mut(&client)?;
        let (_, item) = of_client.items.pop_first()?;
        self.len -= 1;
        if of_client.items.is_empty() {
            self.clients.remove(&client);
        } else {
            of_client.turn = self.next;
            self.turns.insert(self.next, client);
            self.next += 1;
        }
        Some(item)
    }

    /// Removes and returns an item, or returns `None` if the item is no longer in the queue.
    pub(super) fn remove(&mut self, ticket: QueueTicket) -> Option<T> {
        let of_client = self.clients.get_mut(&ticket.client)?;
        let item = of_client.items.remove(&ticket.order)?;
        self.len -= 1;
        if of_client.items.is_empty() {
            self.turns.remove(&of_client.turn);
            self.clients.remove(&ticket.client);
        }
        Some(item)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(number: u8) -> Option<IpAddr> {
        Some([10, 0, 0, number].into())
    }

    fn drain<T>(queue: &mut FairQueue<T>) -> Vec<T> {
        std::iter::from_fn(|| queue.pop()).collect()
    }

    #[test]
    fn many_items_of_one_client_delay_another_by_one_each_turn() {
        let mut queue = FairQueue::default();
        for _ in 0..250 {
            queue.push(ip(1), false, 'a').unwrap();
        }
        assert_eq!(queue.pop(), Some('a'));
        for item in ['b', 'c'] {
            queue.push(ip(2), false, item).unwrap();
        }
        queue.push(None, false, 'd').unwrap();
        let order = drain(&mut queue);
        assert_eq!(order[..6], ['a', 'b', 'd', 'a', 'c', 'a']);
        assert_eq!(order.len(), 252);
    }

    #[test]
    fn late_items_of_a_client_wait_for_its_others() {
        let mut queue = FairQueue::default();
        for (is_late, item) in [(true, 3), (false, 1), (true, 4), (false, 2)] {
            queue.push(ip(1), is_late, item).unwrap();
        }
        assert_eq!(drain(&mut queue), [1, 2, 3, 4]);
    }

    #[test]
    fn a_removed_item_leaves_nothing_behind() {
        let mut queue = FairQueue::default();
        let [first, second] = [1, 2].map(|item| queue.push(ip(1), false, item).unwrap());
        let other = queue.push(ip(2), false, 3).unwrap();
        assert_eq!(queue.remove(first), Some(1));
        assert_eq!(queue.remove(first), None);
        assert_eq!(queue.pop(), Some(2));
        assert_eq!(queue.remove(second), None);
        assert_eq!(queue.remove(other), Some(3));
        assert_eq!((queue.len, queue.clients.len(), queue.turns.len()), (0, 0, 0));
        assert_eq!(queue.pop(), None);
    }

    #[test]
    fn a_client_and_all_clients_have_a_bound() {
        let mut queue = FairQueue::default();
        let mut push = |client| queue.push(client, false, ()).err();
        for number in 0..16 {
            for _ in 0..MAX_OF_CLIENT {
                assert_eq!(push(ip(number)), None);
            }
            let full = if number < 15 { QueueFull::OfClient } else { QueueFull::OfAll };
            assert_eq!(push(ip(number)), Some(full));
        }
        assert_eq!(push(ip(16)), Some(QueueFull::OfAll));
        assert_eq!(drain(&mut queue).len(), MAX_ITEMS);
    }
}
