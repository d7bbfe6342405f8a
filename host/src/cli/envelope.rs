//! A response body as a field of a JSON object.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::de::IgnoredAny;
use serde_json::json;

/// Returns a comma and the field for a body: `text`, `base64`, or `json` with the body itself on
/// one line. Returns an empty string for an empty body.
pub(super) fn body(body: &[u8]) -> String {
    let (what, body) = match std::str::from_utf8(body) {
        Ok("") => return String::new(),
        Ok(text) if serde_json::from_str::<IgnoredAny>(text).is_ok() => ("json", one_line(text)),
        Ok(text) => ("text", json!(text).to_string()),
        Err(_) => ("base64", json!(BASE64_STANDARD.encode(body)).to_string()),
    };
    format!(",\"{what}\":{body}")
}

/// Puts JSON on one line. In valid JSON, line breaks occur only between tokens.
fn one_line(json: &str) -> String {
    json.trim().replace(['\n', '\r'], " ")
}
