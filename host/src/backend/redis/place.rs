//! The address at which one server listens.

use std::fmt;
use std::net::Ipv6Addr;
use std::path::PathBuf;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum ServerPlace {
    Tcp { host: String, port: u16 },
    Unix(PathBuf),
}

impl ServerPlace {
    /// Parses `HOST` or `HOST:PORT`, or returns `None` if the text is malformed. An IPv6 address
    /// must be in brackets.
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
        ServerPlace::tcp(host, port)
    }

    /// Parses the address of another server in the reply of the server at `asked`: `HOST:PORT`. An
    /// IPv6 address has no brackets. An empty host or `?` means the host of `asked`. Returns `None`
    /// if the text is malformed.
    pub(super) fn redirected(text: &str, asked: &ServerPlace) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        ServerPlace::told(host, port.parse().ok()?, asked)
    }

    /// Returns the place with this host and port, or `None` if the host or the port is invalid. An
    /// empty host or `?` means the host of `asked`.
    pub(super) fn told(host: &str, port: u16, asked: &ServerPlace) -> Option<Self> {
        match (host, asked) {
            ("" | "?", ServerPlace::Tcp { host, .. }) => ServerPlace::tcp(host, port),
            _ => ServerPlace::tcp(host, port),
        }
    }

    fn tcp(host: &str, port: u16) -> Option<Self> {
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte);
        let fits = !host.is_empty() && host.len() <= 255 && host.bytes().all(is_host);
        (fits && port != 0).then(|| ServerPlace::Tcp { host: host.to_owned(), port })
    }
}

impl fmt::Display for ServerPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServerPlace::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            ServerPlace::Tcp { host, port } => write!(f, "{host}:{port}"),
            ServerPlace::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirection_without_a_host_stays_at_the_host_that_was_asked() {
        let asked = ServerPlace::parse("10.0.0.1:7000", 0).unwrap();
        for (text, place) in [
            ("10.0.0.2:7001", Some("10.0.0.2:7001")),
            (":7002", Some("10.0.0.1:7002")),
            ("?:7002", Some("10.0.0.1:7002")),
            ("2001:db8::1:7003", Some("[2001:db8::1]:7003")),
            ("10.0.0.2", None),
            ("10.0.0.2:0", None),
            ("a b:1", None),
        ] {
            let found = ServerPlace::redirected(text, &asked).map(|place| place.to_string());
            assert_eq!(found.as_deref(), place, "{text}");
        }
    }
}
