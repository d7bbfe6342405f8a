//! The PROXY protocol, versions 1 and 2: a proxy names the client of a connection in a header.
//! <https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt>

use crate::http::client::Client;
use crate::http::handler::Handler;
use crate::http::log::LogBound;
use crate::telemetry::Level;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use tokio::io::{AsyncRead, AsyncReadExt, copy, sink};

/// The first bytes of version 2.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// The first bytes of version 1.
const PREFIX: &[u8] = b"PROXY ";

/// Maximum bytes of a version 1 line, including CR and LF: section 2.1.
const MAX_LINE_BYTES: usize = 107;

/// Bytes of the addresses and ports in version 2: section 2.2.
const IPV4_BYTES: usize = 12;
const IPV6_BYTES: usize = 36;

/// Why the beginning of a connection is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum ProxyHeaderError {
    /// The connection ended before its first byte. Proxies do this to check whether a port is open.
    #[error("it ended before its first byte")]
    Empty,
    #[error("it ended within its PROXY header")]
    Cut,
    #[error("it does not begin with a PROXY header of version 1 or 2")]
    Missing,
    #[error("the line of its PROXY header is malformed, or has more than {MAX_LINE_BYTES} bytes")]
    Line,
    #[error("the version or the command of its PROXY header is unknown")]
    Version,
    #[error("its PROXY header has a protocol other than TCP")]
    Protocol,
    #[error("its PROXY header is too short for its addresses")]
    Short,
}

/// Reads the PROXY headers of a listener's connections.
#[derive(Default)]
pub(super) struct ProxyProtocol {
    logged: LogBound,
}

impl ProxyProtocol {
    /// Reads the header of a connection from `peer`, and no byte after the header. Returns the
    /// client, or `None` if the connection must be closed. Counts a refused connection, and logs it
    /// unless `logged` omits the line. If a trusted proxy sends no bytes, the connection is closed,
    /// but neither counted nor logged.
    pub(super) async fn client(
        &self,
        stream: &mut (impl AsyncRead + Unpin),
        peer: SocketAddr,
        handler: &Handler,
    ) -> Option<Client> {
        if !handler.server.trusts(peer.ip()) {
            let fault = "with `server.proxy-protocol`, only `server.trusted-proxies` may connect";
            self.refuse(peer, &fault, handler);
            return None;
        }
        match read(stream).await {
            Ok(Some(address)) => Some(Client::at(address, &handler.server)),
            Ok(None) => Some(Client::unnamed_by(peer)),
            Err(ProxyHeaderError::Empty) => None,
            Err(error) => {
                let fault = format_args!(
                    "{error}: let the proxy send one, or set `server.proxy-protocol` to false"
                );
                self.refuse(peer, &fault, handler);
                None
            }
        }
    }

    fn refuse(&self, peer: SocketAddr, fault: &dyn fmt::Display, handler: &Handler) {
        handler.meter.refused_by_proxy_header();
        let message = format_args!("closed a connection from {peer}: {fault}");
        handler.log.bounded(&self.logged, Level::Error, message);
    }
}

/// Reads a header. Returns the address of the client, or `None` if the header names no client.
async fn read(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<Option<SocketAddr>, ProxyHeaderError> {
    let mut start = [0; SIGNATURE.len()];
    let [first, rest @ ..] = &mut start;
    *first = stream.read_u8().await.map_err(|_| ProxyHeaderError::Empty)?;
    fill(stream, rest).await?;
    if start == SIGNATURE {
        read_binary(stream).await
    } else if start.starts_with(PREFIX) {
        read_line(stream, &start).await
    } else {
        Err(ProxyHeaderError::Missing)
    }
}

async fn fill(
    stream: &mut (impl AsyncRead + Unpin),
    bytes: &mut [u8],
) -> Result<(), ProxyHeaderError> {
    stream.read_exact(bytes).await.map_err(|_| ProxyHeaderError::Cut).map(|_| ())
}

/// Reads the rest of a version 1 header. Reads one byte at a time, because the bytes after the line
/// do not belong to the header.
async fn read_line(
    stream: &mut (impl AsyncRead + Unpin),
    start: &[u8],
) -> Result<Option<SocketAddr>, ProxyHeaderError> {
    let mut line = Vec::with_capacity(MAX_LINE_BYTES);
    line.extend_from_slice(start);
    while !line.ends_with(b"\n") {
        if line.len() == MAX_LINE_BYTES {
            return Err(ProxyHeaderError::Line);
        }
        line.push(stream.read_u8().await.map_err(|_| ProxyHeaderError::Cut)?);
    }
    parse_line(&line).ok_or(ProxyHeaderError::Line)
}

/// Parses a version 1 header. It contains `TCP4` or `TCP6`, then the addresses of the client and
/// the proxy, and then their ports. Returns `Some(None)` for a header that contains `UNKNOWN`
/// instead, and `None` if the header is malformed.
fn parse_line(line: &[u8]) -> Option<Option<SocketAddr>> {
    let line = line.strip_prefix(PREFIX)?.strip_suffix(b"\r\n")?;
    if line == b"UNKNOWN" || line.starts_with(b"UNKNOWN ") {
        return Some(None);
    }
    let mut words = str::from_utf8(line).ok()?.split(' ');
    let mut next = || words.next();
    let read: fn(&str) -> Option<IpAddr> = match next()? {
        "TCP4" => |word| Some(word.parse::<Ipv4Addr>().ok()?.into()),
        "TCP6" => |word| Some(word.parse::<Ipv6Addr>().ok()?.into()),
        _ => return None,
    };
    let (client, _proxy) = (read(next()?)?, read(next()?)?);
    let (port, _of_proxy) = (port(next()?)?, port(next()?)?);
    next().is_none().then(|| Some(SocketAddr::new(client, port)))
}

/// Parses a port, without a sign or leading zeros.
fn port(word: &str) -> Option<u16> {
    let port: u16 = word.parse().ok()?;
    (port.to_string() == word).then_some(port)
}

/// Reads the rest of a version 2 header, after its signature. Discards the bytes after the
/// addresses without storing them.
async fn read_binary(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<Option<SocketAddr>, ProxyHeaderError> {
    let mut head = [0; 4];
    fill(stream, &mut head).await?;
    let [command, protocol, high, low] = head;
    let length = usize::from(u16::from_be_bytes([high, low]));
    let size = match (command, protocol) {
        // LOCAL: a connection of the proxy itself. The protocol is ignored.
        (0x20, _) => 0,
        // PROXY: TCP over IPv4, then TCP over IPv6. An unspecified protocol or a Unix stream socket
        // names no client.
        (0x21, 0x11) => IPV4_BYTES,
        (0x21, 0x21) => IPV6_BYTES,
        (0x21, 0x00 | 0x31) => 0,
        (0x21, _) => return Err(ProxyHeaderError::Protocol),
        _ => return Err(ProxyHeaderError::Version),
    };
    let rest = length.checked_sub(size).ok_or(ProxyHeaderError::Short)? as u64;
    let mut addresses = [0; IPV6_BYTES];
    let addresses = addresses.get_mut(..size).unwrap_or_default();
    fill(stream, addresses).await?;
    let skipped = copy(&mut (&mut *stream).take(rest), &mut sink()).await;
    if skipped.ok() != Some(rest) {
        return Err(ProxyHeaderError::Cut);
    }
    Ok(match size {
        IPV4_BYTES => source::<4>(addresses),
        IPV6_BYTES => source::<16>(addresses),
        _ => None,
    })
}

/// Returns the address and port of the client. In the header, the proxy's address follows the
/// client's address, and the proxy's port follows the client's port.
fn source<const BYTES: usize>(addresses: &[u8]) -> Option<SocketAddr>
where
    IpAddr: From<[u8; BYTES]>,
{
    let (client, rest) = addresses.split_first_chunk::<BYTES>()?;
    let port = rest.get(BYTES..)?.first_chunk::<2>()?;
    Some((IpAddr::from(*client), u16::from_be_bytes(*port)).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncWriteExt, duplex};

    type Found = Result<Option<SocketAddr>, ProxyHeaderError>;

    /// Reads a header twice: when it arrives in one piece, and when it arrives byte by byte. Checks
    /// that the bytes after the header are not read.
    async fn found(bytes: &[u8]) -> Found {
        let behind = b"GET / HTTP/1.1\r\n";
        let mut whole = bytes;
        let found = read(&mut whole).await;
        let (mut near, mut far) = duplex(1);
        let all = [bytes, behind].concat();
        let sending = async { near.write_all(&all).await };
        let reading = async {
            let found = read(&mut far).await;
            let mut rest = Vec::new();
            if found.is_ok() {
                rest.resize(behind.len(), 0);
                far.read_exact(&mut rest).await.unwrap();
            }
            drop(far);
            (found, rest)
        };
        let (_, (slowly, rest)) = tokio::join!(sending, reading);
        if found.is_ok() {
            assert_eq!(rest, behind, "{bytes:?}");
            assert!(whole.is_empty());
        }
        if found != Err(ProxyHeaderError::Cut) {
            assert_eq!(slowly, found, "{bytes:?}");
        }
        found
    }

    fn binary(command: u8, protocol: u8, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, protocol], &length, payload].concat()
    }

    #[tokio::test]
    async fn version_1_names_the_client() {
        for (line, client) in [
            ("TCP4 192.0.2.1 10.0.0.1 56324 443", Some("192.0.2.1:56324")),
            ("TCP4 255.255.255.255 255.255.255.255 65535 65535", Some("255.255.255.255:65535")),
            ("TCP6 2001:db8::1 ::1 0 443", Some("[2001:db8::1]:0")),
            ("UNKNOWN", None),
            ("UNKNOWN \u{fffd} anything", None),
        ] {
            let expected = Ok(client.map(|client| client.parse().unwrap()));
            assert_eq!(found(format!("PROXY {line}\r\n").as_bytes()).await, expected, "{line}");
        }
        let longest = format!("PROXY UNKNOWN {}\r\n", "f".repeat(MAX_LINE_BYTES - 16));
        assert_eq!((longest.len(), found(longest.as_bytes()).await), (MAX_LINE_BYTES, Ok(None)));
        let longer = longest.replacen('f', "ff", 1);
        assert_eq!(found(longer.as_bytes()).await, Err(ProxyHeaderError::Line));
    }

    #[tokio::test]
    async fn a_malformed_line_of_version_1_is_refused() {
        for line in [
            "TCP4 192.0.2.1 10.0.0.1 56324 443\n",
            "TCP4  192.0.2.1 10.0.0.1 56324 443\r\n",
            "TCP4 192.0.2.1 10.0.0.1 56324 443 \r\n",
            "TCP4 192.0.2.1 10.0.0.1 56324\r\n",
            "TCP4 192.0.2.1 10.0.0.1 56324 65536\r\n",
            "TCP4 192.0.2.1 10.0.0.1 +56324 443\r\n",
            "TCP4 192.0.2.1 10.0.0.1 056324 443\r\n",
            "TCP4 192.0.2.01 10.0.0.1 56324 443\r\n",
            "TCP4 192.0.2.1 ::1 56324 443\r\n",
            "TCP4 ::1 ::1 56324 443\r\n",
            "TCP6 192.0.2.1 ::1 56324 443\r\n",
            "UDP4 192.0.2.1 10.0.0.1 56324 443\r\n",
            "UNKNOWNX 192.0.2.1\r\n",
            "unknown, and more\r\n",
            "\r\nGET / HTTP\r\n",
        ] {
            let header = format!("PROXY {line}");
            let refused = Err(ProxyHeaderError::Line);
            assert_eq!(found(header.as_bytes()).await, refused, "{line}");
        }
    }

    #[tokio::test]
    async fn version_2_names_the_client() {
        let ipv4 = [192, 0, 2, 1, 10, 0, 0, 1, 0xdc, 0x04, 0x01, 0xbb];
        let mut ipv6 = [0; IPV6_BYTES];
        ipv6[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
        ipv6[15] = 1;
        ipv6[31..].copy_from_slice(&[9, 0, 80, 1, 187]);
        let long = [&ipv4[..], &[7; 60_000]].concat();
        for (command, protocol, payload, client) in [
            (0x21, 0x11, &ipv4[..], Some("192.0.2.1:56324")),
            (0x21, 0x11, &long, Some("192.0.2.1:56324")),
            (0x21, 0x21, &ipv6, Some("[2001:db8::1]:80")),
            (0x21, 0x00, &[], None),
            (0x21, 0x31, &[0; 216], None),
            (0x20, 0x00, &[], None),
            (0x20, 0x11, &ipv4, None),
            (0x20, 0x99, &[1], None),
        ] {
            let expected = Ok(client.map(|client| client.parse().unwrap()));
            let found = found(&binary(command, protocol, payload)).await;
            assert_eq!(found, expected, "{command:x} {protocol:x}");
        }
    }

    #[tokio::test]
    async fn a_malformed_header_of_version_2_is_refused() {
        for (command, protocol, length, error) in [
            (0x21, 0x11, 11, ProxyHeaderError::Short),
            (0x21, 0x21, 35, ProxyHeaderError::Short),
            (0x21, 0x12, 12, ProxyHeaderError::Protocol),
            (0x21, 0x41, 12, ProxyHeaderError::Protocol),
            (0x22, 0x11, 12, ProxyHeaderError::Version),
            (0x11, 0x11, 12, ProxyHeaderError::Version),
            (0x31, 0x11, 12, ProxyHeaderError::Version),
        ] {
            let header = binary(command, protocol, &vec![1; length]);
            assert_eq!(found(&header).await, Err(error), "{command:x} {protocol:x} {length}");
        }
    }

    #[tokio::test]
    async fn an_invalid_or_incomplete_header_is_refused() {
        for bytes in ["GET / HTTP/1.1\r\n", "proxy TCP4 192.0.2.1", "\r\n\r\n\0\r\nQUIT\r\n"] {
            assert_eq!(found(bytes.as_bytes()).await, Err(ProxyHeaderError::Missing), "{bytes}");
        }
        assert_eq!(read(&mut &b""[..]).await, Err(ProxyHeaderError::Empty));
        let line = b"PROXY TCP4 192.0.2.1 10.0.0.1 56324 443\r\n".to_vec();
        for header in [line, binary(0x21, 0x11, &[1; 20])] {
            for end in 1..header.len() {
                let found = read(&mut &header[..end]).await;
                assert_eq!(found, Err(ProxyHeaderError::Cut), "{end} bytes of {header:?}");
            }
        }
    }
}
