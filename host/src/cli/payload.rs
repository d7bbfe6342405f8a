//! A payload argument: the text itself, `@FILE`, or `-` for stdin.

use anyhow::Context;
use std::io::Read;

const NOT_JSON: &str = "the payload is not JSON (a text is in quotation marks, as in '\"Ada\"')";

/// Returns the payload: the argument itself, or the content of the file or of stdin.
pub(super) fn read(argument: &str) -> anyhow::Result<Vec<u8>> {
    match argument.strip_prefix('@') {
        Some(file) => {
            std::fs::read(file).with_context(|| format!("cannot read the payload {file}"))
        }
        None if argument == "-" => {
            let mut payload = Vec::new();
            let read = std::io::stdin().read_to_end(&mut payload);
            read.context("cannot read the payload from stdin")?;
            Ok(payload)
        }
        None => Ok(argument.as_bytes().to_vec()),
    }
}

/// Checks that a payload is JSON, so that a typo is not reported as a service's failure.
pub(super) fn check_json(payload: &[u8]) -> anyhow::Result<()> {
    let read = serde_json::from_slice::<serde::de::IgnoredAny>(payload);
    read.context(NOT_JSON).map(drop)
}
