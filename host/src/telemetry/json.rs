//! Log lines as JSON, an object a line, for programs.

use super::LogLine;
use serde::Serialize;

#[derive(Serialize)]
struct Json<'a> {
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

/// The line as one object; a field that is empty is left out.
pub(super) fn json(line: &LogLine<'_>) -> String {
    let LogLine { time, level, plugin, service, request_id, message } = *line;
    let time = humantime::format_rfc3339_millis(time).to_string();
    let json = Json { time, level: level.as_str(), plugin, service, request_id, message };
    // Strings alone: this cannot fail.
    serde_json::to_string(&json).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Level;
    use std::time::SystemTime;

    #[test]
    fn a_line_is_one_object_without_what_is_empty() {
        let (time, level) = (SystemTime::UNIX_EPOCH, Level::Warn);
        let line = LogLine {
            time,
            level,
            plugin: "users",
            service: "",
            request_id: "7",
            message: "a \"quote\"",
        };
        assert_eq!(
            json(&line),
            r#"{"time":"1970-01-01T00:00:00.000Z","level":"warn","plugin":"users","request_id":"7","message":"a \"quote\""}"#
        );
    }
}
