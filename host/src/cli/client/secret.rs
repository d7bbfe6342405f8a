//! Reads credentials from environment variables or files, but never from an argument: other users
//! of the machine may see a program's arguments.

use anyhow::{Context, anyhow};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hyper::header::HeaderValue;
use std::path::Path;

/// The `Authorization` header with the token in an environment variable.
pub(in crate::cli) fn bearer(variable: &str) -> anyhow::Result<HeaderValue> {
    token(&read(variable)?).with_context(|| format!("the variable {variable}"))
}

/// The `Authorization` header with the `NAME:PASSWORD` in an environment variable.
pub(in crate::cli) fn basic(variable: &str) -> anyhow::Result<HeaderValue> {
    let user = read(variable)?;
    if !user.contains(':') {
        return Err(anyhow!("the variable {variable} has no colon: it must hold NAME:PASSWORD"));
    }
    header(&format!("Basic {}", BASE64_STANDARD.encode(user)))
}

/// The `Authorization` header with the token in a file.
pub(in crate::cli) fn token_of(file: &Path) -> anyhow::Result<HeaderValue> {
    let reading = || format!("cannot read the token from {}", file.display());
    let text = crate::file::read_text(file).with_context(reading)?;
    if text.starts_with("sha256:") {
        let file = file.display();
        return Err(anyhow!("{file} holds the hash of a token: the token itself is needed here"));
    }
    token(text.trim_end()).with_context(reading)
}

fn read(variable: &str) -> anyhow::Result<String> {
    let value = std::env::var(variable).ok().filter(|value| !value.is_empty());
    value.ok_or_else(|| anyhow!("the variable {variable} is not set"))
}

fn token(token: &str) -> anyhow::Result<HeaderValue> {
    if token.is_empty() {
        return Err(anyhow!("the token is empty"));
    }
    header(&format!("Bearer {token}"))
}

fn header(value: &str) -> anyhow::Result<HeaderValue> {
    let wrong = |_| anyhow!("it has characters that are not allowed in a header");
    let mut header = HeaderValue::from_str(value).map_err(wrong)?;
    header.set_sensitive(true);
    Ok(header)
}
