//! Wrong credentials, counted by where they come from, so that guessing gets slow.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Failures in a row whose answer does not wait: what a person mistypes.
const FREE: u32 = 5;

/// The first wait, which doubles with each failure, and the longest.
const WAITS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// Addresses that are remembered; with more the one that failed longest ago is forgotten.
const ADDRESSES: usize = 4_096;

/// Failures of clients, by address. A client that never fails costs one atomic read.
#[derive(Default)]
pub(in crate::http) struct Failures {
    has_any: AtomicBool,
    counts: Mutex<HashMap<IpAddr, Count>>,
}

#[derive(Clone, Copy)]
struct Count {
    in_a_row: u32,
    last: Instant,
}

impl Failures {
    /// Counts a failure and answers how long the client has to wait for being told.
    pub(in crate::http) fn failed(&self, client: IpAddr, now: Instant) -> Duration {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        self.has_any.store(true, Ordering::Relaxed);
        let client = place(client);
        if counts.len() >= ADDRESSES && !counts.contains_key(&client) {
            let oldest = counts.iter().min_by_key(|(_, count)| count.last).map(|(key, _)| *key);
            oldest.map(|key| counts.remove(&key));
        }
        let count = counts.entry(client).or_insert(Count { in_a_row: 0, last: now });
        count.in_a_row = count.in_a_row.saturating_add(1);
        count.last = now;
        wait(count.in_a_row)
    }

    /// Forgets the failures of a client who has proved who it is.
    pub(in crate::http) fn succeeded(&self, client: IpAddr) {
        if self.has_any.load(Ordering::Relaxed) {
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            counts.remove(&place(client));
            self.has_any.store(!counts.is_empty(), Ordering::Relaxed);
        }
    }
}

fn wait(in_a_row: u32) -> Duration {
    match in_a_row.checked_sub(FREE + 1) {
        None => Duration::ZERO,
        Some(doublings) => WAITS.0.saturating_mul(1 << doublings.min(16)).min(WAITS.1),
    }
}

/// Whose address it is: of IPv6 the network, since each client has 2^64 of them.
fn place(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_sixth_failure_in_a_row_waits_and_each_further_one_longer() {
        let (failures, now) = (Failures::default(), Instant::now());
        let fail = || failures.failed(ip("10.0.0.1"), now).as_millis();
        let waits: Vec<_> = (0..12).map(|_| fail()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 50, 100, 200, 400, 800, 1_000, 1_000]);
        assert_eq!(failures.failed(ip("10.0.0.2"), now), Duration::ZERO);
        failures.succeeded(ip("10.0.0.1"));
        assert_eq!(failures.failed(ip("10.0.0.1"), now), Duration::ZERO);
        assert_eq!(wait(u32::MAX), WAITS.1);
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        assert_eq!(place(ip("2001:db8::1")), place(ip("2001:db8::ffff:1")));
        assert_ne!(place(ip("2001:db8::1")), place(ip("2001:db8:0:1::1")));
        assert_eq!(place(ip("::ffff:10.0.0.1")), ip("10.0.0.1"));
    }

    #[test]
    fn the_longest_ago_is_forgotten_first() {
        let (failures, start) = (Failures::default(), Instant::now());
        let at = |second| start + Duration::from_secs(second);
        for number in 0..5_000 {
            let address = IpAddr::from((0x0a00_0000_u32 + number).to_be_bytes());
            failures.failed(address, at(u64::from(number)));
        }
        let counts = failures.counts.lock().unwrap();
        assert_eq!(counts.len(), ADDRESSES);
        assert!(!counts.contains_key(&ip("10.0.0.0")));
        assert!(counts.contains_key(&ip("10.0.19.135")), "the last of 5,000");
    }
}
