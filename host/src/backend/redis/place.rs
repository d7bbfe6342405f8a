//! Where one server listens.

use std::fmt;
use std::net::Ipv6Addr;
use std::path::PathBuf;

/// Where one server listens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Place {
    Tcp { host: String, port: u16 },
    Unix(PathBuf),
}

impl Place {
    /// Reads `HOST`, `HOST:PORT` or the same of an IPv6 address in brackets.
    pub(super) fn parse(text: &str, default_port: u16) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']')?;
                host.parse::<Ipv6Addr>().ok()?;
                let port = if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) };
                (host, port)
            }
            None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
        };
        let port = port.map_or(Some(default_port), |port| port.parse().ok())?;
        Place::tcp(host, port)
    }

    /// Reads what a node of a cluster says of another: `HOST:PORT`, where an IPv6 address has no
    /// brackets, and where no host stands for the one of `asked`.
    pub(super) fn redirected(text: &str, asked: &Place) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        Place::told(host, port.parse().ok()?, asked)
    }

    /// The server at this host and port; without a host, at the host of `asked`.
    pub(super) fn told(host: &str, port: u16, asked: &Place) -> Option<Self> {
        match (host, asked) {
            ("" | "?", Place::Tcp { host, .. }) => Place::tcp(host, port),
            _ => Place::tcp(host, port),
        }
    }

    fn tcp(host: &str, port: u16) -> Option<Self> {
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte);
        let fits = !host.is_empty() && host.len() <= 255 && host.bytes().all(is_host);
        (fits && port != 0).then(|| Place::Tcp { host: host.to_owned(), port })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Place::Tcp { host, port } => write!(f, "{host}:{port}"),
            Place::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirection_without_a_host_stays_at_the_host_that_was_asked() {
        let asked = Place::parse("10.0.0.1:7000", 0).unwrap();
        for (text, place) in [
            ("10.0.0.2:7001", Some("10.0.0.2:7001")),
            (":7002", Some("10.0.0.1:7002")),
            ("?:7002", Some("10.0.0.1:7002")),
            ("2001:db8::1:7003", Some("[2001:db8::1]:7003")),
            ("10.0.0.2", None),
            ("10.0.0.2:0", None),
            ("a b:1", None),
        ] {
            let found = Place::redirected(text, &asked).map(|place| place.to_string());
            assert_eq!(found.as_deref(), place, "{text}");
        }
    }
}
