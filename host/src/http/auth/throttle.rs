//! A throttle for clients with invalid credentials: each further failure is answered later, which
//! makes guessing slow.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Failures in a row without a delay: a person mistypes a password.
const MAX_UNDELAYED: u32 = 5;

/// The first delay. Each further failure doubles it.
const MIN_DELAY: Duration = Duration::from_millis(50);

/// The longest delay.
const MAX_DELAY: Duration = Duration::from_secs(1);

/// Clients that are remembered. A further one replaces the one that failed longest ago.
const MAX_CLIENTS: usize = 4_096;

/// The failures of clients, by address. Without failures a request costs one atomic read.
#[derive(Default)]
pub(super) struct Throttle {
    has_any: AtomicBool,
    clients: Mutex<HashMap<IpAddr, Failures>>,
}

#[derive(Clone, Copy)]
struct Failures {
    in_a_row: u32,
    last: Instant,
}

impl Throttle {
    /// Counts a failure and returns the delay of its response.
    pub(super) fn failed(&self, client: IpAddr, now: Instant) -> Duration {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        self.has_any.store(true, Ordering::Relaxed);
        let client = network(client);
        if clients.len() >= MAX_CLIENTS && !clients.contains_key(&client) {
            let oldest =
                clients.iter().min_by_key(|(_, failures)| failures.last).map(|(key, _)| *key);
            oldest.map(|key| clients.remove(&key));
        }
        let failures = clients.entry(client).or_insert(Failures { in_a_row: 0, last: now });
        failures.in_a_row = failures.in_a_row.saturating_add(1);
        failures.last = now;
        delay(failures.in_a_row)
    }

    /// Forgets the failures of a client that has authenticated.
    pub(super) fn succeeded(&self, client: IpAddr) {
        if self.has_any.load(Ordering::Relaxed) {
            let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
            clients.remove(&network(client));
            self.has_any.store(!clients.is_empty(), Ordering::Relaxed);
        }
    }
}

fn delay(in_a_row: u32) -> Duration {
    match in_a_row.checked_sub(MAX_UNDELAYED + 1) {
        None => Duration::ZERO,
        Some(doublings) => MIN_DELAY.saturating_mul(1 << doublings.min(16)).min(MAX_DELAY),
    }
}

/// The key of a client. For IPv6 it is the /64 network: each client has 2^64 addresses to fail
/// from.
fn network(client: IpAddr) -> IpAddr {
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
    fn the_sixth_failure_in_a_row_is_delayed_and_each_further_one_longer() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let fail = || throttle.failed(ip("10.0.0.1"), now).as_millis();
        let delays: Vec<_> = (0..12).map(|_| fail()).collect();
        assert_eq!(delays, [0, 0, 0, 0, 0, 50, 100, 200, 400, 800, 1_000, 1_000]);
        assert_eq!(throttle.failed(ip("10.0.0.2"), now), Duration::ZERO);
        throttle.succeeded(ip("10.0.0.1"));
        assert_eq!(throttle.failed(ip("10.0.0.1"), now), Duration::ZERO);
        assert_eq!(delay(u32::MAX), MAX_DELAY);
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        assert_eq!(network(ip("2001:db8::1")), network(ip("2001:db8::ffff:1")));
        assert_ne!(network(ip("2001:db8::1")), network(ip("2001:db8:0:1::1")));
        assert_eq!(network(ip("::ffff:10.0.0.1")), ip("10.0.0.1"));
    }

    #[test]
    fn the_client_that_failed_longest_ago_is_forgotten_first() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        let at = |second| start + Duration::from_secs(second);
        for number in 0..5_000 {
            let address = IpAddr::from((0x0a00_0000_u32 + number).to_be_bytes());
            throttle.failed(address, at(u64::from(number)));
        }
        let clients = throttle.clients.lock().unwrap();
        assert_eq!(clients.len(), MAX_CLIENTS);
        assert!(!clients.contains_key(&ip("10.0.0.0")));
        assert!(clients.contains_key(&ip("10.0.19.135")), "the last of 5,000");
    }
}
