//! Values that several tables have: addresses, counts, sizes, times, variables; and the context of
//! a configuration.

use super::error::Diagnostics;
use super::raw::At;
use crate::units::{self, MAX_TIME};
use std::env::VarError;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The context of a configuration: the folder of its file, and the environment.
pub(super) struct Context<'a> {
    pub(super) folder: &'a Path,
    pub(super) variable: &'a dyn Fn(&str) -> Result<String, VarError>,
}

impl Context<'_> {
    /// Resolves a path from the file's folder.
    pub(super) fn path(&self, written: &str) -> PathBuf {
        self.folder.join(written).components().collect()
    }
}

pub(super) fn address(
    raw: Option<&At<String>>,
    default: SocketAddr,
    diagnostics: &mut Diagnostics<'_>,
) -> SocketAddr {
    let Some(raw) = raw else { return default };
    parse_address(raw.get(), default).unwrap_or_else(|error| {
        diagnostics.fault(raw.at(), error);
        default
    })
}

/// Parses an address and port. The error shows `example`.
pub(crate) fn parse_address(text: &str, example: SocketAddr) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!(
            "{text:?} is not an address and port: write it as in \"{example}\", \"0.0.0.0:443\" or \
             \"[::]:443\""
        )
    })
}

pub(super) fn count(raw: Option<&At<NonZeroU32>>, default: usize) -> usize {
    raw.map_or(default, |raw| raw.get().get() as usize)
}

/// Parses a size, which must not be zero. Returns the default if the setting is missing or invalid.
pub(super) fn size(
    raw: Option<&At<String>>,
    default: usize,
    diagnostics: &mut Diagnostics<'_>,
) -> usize {
    let Some(raw) = raw else { return default };
    match units::size(raw.get()) {
        Ok(0) => diagnostics.fault(raw.at(), "a size of 0 is invalid: it must be at least 1"),
        Ok(size) => return size,
        Err(error) => diagnostics.fault(raw.at(), error),
    }
    default
}

/// Parses a time, which must be more than zero and at most a day. Returns the default if the
/// setting is missing or invalid.
pub(super) fn time(
    raw: Option<&At<String>>,
    default: Duration,
    diagnostics: &mut Diagnostics<'_>,
) -> Duration {
    let time = delay(raw, default, diagnostics);
    if let Some(raw) = raw.filter(|_| time.is_zero()) {
        diagnostics.fault(raw.at(), "a time of 0 is invalid: it must be above 0");
        return default;
    }
    time
}

/// Parses a time, which must be at most a day and may be zero. Returns the default if the setting
/// is missing or invalid.
pub(super) fn delay(
    raw: Option<&At<String>>,
    default: Duration,
    diagnostics: &mut Diagnostics<'_>,
) -> Duration {
    let Some(raw) = raw else { return default };
    match units::duration(raw.get()) {
        Ok(time) if time > MAX_TIME => diagnostics
            .fault(raw.at(), format_args!("{:?} is too long: at most a day, \"24h\"", raw.get())),
        Ok(time) => return time,
        Err(error) => diagnostics.fault(raw.at(), error),
    }
    default
}

pub(super) fn variable(
    name: &At<String>,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<String> {
    let value = (context.variable)(name.get());
    value.map_err(|error| diagnostics.fault(name.at(), no_variable(name.get(), &error))).ok()
}

/// Returns the message for an environment variable that cannot be read.
pub(crate) fn no_variable(name: &str, error: &VarError) -> String {
    match error {
        VarError::NotPresent => format!("the environment variable `{name}` is not set"),
        VarError::NotUnicode(_) => format!("the environment variable `{name}` is not UTF-8 text"),
    }
}
