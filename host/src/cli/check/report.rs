//! The report of `hostel check`, as text and as JSON.

use crate::cli::exit::{Exit, NO_PLUGIN, USAGE};
use crate::cli::grants::{PluginGrants, show_callers};
use crate::cli::output::{eprint_error, eprint_warning, print};
use crate::config::{
    Callers, Config, Cors, CorsOrigins, DirectCallers, Fault, FileRoute, PluginConfig, Route,
    RouteCors, first_lines,
};
use crate::source::Location;
use crate::{Host, PluginName, PluginSettings, ServiceInfo};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The report. Its JSON has the same fields.
#[derive(Default, Serialize)]
pub(super) struct CheckReport {
    /// The configuration file, or `None` if the plugins of the current folder were checked.
    pub(super) config: Option<PathBuf>,
    /// The error if there is nothing to serve.
    pub(super) error: Option<String>,
    /// Errors in the configuration. If there are any, no plugin was loaded.
    pub(super) faults: Vec<Told>,
    pub(super) warnings: Vec<Told>,
    pub(super) plugins: Vec<Checked>,
    pub(super) routes: Vec<CheckedRoute>,
    pub(super) direct_calls: Vec<DirectCall>,
}

/// An error or a warning with its position.
#[derive(Serialize)]
pub(super) struct Told {
    file: PathBuf,
    line: usize,
    column: usize,
    message: String,
}

/// A plugin to load.
pub(super) struct Asked {
    /// `None` if the plugin gets the name of its location.
    pub(super) name: Option<PluginName>,
    pub(super) path: PathBuf,
    pub(super) settings: PluginSettings,
    callers: Callers,
}

/// A plugin with its grants, and the error if it cannot be built or loaded.
#[derive(Serialize)]
pub(super) struct Checked {
    name: Option<String>,
    path: PathBuf,
    pub(super) error: Option<String>,
    services: Vec<ServiceInfo>,
    #[serde(flatten)]
    grants: PluginGrants,
}

/// A route, and the error if its service does not exist or is ambiguous.
#[derive(Serialize)]
pub(super) struct CheckedRoute {
    path: String,
    methods: Vec<&'static str>,
    /// `None` if the route serves files.
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    /// The folder of the files, or `None` if the route leads to a service.
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<PathBuf>,
    /// The route's callers, or `None` if the plugin's callers apply.
    callers: Option<String>,
    /// The origins of other sites whose pages may read responses, or `*`. `None` without CORS.
    cors: Option<Vec<String>>,
    error: Option<String>,
}

/// A service whose direct calls are more restricted than its plugin, because the service's routes
/// require other callers.
#[derive(Serialize)]
pub(super) struct DirectCall {
    service: String,
    /// `None` if the service cannot be called directly.
    callers: Option<String>,
    /// All groups that the service's plugin and routes require.
    required: BTreeSet<String>,
}

impl From<&Fault> for Told {
    fn from(Fault { place, message }: &Fault) -> Self {
        let (file, line, column) = (place.file.clone(), place.line, place.column);
        Told { file, line, column, message: message.clone() }
    }
}

pub(super) fn told(faults: &[Fault]) -> Vec<Told> {
    faults.iter().map(Told::from).collect()
}

impl From<&PluginConfig> for Asked {
    fn from(plugin: &PluginConfig) -> Self {
        Asked {
            name: Some(plugin.name.clone()),
            path: plugin.path.clone(),
            settings: plugin.settings.clone(),
            callers: plugin.callers.clone(),
        }
    }
}

impl Asked {
    /// A plugin that is in the folder of plugins, but not named in the configuration.
    pub(super) fn found(location: &Location, config: &Config) -> Self {
        let (path, callers) = (location.path().to_owned(), config.server.callers.clone());
        Asked { name: None, path, settings: PluginSettings::default(), callers }
    }
}

impl Checked {
    pub(super) fn new(
        host: &Host,
        asked: Asked,
        loaded: anyhow::Result<(PluginName, Vec<ServiceInfo>)>,
    ) -> Self {
        let Asked { name, path, settings, callers } = asked;
        let (name, services, error) = match loaded {
            Ok((name, services)) => (Some(name), services, None),
            Err(error) => (name, Vec::new(), Some(format!("{error:#}"))),
        };
        let grants = PluginGrants::new(name.as_ref(), &settings, &callers, host.limits());
        Checked { name: name.map(|name| name.to_string()), path, error, services, grants }
    }

    /// The plugin's services and grants on one line.
    fn line(&self) -> String {
        let services: Vec<_> = self.services.iter().map(|service| &*service.name).collect();
        let name = self.name.as_deref().unwrap_or_default();
        format!("{name}: {}; {}", services.join(", "), self.grants.phrases().join("; "))
    }
}

impl CheckedRoute {
    /// A route to a service, on a server with these CORS settings.
    pub(super) fn new(route: &Route, server: Option<&Cors>, error: Option<String>) -> Self {
        CheckedRoute {
            path: route.path.to_string(),
            methods: route.methods.iter().map(|method| method.as_str()).collect(),
            service: Some(route.service.to_string()),
            files: None,
            callers: route.callers.as_ref().map(show_callers),
            cors: origins(&route.cors, server),
            error,
        }
    }

    /// A file route with a validated folder, on a server with these CORS settings.
    pub(super) fn of_files(route: &FileRoute, server: Option<&Cors>) -> Self {
        CheckedRoute {
            path: route.path.to_string(),
            methods: vec!["GET", "HEAD"],
            service: None,
            files: Some(route.folder.clone()),
            callers: Some(show_callers(&route.callers)),
            cors: origins(&route.cors, server),
            error: None,
        }
    }

    /// The methods, the path, the service or the folder of files, the callers and the CORS origins,
    /// on one line.
    fn line(&self) -> String {
        let methods = match self.methods.as_slice() {
            [] => "any method".to_owned(),
            methods => methods.join(", "),
        };
        let to_service = self.service.iter().cloned();
        let to_files = self.files.iter().map(|folder| format!("files of {}", folder.display()));
        let mut phrases: Vec<_> = to_service.chain(to_files).collect();
        phrases.extend(self.callers.iter().map(|callers| format!("callers {callers}")));
        phrases.extend(self.cors.iter().map(|origins| format!("CORS for {}", origins.join(", "))));
        format!("{methods} {}: {}", self.path, phrases.join("; "))
    }
}

/// The origins of a route's CORS, on a server with these CORS settings. `None` without CORS.
fn origins(cors: &RouteCors, server: Option<&Cors>) -> Option<Vec<String>> {
    let cors = match cors {
        RouteCors::Server => server?,
        RouteCors::Off => return None,
        RouteCors::Own(own) => own,
    };
    Some(match &cors.origins {
        CorsOrigins::Any => vec!["*".to_owned()],
        CorsOrigins::Listed(origins) => origins.clone(),
    })
}

impl DirectCall {
    /// Returns `None` if all callers of the plugin may call the service directly.
    pub(super) fn new(
        direct: &DirectCallers,
        plugin: &PluginName,
        service: &ServiceInfo,
    ) -> Option<Self> {
        let (plugin, service) = (plugin.as_str(), &service.name);
        let callers = direct.of_service(plugin, service);
        (callers != Some(direct.of_plugin(plugin))).then(|| DirectCall {
            service: format!("{plugin}.{service}"),
            callers: callers.map(show_callers),
            required: direct.required(plugin, service).map(show_callers).collect(),
        })
    }

    fn line(&self) -> String {
        let DirectCall { service, callers, required } = self;
        match callers {
            Some(callers) => {
                format!(
                    "{service}: POST /services/{service} is for callers {callers}, like its routes"
                )
            }
            None => {
                let groups: Vec<_> = required.iter().map(String::as_str).collect();
                format!(
                    "{service}: POST /services/{service} is closed, since its plugin and routes \
                     require different groups of callers: {}",
                    groups.join(", ")
                )
            }
        }
    }
}

impl CheckReport {
    /// Prints to stdout one line per loaded plugin, restricted direct call and route without an
    /// error, then a summary. Prints errors and warnings to stderr.
    pub(super) fn show(&self) -> Result<(), Exit> {
        let place = |told: &Told| {
            format!("{}:{}:{}: {}", told.file.display(), told.line, told.column, told.message)
        };
        self.warnings.iter().for_each(|warning| eprint_warning(&place(warning)));
        first_lines(self.faults.iter().map(place)).iter().for_each(|line| eprint_error(line));
        self.error.iter().for_each(|error| eprint_error(error));
        for plugin in &self.plugins {
            match &plugin.error {
                Some(error) => eprint_error(error),
                None => print(plugin.line().as_bytes())?,
            }
        }
        for call in &self.direct_calls {
            print(call.line().as_bytes())?;
        }
        for route in self.routes.iter().filter(|route| route.error.is_none()) {
            print(route.line().as_bytes())?;
        }
        let wrong = self.routes.iter().filter_map(|route| route.error.clone());
        first_lines(wrong).iter().for_each(|line| eprint_error(line));
        print(self.last_line().as_bytes())
    }

    fn last_line(&self) -> String {
        if !self.faults.is_empty() {
            return format!("{}: nothing was loaded", several(self.faults.len(), "error"));
        }
        let services = self.plugins.iter().map(|plugin| plugin.services.len()).sum();
        let what = [
            several(self.plugins.len(), "plugin"),
            several(services, "service"),
            several(self.routes.len(), "route"),
        ];
        match self.wrong() {
            0 => format!("{}: no errors", what.join(", ")),
            wrong => format!("{}: {}", what.join(", "), several(wrong, "error")),
        }
    }

    /// The exit code. An error in the configuration or in a route takes precedence over an error in
    /// a plugin.
    pub(super) fn code(&self) -> u8 {
        let routes_fit = self.routes.iter().all(|route| route.error.is_none());
        match (self.faults.is_empty() && routes_fit, self.wrong()) {
            (false, _) => USAGE,
            (true, 0) => 0,
            (true, _) => NO_PLUGIN,
        }
    }

    fn wrong(&self) -> usize {
        let plugins = self.plugins.iter().filter(|plugin| plugin.error.is_some()).count();
        let routes = self.routes.iter().filter(|route| route.error.is_some()).count();
        self.faults.len() + usize::from(self.error.is_some()) + plugins + routes
    }
}

fn several(count: usize, what: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {what}{end}")
}
