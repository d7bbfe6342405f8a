//! The remote servers, the settings and the secrets of plugins, as written.

use super::written::{At, Tables};
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroU32;

/// The other servers that a plugin may reach.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct RawHttp {
    /// The servers that the plugin may reach, each as "https://api.example.com": scheme, host,
    /// port, and optionally the beginning of the path. A leading "*." stands for one or more
    /// labels. Default: none.
    pub(in crate::config) allow: Option<Vec<At<RawAllowed>>>,
    /// Maximum number of connections that the plugin uses at the same time, at most 512; further
    /// requests wait. Default: 64.
    pub(in crate::config) connections: Option<At<NonZeroU32>>,
}

/// A server that a plugin may reach.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::config) enum RawAllowed {
    /// The server's address.
    Url(String),
    /// The server's address with other settings.
    Row(RawAllowedRow),
}

/// A server that a plugin may reach: the server's address with other settings.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct RawAllowedRow {
    /// The server's address, as in "http://10.0.0.5:9200".
    pub(in crate::config) url: String,
    /// Whether the server may be on this machine or in a private network. Default: false.
    pub(in crate::config) private: Option<bool>,
    /// A file with PEM certificates that are trusted in addition to those of the machine. Default:
    /// none.
    pub(in crate::config) ca: Option<String>,
}

/// A setting: a string, a whole number or a boolean. The plugin reads it as a string.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::config) enum RawValue {
    Text(String),
    Integer(i64),
    Boolean(bool),
}

/// Where a secret is: in an environment variable or in a file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct RawSecret {
    /// The environment variable that holds the secret. Default: none.
    pub(in crate::config) env: Option<At<String>>,
    /// The file that holds the secret. One newline at the end of the file is not part of the
    /// secret. Default: none.
    pub(in crate::config) file: Option<At<String>>,
}

/// The connections that services written for Zato find in `self.out`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct RawZato {
    /// Outgoing connections.
    pub(in crate::config) out: Option<RawZatoOut>,
}

/// Zato's outgoing connections.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct RawZatoOut {
    /// REST connections, by name: `self.out.rest["NAME"]`.
    pub(in crate::config) rest: Option<Tables<RawZatoRest>>,
}

/// An outgoing REST connection.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::config) struct RawZatoRest {
    /// Scheme, host and port, as in "https://crm.example.com".
    pub(in crate::config) host: At<String>,
    /// The path; `{name}` stands for a parameter. Default: "/".
    pub(in crate::config) url_path: Option<At<String>>,
    /// The plugins of [plugins] that may use the connection.
    pub(in crate::config) plugins: Vec<At<String>>,
    /// Whether the server may be on this machine or in a private network. Default: false.
    pub(in crate::config) private: Option<bool>,
    /// A file with PEM certificates that are trusted in addition to those of the machine. Default:
    /// none.
    pub(in crate::config) ca: Option<At<String>>,
}
