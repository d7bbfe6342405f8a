//! The tables `[limits]` and `[plugins.NAME.limits]`. Their keys are the names of the limits in
//! [`Limits`].

use super::written::At;
use crate::engine::{Limits, Unit};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Limits by name.
#[derive(Default, Deserialize)]
pub(in crate::config) struct RawLimits(pub(in crate::config) BTreeMap<At<String>, At<LimitValue>>);

/// A limit's value: a string with a unit, or a count.
#[derive(Deserialize)]
#[serde(untagged)]
pub(in crate::config) enum LimitValue {
    Count(u64),
    Text(String),
}

impl JsonSchema for RawLimits {
    fn schema_name() -> Cow<'static, str> {
        "Limits".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let default = Limits::default();
        let properties = Limits::units().map(|(name, unit)| {
            let shown = default.show(name).unwrap_or_default();
            let schema = match unit {
                Unit::Time => json_schema!({
                    "type": "string",
                    "description": format!("A duration, as in \"5s\". Default: {shown}."),
                }),
                Unit::Bytes => json_schema!({
                    "type": "string",
                    "description": format!("A size, as in \"64MiB\". Default: {shown}."),
                }),
                Unit::Count => json_schema!({
                    "type": "integer",
                    "minimum": 1,
                    "description": format!("A whole number. Default: {shown}."),
                }),
            };
            (name.to_owned(), schema.to_value())
        });
        let properties: serde_json::Map<_, _> = properties.collect();
        json_schema!({ "type": "object", "properties": properties, "additionalProperties": false })
    }
}
