//! Access lines: one for each HTTP request, as text or as JSON.

use serde::Serialize;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The status of a request that had no response, because the client cancelled it or disconnected,
/// or because the server cut the connection. nginx uses the same number.
pub(crate) const CANCELLED_STATUS: u16 = 499;

/// One line of the access log: a request and its response.
#[derive(Clone, Copy, Debug)]
pub struct AccessLine<'a> {
    /// When the response was ready, or the request was cancelled.
    pub time: SystemTime,
    /// The request's id.
    pub request_id: &'a str,
    /// The method, as sent.
    pub method: &'a str,
    /// The path, as sent. The query is omitted, because it may contain secrets.
    pub path: &'a str,
    /// The status of the response. 499 if there was no response, because the client cancelled the
    /// request or disconnected, or because the server stopped and cut the connection.
    pub status: u16,
    /// Bytes of the response's body.
    pub bytes: usize,
    /// The time from the request's head to the response, or to the end of a cancelled request.
    pub took: Duration,
    /// The address and port of the client. The port is 0 if a proxy does not name the port.
    pub client: &'a str,
    /// The name of the authenticated caller of a service or a file; otherwise empty.
    pub caller: &'a str,
    /// The requested service, which may not exist. Empty if the request is not for a service, and
    /// for some refused requests, for example if the caller was refused.
    pub service: &'a str,
}

/// Receives each access line. The sink runs on the thread that serves the request, and must not
/// block.
pub type AccessSink = Arc<dyn Fn(&AccessLine<'_>) + Send + Sync>;

#[derive(Serialize)]
struct JsonAccessLine<'a> {
    time: String,
    level: &'static str,
    request_id: &'a str,
    method: &'a str,
    path: &'a str,
    status: u16,
    bytes: usize,
    seconds: f64,
    client: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    caller: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    service: &'a str,
    message: &'static str,
}

/// Returns the line as one JSON object. Omits an empty caller and an empty service.
pub(super) fn json(line: &AccessLine<'_>) -> String {
    let AccessLine { time, request_id, method, path, status, bytes, .. } = *line;
    let AccessLine { took, client, caller, service, .. } = *line;
    let json = JsonAccessLine {
        time: humantime::format_rfc3339_millis(time).to_string(),
        level: "info",
        request_id,
        method,
        path,
        status,
        bytes,
        seconds: took.as_secs_f64(),
        client,
        caller,
        service,
        message: "request",
    };
    // This cannot fail: a struct of strings and numbers always serializes.
    serde_json::to_string(&json).unwrap_or_default()
}

/// Displays an access line as text for human readers.
pub(super) struct TextAccessLine<'a>(pub(super) &'a AccessLine<'a>);

impl fmt::Display for TextAccessLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AccessLine { time, request_id, method, path, status, bytes, took, client, .. } = self.0;
        let time = humantime::format_rfc3339_millis(*time);
        let milliseconds = took.as_secs_f64() * 1e3;
        write!(f, "{time} info  hostel: {method} {path} {status}, {bytes} bytes in ")?;
        write!(f, "{milliseconds:.3} ms, to {client}")?;
        if !self.0.caller.is_empty() {
            write!(f, " ({})", self.0.caller)?;
        }
        if !self.0.service.is_empty() {
            write!(f, " by {}", self.0.service)?;
        }
        write!(f, ", id {request_id}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(caller: &'static str) -> AccessLine<'static> {
        AccessLine {
            time: SystemTime::UNIX_EPOCH,
            request_id: "7",
            method: "GET",
            path: "/a",
            status: 200,
            bytes: 12,
            took: Duration::from_micros(1_500),
            client: "10.0.0.1:2",
            caller,
            service: if caller.is_empty() { "" } else { "a.b" },
        }
    }

    #[test]
    fn a_line_is_one_object_without_empty_fields() {
        let expected = r#"{"time":"1970-01-01T00:00:00.000Z","level":"info","request_id":"7","method":"GET","path":"/a","status":200,"bytes":12,"seconds":0.0015,"client":"10.0.0.1:2","caller":"ann","service":"a.b","message":"request"}"#;
        assert_eq!(json(&line("ann")), expected);
    }

    #[test]
    fn a_line_for_people_has_the_same_fields() {
        let start = "1970-01-01T00:00:00.000Z info  hostel: GET /a 200, 12 bytes in 1.500 ms, to ";
        assert_eq!(TextAccessLine(&line("")).to_string(), format!("{start}10.0.0.1:2, id 7"));
        assert_eq!(
            TextAccessLine(&line("ann")).to_string(),
            format!("{start}10.0.0.1:2 (ann) by a.b, id 7")
        );
    }
}
