//! The settings of a server.

use crate::config::{CallerGroup, Callers, Config, FileRoute, Route, Server};
use crate::name::PluginName;
use crate::telemetry::{AccessSink, LogSink, Tracer};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The settings of a server. The listener, the host and the shutdown are parameters of
/// [`run`](crate::http::run).
#[derive(Clone)]
pub struct HttpSettings {
    /// The settings of the listener, such as its limits, its callers and TLS.
    pub server: Server,
    /// The routes to services besides `/services/<name>`.
    pub routes: Vec<Route>,
    /// The routes to files.
    pub files: Vec<FileRoute>,
    /// The groups of callers to which routes, plugins and the server refer by name.
    pub groups: Vec<CallerGroup>,
    /// The callers of services, by plugin. A plugin without an entry has the server's callers.
    pub plugins: BTreeMap<PluginName, Callers>,
    /// The sink of the server's own log lines.
    pub log: LogSink,
    /// The sink of access lines, or `None` for no access log.
    pub access: Option<AccessSink>,
    /// The tracer of requests, or `None` for no traces.
    pub tracer: Option<Tracer>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        HttpSettings::of(&Config::default(), Arc::new(|_| {}))
    }
}

impl HttpSettings {
    /// Creates the settings of the service listener from a configuration, without an access log or
    /// traces.
    pub fn of(config: &Config, log: LogSink) -> Self {
        let callers = config.plugins.iter().map(|it| (it.name.clone(), it.callers.clone()));
        HttpSettings {
            server: config.server.clone(),
            routes: config.routes.clone(),
            files: config.files.clone(),
            groups: config.callers.clone(),
            plugins: callers.collect(),
            log,
            access: None,
            tracer: None,
        }
    }
}
