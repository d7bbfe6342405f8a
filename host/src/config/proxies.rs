//! The settings for proxies in `[server]`: the trusted proxies, and how they name the client.

use super::error::Diagnostics;
use super::raw::{At, RawClientHeader, RawServer};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An address or a network of trusted proxies. A header on their connections, of HTTP or of the
/// PROXY protocol, may name the client.
///
/// Written as an address or in CIDR notation: `10.0.0.7`, `10.0.0.0/8`, `2001:db8::/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyNetwork {
    address: IpAddr,
    prefix: u32,
}

/// Why a network of proxies is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyNetworkError {
    /// The text is neither an address nor a network in CIDR notation.
    #[error(
        "{0:?} is not an address or network: write it as in \"10.0.0.7\", \"10.0.0.0/8\" or \
         \"2001:db8::/32\""
    )]
    Malformed(String),
    /// The prefix is longer than the address.
    #[error("{0:?} has a prefix of too many bits: at most 32 for IPv4 and 128 for IPv6")]
    LongPrefix(String),
    /// The address has bits set after the prefix. Contains the text, and the network with this
    /// prefix.
    #[error("{0:?} has bits after its prefix: write the network, \"{1}\", or a single address")]
    HostBits(String, ProxyNetwork),
    /// The address is an IPv4-mapped IPv6 address.
    #[error("{0:?} is IPv4 written as IPv6: write it as IPv4, as in \"10.0.0.0/8\"")]
    Mapped(String),
    /// The prefix has no bits, so every IPv4 or every IPv6 client would be trusted as a proxy.
    #[error("{0:?} contains every address, also those of clients: name the proxies' networks")]
    Everything(String),
}

/// The HTTP header in which trusted proxies name the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientHeader {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded`, RFC 7239.
    Forwarded,
}

impl From<RawClientHeader> for ClientHeader {
    fn from(raw: RawClientHeader) -> Self {
        match raw {
            RawClientHeader::XForwardedFor => ClientHeader::XForwardedFor,
            RawClientHeader::Forwarded => ClientHeader::Forwarded,
        }
    }
}

impl ProxyNetwork {
    /// True if the network contains an address. An IPv4-mapped address counts as IPv4: dual-stack
    /// listeners report such addresses.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        masked(address.to_canonical(), self.prefix) == self.address
    }
}

impl fmt::Display for ProxyNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl FromStr for ProxyNetwork {
    type Err = ProxyNetworkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || ProxyNetworkError::Malformed(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| malformed())?;
        let bits = if address.is_ipv4() { Ipv4Addr::BITS } else { Ipv6Addr::BITS };
        let prefix = match prefix {
            None => bits,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| malformed())?
            }
            Some(_) => return Err(malformed()),
        };
        let network = ProxyNetwork { address: masked(address, prefix), prefix };
        match prefix {
            _ if prefix > bits => Err(ProxyNetworkError::LongPrefix(text.to_owned())),
            _ if address.to_canonical() != address => {
                Err(ProxyNetworkError::Mapped(text.to_owned()))
            }
            0 => Err(ProxyNetworkError::Everything(text.to_owned())),
            _ if network.address != address => {
                Err(ProxyNetworkError::HostBits(text.to_owned(), network))
            }
            _ => Ok(network),
        }
    }
}

/// Returns an address with the bits after its prefix cleared.
fn masked(address: IpAddr, prefix: u32) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(Ipv4Addr::BITS.saturating_sub(prefix)).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(Ipv6Addr::BITS.saturating_sub(prefix)).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

/// Parses the networks, and reports invalid ones.
pub(super) fn trusted(
    raw: Option<&[At<String>]>,
    diagnostics: &mut Diagnostics<'_>,
) -> Vec<ProxyNetwork> {
    let mut networks = Vec::new();
    for written in raw.unwrap_or_default() {
        match written.get().parse() {
            Ok(network) => networks.push(network),
            Err(error) => diagnostics.fault(written.at(), format_args!("{error}")),
        }
    }
    networks
}

/// Returns true if connections begin with a PROXY protocol header. In that case, reports a fault if
/// no proxy is trusted, because every connection would be closed.
pub(super) fn protocol(raw: &RawServer, diagnostics: &mut Diagnostics<'_>) -> bool {
    let Some(written) = raw.proxy_protocol.as_ref().filter(|written| *written.get()) else {
        return false;
    };
    if raw.trusted_proxies.as_ref().is_none_or(Vec::is_empty) {
        diagnostics.fault(
            written.at(),
            "`proxy-protocol` is true, but no proxy is trusted, so every connection would be \
             closed: name the proxies in `trusted-proxies`",
        );
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(network: &str, inside: &[&str], outside: &[&str]) {
        let network: ProxyNetwork = network.parse().unwrap();
        for (addresses, expected) in [(inside, true), (outside, false)] {
            for address in addresses {
                let contains = network.contains(address.parse().unwrap());
                assert_eq!(contains, expected, "{address} in {network}");
            }
        }
    }

    #[test]
    fn a_network_contains_the_addresses_with_its_prefix() {
        check("10.0.0.7", &["10.0.0.7", "::ffff:10.0.0.7"], &["10.0.0.6", "::a00:7"]);
        check("10.0.0.0/8", &["10.0.0.0", "10.255.255.255"], &["9.255.255.255", "11.0.0.0"]);
        check("192.0.2.128/25", &["192.0.2.128"], &["192.0.2.127", "192.0.3.128"]);
        check("128.0.0.0/1", &["128.0.0.0", "255.1.1.1"], &["127.255.255.255", "8000::"]);
        check("2001:db8::/32", &["2001:db8:ffff::1"], &["2001:db9::", "32.1.13.184"]);
        check("fd00::1", &["fd00::1"], &["fd00::2", "fd00::1:0:1"]);
        check("8000::/1", &["ffff::"], &["7fff::", "::ffff:255.0.0.1", "255.0.0.1"]);
    }

    #[test]
    fn a_network_is_printed_with_its_prefix() {
        for (written, printed) in [("10.0.0.7", "10.0.0.7/32"), ("FD00:0::/8", "fd00::/8")] {
            assert_eq!(written.parse::<ProxyNetwork>().unwrap().to_string(), printed);
        }
    }
}
