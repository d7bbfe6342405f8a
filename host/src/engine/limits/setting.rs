//! The limits by name: their units, and parsing their values.

use super::Limits;
use crate::units::{MAX_TIME, UnitError, count, duration, show_duration, show_size, size};
use std::time::Duration;

/// A configurable limit.
struct Setting {
    name: &'static str,
    field: Field,
}

/// The field of a limit. The variant determines the limit's unit.
#[derive(Clone, Copy)]
enum Field {
    Time(fn(&mut Limits) -> &mut Duration),
    Bytes(fn(&mut Limits) -> &mut usize),
    LongBytes(fn(&mut Limits) -> &mut u64),
    Count(fn(&mut Limits) -> &mut usize),
    LongCount(fn(&mut Limits) -> &mut u64),
}

/// The unit of a limit's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// A duration, such as `5s`.
    Time,
    /// A size, such as `64MiB`.
    Bytes,
    /// A whole number.
    Count,
}

/// Every limit, by its name in errors and in the configuration.
const SETTINGS: &[Setting] = &[
    Setting { name: "time", field: Field::Time(|limits| &mut limits.time) },
    Setting { name: "cpu", field: Field::Time(|limits| &mut limits.cpu) },
    Setting { name: "memory", field: Field::Bytes(|limits| &mut limits.memory) },
    Setting { name: "stack", field: Field::Bytes(|limits| &mut limits.stack) },
    Setting { name: "instances", field: Field::Count(|limits| &mut limits.instances) },
    Setting { name: "handles", field: Field::Count(|limits| &mut limits.handles) },
    Setting { name: "hostcall-bytes", field: Field::Bytes(|limits| &mut limits.hostcall_bytes) },
    Setting { name: "random", field: Field::LongBytes(|limits| &mut limits.random) },
    Setting { name: "request", field: Field::Bytes(|limits| &mut limits.request) },
    Setting { name: "response", field: Field::Bytes(|limits| &mut limits.response) },
    Setting { name: "headers", field: Field::Count(|limits| &mut limits.headers) },
    Setting { name: "http-requests", field: Field::Count(|limits| &mut limits.http_requests) },
    Setting { name: "http-response", field: Field::Bytes(|limits| &mut limits.http_response) },
    Setting { name: "log-lines", field: Field::LongCount(|limits| &mut limits.log_lines) },
    Setting { name: "log-bytes", field: Field::Bytes(|limits| &mut limits.log_bytes) },
    Setting { name: "log-line-bytes", field: Field::Bytes(|limits| &mut limits.log_line_bytes) },
    Setting { name: "component", field: Field::LongBytes(|limits| &mut limits.component) },
    Setting { name: "services", field: Field::Count(|limits| &mut limits.services) },
    Setting { name: "nesting", field: Field::Count(|limits| &mut limits.nesting) },
    Setting { name: "functions", field: Field::Count(|limits| &mut limits.functions) },
    Setting { name: "function-bytes", field: Field::Bytes(|limits| &mut limits.function_bytes) },
    Setting { name: "locals", field: Field::Count(|limits| &mut limits.locals) },
    Setting { name: "blocks", field: Field::Count(|limits| &mut limits.blocks) },
    Setting { name: "block-locals", field: Field::Count(|limits| &mut limits.block_locals) },
    Setting { name: "loop-locals", field: Field::Count(|limits| &mut limits.loop_locals) },
    Setting { name: "types", field: Field::Count(|limits| &mut limits.types) },
    Setting { name: "definitions", field: Field::Count(|limits| &mut limits.definitions) },
    Setting { name: "compile-memory", field: Field::Bytes(|limits| &mut limits.compile_memory) },
    Setting { name: "compile-time", field: Field::Time(|limits| &mut limits.compile_time) },
];

/// Why a limit could not be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// No limit has this name.
    #[error("no limit is called `{name}`; there are: {}", all_names())]
    Unknown {
        /// The given name.
        name: String,
    },
    /// The value is not in the limit's unit.
    #[error(transparent)]
    Unit(#[from] UnitError),
    /// The value is zero.
    #[error("a limit of 0 is invalid: it must be above 0")]
    Zero,
    /// The time is longer than a day.
    #[error("{0:?} is too long: at most a day, \"24h\"")]
    TooLong(String),
}

impl Limits {
    /// Returns the names of all limits, in the order of the fields.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SETTINGS.iter().map(|setting| setting.name)
    }

    /// Sets the limit of this name to a value such as `5s`, `64MiB` or `1000`.
    ///
    /// # Errors
    ///
    /// When the limit does not exist, or the value is zero, a time longer than a day, or not in the
    /// limit's unit. The limits are then unchanged.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), LimitError> {
        let setting = setting(name).ok_or_else(|| LimitError::Unknown { name: name.to_owned() })?;
        match setting.field {
            Field::Time(field) => *field(self) = above_zero(time(value)?)?,
            Field::Bytes(field) => *field(self) = above_zero(size(value)?)?,
            Field::LongBytes(field) => *field(self) = above_zero(size(value)? as u64)?,
            Field::Count(field) => *field(self) = above_zero(count(value)?)?,
            Field::LongCount(field) => *field(self) = above_zero(count(value)? as u64)?,
        }
        Ok(())
    }

    /// Returns the value of a limit with its unit, formatted for people, or `None` if the limit
    /// does not exist.
    pub fn show(&self, name: &str) -> Option<String> {
        let mut limits = self.clone();
        Some(match setting(name)?.field {
            Field::Time(field) => show_duration(*field(&mut limits)),
            Field::Bytes(field) => show_size(*field(&mut limits) as u64),
            Field::LongBytes(field) => show_size(*field(&mut limits)),
            Field::Count(field) => field(&mut limits).to_string(),
            Field::LongCount(field) => field(&mut limits).to_string(),
        })
    }

    /// Returns the names of all limits, each with its unit.
    pub(crate) fn units() -> impl Iterator<Item = (&'static str, Unit)> {
        SETTINGS.iter().map(|Setting { name, field }| {
            let unit = match field {
                Field::Time(_) => Unit::Time,
                Field::Bytes(_) | Field::LongBytes(_) => Unit::Bytes,
                Field::Count(_) | Field::LongCount(_) => Unit::Count,
            };
            (*name, unit)
        })
    }
}

fn all_names() -> String {
    Limits::names().collect::<Vec<_>>().join(", ")
}

fn setting(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

fn time(value: &str) -> Result<Duration, LimitError> {
    let time = duration(value)?;
    if time > MAX_TIME { Err(LimitError::TooLong(value.to_owned())) } else { Ok(time) }
}

fn above_zero<T: Default + PartialEq>(value: T) -> Result<T, LimitError> {
    if value == T::default() { Err(LimitError::Zero) } else { Ok(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Limit;

    #[test]
    fn every_limit_is_set_by_its_name_alone() {
        for (name, unit) in Limits::units() {
            let value = match unit {
                Unit::Time => "7s",
                Unit::Bytes => "7KiB",
                Unit::Count => "7",
            };
            let mut limits = Limits::default();
            limits.set(name, value).unwrap();
            let default = Limits::default();
            let changed: Vec<_> =
                Limits::names().filter(|name| limits.show(name) != default.show(name)).collect();
            assert_eq!(changed, [name]);
        }
    }

    #[test]
    fn a_time_is_at_most_a_day() {
        let mut limits = Limits::default();
        for (name, unit) in Limits::units().filter(|(_, unit)| *unit == Unit::Time) {
            assert_eq!(limits.set(name, "24h"), Ok(()), "{name}: {unit:?}");
            for text in ["25h", "400000000000years"] {
                assert_eq!(limits.set(name, text), Err(LimitError::TooLong(text.to_owned())));
            }
        }
    }

    #[test]
    fn every_limit_that_can_be_reached_can_be_set() {
        use Limit::*;
        for limit in [
            Time,
            Cpu,
            Memory,
            Stack,
            Instances,
            Handles,
            HostcallBytes,
            Random,
            Request,
            Response,
            Headers,
            Component,
            Services,
            Nesting,
            Functions,
            FunctionBytes,
            Locals,
            Blocks,
            BlockLocals,
            LoopLocals,
            Types,
            Definitions,
            CompileMemory,
            CompileTime,
        ] {
            assert!(Limits::names().any(|name| name == limit.name()), "{limit:?}");
        }
    }

    #[track_caller]
    fn check(name: &str, value: &str, words: &str) {
        let mut limits = Limits::default();
        let error = limits.set(name, value).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert_eq!(limits, Limits::default());
    }

    #[test]
    fn an_invalid_limit_or_value_is_refused_with_what_is_right() {
        check("tiem", "5s", "no limit is called `tiem`; there are: time, cpu, memory");
        check("time", "5", "\"5\" is not a duration: write it as in \"5s\"");
        check("memory", "lots", "\"lots\" is not a size: write it as in \"64MiB\"");
        check("handles", "1.5", "\"1.5\" is not a whole number");
        for (name, zero) in [("time", "0s"), ("memory", "0MiB"), ("random", "0"), ("headers", "00")]
        {
            check(name, zero, "a limit of 0 is invalid");
        }
    }
}
