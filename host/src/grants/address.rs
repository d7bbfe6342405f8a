//! The servers that a plugin may reach: an entry of `allow`, and the URLs that it covers.

use std::fmt;
use url::{Host, Url};

/// The DER certificate of a certificate authority that an entry trusts in addition to the machine's
/// authorities.
pub type Authority = Vec<u8>;

/// An entry of `http.allow`: scheme, host, port and, optionally, a path prefix.
///
/// `Display` prints the entry as written, and then ` (private)` if the entry permits internal
/// addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    written: String,
    scheme: String,
    host: HostPattern,
    port: u16,
    /// The path prefix; `/` for every path.
    path: String,
    private: bool,
    authorities: Vec<Authority>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum HostPattern {
    Exact(Host),
    /// Every name with this suffix, which begins with a dot.
    Below(String),
}

/// Why an entry of `http.allow` is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllowError {
    /// The entry is not an absolute `http` or `https` URL.
    #[error("{0:?} is not an http or https URL: write it as in \"https://api.example.com\"")]
    NoUrl(String),
    /// The entry of this origin has parts that are not allowed. They may be secret.
    #[error(
        "the entry for {0:?} has a user, a password, a query or a fragment: write only scheme, \
         host, port and path"
    )]
    Parts(String),
    /// A `*` is not the first label of a name with more labels.
    #[error(
        "{0:?}: a `*` stands for labels at the beginning of a name, as in \"https://*.example.com\""
    )]
    Star(String),
    /// The path has an escape or a dot segment that servers interpret differently.
    #[error("{0:?}: servers read a path with `%2f`, `%5c` or `%2e` differently: leave them out")]
    Path(String),
    /// The entry combines `private` with a `*`.
    #[error(
        "{0:?}: `private` needs the whole name of a server: with a `*` it would allow every address"
    )]
    PrivateStar(String),
}

impl Allowed {
    /// Parses an entry.
    ///
    /// # Errors
    ///
    /// If the text is not an `http` or `https` URL, has more than scheme, host, port and path, or
    /// has a `*` or a path that is not allowed.
    pub fn new(text: &str) -> Result<Self, AllowError> {
        let no_url = || AllowError::NoUrl(without_user(text));
        let url = Url::parse(text).map_err(|_| no_url())?;
        let host = url.host().map(|host| host.to_owned());
        let (Some(host), "http" | "https", Some(port)) =
            (host, url.scheme(), url.port_or_known_default())
        else {
            return Err(no_url());
        };
        if has_credentials(&url) || url.query().is_some() || url.fragment().is_some() {
            return Err(AllowError::Parts(url.origin().ascii_serialization()));
        }
        let host = match host {
            Host::Domain(name) => match name.strip_prefix('*') {
                Some(rest) if rest.len() > 1 && rest.starts_with('.') && !rest.contains('*') => {
                    HostPattern::Below(rest.to_owned())
                }
                None if !name.contains('*') => HostPattern::Exact(Host::Domain(name)),
                _ => return Err(AllowError::Star(text.to_owned())),
            },
            address => HostPattern::Exact(address),
        };
        if is_ambiguous(url.path()) {
            return Err(AllowError::Path(text.to_owned()));
        }
        Ok(Allowed {
            written: text.to_owned(),
            scheme: url.scheme().to_owned(),
            host,
            port,
            path: url.path().to_owned(),
            private: false,
            authorities: Vec::new(),
        })
    }

    /// Returns the entry with permission for internal addresses: loopback, private networks and the
    /// like.
    ///
    /// # Errors
    ///
    /// If the entry's host begins with `*`.
    pub fn with_private(self) -> Result<Self, AllowError> {
        match self.host {
            HostPattern::Below(_) => Err(AllowError::PrivateStar(self.written)),
            HostPattern::Exact(_) => Ok(Allowed { private: true, ..self }),
        }
    }

    /// Returns the entry, which then trusts these certificate authorities in addition to the
    /// machine's.
    #[must_use]
    pub fn with_authorities(self, authorities: Vec<Authority>) -> Self {
        Allowed { authorities, ..self }
    }

    /// Returns true if the entry permits internal addresses.
    pub fn is_private(&self) -> bool {
        self.private
    }

    /// Returns true if the entry's host is a loopback address or `localhost`.
    pub fn is_of_loopback(&self) -> bool {
        match &self.host {
            HostPattern::Exact(Host::Ipv4(address)) => address.is_loopback(),
            HostPattern::Exact(Host::Ipv6(address)) => address.is_loopback(),
            HostPattern::Exact(Host::Domain(name)) => name == "localhost",
            HostPattern::Below(_) => false,
        }
    }

    /// Returns the certificate authorities that the entry trusts in addition to the machine's.
    pub fn authorities(&self) -> &[Authority] {
        &self.authorities
    }

    /// Returns true if the entry allows a request to this URL.
    pub(crate) fn covers(&self, url: &Url) -> bool {
        url.scheme() == self.scheme
            && url.port_or_known_default() == Some(self.port)
            && self.covers_host(url)
            && self.covers_path(url.path())
    }

    fn covers_host(&self, url: &Url) -> bool {
        match (&self.host, url.host()) {
            (HostPattern::Exact(allowed), Some(host)) => *allowed == host.to_owned(),
            (HostPattern::Below(end), Some(Host::Domain(name))) => {
                name.len() > end.len() && name.ends_with(end.as_str())
            }
            _ => false,
        }
    }

    /// An entry with the path `/v1/` covers all paths that begin with `/v1/`. An entry with `/v1`
    /// also covers `/v1`. Neither covers an ambiguous path.
    fn covers_path(&self, path: &str) -> bool {
        if self.path == "/" {
            return true;
        }
        let Some(rest) = path.strip_prefix(self.path.as_str()) else { return false };
        let is_at_border = self.path.ends_with('/') || rest.is_empty() || rest.starts_with('/');
        is_at_border && !is_ambiguous(path)
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)?;
        f.write_str(if self.private { " (private)" } else { "" })
    }
}

/// Returns a text that may be a URL, with `***` instead of the part that may be a user and a
/// password.
pub(crate) fn without_user(text: &str) -> String {
    let scheme = text.find("//").map_or("", |slashes| &text[..slashes + 2]);
    match text[scheme.len()..].rsplit_once('@') {
        Some((_, host)) => format!("{scheme}***@{host}"),
        None => text.to_owned(),
    }
}

/// True if a URL has a user or a password.
pub(crate) fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Returns true if some servers would interpret this path differently than others: it has an
/// escaped slash, backslash or dot, or a segment `.` or `..` with parameters.
fn is_ambiguous(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let is_escaped = ["%2f", "%5c", "%2e"].iter().any(|escape| lower.contains(escape));
    is_escaped
        || path.split('/').any(|segment| matches!(segment.split_once(';'), Some((".." | ".", _))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(row: &str, url: &str) -> bool {
        Allowed::new(row).unwrap().covers(&Url::parse(url).unwrap())
    }

    #[test]
    fn a_row_covers_its_scheme_host_and_port_and_no_other() {
        let row = "https://api.example.com";
        for url in [
            "https://api.example.com",
            "https://API.example.com:443/a?b=c",
            "https://api.example.com/%2f",
        ] {
            assert!(covers(row, url), "{url}");
        }
        for url in [
            "http://api.example.com",
            "https://api.example.com:8443",
            "https://example.com",
            "https://a.api.example.com",
            "https://api.example.com.evil.org",
            "https://api.example.com.",
            "https://evil.org/api.example.com",
        ] {
            assert!(!covers(row, url), "{url}");
        }
        assert!(covers("http://127.0.0.1:80", "http://0x7f000001/"));
        assert!(covers("http://[::1]", "http://[0:0::1]/"));
        assert!(covers("https://b\u{fc}cher.example", "https://xn--bcher-kva.example/"));
    }

    #[test]
    fn a_star_stands_for_one_or_more_labels() {
        let row = "https://*.example.org:8443";
        for url in ["https://a.example.org:8443/", "https://a.b.example.org:8443/"] {
            assert!(covers(row, url), "{url}");
        }
        for url in [
            "https://example.org:8443/",
            "https://aexample.org:8443/",
            "https://.example.org.x:8443/",
        ] {
            assert!(!covers(row, url), "{url}");
        }
    }

    #[test]
    fn a_path_is_a_prefix_on_the_borders_of_segments() {
        for (row, url, expected) in [
            ("https://a/v1/", "https://a/v1/x", true),
            ("https://a/v1/", "https://a/v1", false),
            ("https://a/v1", "https://a/v1", true),
            ("https://a/v1", "https://a/v1/x", true),
            ("https://a/v1", "https://a/v10", false),
            ("https://a/v1", "https://a/v2", false),
            ("https://a/v1", "https://a/v1/../v2", false),
            ("https://a/v1", "https://a/v1/%2e%2e/v2", false),
            ("https://a/v1", "https://a/v1/..%2fv2", false),
            ("https://a/v1", "https://a/v1/..%5Cv2", false),
            ("https://a/v1", "https://a/v1/a%2Eb", false),
            ("https://a/v1", "https://a/v1/..;x/v2", false),
            ("https://a/v1", "https://a/v1\\..\\v2", false),
        ] {
            assert_eq!(covers(row, url), expected, "{row} {url}");
        }
    }

    #[test]
    fn an_invalid_entry_is_refused_with_a_fix() {
        for (text, words) in [
            ("api.example.com", "is not an http or https URL"),
            ("ftp://a", "is not an http or https URL"),
            ("", "is not an http or https URL"),
            ("https://", "is not an http or https URL"),
            ("https://u@a", "has a user"),
            ("https://a?b", "has a user"),
            ("https://a#b", "has a user"),
            ("https://*", "a `*` stands for"),
            ("https://*.", "a `*` stands for"),
            ("https://a.*.b", "a `*` stands for"),
            ("https://*.*.b", "a `*` stands for"),
            ("https://a/b%2Fc", "%2f"),
        ] {
            let error = Allowed::new(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
        let error = Allowed::new("https://*.a").unwrap().with_private().unwrap_err();
        assert!(error.to_string().contains("needs the whole name"), "{error}");
    }

    #[test]
    fn loopback_is_known_by_its_addresses_and_its_name() {
        for (text, expected) in [
            ("http://127.0.0.9:1", true),
            ("http://[::1]", true),
            ("http://localhost", true),
            ("http://10.0.0.1", false),
            ("http://localhost.example.com", false),
        ] {
            assert_eq!(Allowed::new(text).unwrap().is_of_loopback(), expected, "{text}");
        }
    }
}
