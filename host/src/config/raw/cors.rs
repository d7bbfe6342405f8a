//! The settings of CORS as written: `[server.cors]`, and `cors` of a route.

use super::written::At;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// Which web pages of other origins may read responses (CORS).
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct RawCors {
    /// The origins whose pages may read responses, as in ["https://app.example.com"], or "*" for
    /// all origins.
    pub(in crate::config) origins: At<RawOrigins>,
    /// The methods that these pages may use, as in ["GET", "PUT"]. Default: the
    /// methods of the route.
    pub(in crate::config) methods: Option<Vec<At<String>>>,
    /// The headers of a request that these pages may set, as in ["content-type"]. Default: any.
    pub(in crate::config) headers: Option<Vec<At<String>>>,
    /// The headers of a response that these pages may read in addition to the few that every page
    /// may read, as in ["x-request-id"]. Default: none.
    pub(in crate::config) expose_headers: Option<Vec<At<String>>>,
    /// Whether these pages may read responses to requests with cookies or HTTP authentication. Not
    /// allowed with origins "*". Default: false.
    pub(in crate::config) credentials: Option<At<bool>>,
    /// How long a browser may keep the response to a preflight, in whole seconds, as in "10m".
    /// Default: the browser's own default, 5 s.
    pub(in crate::config) max_age: Option<At<String>>,
}

/// One origin or several.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::config) enum RawOrigins {
    One(String),
    Several(Vec<String>),
}

/// A route's own CORS, or false.
pub(in crate::config) enum RawRouteCors {
    Switch(bool),
    Own(Box<RawCors>),
}

// Implemented by hand: serde's untagged enums would lose the positions of the values inside.
impl<'de> Deserialize<'de> for RawRouteCors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RouteCorsVisitor)
    }
}

struct RouteCorsVisitor;

impl<'de> Visitor<'de> for RouteCorsVisitor {
    type Value = RawRouteCors;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("false or a table")
    }

    fn visit_bool<E>(self, is_on: bool) -> Result<RawRouteCors, E> {
        Ok(RawRouteCors::Switch(is_on))
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<RawRouteCors, A::Error> {
        let own = RawCors::deserialize(MapAccessDeserializer::new(table))?;
        Ok(RawRouteCors::Own(Box::new(own)))
    }
}

impl JsonSchema for RawRouteCors {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "RouteCors".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let own = generator.subschema_for::<RawCors>();
        json_schema!({ "anyOf": [{ "type": "boolean" }, own] })
    }
}
