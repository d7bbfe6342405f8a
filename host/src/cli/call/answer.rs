//! Prints the response to a call, as text or as JSON.

use crate::cli::client::Reply;
use crate::cli::exit::Exit;
use crate::cli::output::{print, print_raw};
use crate::cli::{envelope, pretty};
use crate::telemetry::{escape, excerpt};
use hyper::header::{CONTENT_TYPE, HeaderMap, LOCATION};
use serde_json::{Value, json};
use std::io::IsTerminal;

/// The content type of a problem (RFC 9457).
const PROBLEM: &str = "application/problem+json";

/// Prints the body, after the head if requested. Without the head, omits the body of a problem that
/// [`described`] describes.
pub(super) fn print_reply(reply: &Reply, with_head: bool) -> Result<(), Exit> {
    if with_head {
        print_raw(head(reply).as_bytes())?;
    } else if described(reply).is_some() {
        return Ok(());
    }
    show_body(&reply.body)
}

/// Prints a body. On a terminal, indents JSON, escapes control characters, and prints only the size
/// of a body that is not text. Otherwise prints the bytes unchanged.
pub(in crate::cli) fn show_body(body: &[u8]) -> Result<(), Exit> {
    if body.is_empty() || !std::io::stdout().is_terminal() {
        return print_raw(body);
    }
    match std::str::from_utf8(body) {
        Ok(text) => print(pretty::text(text).as_bytes()),
        Err(_) => {
            let count = body.len();
            print(format!("{count} bytes that are not text: redirect stdout to a file").as_bytes())
        }
    }
}

fn head(reply: &Reply) -> String {
    let lines = headers(&reply.headers);
    let lines = lines.iter().map(|[name, value]| format!("{name}: {}\n", pretty::text(value)));
    format!("{}\n{}\n", reply.status, lines.collect::<String>())
}

/// Describes a response whose status is not 2xx: by the code and detail of its problem, or else by
/// its status, its `location` header and the beginning of its body. Returns `None` for status 2xx.
pub(in crate::cli) fn trouble(reply: &Reply) -> Option<String> {
    if reply.status.is_success() {
        return None;
    }
    let status = reply.status;
    let location = reply.headers.get(LOCATION).and_then(|location| location.to_str().ok());
    let elsewhere = location.map(|place| format!(", with location {}", excerpt(place)));
    let body = beginning(&reply.body).map(|text| format!(": {text}")).unwrap_or_default();
    let plain = || format!("the response is {status}{}{body}", elsewhere.unwrap_or_default());
    Some(described(reply).unwrap_or_else(plain))
}

/// Describes a failure by the code and detail of its problem. Returns `None` for status 2xx, or if
/// the body is not a problem with a code and a detail.
fn described(reply: &Reply) -> Option<String> {
    let problem = problem(reply).filter(|_| !reply.status.is_success())?;
    let said = |field: &str| problem.get(field)?.as_str().map(excerpt);
    let (code, detail) = (said("code")?, said("detail")?);
    let id = said("request_id").unwrap_or_default();
    Some(format!("{} {code}: {detail} (request {id})", reply.status.as_u16()))
}

/// Maximum characters of a body that an error quotes.
const MAX_QUOTED: usize = 100;

/// The beginning of a body for an error, escaped; `None` if the body is empty, blank or not text.
pub(in crate::cli) fn beginning(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let cut: String = text.chars().take(MAX_QUOTED).collect();
    let ending = if cut.len() < text.len() { " ..." } else { "" };
    // A character has at most four bytes, so `escape` does not truncate further.
    (!cut.is_empty()).then(|| format!("{}{ending}", escape(&cut, 4 * MAX_QUOTED)))
}

fn problem(reply: &Reply) -> Option<Value> {
    let is_problem = reply
        .headers
        .get(CONTENT_TYPE)
        .is_some_and(|it| it.as_bytes().starts_with(PROBLEM.as_bytes()));
    serde_json::from_slice(&reply.body).ok().filter(|_| is_problem)
}

/// Returns the names and values of headers as text.
fn headers(headers: &HeaderMap) -> Vec<[String; 2]> {
    let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        [name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()]
    };
    headers.iter().map(header).collect()
}

/// Prints the whole response as a JSON object on one line: `status`, `headers` as pairs, and the
/// body as `json`, `text` or `base64`. An empty body is omitted.
pub(super) fn print_envelope(reply: &Reply) -> Result<(), Exit> {
    print(envelope(reply).as_bytes())
}

fn envelope(reply: &Reply) -> String {
    let (status, head) = (reply.status.as_u16(), json!(headers(&reply.headers)));
    format!("{{\"status\":{status},\"headers\":{head}{}}}", envelope::body(&reply.body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::StatusCode;
    use hyper::header::{HeaderName, HeaderValue};
    use serde::de::IgnoredAny;

    fn reply(status: u16, headers: &[(&'static str, &'static str)], body: &[u8]) -> Reply {
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let headers = headers.iter().map(header).collect();
        let status = StatusCode::from_u16(status).unwrap();
        Reply { status, headers, body: body.to_vec() }
    }

    #[track_caller]
    fn check(body: &[u8], expected: &str) {
        let found = envelope(&reply(200, &[("a", "b")], body));
        assert_eq!(found, format!("{{\"status\":200,\"headers\":[[\"a\",\"b\"]]{expected}}}"));
        serde_json::from_str::<IgnoredAny>(&found).unwrap();
    }

    #[test]
    fn an_envelope_holds_the_body_as_what_it_is() {
        check(b"", "");
        check(b"[1.0e400,\n 2]\n", r#","json":[1.0e400,  2]"#);
        check(b"hi \"you\"", r#","text":"hi \"you\"""#);
        check(b"\xff", r#","base64":"/w==""#);
    }

    #[test]
    fn a_failure_is_reported_with_its_code_and_detail() {
        let body = br#"{"code":"not-found","detail":"no\nsuch","request_id":"7"}"#;
        let content = [("content-type", PROBLEM)];
        let told = |reply: &Reply| trouble(reply);
        assert_eq!(
            told(&reply(404, &content, body)).as_deref(),
            Some("404 not-found: no\\nsuch (request 7)")
        );
        assert_eq!(told(&reply(404, &[], b"")).as_deref(), Some("the response is 404 Not Found"));
        let page = format!("<html>\n\u{1b}{}", "é".repeat(100));
        let quoted = format!("<html>\\n\\u{{1b}}{} ...", "é".repeat(92));
        assert_eq!(
            told(&reply(502, &[], page.as_bytes())),
            Some(format!("the response is 502 Bad Gateway: {quoted}"))
        );
        assert_eq!(
            told(&reply(500, &[], b"\xff")).as_deref(),
            Some("the response is 500 Internal Server Error")
        );
        assert_eq!(
            told(&reply(302, &[("location", "/x")], b"")).as_deref(),
            Some("the response is 302 Found, with location /x")
        );
        assert_eq!(told(&reply(204, &[], b"")), None);
        // The body of each of these is printed.
        assert_eq!(described(&reply(200, &content, body)), None);
        assert_eq!(described(&reply(404, &content, b"{}")), None);
    }
}
