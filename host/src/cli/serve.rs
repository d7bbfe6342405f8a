//! `hostel serve`: serves the services of plugins over HTTP.

mod descriptors;
mod first_line;
mod greeting;
mod listeners;
mod memory;
mod notify;
mod paths;
mod processes;
mod server;
mod signals;
mod sources;
mod steps;
mod systemd;
mod traces;
mod usage;
#[cfg(target_os = "linux")]
mod wall;
mod warnings;

use super::exit::Exit;
use super::load;
use crate::config::{self, Config};
use crate::telemetry::{Level, LineFormat, LogSink, LogWriter, StderrAbove, log_event};
use crate::toolchain;
use anyhow::{Context, anyhow};
use server::Logs;
use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, mpsc};
use systemd::Sockets;

/// Serve services over HTTP until SIGTERM or SIGINT
///
/// Without PATH and --config, serves the current folder. A hostel.toml in the served folder
/// configures the server; without one, all services in the folder are served. With several PATHs,
/// no hostel.toml is read. New, changed and removed components take effect without a restart: the
/// server looks for changes twice a second, on SIGHUP and, on Linux, when a file is written. Edited
/// sources are built with --watch and on SIGHUP. On SIGTERM or SIGINT, the server waits for the
/// configured stop-delay (default: none), stops accepting connections, and completes the active
/// requests. It waits for these at most for the configured drain-time (default: 10s). A second
/// signal ends it at once.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hostel serve
  hostel serve users.wasm my-service --watch
  hostel serve --config production.toml
  curl --data '{\"id\": 123}' http://127.0.0.1:8080/services/users.find")]
pub(super) struct Arguments {
    /// Component (.wasm), source file, or folder with the source of one or several services
    #[arg(value_name = "PATH", conflicts_with = "config")]
    paths: Vec<PathBuf>,

    /// Configuration file [default: hostel.toml in the served folder, if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Address for clients; overrides the configuration, whose default is 127.0.0.1:8080
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = client_address)]
    listen: Option<SocketAddr>,

    /// Address for operators (health, metrics, plugins, caches); overrides the configuration, whose
    /// default is 127.0.0.1:8081
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = admin_address)]
    admin_listen: Option<SocketAddr>,

    /// Rebuild a source when one of its files changes
    #[arg(long)]
    watch: bool,
}

fn client_address(text: &str) -> Result<SocketAddr, String> {
    config::parse_address(text, config::Server::default().listen)
}

fn admin_address(text: &str) -> Result<SocketAddr, String> {
    config::parse_address(text, config::Admin::default().listen)
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Exit> {
    let sockets = Sockets::take().map_err(Exit::usage)?;
    let (mut config, warnings) = arguments.config()?;
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
    if arguments.watch {
        toolchain::build_quickly();
    }
    #[cfg(target_os = "linux")]
    let (processes, wall) = wall::put_up(&config).map_err(Exit::usage)?;
    #[cfg(not(target_os = "linux"))]
    let (processes, wall) = (processes::Processes, "wall: none (there is one on Linux)".to_owned());
    let (writer, log) = log(config.log).map_err(Exit::no_plugin)?;
    warnings.iter().for_each(|warning| log_event(&log, Level::Warn, "", warning));
    check_threads().context("cannot start the runtime").map_err(Exit::no_plugin)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .on_thread_start(crate::engine::shorten_slice)
        .build();
    let runtime = runtime.context("cannot start the runtime").map_err(Exit::no_plugin)?;
    let logs = Logs::of(&writer, &config, log);
    let done =
        runtime.block_on(server::run(&config, arguments.watch, logs, sockets, (processes, wall)));
    // Do not wait for guests or builds that are still running.
    runtime.shutdown_background();
    writer.end();
    done
}

/// Checks that the system can start a thread for each processor. The runtime would panic otherwise.
fn check_threads() -> io::Result<()> {
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    let (hold, held) = mpsc::channel::<()>();
    let held = Arc::new(Mutex::new(held));
    let mut threads = Vec::new();
    for _ in 0..processors {
        let held = Arc::clone(&held);
        // The thread ends when the sender is dropped.
        let wait = move || drop(held.lock().map(|held| held.recv()));
        threads.push(std::thread::Builder::new().spawn(wait)?);
    }
    drop(hold);
    threads.into_iter().for_each(|thread| drop(thread.join()));
    Ok(())
}

impl Arguments {
    /// The configuration, and warnings about it for the log.
    fn config(&self) -> Result<(Config, Vec<String>), Exit> {
        let file = self.config.clone().or_else(|| paths::config_file(&self.paths));
        let Some(file) = file else { return paths::config(&self.paths) };
        let read = load::configured(Some(&file)).map_err(Exit::usage)?;
        let absent = read.absent.iter().map(|absent| &absent.fault);
        let warnings = read.warnings.iter().chain(absent).map(ToString::to_string).collect();
        Ok((read.config, warnings))
    }
}

fn log(format: config::LogFormat) -> anyhow::Result<(LogWriter, LogSink)> {
    let format = match format {
        config::LogFormat::Text => LineFormat::Text,
        config::LogFormat::Auto if std::io::stderr().is_terminal() => LineFormat::Text,
        config::LogFormat::Auto | config::LogFormat::Json => LineFormat::Json,
    };
    LogWriter::start(format, StderrAbove).context("cannot start the log")
}
