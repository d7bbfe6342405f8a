//! A plugin for tests: sends requests, reads settings and logs texts, with the public SDK only.

use hostel_sdk::http::{HttpResponse, OutgoingRequest};
use hostel_sdk::{Context, HttpError, HttpErrorKind, Result, services};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

services! {
    /// Sends requests, one with `send` and several with `send_many`, and returns their results.
    http_send,
    /// Fetches URLs at the same time and returns the statuses.
    http_at_once,
    /// Fetches a URL the given number of times, one request after the other.
    http_again,
    /// Returns the value of a setting.
    config_get,
    /// Returns the names of all settings.
    config_names,
    /// Logs a text and returns it.
    logs,
}

#[derive(Deserialize)]
struct Asked {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    body: String,
    timeout: Option<u64>,
    #[serde(default)]
    redirects: u8,
}

impl From<Asked> for OutgoingRequest {
    fn from(asked: Asked) -> OutgoingRequest {
        let Asked { method, url, headers, body, timeout, redirects } = asked;
        let headers = headers.into_iter().map(|(name, value)| (name, value.into_bytes()));
        OutgoingRequest {
            method,
            url,
            headers: headers.collect(),
            body: body.into_bytes(),
            timeout: timeout.map(Duration::from_millis),
            redirects,
        }
    }
}

fn http_send(ctx: &Context, asked: Vec<Asked>) -> Result<Vec<Value>> {
    let requests: Vec<OutgoingRequest> = asked.into_iter().map(OutgoingRequest::from).collect();
    let results = match &requests[..] {
        [request] => vec![ctx.http.send(request)],
        requests => ctx.http.send_many(requests),
    };
    Ok(results.into_iter().map(shown).collect())
}

fn shown(result: Result<HttpResponse, HttpError>) -> Value {
    match result {
        Ok(HttpResponse { status, url, headers, body }) => {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let headers: Vec<_> = headers.iter().map(|(name, value)| (name, text(value))).collect();
            json!({ "status": status, "url": url, "headers": headers, "body": text(&body) })
        }
        Err(error) => json!({ "error": kind(error.kind), "message": error.message }),
    }
}

fn kind(kind: HttpErrorKind) -> &'static str {
    match kind {
        HttpErrorKind::InvalidRequest => "invalid-request",
        HttpErrorKind::Denied => "denied",
        HttpErrorKind::Unreachable => "unreachable",
        HttpErrorKind::Timeout => "timeout",
        HttpErrorKind::TooLarge => "too-large",
        HttpErrorKind::Aborted => "aborted",
    }
}

fn http_at_once(ctx: &Context, urls: Vec<String>) -> Result<Vec<u16>> {
    let requests: Vec<_> = urls.iter().map(|url| OutgoingRequest::new("GET", url)).collect();
    let results = ctx.http.send_many(&requests);
    Ok(results.into_iter().map(|it| Ok(it?.status)).collect::<Result<_, HttpError>>()?)
}

fn http_again(ctx: &Context, (calls, url): (u32, String)) -> Result<usize> {
    let mut bytes = 0;
    for _ in 0..calls {
        bytes += ctx.http.get(&url)?.error_for_status()?.body.len();
    }
    Ok(bytes)
}

fn config_get(ctx: &Context, name: String) -> Result<Option<String>> {
    Ok(ctx.config.get(&name))
}

fn config_names(ctx: &Context) -> Result<Vec<String>> {
    Ok(ctx.config.names())
}

fn logs(_ctx: &Context, text: String) -> Result<String> {
    hostel_sdk::warn!("{text}");
    println!("{text}");
    Ok(text)
}
