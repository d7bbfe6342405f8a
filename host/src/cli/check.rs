//! `hostel check`: validates a configuration and its plugins without serving.

mod report;

use super::exit::Exit;
use super::load;
use super::output::{eprint_warning, print};
use crate::config::{
    Absent, Config, ConfigError, Configured, DirectCallers, Place, Route, instead,
};
use crate::source::Location;
use crate::{Host, PluginInfo, telemetry};
use anyhow::{Context, anyhow};
use report::{Asked, CheckReport, Checked, CheckedRoute, DirectCall, Told, told};
use std::path::PathBuf;
use std::process::ExitCode;

/// Validate a configuration and its plugins without serving
///
/// Reads the configuration, builds and loads every plugin as `hostel serve` does, checks that each
/// route leads to a service, and prints the services and grants of each plugin, and each route.
/// Without a configuration, checks the plugins of the current folder. The exit code is 2 if the
/// configuration is invalid and 3 if a plugin cannot be built or loaded.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hostel check
  hostel check --config production.toml --json")]
pub(super) struct Arguments {
    /// Configuration file [default: hostel.toml, if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Exit> {
    let file = arguments.config.clone().or_else(load::usual_config);
    let mut report = CheckReport { config: file.clone(), ..CheckReport::default() };
    match load::configured(file.as_deref()) {
        Ok(configured) => {
            report.warnings = told(&configured.warnings);
            check(&configured, &mut report)?;
        }
        Err(ConfigError::Faults(faults)) => report.faults = told(&faults),
        Err(error) => return Err(Exit::usage(error)),
    }
    if arguments.json {
        let json = serde_json::to_vec_pretty(&report).context("cannot write the report");
        print(&json.map_err(Exit::unwritten)?)?;
    } else {
        report.show()?;
    }
    Ok(report.code().into())
}

/// If the folder of plugins is missing or unusable, reports only this error. Otherwise loads all
/// plugins, then looks up the routes' services.
fn check(configured: &Configured, report: &mut CheckReport) -> Result<(), Exit> {
    let Configured { config, absent, service_places, .. } = configured;
    let folder = absent.iter().filter(|absent| absent.plugin.is_none());
    report.faults = folder.map(|absent| Told::from(&absent.fault)).collect();
    if !report.faults.is_empty() {
        return Ok(());
    }
    let (log, compiler) = (telemetry::stderr(), load::compiler());
    let host = load::configured_host(config, log, compiler, &eprint_warning)?;
    let mut asked: Vec<Asked> = config.plugins.iter().map(Asked::from).collect();
    let found = load::unnamed(config).map_err(Exit::usage)?;
    asked.extend(found.iter().map(|location| Asked::found(location, config)));
    if asked.is_empty() && config.files.is_empty() {
        report.error = Some(load::nothing_to_serve(config).to_string());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime").map_err(Exit::no_plugin)?;
    report.plugins = runtime.block_on(check_plugins(&host, asked, absent));
    let plugins = host.plugins();
    let all_loaded = report.plugins.iter().all(|plugin| plugin.error.is_none());
    let routes = config.routes.iter().zip(service_places);
    let cors = config.server.cors.as_ref();
    report.routes = routes
        .map(|(route, place)| {
            CheckedRoute::new(route, cors, route_error(route, place, &plugins, all_loaded))
        })
        .collect();
    report.routes.extend(config.files.iter().map(|route| CheckedRoute::of_files(route, cors)));
    report.direct_calls = direct_calls(config, &plugins);
    Ok(())
}

/// Returns the services whose direct calls are more restricted than their plugin. Returns an empty
/// list if the server offers no direct calls.
fn direct_calls(config: &Config, plugins: &[PluginInfo]) -> Vec<DirectCall> {
    if !config.server.services {
        return Vec::new();
    }
    let own = config.plugins.iter().map(|plugin| (&plugin.name, &plugin.callers));
    let direct = DirectCallers::new(&config.server.callers, own, &config.routes);
    let services = plugins.iter().flat_map(|info| {
        info.services.iter().filter_map(|service| DirectCall::new(&direct, &info.name, service))
    });
    services.collect()
}

async fn check_plugins(host: &Host, asked: Vec<Asked>, absent: &[Absent]) -> Vec<Checked> {
    let mut plugins = Vec::new();
    for asked in asked {
        let settings = asked.settings.clone();
        let is_absent = |absent: &&Absent| absent.plugin.is_some() && absent.plugin == asked.name;
        let loaded = match (absent.iter().find(is_absent), Location::at(&asked.path)) {
            (Some(absent), _) => Err(anyhow!("{}", absent.fault)),
            (None, Ok(location)) => load::load(host, asked.name.clone(), &location, settings).await,
            (None, Err(error)) => Err(error.into()),
        };
        plugins.push(Checked::new(host, asked, loaded));
    }
    plugins
}

/// The error of a route whose service does not exist or is ambiguous. `None` if the route is valid,
/// or its plugin may have failed to load.
fn route_error(
    route: &Route,
    place: &Place,
    plugins: &[PluginInfo],
    all_loaded: bool,
) -> Option<String> {
    let (plugin, short) = (route.service.plugin(), route.service.service());
    let error = match plugins.iter().find(|info| info.name.as_str() == plugin) {
        Some(info) => wrong_service(info, short),
        // The plugin may have failed to load, and that error is already reported.
        None if !all_loaded => None,
        None => {
            let names = plugins.iter().map(|info| info.name.as_str());
            Some(format!("no plugin `{plugin}` was found; {}", instead(plugin, names)))
        }
    };
    error.map(|error| format!("{place}: the route {}: {error}", route.path))
}

/// Returns an error if a plugin has no service of this name, or if the plugin has several services
/// and the route does not name one.
fn wrong_service(info: &PluginInfo, short: Option<&str>) -> Option<String> {
    let names = || info.services.iter().map(|service| service.name.as_str());
    match short {
        Some(short) if names().any(|name| name == short) => None,
        Some(short) => {
            let instead = instead(short, names());
            Some(format!("the plugin `{}` has no service `{short}`; {instead}", info.name))
        }
        None if info.services.len() == 1 => None,
        None => {
            let names: Vec<_> = names().map(|name| format!("{}.{name}", info.name)).collect();
            Some(format!("`{}` has several services; name one: {}", info.name, names.join(", ")))
        }
    }
}
