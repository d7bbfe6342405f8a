//! Prints the admin listener's responses about caches.

use crate::cli::exit::Exit;
use crate::cli::output::print;
use crate::cli::table;
use crate::telemetry::escape;
use crate::units::show_size;
use serde_json::Value;
use std::process::ExitCode;

/// The statistics shown for a cache: the JSON field and the column's title.
const COUNTS: [(&str, &str); 6] = [
    ("entries", "entries"),
    ("hits", "hits"),
    ("misses", "misses"),
    ("sets", "sets"),
    ("expired", "expired"),
    ("evicted", "evicted"),
];

/// Prints the response as JSON, or a table with one row for each cache.
pub(super) fn caches(answer: &Value, as_json: bool) -> Result<ExitCode, Exit> {
    if as_json {
        print(answer.to_string().as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut titles = vec!["cache".to_owned(), "size".to_owned(), "of".to_owned()];
    titles.extend(COUNTS.iter().map(|(_, title)| (*title).to_owned()));
    let mut rows = vec![titles];
    rows.extend(elements(answer, "caches").iter().map(|cache| {
        let shown = |field, show: fn(u64) -> String| known(cache, field).map_or_else(unknown, show);
        let size = |field| shown(field, show_size);
        let mut row = vec![text(cache, "name"), size("bytes"), size("capacity")];
        row.extend(COUNTS.iter().map(|(field, _)| shown(field, |count| count.to_string())));
        row
    }));
    print(table::lines(&rows).join("\n").as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Prints a line for each of the first `most` entries of a page, and returns the number of lines.
pub(super) fn keys(page: &Value, most: usize, as_json: bool) -> Result<usize, Exit> {
    let entries = elements(page, "entries");
    // A page may have more entries than requested.
    let entries = entries.get(..most).unwrap_or(entries);
    let line = |entry: &Value| {
        if as_json {
            return entry.to_string();
        }
        let left = match entry.get("expires_in").and_then(Value::as_f64) {
            Some(seconds) => format!("{seconds:.1} s"),
            None => "-".to_owned(),
        };
        format!("{:>9}  {left:>13}  {}", count(entry, "bytes"), text(entry, "key"))
    };
    if !entries.is_empty() {
        print(entries.iter().map(line).collect::<Vec<_>>().join("\n").as_bytes())?;
    }
    Ok(entries.len())
}

/// Prints how many entries were deleted.
pub(super) fn removed(answer: &Value, as_json: bool) -> Result<ExitCode, Exit> {
    let told = match (as_json, count(answer, "removed")) {
        (true, _) => answer.to_string(),
        (false, 1) => "1 entry deleted".to_owned(),
        (false, many) => format!("{many} entries deleted"),
    };
    print(told.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn elements<'a>(answer: &'a Value, field: &str) -> &'a [Value] {
    answer.get(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn count(of: &Value, field: &str) -> u64 {
    known(of, field).unwrap_or_default()
}

/// The number in a field; `None` if the server does not know the number.
fn known(of: &Value, field: &str) -> Option<u64> {
    of.get(field).and_then(Value::as_u64)
}

fn unknown() -> String {
    "unknown".to_owned()
}

/// Returns the text in a field, escaped to one line. A guest chooses the keys of its entries, so
/// keys may contain control characters.
fn text(of: &Value, field: &str) -> String {
    escape(of.get(field).and_then(Value::as_str).unwrap_or_default(), usize::MAX)
}
