//! `hostel inspect`: shows a component's contents, grants and limits.

mod report;

use super::exit::{Exit, NO_PLUGIN};
use super::grants::PluginGrants;
use super::output::{eprint_error, eprint_warning, print};
use super::{build, load};
use crate::config::{Callers, Config, ConfigError, Configured, PluginConfig};
use crate::source::Location;
use crate::{
    ComponentInfo, Digest, Host, PluginName, PluginSettings, Settings, telemetry, toolchain,
};
use anyhow::Context;
use report::InspectReport;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Show a component's services, imports, exports, grants and limits
///
/// Builds a source first. Compiles the component and asks it for its list of services, but calls
/// none of them. If the component cannot be loaded, prints the parts that could be read and the
/// error, with exit code 3.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hostel inspect users.wasm
  hostel inspect my-service --config hostel.toml
  hostel inspect users.wasm --json")]
pub(super) struct Arguments {
    /// Component (.wasm), source file, or folder with one of these
    #[arg(value_name = "PATH")]
    path: PathBuf,

    /// Configuration file that defines the grants [default: the default grants]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Exit> {
    let granter = Granter::new(arguments.config.as_deref())?;
    let mut report = InspectReport::new(&arguments.path);
    let located = Location::at(&arguments.path);
    let built = located.and_then(|location| Ok((build::component(&location)?, location)));
    match built {
        Ok((file, location)) => inspect(&location, &file, &granter, &mut report)?,
        Err(error) => report.error = Some(format!("{:#}", anyhow::Error::new(error))),
    }
    if arguments.json {
        let json = serde_json::to_vec_pretty(&report).context("cannot write the report");
        print(&json.map_err(Exit::unwritten)?)?;
    } else {
        report.show()?;
        if let Some(error) = &report.error {
            eprint_error(error);
        }
    }
    Ok(if report.error.is_none() { ExitCode::SUCCESS } else { NO_PLUGIN.into() })
}

/// Reads and compiles a component, asks it for its services, and fills the report.
fn inspect(
    location: &Location,
    file: &Path,
    granter: &Granter,
    report: &mut InspectReport,
) -> Result<(), Exit> {
    let path = report.path.clone();
    let doing = || format!("cannot load {}", path.display());
    let host = granter.host()?;
    let named = granter.named(location);
    let (settings, callers) = granter.grants(named);
    let own = settings.limits.as_ref().unwrap_or(host.limits());
    let bytes = match load::read(file, own).with_context(doing) {
        Ok(bytes) => bytes,
        Err(error) => {
            report.error = Some(format!("{error:#}"));
            return Ok(());
        }
    };
    let size = std::fs::metadata(file).with_context(doing).map_err(Exit::no_plugin)?.len();
    let given = || PluginName::new(&location.name());
    let name = named.map_or_else(given, |named| Ok(named.name.clone()));
    report.take_file(file, size, &Digest::of(&bytes), ComponentInfo::read(&bytes));
    report.language = match location {
        Location::Source(source) => Some(source.shown_language().to_owned()),
        Location::Component(_) => toolchain::source_language(&bytes),
    };
    report.had_code = host.has_code_of(&bytes);
    report.take_grants(
        PluginGrants::new(name.as_ref().ok(), &settings, &callers, host.limits()),
        own,
        granter.file.as_deref().map(|file| (file, named.is_some())),
    );
    let loaded = match name {
        Ok(name) => {
            report.name = Some(name.to_string());
            load_in(&host, &name, bytes, settings)?
        }
        Err(error) => Err(error.into()),
    };
    match loaded.with_context(doing) {
        Ok(services) => report.take_services(services),
        Err(error) => report.error = Some(format!("{error:#}")),
    }
    Ok(())
}

/// Loads a component. The outer error means that Tokio's runtime cannot start.
fn load_in(
    host: &Host,
    name: &PluginName,
    bytes: Vec<u8>,
    settings: PluginSettings,
) -> Result<anyhow::Result<Vec<crate::ServiceInfo>>, Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime").map_err(Exit::no_plugin)?;
    let loaded = runtime.block_on(load::compiled(host, name, bytes, settings));
    Ok(loaded.map_err(anyhow::Error::from))
}

/// Determines a plugin's grants: from a configuration, or the default grants.
struct Granter {
    file: Option<PathBuf>,
    config: Config,
}

impl Granter {
    fn new(file: Option<&Path>) -> Result<Self, Exit> {
        let read = match file {
            Some(file) => load::configured(Some(file)),
            None => Ok(Config::default().into()),
        };
        let Configured { config, warnings, .. } =
            read.map_err(|error: ConfigError| Exit::usage(error))?;
        warnings.iter().for_each(|warning| eprint_warning(&warning.to_string()));
        Ok(Granter { file: file.map(Path::to_owned), config })
    }

    fn host(&self) -> Result<Host, Exit> {
        match self.file {
            Some(_) => {
                let (log, compiler) = (telemetry::stderr(), load::compiler());
                load::configured_host(&self.config, log, compiler, &eprint_warning)
            }
            None => {
                let (log, compiler) = (telemetry::stderr(), load::compiler());
                load::host(Settings { log, compiler, ..Settings::default() }, &eprint_warning)
            }
        }
    }

    /// The configuration of the plugin at a location, found by its path or else by its name.
    fn named(&self, location: &Location) -> Option<&PluginConfig> {
        let mut plugins = self.config.plugins.iter();
        let at = plugins.clone().find(|plugin| load::is_at(plugin, location));
        let name = location.name();
        at.or_else(|| plugins.find(|plugin| plugin.name.as_str() == name))
    }

    fn grants(&self, named: Option<&PluginConfig>) -> (PluginSettings, Callers) {
        match named {
            Some(plugin) => (plugin.settings.clone(), plugin.callers.clone()),
            None => (PluginSettings::default(), self.config.server.callers.clone()),
        }
    }
}
