//! The address of a request: an http or https URL.

use hyper::Uri;
use hyper::header::HeaderValue;
use hyper::http::uri::{Authority, InvalidUri, PathAndQuery};
use std::fmt;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A URL: scheme, host, port, path and query.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Address {
    is_tls: bool,
    authority: Authority,
    target: PathAndQuery,
}

/// Maximum length of a path and query in bytes: the limit of the `http` crate.
const MAX_TARGET: usize = u16::MAX as usize - 1;

/// Why a text is not a URL that can be called.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum AddressError {
    #[error("cannot read the URL {0:?}")]
    Malformed(String, #[source] InvalidUri),
    #[error("{0:?} is not an http or https URL: write it as in http://127.0.0.1:8080")]
    Scheme(String),
    #[error("a URL must not contain a secret: use --user-env or --token-env")]
    Secret,
    #[error("the path and query of the URL have {0} bytes: at most {MAX_TARGET} are allowed")]
    TooLong(usize),
}

impl Address {
    pub(in crate::cli) fn parse(text: &str) -> Result<Self, AddressError> {
        let malformed = |error| AddressError::Malformed(text.to_owned(), error);
        let uri: Uri = text.parse().map_err(malformed)?;
        let scheme = || AddressError::Scheme(text.to_owned());
        let is_tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(scheme()),
        };
        let authority = uri.authority().cloned().ok_or_else(scheme)?;
        if authority.as_str().contains('@') {
            return Err(AddressError::Secret);
        }
        let root = PathAndQuery::from_static("/");
        Ok(Address { is_tls, authority, target: uri.path_and_query().cloned().unwrap_or(root) })
    }

    /// The root URL of a listener. An unspecified address (`0.0.0.0`, `[::]`) becomes loopback.
    pub(in crate::cli) fn of_listener(
        listen: SocketAddr,
        is_tls: bool,
    ) -> Result<Self, AddressError> {
        let ip = match listen.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        let scheme = if is_tls { "https" } else { "http" };
        Address::parse(&format!("{scheme}://{}", SocketAddr::new(ip, listen.port())))
    }

    /// Returns the URL with path segments appended and the query replaced.
    pub(in crate::cli) fn join(
        &self,
        segments: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Self, AddressError> {
        let mut target = self.target.path().trim_end_matches('/').to_owned();
        for segment in segments {
            target.push('/');
            encode(segment, &mut target);
        }
        for (place, (name, value)) in query.iter().enumerate() {
            target.push(if place == 0 { '?' } else { '&' });
            encode(name, &mut target);
            target.push('=');
            encode(value, &mut target);
        }
        if target.is_empty() {
            target.push('/');
        }
        // All characters are valid after encoding: parsing fails only if the target is too long.
        let target = target.parse().map_err(|_| AddressError::TooLong(target.len()))?;
        Ok(Address { target, ..self.clone() })
    }

    pub(super) fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// The host to connect to; an IPv6 address without its brackets.
    pub(super) fn host(&self) -> &str {
        self.authority.host().trim_start_matches('[').trim_end_matches(']')
    }

    pub(super) fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(if self.is_tls { 443 } else { 80 })
    }

    pub(in crate::cli) fn target(&self) -> Uri {
        Uri::from(self.target.clone())
    }

    pub(super) fn host_header(&self) -> HeaderValue {
        // An authority contains only visible ASCII characters.
        HeaderValue::from_str(self.authority.as_str()).unwrap_or(HeaderValue::from_static(""))
    }

    /// True if a request may leave this machine without TLS.
    pub(in crate::cli) fn is_overheard(&self) -> bool {
        let host = self.host();
        let is_here = host.eq_ignore_ascii_case("localhost")
            || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        !self.is_tls && !is_here
    }
}

/// Formats the scheme, the host and, if the URL contains it, the port.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority)
    }
}

/// Percent-encodes a path segment or a part of a query (RFC 3986, section 2.3).
fn encode(text: &str, to: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_~.".contains(&byte) {
            to.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(to, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, host: &str, port: u16, target: &str) {
        let address = Address::parse(url).unwrap();
        let found = (address.host(), address.port(), address.target().to_string());
        assert_eq!(found, (host, port, target.to_owned()), "{url}");
    }

    #[test]
    fn a_url_contains_the_address_and_the_target() {
        check("http://a.example", "a.example", 80, "/");
        check("https://a.example/x?y=%20", "a.example", 443, "/x?y=%20");
        check("http://[::1]:8080/services/a.b", "::1", 8080, "/services/a.b");
        for url in ["a.example", "127.0.0.1:8080/x", "ftp://a", "http://", "http://a b", "/x"] {
            assert!(Address::parse(url).is_err(), "{url}");
        }
        let secret = Address::parse("http://ann:hunter2@a.example/").unwrap_err();
        assert!(!format!("{secret:?}{secret}").contains("hunter2"));
    }

    #[test]
    fn what_is_below_an_address_is_encoded() {
        let base = Address::parse("http://a/base/?x").unwrap();
        let query = [("prefix", "a&b=c")];
        let joined = base.join(&["caches", "plugin/users", "€ %?#"], &query).unwrap();
        let expected = "/base/caches/plugin%2Fusers/%E2%82%AC%20%25%3F%23?prefix=a%26b%3Dc";
        assert_eq!(joined.target().to_string(), expected);
    }

    #[test]
    fn a_url_that_becomes_too_long_is_refused() {
        let base = Address::parse("http://a").unwrap();
        assert!(base.join(&[&"k".repeat(MAX_TARGET - 1)], &[]).is_ok());
        let error = base.join(&[&"k".repeat(MAX_TARGET)], &[]).unwrap_err();
        let expected = "the path and query of the URL have 65535 bytes: at most 65534 are allowed";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_server_that_listens_everywhere_is_called_on_this_machine() {
        let of = |listen: &str, is_tls| {
            Address::of_listener(listen.parse().unwrap(), is_tls).unwrap().to_string()
        };
        assert_eq!(of("0.0.0.0:8080", false), "http://127.0.0.1:8080");
        assert_eq!(of("[::]:443", true), "https://[::1]:443");
        assert_eq!(of("10.0.0.1:80", false), "http://10.0.0.1:80");
    }

    #[test]
    fn what_goes_in_the_clear_to_another_machine_is_overheard() {
        let overheard = |url| Address::parse(url).unwrap().is_overheard();
        assert!(overheard("http://a.example") && overheard("http://10.0.0.1"));
        assert!(!overheard("https://a.example") && !overheard("http://[::1]:80"));
        assert!(!overheard("http://localhost:8080"));
    }
}
