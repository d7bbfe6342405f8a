//! A server from start to stop: opens its listeners, loads its plugins, and serves until a signal.

use super::first_line;
use super::greeting::{Greeting, log_line};
use super::listeners::{admin, listen};
use super::notify::NotifySocket;
use super::processes::Processes;
use super::signals::{Hangups, Signals};
use super::sources::Sources;
use super::systemd::{self, Sockets};
use super::{descriptors, steps, traces};
use crate::cli::exit::{Exit, SERVICE_FAILED};
use crate::cli::load;
use crate::config::{Config, PluginConfig, Server};
use crate::http::{self, HttpError, HttpSettings, ServerReport};
use crate::telemetry::{AccessSink, DroppedLines, Level, LogSink, LogWriter, Tracer, log_event};
use crate::units::show_duration;
use crate::{Build, Deployment, Host, NamedPlugin, PluginFolder, PluginSettings};
use std::convert::Infallible;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// Time between two regular scans of the plugins' files. On Linux, a written file triggers an
/// earlier scan.
const SCAN_INTERVAL: Duration = Duration::from_millis(500);

/// Time between the first two scans. A file is loaded once it is the same in two consecutive scans.
const FIRST_SCAN_INTERVAL: Duration = Duration::from_millis(20);

/// The sinks of the log and of the access log, and the counts of dropped lines.
pub(super) struct Logs {
    log: LogSink,
    /// Whether the log's lines are text for people.
    is_text: bool,
    access: Option<AccessSink>,
    dropped: Arc<DroppedLines>,
}

impl Logs {
    pub(super) fn of(writer: &LogWriter, config: &Config, log: LogSink) -> Self {
        let access = config.access_log.then(|| writer.access());
        Logs { log, is_text: writer.is_text(), access, dropped: writer.dropped() }
    }
}

/// Serves a configuration until a signal.
pub(super) async fn run(
    config: &Config,
    watch: bool,
    logs: Logs,
    sockets: Sockets,
    (processes, wall): (Processes, String),
) -> Result<ExitCode, Exit> {
    let Logs { log, is_text, access, dropped } = logs;
    // Listen for signals and clients first, so that no signal is lost and an occupied port is
    // reported at once.
    let mut signals = Signals::new().map_err(Exit::usage)?;
    let mut hangups = Hangups::new().map_err(Exit::usage)?;
    let (listener, address) =
        listen(sockets.http, config.server.listen, ["--listen", "server.listen"]).await?;
    let tracer = traces::start(&config.traces, &log).map_err(Exit::usage)?;
    let (held, release) = first_line::hold(Arc::clone(&log));
    let warn = |warning: &str| log_event(&log, Level::Warn, "", warning);
    let host = Arc::new(load::configured_host(config, held, processes.compiler(), &warn)?);
    processes.watch(&log).map_err(Exit::no_plugin)?;
    host.counts().dropped_lines_of(dropped);
    let sources = Sources::new(watch);
    let deployment = Arc::new(deployment(&host, config, sources.build(processes, &log)));
    let mut tasks = JoinSet::new();
    let admin_address =
        admin(config, sockets.admin, (&host, &deployment, &log), &mut tasks).await?;
    tokio::select! {
        () = begin(&deployment) => {}
        () = signals.one() => return Ok(ExitCode::SUCCESS),
    }
    if deployment.list().is_empty() && config.files.is_empty() {
        return Err(Exit::no_plugin(load::nothing_to_serve(config)));
    }
    let descriptors = descriptors::raise(config);
    let connections = descriptors.connections;
    let settings = HttpSettings {
        server: Server { listen: address, connections, ..config.server.clone() },
        access,
        tracer: tracer.clone(),
        ..HttpSettings::of(config, Arc::clone(&log))
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = serve(listener, Arc::clone(&host), settings, tracer, stopped);
    let notify = NotifySocket::of_environment();
    let notify = notify.as_ref();
    let (host, deployment, descriptors) = (&*host, &*deployment, descriptors.warning.as_deref());
    let greeting =
        Greeting { config, host, deployment, sources: &sources, log: &log, is_text, descriptors };
    let stopping = Stopping { server: &config.server, deployment, notify, log: &log };
    tokio::select! {
        never = greeting.log((address, admin_address), &wall, release) => match never {},
        report = serving => Ok(exit_code(report.map_err(Exit::usage)?, &log)),
        () = stopping.two_signals(&mut signals, stop) => Ok(SERVICE_FAILED.into()),
        () = systemd::tell(notify, host, deployment) => Ok(SERVICE_FAILED.into()),
        never = scan(deployment, &sources, &mut hangups, &log) => match never {},
        never = steps::show(deployment) => match never {},
    }
}

/// Serves until the shutdown, then sends the remaining spans of traces.
async fn serve(
    listener: TcpListener,
    host: Arc<Host>,
    settings: HttpSettings,
    tracer: Option<Tracer>,
    stopped: oneshot::Receiver<()>,
) -> Result<ServerReport, HttpError> {
    let shutdown = async { stopped.await.unwrap_or_default() };
    let report = http::run(listener, host, settings, shutdown).await;
    if let Some(tracer) = tracer {
        tracer.end().await;
    }
    report
}

/// The parts of a server that its shutdown needs.
struct Stopping<'a> {
    server: &'a Server,
    deployment: &'a Deployment,
    notify: Option<&'a NotifySocket>,
    log: &'a LogSink,
}

impl Stopping<'_> {
    /// Waits for two signals; the first one starts the shutdown.
    async fn two_signals(&self, signals: &mut Signals, stop: oneshot::Sender<()>) {
        signals.one().await;
        self.deployment.stop();
        let does = will_do(self.server);
        systemd::stopping(self.notify, &does);
        log_line(self.log, &format!("stopping: {does}; a second signal stops the server at once"));
        // Sending fails only if the server has already ended.
        let _ = stop.send(());
        signals.one().await;
    }
}

/// Describes the shutdown, for the log and for systemd.
fn will_do(server: &Server) -> String {
    let drain = show_duration(server.drain_time);
    match server.stop_delay {
        Duration::ZERO => format!("active requests have {drain} to finish"),
        delay => format!(
            "connections are accepted for {}, then active requests have {drain} to finish",
            show_duration(delay)
        ),
    }
}

/// Scans the plugins' files until the server ends. SIGHUP triggers a scan at once. Without --watch,
/// SIGHUP also makes the server rebuild all sources.
async fn scan(
    deployment: &Deployment,
    sources: &Sources,
    hangups: &mut Hangups,
    log: &LogSink,
) -> Infallible {
    loop {
        deployment.run(SCAN_INTERVAL, hangups.one()).await;
        if sources.forget_components() {
            deployment.load_sources_again();
        }
        let message = "checking the plugins' files, edited sources included; the configuration \
                       is read only at the start";
        log_line(log, message);
    }
}

fn deployment(host: &Arc<Host>, config: &Config, build: Build) -> Deployment {
    let named = |plugin: &PluginConfig| NamedPlugin {
        name: plugin.name.clone(),
        path: plugin.path.clone(),
        settings: plugin.settings.clone(),
    };
    let folder =
        |path: &PathBuf| PluginFolder { path: path.clone(), settings: PluginSettings::default() };
    let named = config.plugins.iter().map(named).collect();
    let folder = config.folder.as_ref().map(folder);
    let deployment = Deployment::new(Arc::clone(host), named, folder, Some(build));
    deployment.requiring(config.server.ready_requires.clone())
}

/// Starts to load the plugins that exist when the server starts.
async fn begin(deployment: &Deployment) {
    let mut ticks = tokio::time::interval(FIRST_SCAN_INTERVAL);
    for _ in 0..2 {
        ticks.tick().await;
        deployment.scan().await;
    }
}

fn exit_code(report: ServerReport, log: &LogSink) -> ExitCode {
    match report.cut {
        0 => ExitCode::SUCCESS,
        cut => {
            let plural = if cut == 1 { " was" } else { "s were" };
            log_line(log, &format!("{cut} connection{plural} closed with an active request"));
            SERVICE_FAILED.into()
        }
    }
}
