//! The address of Redis: a single server, Sentinels, or a cluster.

use super::place::ServerPlace;
use percent_encoding::percent_decode_str;
use std::fmt;
use std::path::PathBuf;

/// The default ports of a server and of a Sentinel.
const SERVER_PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// The address of Redis, parsed from a URL in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisAddress {
    pub(super) topology: Topology,
    pub(super) is_tls: bool,
    pub(super) user: Option<String>,
    pub(super) password: Option<Password>,
    /// The password for the Sentinels, if they require one.
    pub(super) sentinel_password: Option<Password>,
    pub(super) database: u32,
}

/// How to find the server that holds a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Topology {
    Single(ServerPlace),
    Sentinel { sentinels: Vec<ServerPlace>, master: String },
    Cluster(Vec<ServerPlace>),
}

/// A password. The `Debug` output does not contain its text.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Password(pub(super) String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// Why a text is not an address of Redis. Contains no part of a login that precedes an `@`, no value
/// of a query, and no text in place of a port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedisAddressError {
    /// The scheme is unknown or missing.
    #[error(
        "{0:?} is not a backend: write \"memory\", \"redis://HOST:6379/0\", \"rediss://\" for TLS, \
         \"redis+unix:///PATH\", \"redis+sentinel://HOST:26379/NAME/0\" or \
         \"redis+cluster://HOST:6379,HOST:6379\""
    )]
    Scheme(String),
    /// The address contains no host.
    #[error("the address of Redis names no host: write it as in \"redis://127.0.0.1:6379/0\"")]
    NoHost,
    /// A host or its port is malformed.
    #[error("{0:?} is not a host and port: write HOST or HOST:PORT with a port from 1 to 65535")]
    Host(String),
    /// The address of a single server contains several hosts.
    #[error(
        "\"redis://\" names one server: write \"redis+cluster://\" or \"redis+sentinel://\" for \
         several"
    )]
    SeveralHosts,
    /// The database is not a whole number from 0 to 2^32 - 1.
    #[error("{0:?} is not a database: write a number, as in \"redis://127.0.0.1:6379/0\"")]
    Database(String),
    /// The address of a cluster contains a database other than 0.
    #[error("a Redis cluster has only database 0: remove \"/{0}\"")]
    ClusterDatabase(String),
    /// The address of Sentinels does not contain the name of the primary.
    #[error(
        "the address names no primary: write its name in the Sentinels' configuration, as in \
         \"redis+sentinel://HOST:26379/mymaster/0\""
    )]
    NoMaster,
    /// The path of a socket is missing or not absolute.
    #[error("a Unix socket's path is absolute: write \"redis+unix:///PATH\" with three slashes")]
    SocketPath,
    /// The user or the password is not percent-encoded correctly.
    #[error(
        "the user or the password is not escaped: write % as %25, / as %2F, ? as %3F, # as %23 and \
         @ as %40"
    )]
    Escape,
    /// The address ends in a query or a fragment that is not supported.
    #[error(
        "the address ends in a query or a fragment, which is not supported: remove it from {0:?} \
         on"
    )]
    Rest(String),
}

impl RedisAddress {
    /// Parses an address.
    ///
    /// # Errors
    ///
    /// If the address is malformed, or its parts do not fit together.
    pub fn parse(text: &str) -> Result<Self, RedisAddressError> {
        let (scheme, rest) = text.split_once("://").unwrap_or((text, ""));
        if scheme == "redis+unix" || scheme == "unix" {
            return socket(rest);
        }
        let (is_tls, kind) = match scheme.strip_prefix("rediss") {
            Some(kind) => (true, kind),
            None => (false, scheme.strip_prefix("redis").unwrap_or("?")),
        };
        let has_scheme = text.contains("://") && matches!(kind, "" | "+sentinel" | "+cluster");
        if !has_scheme {
            // A scheme before "://" is not secret, nor is a text without `:`, `@` and `/`. Any
            // other text may contain a password.
            let is_public = text.contains("://") || !text.contains([':', '@', '/']);
            let scheme = if is_public { scheme } else { "" };
            return Err(RedisAddressError::Scheme(scheme.to_owned()));
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let mark = authority.find(['?', '#']).unwrap_or(authority.len());
        if path.contains('@') || authority.get(mark..).is_some_and(|rest| rest.contains('@')) {
            // If the password is not escaped, the authority ends early. The error must not contain
            // any part of the password.
            return Err(RedisAddressError::Escape);
        }
        let (user, password, hosts) = credentials(authority)?;
        if let Some(at) = path.find(['?', '#']) {
            return Err(unsupported(path.get(at..).unwrap_or_default()));
        }
        let (topology, database) = match kind {
            "+sentinel" => sentinel(hosts, path)?,
            "+cluster" => (Topology::Cluster(places(hosts, SERVER_PORT)?), cluster_database(path)?),
            _ => (single(hosts)?, database(path)?),
        };
        Ok(RedisAddress { topology, is_tls, user, password, sentinel_password: None, database })
    }

    /// Returns the address with this password instead of its own.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        self.password = Some(Password(password.to_owned()));
        self
    }

    /// Returns the address with this password for its Sentinels. By default, the Sentinels are
    /// queried without a password.
    #[must_use]
    pub fn with_sentinel_password(mut self, password: &str) -> Self {
        self.sentinel_password = Some(Password(password.to_owned()));
        self
    }

    /// True if Sentinels locate the primary.
    #[must_use]
    pub fn has_sentinels(&self) -> bool {
        matches!(self.topology, Topology::Sentinel { .. })
    }

    /// True if the address has a user but no password. Redis does not support such a login.
    #[must_use]
    pub fn lacks_password(&self) -> bool {
        self.user.is_some() && self.password.is_none()
    }

    /// True if the address contains a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// True if this is the address of a cluster, where the slot of a key determines its server.
    pub(super) fn is_cluster(&self) -> bool {
        matches!(self.topology, Topology::Cluster(_))
    }
}

/// Formats the address without its user and its passwords. Omits the database of a Unix socket or a
/// cluster.
impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |places: &[ServerPlace]| {
            places.iter().map(ServerPlace::to_string).collect::<Vec<_>>().join(",")
        };
        let tls = if self.is_tls { "s" } else { "" };
        match &self.topology {
            Topology::Single(place @ ServerPlace::Unix(_)) => write!(f, "redis+unix://{place}"),
            Topology::Single(place) => write!(f, "redis{tls}://{place}/{}", self.database),
            Topology::Sentinel { sentinels, master } => {
                let (sentinels, database) = (list(sentinels), self.database);
                write!(f, "redis{tls}+sentinel://{sentinels}/{master}/{database}")
            }
            Topology::Cluster(places) => write!(f, "redis{tls}+cluster://{}", list(places)),
        }
    }
}

type Credentials<'a> = (Option<String>, Option<Password>, &'a str);

/// Splits an authority into the user, the password and the hosts.
fn credentials(authority: &str) -> Result<Credentials<'_>, RedisAddressError> {
    let Some((secret, hosts)) = authority.rsplit_once('@') else {
        return Ok((None, None, authority));
    };
    let decode = |text: &str| {
        let mut escapes = text.split('%').skip(1);
        let is_hex = |escape: &str| {
            escape.get(..2).is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
        };
        let decoded = percent_decode_str(text).decode_utf8();
        match decoded {
            Ok(decoded) if escapes.all(is_hex) => Ok(decoded.into_owned()),
            _ => Err(RedisAddressError::Escape),
        }
    };
    let (user, password) = secret.split_once(':').map_or((secret, None), |(u, p)| (u, Some(p)));
    let user = Some(decode(user)?).filter(|user| !user.is_empty());
    Ok((user, password.map(decode).transpose()?.map(Password), hosts))
}

fn single(hosts: &str) -> Result<Topology, RedisAddressError> {
    match <[ServerPlace; 1]>::try_from(places(hosts, SERVER_PORT)?) {
        Ok([place]) => Ok(Topology::Single(place)),
        Err(_) => Err(RedisAddressError::SeveralHosts),
    }
}

fn sentinel(hosts: &str, path: &str) -> Result<(Topology, u32), RedisAddressError> {
    let (master, rest) = path.split_once('/').unwrap_or((path, ""));
    if master.is_empty() {
        return Err(RedisAddressError::NoMaster);
    }
    let sentinels = places(hosts, SENTINEL_PORT)?;
    Ok((Topology::Sentinel { sentinels, master: master.to_owned() }, database(rest)?))
}

fn cluster_database(path: &str) -> Result<u32, RedisAddressError> {
    match database(path)? {
        0 => Ok(0),
        _ => Err(RedisAddressError::ClusterDatabase(path.to_owned())),
    }
}

fn database(path: &str) -> Result<u32, RedisAddressError> {
    match path {
        "" => Ok(0),
        path => path.parse().map_err(|_| RedisAddressError::Database(path.to_owned())),
    }
}

fn places(hosts: &str, port: u16) -> Result<Vec<ServerPlace>, RedisAddressError> {
    if hosts.is_empty() {
        return Err(RedisAddressError::NoHost);
    }
    let read = |text: &str| ServerPlace::parse(text, port).ok_or_else(|| wrong_host(text));
    hosts.split(',').map(read).collect()
}

/// The error for a host. Without an `@`, a text in place of the port may be a password.
fn wrong_host(text: &str) -> RedisAddressError {
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit() || byte == b']');
    RedisAddressError::Host(match text.split_once(':') {
        Some((host, port)) if !host.starts_with('[') && !is_port(port) => format!("{host}:***"),
        _ => text.to_owned(),
    })
}

/// The error for a query or a fragment. The value of a query's parameter may be a password.
fn unsupported(text: &str) -> RedisAddressError {
    let name = text.split_once('=').map_or(text.get(..1), |(name, _)| Some(name));
    RedisAddressError::Rest(name.unwrap_or_default().to_owned())
}

fn socket(rest: &str) -> Result<RedisAddress, RedisAddressError> {
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (user, password, host) = credentials(authority)?;
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    if !host.is_empty() || path.len() < 2 {
        return Err(RedisAddressError::SocketPath);
    }
    let database = match query.strip_prefix("db=") {
        Some(number) if !number.contains('&') => database(number)?,
        None if query.is_empty() => 0,
        _ => return Err(unsupported(&format!("?{query}"))),
    };
    let topology = Topology::Single(ServerPlace::Unix(PathBuf::from(path)));
    let (is_tls, sentinel_password) = (false, None);
    Ok(RedisAddress { topology, is_tls, user, password, sentinel_password, database })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shown(text: &str) -> (String, Option<String>, Option<String>) {
        let address = RedisAddress::parse(text).unwrap();
        let password = address.password.clone().map(|Password(text)| text);
        (address.to_string(), address.user, password)
    }

    #[test]
    fn an_address_has_its_parts_and_shows_no_secret() {
        let none = |text: &str| (text.to_owned(), None, None);
        assert_eq!(shown("redis://127.0.0.1"), none("redis://127.0.0.1:6379/0"));
        assert_eq!(shown("rediss://cache.example:7000/3"), none("rediss://cache.example:7000/3"));
        assert_eq!(shown("redis://[::1]:1/"), none("redis://[::1]:1/0"));
        assert_eq!(shown("redis+unix:///run/r.sock?db=2"), none("redis+unix:///run/r.sock"));
        let sentinel = "redis+sentinel://a:26379,b:1/main/4";
        assert_eq!(shown("redis+sentinel://a,b:1/main/4"), none(sentinel));
        assert_eq!(shown("rediss+cluster://a:1,[::1]"), none("rediss+cluster://a:1,[::1]:6379"));
        let (user, password) = (Some("me".to_owned()), Some("p@:%/".to_owned()));
        let expected = ("redis://h:6379/0".to_owned(), user, password.clone());
        assert_eq!(shown("redis://me:p%40%3A%25%2F@h"), expected);
        assert_eq!(shown("redis://:p%40%3A%25%2F@h"), (expected.0, None, password));
        let address = RedisAddress::parse("redis://me:secret@h").unwrap();
        assert!(!format!("{address:?} {address}").contains("secret"));
    }

    #[test]
    fn a_wrong_address_is_refused_with_the_fix_and_without_the_password() {
        for (text, part) in [
            ("", "\"redis://HOST:6379/0\""),
            ("redis", "\"redis://HOST:6379/0\""),
            ("http://u:secret@h", "\"http\" is not a backend"),
            ("redis+tls://h", "\"redis+tls\" is not a backend"),
            ("redis://", "names no host"),
            ("redis:///0", "names no host"),
            ("redis://u:secret@h:0", "\"h:0\" is not a host"),
            ("redis://h:70000", "from 1 to 65535"),
            ("redis://a b", "is not a host"),
            ("redis://a,b", "redis+cluster://"),
            ("redis://h/x", "\"x\" is not a database"),
            ("redis://h/-1", "\"-1\" is not a database"),
            ("redis://h/0?ssl=true", "which is not supported: remove it from \"?ssl\" on"),
            ("redis://h/0?password=secret", "from \"?password\" on"),
            ("redis://h/0#secret", "from \"#\" on"),
            ("redis://:secret", "\":***\" is not a host"),
            ("redis://u:secret", "\"u:***\" is not a host"),
            ("redis://u:secr%zzet@h", "write % as %25"),
            ("redis://u:se/cret@h", "/ as %2F"),
            ("redis://u:1/secret@h", "/ as %2F"),
            ("redis://u:1/c?secret@h", "/ as %2F"),
            ("redis://u:1?secret@h", "? as %3F"),
            ("redis://u:1#secret@h", "# as %23"),
            ("redis:u:secret@h", "\"redis://HOST:6379/0\""),
            ("u:secret@h:6379", "\"redis://HOST:6379/0\""),
            ("redis+cluster://u:secret@a,b/1", "remove \"/1\""),
            ("redis+sentinel://a", "names no primary"),
            ("redis+unix://run/r.sock", "three slashes"),
            ("redis+unix://u:secret@", "three slashes"),
            ("redis+unix:///r?x=1", "from \"?x\" on"),
            ("redis+unix:///r?password=secret", "from \"?password\" on"),
            ("redis+unix:///r?db=1&password=secret", "from \"?db\" on"),
        ] {
            let error = RedisAddress::parse(text).unwrap_err().to_string();
            assert!(error.contains(part) && !error.contains("secr"), "{text}: {error}");
        }
    }
}
