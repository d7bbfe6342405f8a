//! What a file may say, as it was written: every table and key with what it holds and its default.
//!
//! The documentation of each field is what an editor shows; `hostel.example.toml` gives the
//! reasons.

use crate::Limits;
use crate::engine::Unit;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::ops::Range;
use toml::Spanned;

/// Something that was written, and where.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(transparent)]
pub(super) struct At<T>(Spanned<T>);

impl<T> At<T> {
    pub(super) fn get(&self) -> &T {
        self.0.get_ref()
    }

    /// The bytes that it takes in the file.
    pub(super) fn at(&self) -> Range<usize> {
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
pub(super) type Named<T> = BTreeMap<At<String>, At<T>>;

/// The configuration of a Hostel server. Every setting, its default and its reason stand in
/// hostel.example.toml.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "hostel.toml")]
pub(super) struct Raw {
    /// A folder whose plugins are served: each .wasm and each service's source. Default: none, only
    /// the plugins named here.
    pub(super) folder: Option<At<String>>,
    /// The listener for callers.
    pub(super) server: Option<Server>,
    /// The listener for who runs the server: health, metrics, caches.
    pub(super) admin: Option<Admin>,
    /// What one call may use up, unless a plugin says otherwise.
    pub(super) limits: Option<RawLimits>,
    /// How many calls are taken on at once.
    pub(super) admission: Option<Admission>,
    /// Log lines.
    pub(super) log: Option<Log>,
    /// Traces of OpenTelemetry.
    pub(super) traces: Option<Traces>,
    /// The size of the cache that a plugin has to itself.
    pub(super) private_cache: Option<At<PrivateCache>>,
    /// Caches that plugins share, by name.
    pub(super) caches: Option<Named<Cache>>,
    /// Plugins, by name.
    pub(super) plugins: Option<Named<Plugin>>,
    /// Paths and methods that lead to services.
    pub(super) routes: Option<Vec<At<Route>>>,
    /// Groups of callers, by name.
    pub(super) callers: Option<Named<Callers>>,
}

/// The listener for callers.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Server {
    /// Address and port. Default: "127.0.0.1:8080".
    pub(super) listen: Option<At<String>>,
    /// TLS, from two files. Default: none.
    pub(super) tls: Option<Tls>,
    /// Connections open at once; further ones wait. Default: 10000.
    pub(super) connections: Option<At<NonZeroU32>>,
    /// Headers of a request. Default: 100.
    pub(super) headers: Option<At<NonZeroU32>>,
    /// Bytes of a request's head. Default: "64KiB".
    pub(super) header_bytes: Option<At<String>>,
    /// Bytes of all bodies that are held for calls at once. Default: "256MiB".
    pub(super) bodies: Option<At<String>>,
    /// Time to send a request's head. Default: "10s".
    pub(super) header_time: Option<At<String>>,
    /// Time to send a request's whole body. Default: "30s".
    pub(super) body_time: Option<At<String>>,
    /// Time to take a response. Default: "30s".
    pub(super) write_time: Option<At<String>>,
    /// Time between two requests of a connection. Default: "1m".
    pub(super) idle_time: Option<At<String>>,
    /// Time that requests under way have when the server is told to stop. Default: "10s".
    pub(super) drain_time: Option<At<String>>,
    /// Who may call: "open" or a group of [callers]. Default: "open".
    pub(super) callers: Option<At<String>>,
}

/// TLS from two files.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Tls {
    /// The certificate and those between it and the root, as PEM.
    pub(super) certificate: At<String>,
    /// The private key, as PEM.
    pub(super) key: At<String>,
}

/// The listener for who runs the server.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Admin {
    /// Whether there is one. Default: true.
    pub(super) enabled: Option<bool>,
    /// Address and port; other than loopback it needs a token. Default: "127.0.0.1:8081".
    pub(super) listen: Option<At<String>>,
    /// The environment variable that holds the token. Default: none.
    pub(super) token_env: Option<At<String>>,
    /// The file that holds the token, or `sha256:` and its hash. Default: none.
    pub(super) token_file: Option<At<String>>,
}

/// How many calls are taken on at once.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Admission {
    /// Calls under way in the host. Default: 256.
    pub(super) calls: Option<At<NonZeroU32>>,
    /// Calls under way in one plugin. Default: 64, or `calls` where that is less.
    pub(super) calls_per_plugin: Option<At<NonZeroU32>>,
    /// Calls that wait. Default: 1024.
    pub(super) queue: Option<At<u32>>,
    /// Time that a call waits. Default: "1s".
    pub(super) queue_time: Option<At<String>>,
}

/// Log lines.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Log {
    /// "text", "json", or "auto": text on a terminal, JSON lines otherwise. Default: "auto".
    pub(super) format: Option<Format>,
    /// Whether each request by HTTP has a line. Default: false.
    pub(super) access: Option<bool>,
}

/// Traces of OpenTelemetry.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Traces {
    /// The http or https address of a collector that takes OTLP by HTTP. Default: none, or as the
    /// environment says in OTEL_EXPORTER_OTLP_ENDPOINT.
    pub(super) endpoint: Option<At<String>>,
    /// The share of requests that are traced, from 0 to 1. Default: 1.0.
    pub(super) ratio: Option<At<f64>>,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Format {
    #[default]
    Auto,
    Text,
    Json,
}

/// The size of the cache that a plugin has to itself.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PrivateCache {
    /// Bytes of all entries; at least 16 times `value-limit`. Default: "64MiB".
    pub(super) capacity: Option<At<String>>,
    /// Bytes of one value. Default: "1MiB".
    pub(super) value_limit: Option<At<String>>,
    /// The most entries. Default: as many as the capacity holds.
    pub(super) entries: Option<At<NonZeroU32>>,
}

/// A cache that plugins share.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Cache {
    /// Bytes of all entries; at least 16 times `value-limit`. Default: "64MiB".
    pub(super) capacity: Option<At<String>>,
    /// Bytes of one value. Default: "1MiB".
    pub(super) value_limit: Option<At<String>>,
    /// The most entries. Default: as many as the capacity holds.
    pub(super) entries: Option<At<NonZeroU32>>,
    /// What holds the entries. Default: "memory".
    #[serde(rename = "backend")]
    pub(super) _backend: Option<Backend>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Backend {
    Memory,
}

/// A plugin.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Plugin {
    /// A component (.wasm), a folder with a service's source, or a source file. Default:
    /// "NAME.wasm", or a source of that name, in `folder` or else beside this file.
    pub(super) path: Option<At<String>>,
    /// The cache of [caches] that it is bound to. Default: none, one of its own.
    pub(super) cache: Option<At<String>>,
    /// What it may do there; "read-only" is get and exists. Default: "read-write".
    pub(super) access: Option<RawAccess>,
    /// What one call may use up where it differs from [limits].
    pub(super) limits: Option<RawLimits>,
    /// "fresh" for each call, or "reuse". Default: "fresh".
    pub(super) instances: Option<RawInstances>,
    /// Calls of one instance, with `instances = "reuse"`. Default: 1000.
    pub(super) calls_per_instance: Option<At<NonZeroU32>>,
    /// Who may call: "open" or a group of [callers]. Default: as [server] says.
    pub(super) callers: Option<At<String>>,
    /// Calls under way. Default: as [admission] says in `calls-per-plugin`.
    pub(super) calls: Option<At<NonZeroU32>>,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawAccess {
    #[default]
    ReadWrite,
    ReadOnly,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawInstances {
    #[default]
    Fresh,
    Reuse,
}

/// A path and methods that lead to a service.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Route {
    /// The path; `{name}` stands for one segment, as in "/users/{id}".
    pub(super) path: At<String>,
    /// Methods, as in ["GET"]. Default: any.
    pub(super) methods: Option<Vec<At<String>>>,
    /// `PLUGIN.SERVICE`, or the plugin alone where it has one service.
    pub(super) service: At<String>,
    /// Who may call: "open" or a group of [callers]. Default: as the plugin says.
    pub(super) callers: Option<At<String>>,
}

/// A group of callers.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Callers {
    /// "bearer" tokens, or "basic": a name and a password.
    pub(super) scheme: RawScheme,
    /// A file with a line `name:hash` for each caller. Default: none.
    pub(super) file: Option<At<String>>,
    /// An environment variable with a line `name:secret` for each caller. Default: none.
    pub(super) env: Option<At<String>>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawScheme {
    Bearer,
    Basic,
}

/// Limits by name.
#[derive(Default, Deserialize)]
pub(super) struct RawLimits(pub(super) BTreeMap<At<String>, At<LimitValue>>);

/// A limit's value: a text with a unit, or a count.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum LimitValue {
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
