//! From a key's hash to an entry's position.
//!
//! A table of chains that has as many chains as entries, and gains or loses one chain at a time
//! (linear hashing): nobody ever waits for a rehash, and there is never a second table in memory.

use crate::pages::{NOWHERE, Pages};

/// How many chains an entry may have at most, when entries went. More than one, so that a removal
/// and an insertion in turn do not join and split chains each time.
const MAX_CHAINS_PER_ENTRY: u32 = 2;

/// Finds positions by hash. Positions are dense: an insertion adds the next one, a removal moves
/// the last one into the gap, just as [`Pages`] does.
#[derive(Debug)]
pub(crate) struct Index {
    chains: Pages<u32>,
    links: Pages<Link>,
}

#[derive(Debug)]
struct Link {
    hash: u32,
    next: u32,
}

impl Index {
    pub(crate) const fn new() -> Self {
        Self { chains: Pages::new(), links: Pages::new() }
    }

    /// The position with that hash for which `is_it` says yes.
    pub(crate) fn find(&self, hash: u32, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = *self.chains.get(self.chain_of(hash))?;
        while let Some(link) = self.links.get(at) {
            if link.hash == hash && is_it(at) {
                return Some(at);
            }
            at = link.next;
        }
        None
    }

    /// Adds the next position.
    pub(crate) fn push(&mut self, hash: u32) {
        if self.chains.len() <= self.links.len() {
            self.split();
        }
        let at = self.links.len();
        self.links.push(Link { hash, next: NOWHERE });
        self.hang(at);
    }

    /// Removes a position, and moves the last one into its place.
    pub(crate) fn swap_remove(&mut self, at: u32) {
        let Some(removed) = self.links.get(at) else {
            return;
        };
        self.redirect(at, removed.next);
        let last = self.links.len() - 1;
        if at != last {
            self.redirect(last, at);
        }
        self.links.swap_remove(at);
        while self.chains.len() > MAX_CHAINS_PER_ENTRY * self.links.len() {
            self.join();
        }
    }

    /// See [`Pages::bytes`].
    pub(crate) fn bytes(&self) -> usize {
        self.chains.bytes() + self.links.bytes()
    }

    /// See [`Pages::growth`].
    pub(crate) fn growth(&self) -> usize {
        self.chains.growth() + self.links.growth()
    }

    /// The low bits of a hash say the chain; where there is none yet, one bit fewer does.
    fn chain_of(&self, hash: u32) -> u32 {
        let mask = self.chains.len().next_power_of_two() - 1;
        let chain = hash & mask;
        if chain < self.chains.len() { chain } else { chain & (mask >> 1) }
    }

    /// Puts a position in front of its chain.
    fn hang(&mut self, at: u32) {
        let Some(hash) = self.links.get(at).map(|link| link.hash) else {
            return;
        };
        let chain = self.chain_of(hash);
        if let (Some(first), Some(link)) = (self.chains.get_mut(chain), self.links.get_mut(at)) {
            link.next = std::mem::replace(first, at);
        }
    }

    /// Makes whatever leads to a position lead somewhere else.
    fn redirect(&mut self, from: u32, to: u32) {
        let Some(hash) = self.links.get(from).map(|link| link.hash) else {
            return;
        };
        let Some(first) = self.chains.get_mut(self.chain_of(hash)) else {
            return;
        };
        let mut at = *first;
        if at == from {
            *first = to;
            return;
        }
        while let Some(link) = self.links.get_mut(at) {
            if link.next == from {
                link.next = to;
                return;
            }
            at = link.next;
        }
    }

    /// Adds a chain, and moves to it what belongs there.
    fn split(&mut self) {
        let added = self.chains.len();
        self.chains.push(NOWHERE);
        if let Some(parent) = self.chains.get_mut(parent(added)).filter(|_| added > 0) {
            let chain = std::mem::replace(parent, NOWHERE);
            self.hang_all(chain);
        }
    }

    /// Removes the last chain, and moves what was there to where it came from.
    fn join(&mut self) {
        let Some(last) = self.chains.len().checked_sub(1) else {
            return;
        };
        if let Some(chain) = self.chains.swap_remove(last) {
            self.hang_all(chain);
        }
    }

    fn hang_all(&mut self, chain: u32) {
        let mut at = chain;
        while let Some(next) = self.links.get(at).map(|link| link.next) {
            self.hang(at);
            at = next;
        }
    }
}

/// The chain that holds what belongs to `chain` while that is not there.
fn parent(chain: u32) -> u32 {
    let highest_bit = chain.checked_ilog2().map_or(0, |bit| 1 << bit);
    chain ^ highest_bit
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(index: &Index, model: &[u32]) {
        for (at, hash) in model.iter().enumerate() {
            let at = u32::try_from(at).unwrap();
            assert_eq!(index.find(*hash, |found| found == at), Some(at), "hash {hash}");
        }
        let (entries, chains) = (index.links.len(), index.chains.len());
        assert!(entries <= chains && chains <= 2 * entries, "{chains} chains of {entries}");
    }

    #[test]
    fn an_empty_index_finds_nothing() {
        assert_eq!(Index::new().find(0, |_| true), None);
    }

    #[test]
    fn a_position_is_found_only_under_its_hash() {
        let mut index = Index::new();
        (0..100).for_each(|hash| index.push(hash));
        assert_eq!(index.find(7, |_| true), Some(7));
        assert_eq!(index.find(7, |_| false), None);
        assert_eq!(index.find(7 + 128, |_| true), None);
    }

    #[test]
    fn every_chain_goes_when_every_position_went() {
        let mut index = Index::new();
        (0..1000).for_each(|hash| index.push(hash));
        (0..1000).for_each(|_| index.swap_remove(0));
        assert_eq!((index.chains.len(), index.links.len()), (0, 0));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn an_index_finds_what_a_list_holds(
            steps in prop::collection::vec((any::<bool>(), 0..40_u32, any::<prop::sample::Index>()), 1..400),
            spread in prop_oneof![Just(1_u32), Just(0x0101_0101), Just(0x8000_0000)],
        ) {
            let (mut index, mut model) = (Index::new(), Vec::new());
            for (add, hash, place) in steps {
                if add || model.is_empty() {
                    let hash = hash.wrapping_mul(spread);
                    index.push(hash);
                    model.push(hash);
                } else {
                    let at = place.index(model.len());
                    index.swap_remove(u32::try_from(at).unwrap());
                    model.swap_remove(at);
                }
                check(&index, &model);
            }
        }
    }
}
