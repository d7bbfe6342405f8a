//! Cookies that a response sets.

use std::fmt::Write;
use std::time::Duration;

use crate::failure::{Failure, Result};
use crate::headers::{TOKEN, is_token};

/// A cookie for [`Response::with_cookie`](crate::Response::with_cookie), by RFC 6265.
///
/// Without other instructions it lasts until the browser ends, for all paths of the host that sets
/// it, over TLS, not readable by scripts, and sent with requests of other sites only when a person
/// follows a link (`Path=/; Secure; HttpOnly; SameSite=Lax`).
///
/// ```
/// use std::time::Duration;
///
/// use hostel_sdk::{Cookie, Response, Result};
///
/// fn sign_in() -> Result<Response> {
///     let hour = Duration::from_secs(3600);
///     Response::empty().with_cookie(Cookie::new("session", "abc123").with_max_age(hour))
/// }
///
/// let set = "session=abc123; Max-Age=3600; Path=/; Secure; HttpOnly; SameSite=Lax";
/// let expected = [("set-cookie".to_string(), set.as_bytes().to_vec())];
/// assert_eq!(sign_in().unwrap().headers, expected);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    name: String,
    value: String,
    max_age: Option<Duration>,
    domain: Option<String>,
    path: String,
    secure: bool,
    http_only: bool,
    same_site: SameSite,
}

/// With which requests of other sites a browser sends a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// Only when a person follows a link to this site.
    Lax,
    /// With none.
    Strict,
    /// With all. Such a cookie must be `Secure`.
    None,
}

impl Cookie {
    /// A cookie of that name and value. A value that has more than ASCII letters, digits and most
    /// punctuation must be percent-encoded.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Cookie {
        Cookie {
            name: name.into(),
            value: value.into(),
            max_age: None,
            domain: None,
            path: "/".to_owned(),
            secure: true,
            http_only: true,
            same_site: SameSite::Lax,
        }
    }

    /// The same with a lifetime, in whole seconds: a fraction of a second is dropped. Zero deletes
    /// the cookie.
    #[must_use]
    pub fn with_max_age(mut self, max_age: Duration) -> Cookie {
        self.max_age = Some(max_age);
        self
    }

    /// The same for a domain and its subdomains.
    #[must_use]
    pub fn with_domain(mut self, domain: impl Into<String>) -> Cookie {
        self.domain = Some(domain.into());
        self
    }

    /// The same for a path and those below it.
    #[must_use]
    pub fn with_path(mut self, path: impl Into<String>) -> Cookie {
        self.path = path.into();
        self
    }

    /// The same; whether a browser sends it over TLS only.
    #[must_use]
    pub fn with_secure(mut self, secure: bool) -> Cookie {
        self.secure = secure;
        self
    }

    /// The same; whether it is hidden from scripts.
    #[must_use]
    pub fn with_http_only(mut self, http_only: bool) -> Cookie {
        self.http_only = http_only;
        self
    }

    /// The same; with which requests of other sites a browser sends it.
    #[must_use]
    pub fn with_same_site(mut self, same_site: SameSite) -> Cookie {
        self.same_site = same_site;
        self
    }

    /// The value of `Set-Cookie`.
    ///
    /// # Errors
    ///
    /// `Internal` when it would be read as another cookie.
    pub(crate) fn text(&self) -> Result<String> {
        self.check()?;
        let mut text = format!("{}={}", self.name, self.value);
        if let Some(max_age) = self.max_age {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "; Max-Age={}", max_age.as_secs());
        }
        if let Some(domain) = &self.domain {
            text.push_str("; Domain=");
            text.push_str(domain);
        }
        text.push_str("; Path=");
        text.push_str(&self.path);
        if self.secure {
            text.push_str("; Secure");
        }
        if self.http_only {
            text.push_str("; HttpOnly");
        }
        text.push_str(match self.same_site {
            SameSite::Lax => "; SameSite=Lax",
            SameSite::Strict => "; SameSite=Strict",
            SameSite::None => "; SameSite=None",
        });
        Ok(text)
    }

    fn check(&self) -> Result<()> {
        let refused = |rule: &str| {
            let name = &self.name;
            Err(Failure::internal(format!("the cookie {name:?}: {rule}")))
        };
        if !is_token(&self.name) {
            return refused(&format!("a name has only {TOKEN}"));
        }
        if !self.value.bytes().all(is_value_byte) {
            return refused(
                "a value has no blanks, quotes, commas, semicolons, backslashes, control \
                 characters or characters beyond ASCII: percent-encode it",
            );
        }
        if !is_attribute(&self.path) {
            return refused("its path has a semicolon or a control character");
        }
        if !self.domain.as_deref().is_none_or(is_attribute) {
            return refused("its domain has a semicolon or a control character");
        }
        if self.same_site == SameSite::None && !self.secure {
            return refused("SameSite=None needs Secure");
        }
        Ok(())
    }
}

/// True for a `cookie-octet` of RFC 6265, section 4.1.1.
fn is_value_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)
}

fn is_attribute(text: &str) -> bool {
    !text.bytes().any(|byte| byte == b';' || byte.is_ascii_control())
}
