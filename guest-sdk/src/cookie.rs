//! Cookies to set in a response.

use std::fmt::Write;
use std::time::Duration;

use crate::failure::{Failure, Result};
use crate::headers::{TOKEN, is_token};

/// A cookie for [`Response::with_cookie`](crate::Response::with_cookie).
///
/// By default, a cookie has the attributes `Path=/; Secure; HttpOnly; SameSite=Lax` and lasts until
/// the browser is closed. The browser sends the cookie for all paths of this host and only over
/// TLS. A request from another site includes the cookie only if it is a navigation with a safe
/// method, for example after a click on a link. Scripts cannot read the cookie.
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

/// Which requests from other sites include the cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// Only navigations with a safe method such as `GET`, for example when the user follows a link.
    Lax,
    /// No requests.
    Strict,
    /// All requests. The cookie must be `Secure`.
    None,
}

impl Cookie {
    /// Creates a cookie. Percent-encode a value that contains spaces, double quotes, commas,
    /// semicolons, backslashes, control characters or non-ASCII characters.
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

    /// Sets the lifetime in whole seconds; a fraction of a second is dropped. Zero deletes the
    /// cookie.
    #[must_use]
    pub fn with_max_age(mut self, max_age: Duration) -> Cookie {
        self.max_age = Some(max_age);
        self
    }

    /// Makes the cookie valid for a domain and its subdomains.
    #[must_use]
    pub fn with_domain(mut self, domain: impl Into<String>) -> Cookie {
        self.domain = Some(domain.into());
        self
    }

    /// Limits the cookie to a path and the paths below it. The default is `/`.
    #[must_use]
    pub fn with_path(mut self, path: impl Into<String>) -> Cookie {
        self.path = path.into();
        self
    }

    /// Sets whether the browser sends the cookie only over TLS. The default is true.
    #[must_use]
    pub fn with_secure(mut self, secure: bool) -> Cookie {
        self.secure = secure;
        self
    }

    /// Sets whether the cookie is hidden from scripts. The default is true.
    #[must_use]
    pub fn with_http_only(mut self, http_only: bool) -> Cookie {
        self.http_only = http_only;
        self
    }

    /// Sets which requests from other sites include the cookie. The default is `Lax`.
    #[must_use]
    pub fn with_same_site(mut self, same_site: SameSite) -> Cookie {
        self.same_site = same_site;
        self
    }

    /// Returns the value of the `Set-Cookie` header.
    ///
    /// # Errors
    ///
    /// `Internal` if the name is empty, if a part has a character that is not allowed there, or if
    /// `SameSite=None` is set without `Secure`.
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
            return refused(&format!("a name may contain only {TOKEN}"));
        }
        if !self.value.bytes().all(is_value_byte) {
            return refused(
                "a value must not contain blanks, quotes, commas, semicolons, backslashes, control \
                 characters or non-ASCII characters: percent-encode it",
            );
        }
        if !is_attribute(&self.path) {
            return refused("its path contains a semicolon or a control character");
        }
        if !self.domain.as_deref().is_none_or(is_attribute) {
            return refused("its domain contains a semicolon or a control character");
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
