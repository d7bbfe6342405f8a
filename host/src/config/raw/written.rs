//! A value of a file, with its position.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;

/// A value as written in the file, with its position.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(transparent)]
pub(in crate::config) struct At<T>(Spanned<T>);

impl<T> At<T> {
    pub(in crate::config) fn get(&self) -> &T {
        self.0.get_ref()
    }

    /// Returns the value's byte range in the file.
    pub(in crate::config) fn at(&self) -> Range<usize> {
        self.0.span()
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// Tables by name.
pub(in crate::config) type Tables<T> = BTreeMap<At<String>, At<T>>;
