//! `[log]` and `[traces]`.

use super::error::Diagnostics;
use super::raw::{At, RawFormat, RawTraces};
use crate::grants::without_user;

/// The format of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Text if the output is a terminal, JSON lines otherwise.
    #[default]
    Auto,
    /// Text for people.
    Text,
    /// One JSON object per line.
    Json,
}

/// OpenTelemetry traces.
#[derive(Clone, Debug, PartialEq)]
pub struct Traces {
    /// The base URL for OTLP, as in `http://127.0.0.1:4318`; `None`: the URL in the environment, if
    /// any.
    pub endpoint: Option<String>,
    /// The share of requests to trace, from 0 to 1. A valid `traceparent` takes precedence.
    pub ratio: f64,
}

impl Default for Traces {
    fn default() -> Self {
        Traces { endpoint: None, ratio: 1.0 }
    }
}

pub(super) fn log_format(raw: RawFormat) -> LogFormat {
    match raw {
        RawFormat::Auto => LogFormat::Auto,
        RawFormat::Text => LogFormat::Text,
        RawFormat::Json => LogFormat::Json,
    }
}

pub(super) fn traces(raw: Option<&RawTraces>, diagnostics: &mut Diagnostics<'_>) -> Traces {
    let default = Traces::default();
    let Some(raw) = raw else { return default };
    if let Some(ratio) = raw.ratio.as_ref().filter(|ratio| !(0.0..=1.0).contains(ratio.get())) {
        let asked = ratio.get();
        diagnostics
            .fault(ratio.at(), format_args!("`traces.ratio` is {asked}: it must be from 0 to 1"));
    }
    Traces {
        endpoint: raw.endpoint.as_ref().map(|raw| endpoint(raw, diagnostics)),
        ratio: raw.ratio.as_ref().map_or(default.ratio, |ratio| *ratio.get()),
    }
}

fn endpoint(raw: &At<String>, diagnostics: &mut Diagnostics<'_>) -> String {
    let rest = raw.get().strip_prefix("http://").or_else(|| raw.get().strip_prefix("https://"));
    if rest.is_none_or(|rest| {
        rest.is_empty() || rest.starts_with('/') || rest.contains(char::is_whitespace)
    }) {
        diagnostics.fault(
            raw.at(),
            format_args!(
                "{:?} is not the address of a collector: write it as in \"http://127.0.0.1:4318\"",
                without_user(raw.get())
            ),
        );
    }
    raw.get().clone()
}
