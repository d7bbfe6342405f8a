//! `hostel serve`: plugins in one host, their services answered by HTTP.

mod first_line;
mod greeting;
mod listeners;
mod paths;
mod server;
mod signals;
mod sources;
mod systemd;
mod traces;
mod warnings;

use super::exit::Exit;
use super::load;
use crate::config::{self, Config};
use crate::telemetry::{LineFormat, LogSink, LogWriter, eprint_line};
use anyhow::{Context, anyhow};
use server::Logs;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use systemd::Sockets;

/// Serve services by HTTP until SIGTERM or SIGINT
///
/// Without paths the current folder is served. A folder is served as its hostel.toml says, or else
/// all services in it are. A component that is put there, changed or removed is taken up without a
/// restart, and at once on SIGHUP. On SIGTERM or SIGINT the requests under way get to end; a second
/// one ends at once.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hostel serve
  hostel serve users.wasm my-service --watch
  hostel serve --config production.toml
  curl --data '{\"id\": 123}' http://127.0.0.1:8080/services/users.find")]
pub(super) struct Arguments {
    /// A component (.wasm), a source file, or a folder with a service's source or with several
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

    /// Build a source anew when one of its files is saved
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
    let done = runtime.block_on(server::run(&config, arguments.watch, logs, sockets));
    // A guest or a build that still runs is not waited for.
    runtime.shutdown_background();
    writer.end();
    done
}

impl Arguments {
    fn config(&self) -> Result<Config, Exit> {
        let file = self.config.clone().or_else(|| paths::config_file(&self.paths));
        let Some(file) = file else { return paths::config(&self.paths) };
        let read = load::configured(Some(&file)).map_err(Exit::usage)?;
        for warning in &read.warnings {
            eprint_line(warning);
        }
        Ok(read.config)
    }
}

fn log(format: config::LogFormat) -> anyhow::Result<(LogWriter, LogSink)> {
    let output = anstream::stderr();
    let format = match format {
        config::LogFormat::Text => LineFormat::Text,
        config::LogFormat::Auto if std::io::stderr().is_terminal() => LineFormat::Text,
        config::LogFormat::Auto | config::LogFormat::Json => LineFormat::Json,
    };
    LogWriter::start(format, output).context("cannot start the log")
}
