//! The format of the file, unvalidated: every table and key with its type and its default.
//!
//! Editors show the documentation of each field; `hostel.example.toml` gives the reasons.

mod cors;
mod limits;
mod plugin;
mod sources;
mod written;

pub(in crate::config) use cors::{RawCors, RawOrigins, RawRouteCors};
pub(in crate::config) use limits::{LimitValue, RawLimits};
pub(in crate::config) use plugin::{RawInstances, RawPlugin};
pub(in crate::config) use sources::{
    RawAllowed, RawHttp, RawSecret, RawValue, RawZato, RawZatoRest,
};
pub(in crate::config) use written::{At, Tables};

use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroU32;

/// The configuration of a Hostel server. hostel.example.toml explains every setting and its
/// default.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "hostel.toml")]
pub(in crate::config) struct Raw {
    /// A folder whose plugins are served: each .wasm file and each service's source. Default: none;
    /// only the plugins named in [plugins] are served.
    pub(in crate::config) folder: Option<At<String>>,
    /// The listener for clients.
    pub(in crate::config) server: Option<RawServer>,
    /// The listener for the operator: health, metrics, caches.
    pub(in crate::config) admin: Option<RawAdmin>,
    /// The limits of one call. A plugin's own limits take precedence.
    pub(in crate::config) limits: Option<RawLimits>,
    /// The maximum numbers of concurrent and waiting calls.
    pub(in crate::config) admission: Option<RawAdmission>,
    /// Log lines.
    pub(in crate::config) log: Option<RawLog>,
    /// OpenTelemetry traces.
    pub(in crate::config) traces: Option<RawTraces>,
    /// The private cache of each plugin.
    pub(in crate::config) private_cache: Option<At<RawCache>>,
    /// Caches that plugins share, by name.
    pub(in crate::config) caches: Option<Tables<RawCache>>,
    /// Plugins, by name.
    pub(in crate::config) plugins: Option<Tables<RawPlugin>>,
    /// Outgoing connections of services that were written for Zato.
    pub(in crate::config) zato: Option<RawZato>,
    /// Paths and methods that lead to services, and paths that lead to files.
    pub(in crate::config) routes: Option<Vec<At<RawRoute>>>,
    /// Groups of callers, by name.
    pub(in crate::config) callers: Option<Tables<RawCallers>>,
}

/// The listener for clients.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct RawServer {
    /// Address and port. Default: "127.0.0.1:8080".
    pub(in crate::config) listen: Option<At<String>>,
    /// TLS, from two files. Default: none.
    pub(in crate::config) tls: Option<RawTls>,
    /// Which web pages of other origins may read responses (CORS). Default: none.
    pub(in crate::config) cors: Option<RawCors>,
    /// Maximum open connections; further ones wait. Default: 10000.
    pub(in crate::config) connections: Option<At<NonZeroU32>>,
    /// Maximum number of headers of a request. Default: 100.
    pub(in crate::config) headers: Option<At<NonZeroU32>>,
    /// Maximum size of a request's head. Default: "64KiB".
    pub(in crate::config) header_bytes: Option<At<String>>,
    /// Maximum memory of caches, instances and bodies together. Default: three quarters of the
    /// memory that the machine and its control groups allow; on other systems than Linux 1.5 GiB.
    pub(in crate::config) memory: Option<At<String>>,
    /// Maximum size of all bodies in memory: of requests, and of responses until they are sent.
    /// Bodies of up to 64 KiB do not count here: they have another quarter of this size. One client
    /// can use at most a quarter of each. Default: "256MiB".
    pub(in crate::config) bodies: Option<At<String>>,
    /// Time in which a client must send a request's head in HTTP/1. In HTTP/2, `idle-time` applies
    /// instead. Default: "10s".
    pub(in crate::config) header_time: Option<At<String>>,
    /// Time in which a client must send a request's whole body. Default: "30s".
    pub(in crate::config) body_time: Option<At<String>>,
    /// Time in which a client must read a response, plus a second for each `min-rate` bytes of the
    /// response. Default: "30s".
    pub(in crate::config) write_time: Option<At<String>>,
    /// Bytes per second at which a client must send a body, after 5 s, and read a response, after
    /// `write-time`. Default: "4KiB".
    pub(in crate::config) min_rate: Option<At<String>>,
    /// Maximum time between two requests of a connection. Default: "1m".
    pub(in crate::config) idle_time: Option<At<String>>,
    /// Time after the signal to stop in which the server still accepts connections, and /readyz
    /// returns 503. A load balancer must notice the 503 in this time. Default: "0s".
    pub(in crate::config) stop_delay: Option<At<String>>,
    /// Time that active requests have to finish after the signal to stop and `stop-delay`.
    /// Default: "10s".
    pub(in crate::config) drain_time: Option<At<String>>,
    /// The permitted callers of services and files if neither the route nor the plugin sets
    /// `callers`: "open" for all, or a group of [callers]. Default: "open".
    pub(in crate::config) callers: Option<At<String>>,
    /// Whether services can be called by POST /services/NAME and listed by GET /services. If
    /// false, only [[routes]] lead to services. Default: true.
    pub(in crate::config) services: Option<bool>,
    /// The sandbox around the server's own process, on Linux: "available" uses the parts that the
    /// kernel supports, "required" makes a missing part an error, "off" disables it. Default:
    /// "available".
    pub(in crate::config) wall: Option<RawWall>,
    /// Plugins and caches without which the server is not ready, each as "plugin:NAME" or
    /// "cache:NAME". Default: none.
    pub(in crate::config) ready_requires: Option<Vec<At<String>>>,
    /// Addresses and networks of proxies, as in "10.0.0.0/8". Only on connections from these
    /// proxies does the server read a client's address from an HTTP header. Default: none.
    pub(in crate::config) trusted_proxies: Option<Vec<At<String>>>,
    /// The header in which trusted proxies name the client: "x-forwarded-for", or "forwarded" of
    /// RFC 7239. Default: "x-forwarded-for".
    pub(in crate::config) client_header: Option<RawClientHeader>,
    /// Whether each connection begins with a header of the PROXY protocol, from one of
    /// `trusted-proxies`. Default: false.
    pub(in crate::config) proxy_protocol: Option<At<bool>>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum RawClientHeader {
    XForwardedFor,
    Forwarded,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum RawWall {
    Available,
    Required,
    Off,
}

/// TLS from two files.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct RawTls {
    /// The file with the certificate and the intermediate certificates, as PEM.
    pub(in crate::config) certificate: At<String>,
    /// The file with the private key, as PEM.
    pub(in crate::config) key: At<String>,
}

/// The listener for the operator.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct RawAdmin {
    /// Whether the server has this listener. Default: true.
    pub(in crate::config) enabled: Option<bool>,
    /// Address and port. An address other than loopback requires a token. Default:
    /// "127.0.0.1:8081".
    pub(in crate::config) listen: Option<At<String>>,
    /// The environment variable that holds the token. Default: none.
    pub(in crate::config) token_env: Option<At<String>>,
    /// The file that holds the token, or `sha256:` and its hash. Default: none.
    pub(in crate::config) token_file: Option<At<String>>,
}

/// The maximum numbers of concurrent and waiting calls.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct RawAdmission {
    /// Maximum concurrent calls in the host. Default: 256.
    pub(in crate::config) calls: Option<At<NonZeroU32>>,
    /// Maximum concurrent calls in one plugin. Default: 64, or `calls` if that is less.
    pub(in crate::config) calls_per_plugin: Option<At<NonZeroU32>>,
    /// Maximum calls that wait for others to end. Default: 1024.
    pub(in crate::config) queue: Option<At<u32>>,
    /// Maximum time that a call waits for others to end. Default: "1s".
    pub(in crate::config) queue_time: Option<At<String>>,
}

/// Log lines.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct RawLog {
    /// "text", "json", or "auto": text on a terminal, JSON lines otherwise. Default: "auto".
    pub(in crate::config) format: Option<RawFormat>,
    /// Whether each HTTP request is logged. Default: false.
    pub(in crate::config) access: Option<bool>,
}

/// OpenTelemetry traces.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct RawTraces {
    /// The http or https URL of a collector that accepts OTLP as JSON over HTTP. Default: the
    /// environment variable OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, or else
    /// OTEL_EXPORTER_OTLP_ENDPOINT; without both there are no traces.
    pub(in crate::config) endpoint: Option<At<String>>,
    /// The share of requests that are traced, from 0 to 1. Default: 1.0.
    pub(in crate::config) ratio: Option<At<f64>>,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum RawFormat {
    #[default]
    Auto,
    Text,
    Json,
}

/// The private cache of each plugin, or a cache that plugins share.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct RawCache {
    /// Maximum size of all entries in memory; at least 16 times `value-limit`. Default: "64MiB".
    pub(in crate::config) capacity: Option<At<String>>,
    /// Maximum size of one value. Default: "1MiB".
    pub(in crate::config) value_limit: Option<At<String>>,
    /// Maximum number of entries in memory. Default: as many as the capacity holds.
    pub(in crate::config) entries: Option<At<NonZeroU32>>,
    /// Where the entries are stored: "memory", or the address of a Redis server, as in
    /// "redis://127.0.0.1:6379/0". Default: "memory".
    pub(in crate::config) backend: Option<At<String>>,
    /// The environment variable that holds the password for Redis. Default: none.
    pub(in crate::config) password_env: Option<At<String>>,
    /// The file that holds the password for Redis. Default: none.
    pub(in crate::config) password_file: Option<At<String>>,
    /// The environment variable that holds the password for Sentinels. Default: none.
    pub(in crate::config) sentinel_password_env: Option<At<String>>,
    /// The file that holds the password for Sentinels. Default: none.
    pub(in crate::config) sentinel_password_file: Option<At<String>>,
    /// Maximum time of one operation on Redis. Default: "250ms".
    pub(in crate::config) timeout: Option<At<String>>,
    /// The prefix of the names of entries and leases on Redis. With `key-format = "zato"`, only the
    /// names of leases have it. Default: "hostel".
    pub(in crate::config) prefix: Option<At<String>>,
    /// How entries are named on Redis: "hostel", or "zato" for the names that Zato gives them.
    /// Default: "hostel".
    pub(in crate::config) key_format: Option<At<RawKeyFormat>>,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum RawKeyFormat {
    #[default]
    Hostel,
    Zato,
}

/// A path and methods that lead to a service, or to the files of a folder.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct RawRoute {
    /// The path; `{name}` stands for one segment, as in "/users/{id}".
    pub(in crate::config) path: At<String>,
    /// The methods of a route to a service, as in ["GET"]. Default: any.
    pub(in crate::config) methods: Option<Vec<At<String>>>,
    /// `PLUGIN.SERVICE`, or only the plugin if it has one service. A route has
    /// either `service` or `files`.
    pub(in crate::config) service: Option<At<String>>,
    /// The folder whose files are served at and below the path.
    pub(in crate::config) files: Option<At<String>>,
    /// The header `cache-control` of files. Default: "no-cache".
    pub(in crate::config) cache_control: Option<At<String>>,
    /// The permitted callers: "open" for all, or a group of [callers]. Default: `callers` of the
    /// plugin, or of [server] for files.
    pub(in crate::config) callers: Option<At<String>>,
    /// `false` for no CORS, or a table like [server.cors]. Default: [server.cors].
    pub(in crate::config) cors: Option<At<RawRouteCors>>,
}

/// A group of callers.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct RawCallers {
    /// "bearer" tokens, or "basic": a name and a password.
    pub(in crate::config) scheme: RawScheme,
    /// A file with a line `name:hash` for each caller. Default: none.
    pub(in crate::config) file: Option<At<String>>,
    /// An environment variable with a line `name:secret` for each caller. Default: none.
    pub(in crate::config) env: Option<At<String>>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum RawScheme {
    Bearer,
    Basic,
}
