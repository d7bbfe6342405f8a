//! Header fields: how those of one name are read, and which a response may have.

use std::borrow::Cow;

use crate::failure::{Failure, Result};

/// The values of the fields of that name, in any case.
pub(crate) fn fields<'a>(
    headers: &'a [(String, Vec<u8>)],
    name: &str,
) -> impl Iterator<Item = &'a [u8]> {
    headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
}

/// All fields of that name as one value. `None` without any, and when one is not UTF-8.
pub(crate) fn joined<'a>(headers: &'a [(String, Vec<u8>)], name: &str) -> Option<Cow<'a, str>> {
    let mut fields = fields(headers, name).map(|value| std::str::from_utf8(value).ok());
    let mut joined = Cow::Borrowed(fields.next()??);
    // RFC 9110, section 5.3; for cookies RFC 9113, section 8.2.3.
    let separator = if name.eq_ignore_ascii_case("cookie") { "; " } else { ", " };
    for field in fields {
        let joined = joined.to_mut();
        joined.push_str(separator);
        joined.push_str(field?);
    }
    Some(joined)
}

/// The fields of that name one by one, without those that are not UTF-8.
pub(crate) fn values<'a>(headers: &'a [(String, Vec<u8>)], name: &str) -> Vec<&'a str> {
    fields(headers, name).filter_map(|value| std::str::from_utf8(value).ok()).collect()
}

/// Puts the names of a response's headers in lower case, and checks names and values.
///
/// # Errors
///
/// `Internal` for the first header that HTTP does not allow, or that belongs to the server.
pub(crate) fn check(headers: &mut [(String, Vec<u8>)]) -> Result<()> {
    for (name, value) in headers {
        name.make_ascii_lowercase();
        if !is_token(name) {
            return Err(refused(name, format_args!("a name has only {TOKEN}")));
        }
        if is_of_the_server(name) {
            return Err(refused(name, "the server sets it"));
        }
        check_value(name, value)?;
    }
    Ok(())
}

/// Checks a media type by the rules of the header that it becomes, and that it is ASCII.
///
/// # Errors
///
/// `Internal` otherwise.
pub(crate) fn check_content_type(content_type: &str) -> Result<()> {
    check_value("content-type", content_type.as_bytes())?;
    if content_type.is_ascii() {
        return Ok(());
    }
    Err(refused("content-type", "its value has a character beyond ASCII"))
}

fn check_value(name: &str, value: &[u8]) -> Result<()> {
    if value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
        return Err(refused(name, "its value has a control character"));
    }
    Ok(())
}

fn refused(name: &str, reason: impl std::fmt::Display) -> Failure {
    Failure::internal(format!("the response header {name:?}: {reason}"))
}

/// The characters of a token, for messages.
pub(crate) const TOKEN: &str = "letters, digits and !#$%&'*+-.^_`|~";

/// True for a token of RFC 9110, section 5.6.2.
pub(crate) fn is_token(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

/// True for the headers of the connection, and for the length, which the server counts.
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
