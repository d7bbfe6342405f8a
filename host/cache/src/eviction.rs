//! Which entry goes when a shard is full.
//!
//! The policy is SIEVE (Zhang et al., NSDI 2024). Entries stand in the order in which they were
//! set. A hit marks an entry and moves nothing. A hand goes from the oldest to the newest and
//! begins again: it takes the mark of a marked entry and passes, and evicts the first without one.
//! After so many marked ones it evicts the next all the same, since others wait meanwhile.

use crate::pages::{NOWHERE, Pages};

/// Marked entries that one eviction passes at most: some microseconds under the shard's lock.
const MOST_PASSED: u32 = 256;

/// The order of entries. Positions are dense: an insertion adds the next one, a removal moves the
/// last one into the gap, just as [`Pages`] does.
#[derive(Debug)]
pub(crate) struct Sieve {
    nodes: Pages<Node>,
    newest: u32,
    oldest: u32,
    hand: u32,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    newer: u32,
    older: u32,
    used: bool,
}

impl Sieve {
    pub(crate) const fn new() -> Self {
        Self { nodes: Pages::new(), newest: NOWHERE, oldest: NOWHERE, hand: NOWHERE }
    }

    /// Adds the next position, as the newest and unmarked.
    pub(crate) fn push(&mut self) {
        let at = self.nodes.len();
        let older = self.newest;
        self.nodes.push(Node { newer: NOWHERE, older, used: false });
        self.set_newer(older, at);
        self.newest = at;
    }

    /// Marks a position as used.
    pub(crate) fn mark(&mut self, at: u32) {
        if let Some(node) = self.nodes.get_mut(at) {
            node.used = true;
        }
    }

    /// The position to evict next: one that is gone anyway, or the first without a mark. `None`
    /// only when there is none at all.
    pub(crate) fn victim(&mut self, is_gone: impl Fn(u32) -> bool) -> Option<u32> {
        for _ in 0..MOST_PASSED {
            self.find_hand();
            let node = self.nodes.get_mut(self.hand)?;
            if !node.used || is_gone(self.hand) {
                return Some(self.hand);
            }
            node.used = false;
            self.hand = node.newer;
        }
        self.find_hand();
        Some(self.hand).filter(|hand| *hand != NOWHERE)
    }

    /// Puts the hand on the oldest when it has passed the newest.
    fn find_hand(&mut self) {
        if self.hand == NOWHERE {
            self.hand = self.oldest;
        }
    }

    /// Removes a position, and moves the last one into its place.
    pub(crate) fn swap_remove(&mut self, at: u32) {
        let Some(&removed) = self.nodes.get(at) else {
            return;
        };
        self.set_newer(removed.older, removed.newer);
        self.set_older(removed.newer, removed.older);
        if self.hand == at {
            self.hand = removed.newer;
        }
        let last = self.nodes.len() - 1;
        if let Some(&moved) = self.nodes.get(last).filter(|_| at != last) {
            self.set_newer(moved.older, at);
            self.set_older(moved.newer, at);
            if self.hand == last {
                self.hand = at;
            }
        }
        self.nodes.swap_remove(at);
    }

    /// See [`Pages::bytes`].
    pub(crate) fn bytes(&self) -> usize {
        self.nodes.bytes()
    }

    /// See [`Pages::growth`].
    pub(crate) fn growth(&self) -> usize {
        self.nodes.growth()
    }

    /// Sets what comes after a position; after nowhere comes the oldest.
    fn set_newer(&mut self, at: u32, newer: u32) {
        match self.nodes.get_mut(at) {
            Some(node) => node.newer = newer,
            None => self.oldest = newer,
        }
    }

    /// Sets what comes before a position; before nowhere comes the newest.
    fn set_older(&mut self, at: u32, older: u32) {
        match self.nodes.get_mut(at) {
            Some(node) => node.older = older,
            None => self.newest = older,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Letters at the positions of a sieve.
    struct Letters {
        sieve: Sieve,
        letters: Vec<char>,
    }

    impl Letters {
        fn new(letters: &str) -> Self {
            let mut new = Self { sieve: Sieve::new(), letters: Vec::new() };
            letters.chars().for_each(|letter| new.push(letter));
            new
        }

        fn push(&mut self, letter: char) {
            self.sieve.push();
            self.letters.push(letter);
        }

        fn at(&self, letter: char) -> u32 {
            u32::try_from(self.letters.iter().position(|l| *l == letter).unwrap()).unwrap()
        }

        fn mark(&mut self, letters: &str) {
            letters.chars().for_each(|letter| self.sieve.mark(self.at(letter)));
        }

        fn remove(&mut self, letter: char) {
            let at = self.at(letter);
            self.sieve.swap_remove(at);
            self.letters.swap_remove(at as usize);
        }

        fn evict(&mut self, gone: &str) -> Option<char> {
            let letters = &self.letters;
            let at = self.sieve.victim(|at| gone.contains(letters[at as usize]))?;
            let letter = self.letters[at as usize];
            self.remove(letter);
            Some(letter)
        }
    }

    #[track_caller]
    fn check(mut letters: Letters, gone: &str, order: &str) {
        let evicted: String = std::iter::from_fn(|| letters.evict(gone)).collect();
        assert_eq!(evicted, order);
        assert_eq!((letters.sieve.newest, letters.sieve.oldest), (NOWHERE, NOWHERE));
    }

    #[test]
    fn without_marks_the_oldest_goes_first() {
        check(Letters::new(""), "", "");
        check(Letters::new("abcdef"), "", "abcdef");
    }

    #[test]
    fn marked_entries_are_passed_once() {
        let mut letters = Letters::new("abcdef");
        letters.mark("ace");
        check(letters, "", "bdface");
    }

    #[test]
    fn when_all_are_marked_the_oldest_goes() {
        let mut letters = Letters::new("abc");
        letters.mark("abc");
        check(letters, "", "abc");
    }

    #[test]
    fn gone_entries_are_taken_even_when_marked() {
        let mut letters = Letters::new("abcdef");
        letters.mark("abc");
        check(letters, "b", "bdefac");
    }

    #[test]
    fn the_hand_goes_on_where_it_stopped() {
        let mut letters = Letters::new("abcd");
        letters.mark("ab");
        assert_eq!(letters.evict(""), Some('c'));
        letters.push('e');
        check(letters, "", "deab");
    }

    #[test]
    fn removals_keep_the_order_and_the_hand() {
        for removed in "abcdefgh".chars() {
            let mut letters = Letters::new("abcdefgh");
            letters.mark("abc");
            assert_eq!(letters.sieve.victim(|_| false), Some(letters.at('d')));
            letters.remove(removed);
            let order: String = "defghabc".chars().filter(|letter| *letter != removed).collect();
            check(letters, "", &order);
        }
    }
}
