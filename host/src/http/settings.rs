//! What a server is told beside its listener, its host and when to stop.

use crate::config::{CallerGroup, Callers, Config, Route, Server};
use crate::plugin::PluginName;
use crate::telemetry::{AccessSink, LogSink, Tracer};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Everything that a server is told but the listener, the host and when to stop.
#[derive(Clone)]
pub struct HttpSettings {
    /// The listener's limits.
    pub server: Server,
    /// Paths of one's own, beside `/services/<name>`.
    pub routes: Vec<Route>,
    /// Groups of callers that routes, plugins and the server name.
    pub groups: Vec<CallerGroup>,
    /// Who may call the services of a plugin; a plugin that is not here is as the server says.
    pub plugins: BTreeMap<PluginName, Callers>,
    /// Where the server's own lines go.
    pub log: LogSink,
    /// Where a line goes for each request; none: nowhere.
    pub access: Option<AccessSink>,
    /// What traces requests; none: nothing does.
    pub tracer: Option<Tracer>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        HttpSettings::of(&Config::default(), Arc::new(|_| {}))
    }
}

impl HttpSettings {
    /// What a configuration says of the listener for callers. Access lines go nowhere.
    pub fn of(config: &Config, log: LogSink) -> Self {
        let callers = config.plugins.iter().map(|it| (it.name.clone(), it.callers.clone()));
        HttpSettings {
            server: config.server.clone(),
            routes: config.routes.clone(),
            groups: config.callers.clone(),
            plugins: callers.collect(),
            log,
            access: None,
            tracer: None,
        }
    }
}
