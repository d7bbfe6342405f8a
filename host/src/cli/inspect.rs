//! `hostel inspect`: what is in a component, and what it would be granted.

mod report;

use super::exit::{Exit, NO_PLUGIN};
use super::grants::PluginGrants;
use super::{load, print, say_error, say_warning};
use crate::config::{Callers, Config, ConfigError, Configured, PluginConfig, is_called};
use crate::{ComponentInfo, Digest, Host, PluginName, PluginSettings, Settings, telemetry};
use anyhow::Context;
use report::Report;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Tell what is in a component, what it is granted, whether it fits
///
/// That is its services, imports, exports and sizes. A source is built first. The component is
/// compiled and asked for its services, and none of them is called. One that does not fit is told
/// of as far as it can be read, and why it does not.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hostel inspect users.wasm
  hostel inspect my-service --config hostel.toml
  hostel inspect users.wasm --json")]
pub(super) struct Arguments {
    /// A component (.wasm), a folder with a service's source, or a source file
    #[arg(value_name = "PATH")]
    path: PathBuf,

    /// The configuration that says what it is granted; by default it is granted the defaults
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Print what was found as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Exit> {
    let granter = Granter::new(arguments.config.as_deref())?;
    let mut report = Report::new(&arguments.path);
    match load::component(&arguments.path) {
        Ok(file) => inspect(&file, &granter, &mut report)?,
        Err(error) => report.error = Some(format!("{error:#}")),
    }
    if arguments.json {
        let json = serde_json::to_vec_pretty(&report).context("cannot write the report");
        print(&json.map_err(Exit::unwritten)?)?;
    } else {
        report.show()?;
        if let Some(error) = &report.error {
            say_error(error);
        }
    }
    Ok(if report.error.is_none() { ExitCode::SUCCESS } else { NO_PLUGIN.into() })
}

/// Reads, compiles and asks a component, and writes down what comes of it.
fn inspect(file: &Path, granter: &Granter, report: &mut Report) -> Result<(), Exit> {
    let path = report.path.clone();
    let doing = || format!("cannot load {}", path.display());
    let host = granter.host()?;
    let read = load::read(file, host.limits().component).with_context(doing);
    let bytes = read.map_err(Exit::no_plugin)?;
    let size = std::fs::metadata(file).with_context(doing).map_err(Exit::no_plugin)?.len();
    let named = granter.named(&path, file);
    let name = named.map_or_else(|| PluginName::of_file(file), |named| Ok(named.name.clone()));
    report.take_file(file, size, &Digest::of(&bytes), ComponentInfo::read(&bytes));
    report.had_code = host.has_code_of(&bytes);
    let (settings, callers) = granter.grants(named);
    let own = settings.limits.as_ref().unwrap_or(host.limits());
    report.take_grants(
        PluginGrants::new(name.as_ref().ok(), &settings, &callers, host.limits()),
        own,
        granter.file.as_deref().map(|file| (file, named.is_some())),
    );
    let loaded = match name {
        Ok(name) => {
            report.name = Some(name.to_string());
            load_in(&host, name, bytes, settings)?
        }
        Err(error) => Err(error.into()),
    };
    match loaded.with_context(doing) {
        Ok(services) => report.take_services(services),
        Err(error) => report.error = Some(format!("{error:#}")),
    }
    Ok(())
}

/// Loads a component; the outer error is that this machine cannot.
fn load_in(
    host: &Host,
    name: PluginName,
    bytes: Vec<u8>,
    settings: PluginSettings,
) -> Result<anyhow::Result<Vec<crate::ServiceInfo>>, Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime").map_err(Exit::no_plugin)?;
    Ok(runtime.block_on(host.load(name, bytes, settings)).map_err(anyhow::Error::from))
}

/// Who grants: a configuration, or the defaults.
struct Granter {
    file: Option<PathBuf>,
    config: Config,
}

impl Granter {
    fn new(file: Option<&Path>) -> Result<Self, Exit> {
        let read = match file {
            Some(file) => load::configured(Some(file)),
            None => Ok(Configured { config: Config::default(), warnings: Vec::new() }),
        };
        let Configured { config, warnings } =
            read.map_err(|error: ConfigError| Exit::usage(error))?;
        warnings.iter().for_each(|warning| say_warning(&warning.to_string()));
        Ok(Granter { file: file.map(Path::to_owned), config })
    }

    fn host(&self) -> Result<Host, Exit> {
        match self.file {
            Some(_) => load::configured_host(&self.config, telemetry::stderr()),
            None => load::host(Settings { log: telemetry::stderr(), ..Settings::default() }),
        }
    }

    /// What the configuration says of this plugin, found by its path, or else by its file's name.
    fn named(&self, path: &Path, file: &Path) -> Option<&PluginConfig> {
        let canonical = path.canonicalize().ok();
        let same_path = |plugin: &&PluginConfig| {
            canonical.is_some() && plugin.path.canonicalize().ok() == canonical
        };
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let plugins = &self.config.plugins;
        let called = |plugin: &&PluginConfig| is_called(&plugin.name, &stem);
        plugins.iter().find(same_path).or_else(|| plugins.iter().find(called))
    }

    fn grants(&self, named: Option<&PluginConfig>) -> (PluginSettings, Callers) {
        match named {
            Some(plugin) => (plugin.settings.clone(), plugin.callers.clone()),
            None => (PluginSettings::default(), self.config.server.callers.clone()),
        }
    }
}
