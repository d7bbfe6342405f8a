//! The client of a connection or a request: the peer, or the client that a trusted proxy names.

use crate::config::{ClientHeader, Server};
use hyper::header::HeaderMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Maximum number of list elements to examine in a header. Real requests pass through fewer
/// proxies.
const MAX_HOPS: usize = 32;

/// The client of a connection, or of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Client {
    ip: IpAddr,
    /// The IP address and port, for guests and the access log. Port 0 means that the port is
    /// unknown.
    address: String,
    /// True for a proxy, which may have many clients.
    is_shared: bool,
    /// True if the requests of this client may name another client in a header.
    may_name: bool,
}

impl Client {
    /// Creates the client at an address. Requests of a trusted proxy may name their clients.
    pub(super) fn at(address: SocketAddr, server: &Server) -> Self {
        let is_trusted = server.trusts(address.ip());
        Client { may_name: is_trusted, ..Client::new(address, is_trusted) }
    }

    /// Creates a client for a proxy that does not name the clients of its connections. Requests on
    /// such a connection may not name a client in a header, because any client could forge that
    /// header.
    pub(super) fn unnamed_by(proxy: SocketAddr) -> Self {
        Client::new(proxy, true)
    }

    fn new(address: SocketAddr, is_shared: bool) -> Self {
        // A dual-stack listener reports IPv4 addresses in IPv6 form. Without this conversion, a
        // client that connects directly would differ from the same client named by a proxy.
        let (ip, address) = match address.ip().to_canonical() {
            ip @ IpAddr::V4(_) => (ip, SocketAddr::new(ip, address.port())),
            ip @ IpAddr::V6(_) => (ip, address),
        };
        Client { ip, address: address.to_string(), is_shared, may_name: false }
    }

    /// Returns the client that a request of this client names. Returns `None` if requests of this
    /// client may not name a client, or if [`walk`] finds no address.
    pub(super) fn named(&self, headers: &HeaderMap, server: &Server) -> Option<Client> {
        let address = self.may_name.then(|| walk(headers, server))??;
        Some(Client::new(address, false))
    }

    pub(super) fn ip(&self) -> IpAddr {
        self.ip
    }

    /// Returns the IP address and port. Port 0 means that the port is unknown.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Returns the key for the client's memory share and failure counts. For IPv6, the key is the
    /// /64 network, because one client may have all addresses of such a network. `None` for a
    /// proxy, because the clients of a proxy must not share a key.
    pub(super) fn share_key(&self) -> Option<IpAddr> {
        (!self.is_shared).then(|| match self.ip {
            IpAddr::V6(address) => {
                Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into()
            }
            address => address,
        })
    }
}

/// Returns the last address in the header, apart from the addresses of trusted proxies. Each proxy
/// appends its peer's address, so any address to the left of the returned address may be forged.
/// Skips empty elements. Returns `None` if another examined element has no IP address, or if all
/// examined addresses are trusted.
fn walk(headers: &HeaderMap, server: &Server) -> Option<SocketAddr> {
    let (name, last_comma, read): (_, LastComma, fn(&str) -> Option<SocketAddr>) =
        match server.client_header {
            ClientHeader::XForwardedFor => ("x-forwarded-for", last_comma, node),
            ClientHeader::Forwarded => ("forwarded", last_unquoted_comma, for_parameter),
        };
    let lines = headers.get_all(name).iter().rev();
    let elements = lines.flat_map(|line| from_right(line.as_bytes(), last_comma));
    // RFC 9110, section 5.6.1.2: a list may have empty elements.
    for element in elements.take(MAX_HOPS).filter(|element| !element.trim_ascii().is_empty()) {
        let address = read(str::from_utf8(element).ok()?)?;
        if !server.trusts(address.ip()) {
            return Some(address);
        }
    }
    None
}

/// Finds the comma before the last element of a list.
type LastComma = fn(&[u8]) -> Option<usize>;

fn last_comma(list: &[u8]) -> Option<usize> {
    list.iter().rposition(|byte| *byte == b',')
}

/// Like [`last_comma`], for lists with quoted strings. A client may forge all text to the left of a
/// trusted proxy's element. Scans from the right, so that a quotation mark in the forged text
/// cannot hide the element.
fn last_unquoted_comma(list: &[u8]) -> Option<usize> {
    let is_escaped = |at: usize| {
        let before = list.get(..at).unwrap_or_default().iter().rev();
        before.take_while(|byte| **byte == b'\\').count() % 2 == 1
    };
    let mut is_quoted = false;
    for (at, byte) in list.iter().enumerate().rev() {
        match byte {
            b'"' if !is_quoted || !is_escaped(at) => is_quoted = !is_quoted,
            b',' if !is_quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// Returns the elements of a list, from the last to the first.
fn from_right(list: &[u8], last_comma: LastComma) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(list);
    std::iter::from_fn(move || {
        let list = rest?;
        let comma = last_comma(list);
        rest = comma.and_then(|comma| list.get(..comma));
        list.get(comma.map_or(0, |comma| comma + 1)..)
    })
}

/// Returns the address in the parameter `for` of an element of `Forwarded`. Returns `None` if the
/// parameter is missing, repeated or not an IP address, or the element is malformed.
fn for_parameter(element: &str) -> Option<SocketAddr> {
    let is_between = |c: char| c == ';' || c.is_ascii_whitespace();
    let mut rest = element.trim_matches(is_between);
    let mut found = None;
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = value(after)?;
        if name.eq_ignore_ascii_case("for") && found.replace(node(&value)?).is_some() {
            return None;
        }
        let next = after.trim_start_matches(is_between);
        if next.len() == after.len() && !next.is_empty() {
            return None;
        }
        rest = next;
    }
    found
}

/// Parses the value of a parameter: a token or a quoted string. Returns the value and the text
/// after the value, or `None` if a quoted string has no end.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (token, rest) = text.split_at(text.find(';').unwrap_or(text.len()));
        return Some((token.to_owned(), rest));
    };
    let mut value = String::new();
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '"' => return Some((value, chars.as_str())),
            '\\' => value.push(chars.next()?),
            other => value.push(other),
        }
    }
}

/// Parses an IP address with an optional port. An IPv6 address must be in brackets if it has a
/// port. Returns `None` for any other text, such as `unknown`.
fn node(text: &str) -> Option<SocketAddr> {
    let text = text.trim();
    let (ip, rest): (IpAddr, &str) = match (text.parse::<IpAddr>(), text.strip_prefix('[')) {
        (Ok(ip), _) => (ip, ""),
        (Err(_), Some(inside)) => {
            let (ip, rest) = inside.split_once(']')?;
            (ip.parse::<Ipv6Addr>().ok()?.into(), rest)
        }
        (Err(_), None) => {
            let (ip, rest) = text.split_at(text.find(':')?);
            (ip.parse::<Ipv4Addr>().ok()?.into(), rest)
        }
    };
    let port = match rest {
        "" => 0,
        _ => port(rest.strip_prefix(':')?)?,
    };
    Some(SocketAddr::new(ip, port))
}

/// Parses a port. Returns 0 for text that begins with `_`, as an obfuscated port does (RFC 7239,
/// section 6.3), and `None` for other text that is not a port.
fn port(text: &str) -> Option<u16> {
    match text.strip_prefix('_') {
        Some(_) => Some(0),
        None => text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?,
    }
}

#[cfg(test)]
mod tests;
