//! `hostel serve`: plugins in one host, their services answered by HTTP.

mod first_line;
mod signals;
mod sources;
mod systemd;
mod traces;
mod warnings;

use super::exit::{Exit, NO_PLUGIN, SERVICE_FAILED};
use super::load;
use crate::config::{self, Config, PluginConfig, Server};
use crate::http::{self, HttpSettings, Report};
use crate::telemetry::{AccessSink, Dropped, Level, LogFormat, LogLine, LogSink, LogWriter};
use crate::{Deployment, Host, NamedPlugin, PluginFolder, PluginName, PluginSettings, toolchain};
use anyhow::{Context, anyhow};
use signals::{Hangups, Signals};
use std::convert::Infallible;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use systemd::Sockets;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Time between two looks at the plugins' files.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Time between the first two: what is the same in both is loaded.
const FIRST_LOOKS: Duration = Duration::from_millis(20);

/// Serve services by HTTP until SIGTERM or SIGINT
///
/// Without paths, hostel.toml says what is served, or else all services of the current folder are.
/// A component that is put there, changed or removed is taken up without a restart, and at once on
/// SIGHUP. On SIGTERM or SIGINT the requests under way get to end; a second one ends at once.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hostel serve
  hostel serve users.wasm my-service --watch
  hostel serve --config production.toml
  curl --data '{\"id\": 123}' http://127.0.0.1:8080/services/users.find")]
pub(super) struct Arguments {
    /// A component (.wasm), a service's source, or a folder with any of these
    #[arg(value_name = "PATH", conflicts_with = "config")]
    paths: Vec<PathBuf>,

    /// The configuration; by default hostel.toml, where there is one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// The address to listen on, whatever the configuration says
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,

    /// The address for whoever runs the server, whatever the configuration says
    #[arg(long, value_name = "ADDRESS:PORT")]
    admin_listen: Option<SocketAddr>,

    /// Build a source anew when it is saved
    #[arg(long)]
    watch: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Exit> {
    let sockets = Sockets::take().map_err(Exit::usage)?;
    let mut config = arguments.config()?;
    if let Some(listen) = arguments.listen {
        config.server.listen = listen;
    }
    if let (Some(listen), Some(admin)) = (arguments.admin_listen, &mut config.admin) {
        if admin.token.is_none() && !listen.ip().is_loopback() {
            let unsafe_ = anyhow!("{listen} is not on loopback: set `token-env` in [admin]");
            return Err(Exit::usage(unsafe_));
        }
        admin.listen = listen;
    }
    let (writer, log) = log(config.log).map_err(Exit::no_plugin)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime").map_err(Exit::no_plugin)?;
    let logs = Logs::of(&writer, &config, log);
    let done = runtime.block_on(serve(&config, arguments.watch, logs, sockets));
    // What still runs is a guest or a build that nobody waits for.
    runtime.shutdown_background();
    writer.end();
    done
}

impl Arguments {
    fn config(&self) -> Result<Config, Exit> {
        if !self.paths.is_empty() {
            return config_of(&self.paths);
        }
        let file = self.config.clone().or_else(load::usual_config);
        let read = load::configured(file.as_deref()).map_err(Exit::usage)?;
        for warning in &read.warnings {
            super::say(&warning.to_string());
        }
        Ok(read.config)
    }
}

/// A configuration that serves what is at these paths.
fn config_of(paths: &[PathBuf]) -> Result<Config, Exit> {
    let mut config = Config::of_folder(Path::new("."));
    config.folder = None;
    for path in paths {
        let opening = || format!("cannot open {}", path.display());
        let found = std::fs::metadata(path).with_context(opening).map_err(Exit::no_plugin)?;
        if found.is_dir() {
            let services = toolchain::services_in(path).with_context(opening);
            for (name, path) in services.map_err(Exit::no_plugin)? {
                config.plugins.push(plugin(&name, path)?);
            }
        } else {
            let none = || anyhow!("{} is neither a component nor a source", path.display());
            let name = toolchain::service_at(path).ok_or_else(none).map_err(Exit::no_plugin)?;
            config.plugins.push(plugin(&name, path.clone())?);
        }
    }
    match paths {
        // What is put there later is served as well.
        [folder] if folder.is_dir() && !config.plugins.iter().any(|it| it.path == *folder) => {
            Ok(Config::of_folder(folder))
        }
        _ => Ok(config),
    }
}

fn plugin(name: &str, path: PathBuf) -> Result<PluginConfig, Exit> {
    let naming = || format!("cannot name {}", path.display());
    let name = PluginName::new(&name.replace('_', "-"));
    let name = name.with_context(naming).map_err(Exit::usage)?;
    let settings = PluginSettings::default();
    Ok(PluginConfig { name, path, settings, callers: config::Callers::Open })
}

fn log(format: config::LogFormat) -> anyhow::Result<(LogWriter, LogSink)> {
    let output = anstream::stderr();
    let format = match format {
        config::LogFormat::Text => LogFormat::Text,
        config::LogFormat::Auto if std::io::stderr().is_terminal() => LogFormat::Text,
        config::LogFormat::Auto | config::LogFormat::Json => LogFormat::Json,
    };
    LogWriter::start(format, output).context("cannot start the log")
}

/// Where all lines go.
struct Logs {
    log: LogSink,
    access: Option<AccessSink>,
    dropped: Arc<Dropped>,
}

impl Logs {
    fn of(writer: &LogWriter, config: &Config, log: LogSink) -> Self {
        let access = config.access_log.then(|| writer.access());
        Logs { log, access, dropped: writer.dropped() }
    }
}

async fn serve(
    config: &Config,
    watch: bool,
    logs: Logs,
    sockets: Sockets,
) -> Result<ExitCode, Exit> {
    let Logs { log, access, dropped } = logs;
    // First, so that a signal during the builds is not lost and a taken port is told at once.
    let mut signals = Signals::new().map_err(Exit::usage)?;
    let mut hangups = Hangups::new().map_err(Exit::usage)?;
    let (listener, address) = listen(sockets.http, config.server.listen, "--listen").await?;
    let traces = traces::start(&config.traces, &log).map_err(Exit::usage)?;
    let (held, release) = first_line::hold(Arc::clone(&log));
    let host = Arc::new(load::configured_host(config, held)?);
    host.counts().dropped_lines_of(dropped);
    let life = Arc::new(life(&host, config, watch, &log));
    let mut tasks = JoinSet::new();
    let look_at = admin(config, sockets.admin, (&host, &life, &log), &mut tasks).await?;
    tokio::select! {
        () = begin(&life) => {}
        () = signals.one() => return Ok(ExitCode::SUCCESS),
    }
    if life.list().is_empty() {
        let folder = config.folder.as_deref().unwrap_or(Path::new("."));
        let nothing = anyhow!("there is nothing to serve in {}", folder.display());
        return Err(Exit { code: NO_PLUGIN.into(), error: nothing });
    }
    greet(config, &host, (address, look_at), &log);
    release();
    let settings = HttpSettings {
        server: Server { listen: address, ..config.server.clone() },
        access,
        traces: traces.clone(),
        ..HttpSettings::of(config, Arc::clone(&log))
    };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let shutdown = async { stopped.await.unwrap_or_default() };
    let serving = async {
        let report = http::run(listener, Arc::clone(&host), settings, shutdown).await;
        if let Some(traces) = traces {
            traces.end().await;
        }
        report
    };
    let told_twice = async {
        signals.one().await;
        systemd::stopping();
        say(&log, "stopping: requests under way get to end; a second signal ends at once");
        // Nobody listens when the server has ended already.
        let _ = stop.send(());
        signals.one().await;
    };
    tokio::select! {
        report = serving => Ok(exit_code(report.map_err(Exit::usage)?, &log)),
        () = told_twice => Ok(SERVICE_FAILED.into()),
        () = systemd::tell(&host, &life) => Ok(SERVICE_FAILED.into()),
        never = look(&life, &mut hangups, &log) => match never {},
    }
}

/// Says where to call, where to look, and what is risky about how the server was configured.
fn greet(config: &Config, host: &Host, at: (SocketAddr, Option<SocketAddr>), log: &LogSink) {
    let (address, look_at) = at;
    say(log, &welcome(&services(host), address, config.server.tls.is_some()));
    if let Some(address) = look_at {
        let paths = "/healthz /readyz /metrics /plugins /caches";
        say(log, &format!("admin on http://{address}: {paths}"));
    }
    let short = warnings::short_of_room(&config.admission, &host.activity());
    for line in warnings::in_the_clear(config).iter().chain(&short) {
        say_at(Level::Warn, log, line);
    }
}

/// Looks at the plugins' files for ever, and at once when that is asked for by SIGHUP.
async fn look(life: &Deployment, hangups: &mut Hangups, log: &LogSink) -> Infallible {
    loop {
        life.run(LOOK_EVERY, hangups.one()).await;
        say(log, "looking at the plugins' files now; the configuration is read at the start alone");
    }
}

/// Answers whoever runs the server, as one of the tasks; answers where.
async fn admin(
    config: &Config,
    passed: Option<std::net::TcpListener>,
    (host, life, log): (&Arc<Host>, &Arc<Deployment>, &LogSink),
    tasks: &mut JoinSet<()>,
) -> Result<Option<SocketAddr>, Exit> {
    let Some(admin) = &config.admin else { return Ok(None) };
    let (listener, address) = listen(passed, admin.listen, "--admin-listen").await?;
    let (host, life, token) = (Arc::clone(host), Arc::clone(life), admin.token.clone());
    tasks.spawn(http::run_admin(listener, host, life, token, Arc::clone(log)));
    Ok(Some(address))
}

/// Listens on a socket that was passed, or else on an address, which `option` would change.
async fn listen(
    passed: Option<std::net::TcpListener>,
    asked: SocketAddr,
    option: &str,
) -> Result<(TcpListener, SocketAddr), Exit> {
    let listening = || format!("cannot listen on {asked}: `{option}` names another address");
    let listener = match passed {
        Some(passed) => TcpListener::from_std(passed),
        None => TcpListener::bind(asked).await,
    };
    let listener = listener.with_context(listening).map_err(Exit::usage)?;
    let address = listener.local_addr().with_context(listening).map_err(Exit::usage)?;
    Ok((listener, address))
}

fn life(host: &Arc<Host>, config: &Config, watch: bool, log: &LogSink) -> Deployment {
    let named = |plugin: &PluginConfig| NamedPlugin {
        name: plugin.name.clone(),
        path: plugin.path.clone(),
        settings: plugin.settings.clone(),
    };
    let folder =
        |path: &PathBuf| PluginFolder { path: path.clone(), settings: PluginSettings::default() };
    let build = sources::build(watch, Arc::clone(log));
    let named = config.plugins.iter().map(named).collect();
    Deployment::new(Arc::clone(host), named, config.folder.as_ref().map(folder), Some(build))
}

/// Loads what is there.
async fn begin(life: &Deployment) {
    let mut ticks = tokio::time::interval(FIRST_LOOKS);
    for _ in 0..2 {
        ticks.tick().await;
        life.scan().await;
    }
    life.settle().await;
}

/// The full names of all services.
fn services(host: &Host) -> Vec<String> {
    let plugins = host.plugins();
    let names = plugins.iter().flat_map(|plugin| {
        plugin.services.iter().map(|service| format!("{}.{}", plugin.name, service.name))
    });
    names.collect()
}

fn exit_code(report: Report, log: &LogSink) -> ExitCode {
    match report.cut {
        0 => ExitCode::SUCCESS,
        cut => {
            let plural = if cut == 1 { " was" } else { "s were" };
            say(log, &format!("{cut} connection{plural} cut with a request under way"));
            SERVICE_FAILED.into()
        }
    }
}

/// Says a line of the server's own.
fn say(log: &LogSink, message: &str) {
    say_at(Level::Info, log, message);
}

fn say_at(level: Level, log: &LogSink, message: &str) {
    let time = SystemTime::now();
    log(&LogLine { time, level, plugin: "", service: "", request_id: "", message });
}

/// Services that the first line names; whoever wants more asks for the list.
const MOST_NAMES: usize = 5;

/// Where to call, and what.
fn welcome(services: &[String], address: SocketAddr, tls: bool) -> String {
    let count = match services.len() {
        1 => "1 service".to_owned(),
        many => format!("{many} services"),
    };
    let what = match services {
        [] => "none loads; the log says why".to_owned(),
        few if few.len() <= MOST_NAMES => few.join(", "),
        _ => "GET /services lists them".to_owned(),
    };
    let scheme = if tls { "https" } else { "http" };
    format!("serving {count} on {scheme}://{address}: POST /services/<plugin>.<service> ({what})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(services: usize, tls: bool, expected: &str) {
        let names: Vec<_> = (1..=services).map(|number| format!("p.s{number}")).collect();
        let line = welcome(&names, SocketAddr::from(([127, 0, 0, 1], 8080)), tls);
        assert_eq!(line, expected);
    }

    #[test]
    fn the_first_line_says_where_to_call_and_what() {
        let url = "http://127.0.0.1:8080: POST /services/<plugin>.<service>";
        check(0, false, &format!("serving 0 services on {url} (none loads; the log says why)"));
        check(1, false, &format!("serving 1 service on {url} (p.s1)"));
        check(3, false, &format!("serving 3 services on {url} (p.s1, p.s2, p.s3)"));
        check(6, false, &format!("serving 6 services on {url} (GET /services lists them)"));
        let url = url.replace("http:", "https:");
        check(1, true, &format!("serving 1 service on {url} (p.s1)"));
    }
}
