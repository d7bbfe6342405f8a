//! Reads header fields by name and validates the headers of a response.

use std::borrow::Cow;

use crate::failure::{Failure, Result};

/// Returns the value of each field of that name. Names are case-insensitive.
pub(crate) fn fields<'a>(
    headers: &'a [(String, Vec<u8>)],
    name: &str,
) -> impl Iterator<Item = &'a [u8]> {
    headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
}

/// Joins all fields of that name into one value. Returns `None` if there are no such fields or one
/// is not UTF-8.
pub(crate) fn joined<'a>(headers: &'a [(String, Vec<u8>)], name: &str) -> Option<Cow<'a, str>> {
    let mut fields = fields(headers, name).map(|value| std::str::from_utf8(value).ok());
    let mut joined = Cow::Borrowed(fields.next()??);
    // The separators are defined in RFC 9110, section 5.3, and for cookies in RFC 9113, section
    // 8.2.3.
    let separator = if name.eq_ignore_ascii_case("cookie") { "; " } else { ", " };
    for field in fields {
        let joined = joined.to_mut();
        joined.push_str(separator);
        joined.push_str(field?);
    }
    Some(joined)
}

/// Returns the value of each field of that name. Omits values that are not UTF-8.
pub(crate) fn values<'a>(headers: &'a [(String, Vec<u8>)], name: &str) -> Vec<&'a str> {
    fields(headers, name).filter_map(|value| std::str::from_utf8(value).ok()).collect()
}

/// Converts the names of a response's headers to lower case and validates names and values.
///
/// # Errors
///
/// `Internal` for the first header that HTTP does not allow or that only the server may set.
pub(crate) fn check(headers: &mut [(String, Vec<u8>)]) -> Result<()> {
    for (name, value) in headers {
        name.make_ascii_lowercase();
        if !is_token(name) {
            return Err(refused(name, format_args!("a name may contain only {TOKEN}")));
        }
        if is_of_the_server(name) {
            return Err(refused(name, "the server sets it"));
        }
        check_value(name, value)?;
    }
    Ok(())
}

/// Validates a media type: it must be ASCII, and valid as the value of a header.
///
/// # Errors
///
/// `Internal` if the media type is invalid.
pub(crate) fn check_content_type(content_type: &str) -> Result<()> {
    check_value("content-type", content_type.as_bytes())?;
    if content_type.is_ascii() {
        return Ok(());
    }
    Err(refused("content-type", "its value contains a non-ASCII character"))
}

fn check_value(name: &str, value: &[u8]) -> Result<()> {
    if value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
        return Err(refused(name, "its value contains a control character"));
    }
    Ok(())
}

fn refused(name: &str, reason: impl std::fmt::Display) -> Failure {
    Failure::internal(format!("the response header {name:?}: {reason}"))
}

/// The characters of a token, for error messages.
pub(crate) const TOKEN: &str = "letters, digits and !#$%&'*+-.^_`|~";

/// True for a token of RFC 9110, section 5.6.2.
pub(crate) fn is_token(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

/// True for headers that only the server may set: connection headers and `content-length`.
fn is_of_the_server(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "content-length"
            | "keep-alive"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
    )
}
