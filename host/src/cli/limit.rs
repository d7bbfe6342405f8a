//! `--limit NAME=VALUE`: one limit of a call.

use crate::Limits;
use bytesize::ByteSize;
use std::str::FromStr;

/// A limit's name and its value, as written.
#[derive(Clone, Debug)]
pub(super) struct LimitArgument {
    set: fn(&mut Limits, &str) -> Result<(), String>,
    value: String,
}

type Set = fn(&mut Limits, &str) -> Result<(), String>;

/// What can be set, by the names that errors use.
const LIMITS: &[(&str, Set)] = &[
    ("time", |limits, value| {
        limits.time = humantime::parse_duration(value).map_err(|_| example(value, "5s"))?;
        Ok(())
    }),
    ("memory", |limits, value| bytes(value, &mut limits.memory)),
    ("stack", |limits, value| bytes(value, &mut limits.stack)),
    ("instances", |limits, value| count(value, &mut limits.instances)),
    ("handles", |limits, value| count(value, &mut limits.handles)),
    ("hostcall-bytes", |limits, value| bytes(value, &mut limits.hostcall_bytes)),
    ("random", |limits, value| {
        limits.random = size(value)?.as_u64();
        Ok(())
    }),
    ("request", |limits, value| bytes(value, &mut limits.request)),
    ("response", |limits, value| bytes(value, &mut limits.response)),
    ("headers", |limits, value| count(value, &mut limits.headers)),
    ("log-lines", |limits, value| count(value, &mut limits.log_lines)),
    ("log-line-bytes", |limits, value| bytes(value, &mut limits.log_line_bytes)),
    ("component", |limits, value| {
        limits.component = size(value)?.as_u64();
        Ok(())
    }),
    ("services", |limits, value| count(value, &mut limits.services)),
];

impl LimitArgument {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE, as in time=5s")?;
        let name = name.strip_prefix("limits.").unwrap_or(name);
        let Some((_, set)) = LIMITS.iter().find(|(known, _)| *known == name) else {
            let names: Vec<_> = LIMITS.iter().map(|(name, _)| *name).collect();
            return Err(format!("no limit is called `{name}`; there are: {}", names.join(", ")));
        };
        set(&mut Limits::default(), value)?;
        if value.trim_start_matches(['0', '.']).is_empty() || value.starts_with("0s") {
            return Err("a limit of 0 lets nothing run; give it a value above".to_owned());
        }
        Ok(LimitArgument { set: *set, value: value.to_owned() })
    }

    pub(super) fn apply(&self, limits: &mut Limits) -> Result<(), String> {
        (self.set)(limits, &self.value)
    }
}

/// A size in bytes as people write it: `512KiB`, `64MB`, `1048576`.
pub(super) fn size(text: &str) -> Result<ByteSize, String> {
    text.parse().map_err(|_| example(text, "64MiB"))
}

fn bytes(text: &str, place: &mut usize) -> Result<(), String> {
    *place = usize::try_from(size(text)?.as_u64()).map_err(|_| example(text, "64MiB"))?;
    Ok(())
}

fn count<T: FromStr>(text: &str, place: &mut T) -> Result<(), String> {
    *place = text.parse().map_err(|_| example(text, "1000"))?;
    Ok(())
}

fn example(value: &str, right: &str) -> String {
    format!("{value:?} is no value for it; write it as in {right}")
}
