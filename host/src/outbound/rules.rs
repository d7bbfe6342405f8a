//! Internal addresses. A plugin may reach them only if the entry of its grant sets `private`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// IPv4 blocks with a special purpose, according to IANA's address registries. Each entry is a
/// network, the length of its prefix in bits, and the kind of its addresses.
const V4: &[(Ipv4Addr, u32, &str)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8, "an address of this network"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "a private address"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "a shared address of a provider"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "a loopback address"),
    // Cloud metadata services use this block.
    (Ipv4Addr::new(169, 254, 0, 0), 16, "a link-local address"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "a private address"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "an address of a protocol"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "an address of documentation"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a 6to4 address"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "a private address"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "an address of benchmarks"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "an address of documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "an address of documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "a multicast address"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "a reserved address"),
];

/// IPv6 blocks with a special purpose, in the same form as `V4`. The list includes blocks whose
/// addresses embed an IPv4 address, which may be internal.
const V6: &[(Ipv6Addr, u32, &str)] = &[
    (Ipv6Addr::LOCALHOST, 128, "a loopback address"),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96, "an IPv4-mapped address"),
    (Ipv6Addr::UNSPECIFIED, 96, "an address of this network"),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96, "a NAT64 address"),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48, "a NAT64 address"),
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64, "a discarded address"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "an address of a protocol"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "an address of documentation"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "a 6to4 address"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "an address of documentation"),
    (Ipv6Addr::new(0x5f00, 0, 0, 0, 0, 0, 0, 0), 16, "an address of a protocol"),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "a private address"),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "a link-local address"),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, "a private address"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "a multicast address"),
];

/// Returns the kind of an internal address: one in a block of `V4` or `V6`. `None` for any other.
pub(super) fn inside(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => {
            let is_in = |network: Ipv4Addr, bits| {
                (u32::from(address) ^ u32::from(network)).leading_zeros() >= bits
            };
            V4.iter().find(|(network, bits, _)| is_in(*network, *bits)).map(|(.., kind)| *kind)
        }
        IpAddr::V6(address) => {
            let is_in = |network: Ipv6Addr, bits| {
                (u128::from(address) ^ u128::from(network)).leading_zeros() >= bits
            };
            V6.iter().find(|(network, bits, _)| is_in(*network, *bits)).map(|(.., kind)| *kind)
        }
    }
}

/// True if a URL's host is an internal address, `localhost`, or a name that ends in `.localhost`.
pub(super) fn is_inside(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => inside(address.into()).is_some(),
        Some(Host::Ipv6(address)) => inside(address.into()).is_some(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_address_of_each_block_are_inside() {
        for (network, bits, kind) in V4 {
            let last = Ipv4Addr::from(u32::from(*network) | (u32::MAX >> bits));
            for address in [*network, last] {
                assert_eq!(inside(address.into()), Some(*kind), "{address}");
            }
        }
        for (network, bits, _) in V6 {
            let last =
                Ipv6Addr::from(u128::from(*network) | u128::MAX.checked_shr(*bits).unwrap_or(0));
            for address in [*network, last] {
                assert!(inside(address.into()).is_some(), "{address}");
            }
        }
    }

    #[test]
    fn addresses_of_the_internet_are_not_inside() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "2001:4860:4860::8888",
            "2003::1",
        ] {
            assert_eq!(inside(address.parse().unwrap()), None, "{address}");
        }
    }
}
