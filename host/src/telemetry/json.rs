//! Log lines as JSON, one object per line, for programs.

use super::line::LogLine;
use serde::Serialize;

#[derive(Serialize)]
struct JsonLine<'a> {
    time: String,
    level: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    plugin: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    service: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    request_id: &'a str,
    message: &'a str,
}

/// Returns the line as one JSON object. Omits an empty plugin, service or request id.
pub(super) fn json(line: &LogLine<'_>) -> String {
    let LogLine { time, level, plugin, service, request_id, message } = *line;
    let time = humantime::format_rfc3339_millis(time).to_string();
    let line = JsonLine { time, level: level.as_str(), plugin, service, request_id, message };
    // This cannot fail: a struct of strings always serializes.
    serde_json::to_string(&line).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::line::Level;
    use std::time::SystemTime;

    #[test]
    fn a_line_is_one_object_without_empty_fields() {
        let line = LogLine {
            time: SystemTime::UNIX_EPOCH,
            plugin: "users",
            request_id: "7",
            ..LogLine::new(Level::Warn, "a \"quote\"")
        };
        assert_eq!(
            json(&line),
            r#"{"time":"1970-01-01T00:00:00.000Z","level":"warn","plugin":"users","request_id":"7","message":"a \"quote\""}"#
        );
    }
}
