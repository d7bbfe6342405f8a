//! Reads a whole configuration: from the text of a file to validated values. Other modules of
//! `config` validate the tables.

use super::admin::{self, Admin};
use super::caches::{self, CacheConfig};
use super::callers::CallerGroup;
use super::error::{Absent, ConfigError, Diagnostics, Fault, Place};
use super::files::{self, FileRoute};
use super::groups;
use super::plugins::{self, PluginConfig, PluginContext};
use super::raw::{At, Raw, RawRoute, Tables};
use super::routes::{self, Route};
use super::server::{self, Server};
use super::shape;
use super::sources;
use super::telemetry::{self, LogFormat, Traces};
use super::values::Context;
use crate::backend::Backend;
use crate::engine::Limits;
use crate::file;
use crate::plugin::Admission;
use hostel_cache::CacheLimits;
use serde::Deserialize;
use std::env::VarError;
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// The configuration of a server.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The listener for callers.
    pub server: Server,
    /// The listener for the operator; `None`: it is off.
    pub admin: Option<Admin>,
    /// The limits of calls and components. A plugin's own limits take precedence.
    pub limits: Limits,
    /// Limits on concurrent and waiting calls.
    pub admission: Admission,
    /// Shared caches; each is opened at start.
    pub caches: Vec<CacheConfig>,
    /// The limits of each plugin's private cache.
    pub private_cache: CacheLimits,
    /// The backend of the private caches.
    pub private_backend: Backend,
    /// A folder whose components and service sources are served besides the named plugins; `None`:
    /// only the named plugins are served.
    pub folder: Option<PathBuf>,
    /// The named plugins, sorted by name.
    pub plugins: Vec<PluginConfig>,
    /// The routes to services, sorted by path.
    pub routes: Vec<Route>,
    /// The file routes.
    pub files: Vec<FileRoute>,
    /// The groups of callers.
    pub callers: Vec<CallerGroup>,
    /// The format of log lines.
    pub log: LogFormat,
    /// Whether each HTTP request is logged.
    pub access_log: bool,
    /// Which requests are traced, and where traces are sent.
    pub traces: Traces,
}

/// A configuration with its warnings.
#[derive(Clone, Debug)]
pub struct Configured {
    /// The configuration.
    pub config: Config,
    /// Warnings about files with secrets that other users can read.
    pub warnings: Vec<Fault>,
    /// Missing or unusable plugins, and the folder of plugins if it is missing or unusable.
    pub absent: Vec<Absent>,
    /// The position of each route's service, in the order of [`Config::routes`].
    pub service_places: Vec<Place>,
}

impl From<Config> for Configured {
    /// Wraps a configuration that was not read from a file. The other fields are empty.
    fn from(config: Config) -> Self {
        let (warnings, absent, service_places) = Default::default();
        Configured { config, warnings, absent, service_places }
    }
}

impl Config {
    /// Returns the configuration for a folder without a configuration file. The server serves the
    /// folder's plugins, with defaults for all settings.
    pub fn of_folder(folder: &Path) -> Config {
        Config {
            folder: Some(folder.to_owned()),
            admin: Some(Admin::default()),
            ..Config::default()
        }
    }

    /// Reads a configuration file, and the secrets in the files and environment variables that it
    /// names.
    ///
    /// Relative paths are resolved from the file's folder. A plugin's file may be missing.
    /// Passwords from the environment are hashed, which takes tens of milliseconds each.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Unreadable`] if the file cannot be read, or the errors of [`Config::parse`].
    pub fn read(
        file: &Path,
        variable: &dyn Fn(&str) -> Result<String, VarError>,
    ) -> Result<Configured, ConfigError> {
        Config::parse(file, &Config::text(file)?, variable)
    }

    pub(super) fn text(path: &Path) -> Result<String, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { file: path.to_owned(), source };
        file::read_text(path).map_err(unreadable)
    }

    /// Parses the text of a file, as [`Config::read`] does.
    ///
    /// # Errors
    ///
    /// The faults that were found in the text, and in files of callers that the text names. A fault
    /// can hide others: for example, after a syntax error no values are checked.
    pub fn parse(
        file: &Path,
        text: &str,
        variable: &dyn Fn(&str) -> Result<String, VarError>,
    ) -> Result<Configured, ConfigError> {
        let mut diagnostics = Diagnostics::new(file, text);
        let config = raw(text, &mut diagnostics).map(|raw| {
            let folder = file.parent().unwrap_or(Path::new(""));
            compose(&raw, &Context { folder, variable }, &mut diagnostics)
        });
        let Diagnostics { mut faults, warnings, absent, .. } = diagnostics;
        match config {
            Some((config, service_places)) if faults.is_empty() => {
                Ok(Configured { config, warnings, absent, service_places })
            }
            _ => {
                let elsewhere = |fault: &Fault| fault.place.file != file;
                faults
                    .sort_by_key(|fault| (elsewhere(fault), fault.place.line, fault.place.column));
                Err(ConfigError::Faults(faults))
            }
        }
    }
}

/// Parses the text, and reports invalid TOML, unknown keys and wrong types. Returns `None` if these
/// faults prevent further checks. Unknown keys inside a table do not.
pub(super) fn raw(text: &str, diagnostics: &mut Diagnostics<'_>) -> Option<Raw> {
    let (mut table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let at = error.span().unwrap_or(0..0);
        let is_told = error.message().contains("quoted");
        let hint = match !is_told && is_unquoted(text, at.start) {
            true => "; a string must be in quotation marks",
            false => "",
        };
        diagnostics.fault(at, format_args!("{}{hint}", error.message()));
    }
    if !errors.is_empty() || !shape::check(&mut table, diagnostics) {
        return None;
    }
    let read = Raw::deserialize(toml::Deserializer::from(table));
    read.map_err(|error| diagnostics.fault(error.span().unwrap_or(0..0), error.message())).ok()
}

/// Returns true if the byte at `at` is in a value that looks like text without quotation marks.
fn is_unquoted(text: &str, at: usize) -> bool {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let Some((key, value)) = line.split_once('=') else { return false };
    let value = value.split('#').next().unwrap_or_default().trim();
    at > start + key.len()
        && !value.starts_with(['"', '\'', '[', ']', '{', '}', '='])
        && !value.bytes().all(|byte| byte.is_ascii_digit())
}

fn cache_names(raw: &Raw) -> Vec<String> {
    raw.caches.iter().flat_map(|raw| raw.keys()).map(|name| name.get().clone()).collect()
}

/// Reports a configuration without plugins and without a folder of plugins, unless one of its
/// routes serves files.
fn check_any(no_plugins: bool, routes: &[At<RawRoute>], diagnostics: &mut Diagnostics<'_>) {
    if no_plugins && routes.iter().all(|route| route.get().files.is_none()) {
        diagnostics.fault(
            0..0,
            "there is nothing to serve: name plugins in [plugins], set `folder = \".\"`, or give \
             a route `files`",
        );
    }
}

/// Validates a whole file and fills in the defaults. The result is valid only if no fault was
/// reported. Also returns the position of each route's service.
fn compose(
    raw: &Raw,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> (Config, Vec<Place>) {
    let (none, no_groups) = (Tables::new(), Tables::new());
    let groups = groups::groups(raw.callers.as_ref().unwrap_or(&no_groups), context, diagnostics);
    let raw_server = raw.server.as_ref();
    let server = server::server(raw_server, context, &groups, diagnostics);
    let admission = server::admission(raw.admission.as_ref(), diagnostics);
    let limits = plugins::limits(raw.limits.as_ref(), Limits::default(), diagnostics);
    let raw_caches = raw.caches.as_ref();
    let caches =
        raw_caches.map(|raw| caches::caches(raw, context, diagnostics)).unwrap_or_default();
    let folder = raw.folder.as_ref().map(|folder| plugins::folder(folder, context, diagnostics));
    let cache_names = cache_names(raw);
    let zato = raw.zato.as_ref().and_then(|zato| zato.out.as_ref()?.rest.as_ref());
    let plugin_context = PluginContext {
        place: context,
        folder: folder.as_deref(),
        limits: &limits,
        admission: &admission,
        open_to: &server.callers,
        caches: &cache_names,
        groups: &groups,
        zato,
        has_time: raw.limits.iter().flat_map(|raw| raw.0.keys()).any(|name| name.get() == "time"),
    };
    let raw_plugins = raw.plugins.as_ref().unwrap_or(&none);
    let plugins = plugins::plugins(raw_plugins, &plugin_context, diagnostics);
    let has_folder = folder.is_some();
    let raw_routes = raw.routes.as_deref().unwrap_or_default();
    check_any(raw_plugins.is_empty() && !has_folder, raw_routes, diagnostics);
    server::check_required(raw_server, has_folder, &plugins, &cache_names, diagnostics);
    server::check_bodies(raw, &server, &limits, &plugins, diagnostics);
    let names: Vec<&str> = raw_plugins.keys().map(|name| name.get().as_str()).collect();
    sources::check_zato(zato, &names, diagnostics);
    let (routes, places) = routes::routes(raw_routes, &names, has_folder, &groups, diagnostics);
    let files = files::file_routes(raw_routes, context, &server.callers, &groups, diagnostics);
    let (private_cache, private_backend) =
        caches::private_cache(raw.private_cache.as_ref(), context, diagnostics);
    let config = Config {
        admin: admin::admin(raw, &server, context, diagnostics),
        server,
        limits,
        admission,
        caches,
        private_cache,
        private_backend,
        folder,
        plugins,
        routes,
        files,
        callers: groups,
        log: telemetry::log_format(raw.log.as_ref().and_then(|it| it.format).unwrap_or_default()),
        access_log: raw.log.as_ref().and_then(|log| log.access).unwrap_or_default(),
        traces: telemetry::traces(raw.traces.as_ref(), diagnostics),
    };
    (config, places)
}
