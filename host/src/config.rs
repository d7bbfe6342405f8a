//! `hostel.toml`: what a file may say, and what it means.
//!
//! [`Config`] is what was meant: every value checked, every default filled in. Nobody who reads it
//! checks again.

mod callers;
mod error;
mod listeners;
mod plugins;
mod raw;
mod read;
mod routes;
mod secret;
mod shape;

pub(crate) use callers::is_caller;
pub use callers::{CallerGroup, Credential, Scheme};
pub(crate) use error::instead;
pub use error::{ConfigError, Fault, Place};
pub use listeners::{AdminListener, Listeners, TokenSource};
pub use routes::{Method, PathPattern, PatternError, Route, Segment};
pub use secret::{SecretError, SecretHash};
pub use shape::schema;

use crate::{Admission, CacheLimits, Limits, Name, PluginName, PluginSettings};
use error::Notes;
use raw::Raw;
use read::Here;
use serde::Deserialize;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::de::DeTable;

/// A server, as configured.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The listener for callers.
    pub server: Server,
    /// The listener for who runs the server; none: there is none.
    pub admin: Option<Admin>,
    /// What one call may use up, of every plugin that does not say otherwise.
    pub limits: Limits,
    /// How many calls are taken on at once.
    pub admission: Admission,
    /// Caches that plugins share; each is opened at start.
    pub caches: Vec<CacheConfig>,
    /// The size of the cache that a plugin has to itself.
    pub private_cache: CacheLimits,
    /// A folder whose plugins are served, beside those named: every component, and the source of
    /// every service; none: only those named.
    pub folder: Option<PathBuf>,
    /// The plugins that are named, in the order of their names.
    pub plugins: Vec<PluginConfig>,
    /// The routes: the first that takes a request's path and method is the one.
    pub routes: Vec<Route>,
    /// The groups of callers.
    pub callers: Vec<CallerGroup>,
    /// How log lines are written.
    pub log: LogFormat,
    /// Whether each request by HTTP has a line in the log.
    pub access_log: bool,
    /// Which requests are traced, and where traces are sent.
    pub traces: Traces,
}

/// The listener for callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Address and port. 127.0.0.1:8080: nobody but this machine, until someone decides.
    pub listen: SocketAddr,
    /// TLS; none: plain HTTP.
    pub tls: Option<Tls>,
    /// Connections open at once; further ones wait in the system's queue. 10,000.
    pub connections: usize,
    /// Headers of a request. 100.
    pub headers: usize,
    /// Bytes of a request's head, its first line included. 64 KiB.
    pub header_bytes: usize,
    /// Bytes of all bodies that are held for calls at once. 256 MiB.
    pub bodies: usize,
    /// Time to send a request's head. 10 s.
    pub header_time: Duration,
    /// Time to send a request's whole body. 30 s.
    pub body_time: Duration,
    /// Time to take a response. 30 s.
    pub write_time: Duration,
    /// Time between two requests of a connection. 60 s.
    pub idle_time: Duration,
    /// Time that requests under way have when the server is told to stop. 10 s.
    pub drain_time: Duration,
    /// Who may call what neither a route nor a plugin says otherwise about.
    pub callers: Callers,
}

/// TLS from two files of PEM, which were there when the configuration was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The certificate and those between it and the root.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// The listener for who runs the server. On loopback, or it has a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// Address and port. 127.0.0.1:8081.
    pub listen: SocketAddr,
    /// The token that a request has to bear.
    pub token: Option<SecretHash>,
}

/// A cache that plugins share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheConfig {
    /// Its name.
    pub name: Name,
    /// Its size.
    pub limits: CacheLimits,
}

/// A plugin that is named.
#[derive(Clone, Debug)]
pub struct PluginConfig {
    /// Its name.
    pub name: PluginName,
    /// A component, or a service's source. It may not be there yet.
    pub path: PathBuf,
    /// What it is granted; a cache it is bound to is among the configured ones.
    pub settings: PluginSettings,
    /// Who may call it.
    pub callers: Callers,
}

/// Who may call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Callers {
    /// Everybody.
    #[default]
    Open,
    /// The group of this name, which is configured.
    Group(String),
}

/// Traces of OpenTelemetry.
#[derive(Clone, Debug, PartialEq)]
pub struct Traces {
    /// The base of the URL that they are posted to by OTLP, as in `http://127.0.0.1:4318`; none:
    /// the environment may say it.
    pub endpoint: Option<String>,
    /// The share of requests that are traced where their `traceparent` does not say it. 1: all.
    pub ratio: f64,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON lines otherwise.
    #[default]
    Auto,
    /// For people.
    Text,
    /// A JSON object a line.
    Json,
}

impl Default for Server {
    fn default() -> Self {
        Server {
            listen: (Ipv4Addr::LOCALHOST, 8080).into(),
            tls: None,
            connections: 10_000,
            headers: 100,
            header_bytes: 64 << 10,
            bodies: 256 << 20,
            header_time: Duration::from_secs(10),
            body_time: Duration::from_secs(30),
            write_time: Duration::from_secs(30),
            idle_time: Duration::from_secs(60),
            drain_time: Duration::from_secs(10),
            callers: Callers::Open,
        }
    }
}

impl Default for Traces {
    fn default() -> Self {
        Traces { endpoint: None, ratio: 1.0 }
    }
}

impl Default for Admin {
    fn default() -> Self {
        Admin { listen: (Ipv4Addr::LOCALHOST, 8081).into(), token: None }
    }
}

/// A configuration, and what should be mended in it though it works.
#[derive(Clone, Debug)]
pub struct Configured {
    /// What was meant.
    pub config: Config,
    /// Files with secrets that other users can read.
    pub warnings: Vec<Fault>,
}

impl Config {
    /// What a folder without a configuration means: its plugins are served, all else is as by
    /// default.
    pub fn of_folder(folder: &Path) -> Config {
        Config {
            folder: Some(folder.to_owned()),
            admin: Some(Admin::default()),
            ..Config::default()
        }
    }

    /// Reads a file, and the files and environment variables with secrets that it names.
    ///
    /// Relative paths in it are from its own folder. A plugin's file need not be there. Passwords
    /// from the environment are hashed, which takes tens of milliseconds each.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or with all that is wrong with it.
    pub fn read(
        file: &Path,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Configured, ConfigError> {
        Config::parse(file, &Config::text(file)?, variable)
    }

    fn text(file: &Path) -> Result<String, ConfigError> {
        let unreadable =
            |source: io::Error| ConfigError::Unreadable { file: file.to_owned(), source };
        std::fs::read_to_string(file).map_err(unreadable)
    }

    /// Reads the text of a file, as [`Config::read`] does.
    ///
    /// # Errors
    ///
    /// With all that is wrong with it.
    pub fn parse(
        file: &Path,
        text: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Configured, ConfigError> {
        let mut notes = Notes::new(file, text);
        let config = raw(text, &mut notes).map(|raw| {
            let folder = file.parent().unwrap_or(Path::new(""));
            read::config(&raw, &Here { folder, variable }, &mut notes)
        });
        let Notes { mut faults, warnings, .. } = notes;
        match config {
            Some(config) if faults.is_empty() => Ok(Configured { config, warnings }),
            _ => {
                let here = |fault: &Fault| fault.place.file != file;
                faults.sort_by_key(|fault| (here(fault), fault.place.line, fault.place.column));
                Err(ConfigError::Faults(faults))
            }
        }
    }
}

/// What was written, when it is TOML and means something.
fn raw(text: &str, notes: &mut Notes<'_>) -> Option<Raw> {
    let (mut table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        notes.fault(error.span().unwrap_or(0..0), error.message());
    }
    if !errors.is_empty() || !shape::check(&mut table, notes) {
        return None;
    }
    let read = Raw::deserialize(toml::Deserializer::from(table));
    read.map_err(|error| notes.fault(error.span().unwrap_or(0..0), error.message())).ok()
}

#[cfg(test)]
mod tests;
