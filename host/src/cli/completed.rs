//! Arguments whose values shells can complete.

use clap::builder::{PossibleValue, TypedValueParser};
use std::ffi::OsStr;

/// A parser for a value, and the values that shells offer.
#[derive(Clone)]
pub(super) struct Completed<T> {
    pub(super) parse: fn(&str) -> Result<T, String>,
    pub(super) values: fn() -> Vec<&'static str>,
}

impl<T: Clone + Send + Sync + 'static> TypedValueParser for Completed<T> {
    type Value = T;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        self.parse.parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue>>> {
        Some(Box::new((self.values)().into_iter().map(PossibleValue::new)))
    }
}
