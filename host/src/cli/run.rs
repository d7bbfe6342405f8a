//! `hostel run`: plugins in one host, each of their services called once.

use super::exit::{Exit, NO_PLUGIN, SERVICE_FAILED};
use super::limit::{LimitArgument, size};
use super::{build, say, say_error};
use crate::{
    CacheBinding, CacheLimits, CallError, Host, Limits, PluginName, Request, Settings, telemetry,
};
use anyhow::{Context, anyhow, bail};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Run services: build what is source, load all in one host, call each service once
///
/// Log lines go to stderr, results to stdout.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hostel run my-service
  hostel run users.wasm --service find --payload '{\"id\": 123}'
  hostel run writer.wasm reader.wasm --shared-cache users")]
pub(super) struct Arguments {
    /// A component (.wasm) or a folder with a service's source
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,

    /// Call this service alone, by its name or as PLUGIN.SERVICE
    #[arg(long, value_name = "NAME")]
    service: Option<String>,

    /// The body of each request; - reads it from stdin
    #[arg(long, value_name = "JSON", conflicts_with = "payload_file")]
    payload: Option<String>,

    /// A file with the body of each request; - is stdin
    #[arg(long, value_name = "FILE")]
    payload_file: Option<PathBuf>,

    /// Bind all plugins to one cache of this name; without it each has its own
    #[arg(long, value_name = "NAME")]
    shared_cache: Option<String>,

    /// The size of each cache, as in 64MiB
    #[arg(long, value_name = "SIZE")]
    cache_size: Option<String>,

    /// Set a limit of a call, as in time=5s or memory=128MiB; may be given several times
    #[arg(long = "limit", value_name = "NAME=VALUE", value_parser = LimitArgument::parse)]
    limits: Vec<LimitArgument>,

    /// Tell at the end what each cache was asked
    #[arg(long)]
    stats: bool,
}

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Exit> {
    let payload = arguments.payload().map_err(Exit::usage)?;
    let settings = arguments.settings().map_err(Exit::usage)?;
    let binding = arguments.binding().map_err(Exit::usage)?;
    let host = Host::new(settings).map_err(Exit::no_plugin)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime
        .context("cannot start the runtime")
        .map_err(Exit::no_plugin)?;
    runtime.block_on(async {
        let (services, all_loaded) = load_all(&host, &arguments.paths, &binding).await;
        let wanted = match &arguments.service {
            Some(name) => select(&services, name, all_loaded)?,
            None => services,
        };
        let all_answered = call_all(&host, &wanted, &payload).await;
        if arguments.stats {
            say_stats(&host);
        }
        Ok(match (all_loaded, all_answered) {
            (false, _) => NO_PLUGIN.into(),
            (true, false) => SERVICE_FAILED.into(),
            (true, true) => ExitCode::SUCCESS,
        })
    })
}

impl Arguments {
    /// The request's body, checked to be JSON: a mistake in it is the caller's, not a service's.
    fn payload(&self) -> anyhow::Result<Vec<u8>> {
        let from_stdin = Path::new("-");
        let body = match (&self.payload, &self.payload_file) {
            (None, None) => return Ok(Vec::new()),
            (Some(json), _) if json != "-" => json.clone().into_bytes(),
            (None, Some(file)) if file != from_stdin => std::fs::read(file)
                .with_context(|| format!("cannot read the payload from {}", file.display()))?,
            _ => {
                let mut body = Vec::new();
                let stdin = std::io::stdin().read_to_end(&mut body);
                stdin.context("cannot read the payload from stdin")?;
                body
            }
        };
        serde_json::from_slice::<serde_json::Value>(&body).context("the payload is not JSON")?;
        Ok(body)
    }

    fn settings(&self) -> anyhow::Result<Settings> {
        let mut limits = Limits::default();
        for limit in &self.limits {
            limit.apply(&mut limits).map_err(anyhow::Error::msg)?;
        }
        let cache = match &self.cache_size {
            Some(text) => cache_limits(text).with_context(|| format!("--cache-size {text}"))?,
            None => CacheLimits::default(),
        };
        Ok(Settings {
            limits,
            cache,
            log: telemetry::stderr(),
            ..Settings::default()
        })
    }

    fn binding(&self) -> anyhow::Result<CacheBinding> {
        let Some(name) = &self.shared_cache else {
            return Ok(CacheBinding::Private);
        };
        crate::CacheName::configured(name).with_context(|| format!("--shared-cache {name:?}"))?;
        Ok(CacheBinding::Shared(name.clone()))
    }
}

fn cache_limits(text: &str) -> anyhow::Result<CacheLimits> {
    let capacity = usize::try_from(size(text).map_err(anyhow::Error::msg)?.as_u64())?;
    Ok(CacheLimits::new(
        capacity,
        CacheLimits::default().value_limit(),
    )?)
}

/// Loads every path and answers the full names of all services, and whether all could be loaded.
async fn load_all(host: &Host, paths: &[PathBuf], binding: &CacheBinding) -> (Vec<String>, bool) {
    let mut services = Vec::new();
    let mut all_loaded = true;
    for path in paths {
        match load(host, path, binding.clone()).await {
            Ok(names) => services.extend(names),
            Err(error) => {
                say_error(&format!("{error:#}"));
                all_loaded = false;
            }
        }
    }
    (services, all_loaded)
}

async fn load(host: &Host, path: &Path, binding: CacheBinding) -> anyhow::Result<Vec<String>> {
    let kind =
        std::fs::metadata(path).with_context(|| format!("cannot open {}", path.display()))?;
    let built = if kind.is_dir() {
        Some(build::build(path)?)
    } else {
        None
    };
    let file = built.as_deref().unwrap_or(path);
    if built.is_none() && (!kind.is_file() || file.extension().is_none_or(|end| end != "wasm")) {
        bail!(
            "{} is neither a component (.wasm) nor a folder with a service",
            path.display()
        );
    }
    let doing = || format!("cannot load {}", path.display());
    let name = PluginName::of_file(file).with_context(doing)?;
    let component = std::fs::read(file).with_context(doing)?;
    let services = host
        .load(name.clone(), component, binding)
        .await
        .with_context(doing)?;
    Ok(services
        .iter()
        .map(|service| format!("{name}.{}", service.name))
        .collect())
}

/// The services that a name means: a full name, or the short name in any plugin.
fn select(services: &[String], name: &str, all_loaded: bool) -> Result<Vec<String>, Exit> {
    let short = |full: &str| full.split_once('.').is_some_and(|(_, short)| short == name);
    let wanted: Vec<String> = services
        .iter()
        .filter(|full| *full == name || short(full))
        .cloned()
        .collect();
    if !wanted.is_empty() {
        return Ok(wanted);
    }
    let there = if services.is_empty() {
        "none".to_owned()
    } else {
        services.join(", ")
    };
    let error = anyhow!("no service is called `{name}`; there are: {there}");
    Err(if all_loaded {
        Exit::usage(error)
    } else {
        Exit::no_plugin(error)
    })
}

/// Calls services one after the other and answers whether each gave a response.
async fn call_all(host: &Host, services: &[String], payload: &[u8]) -> bool {
    let mut all_answered = true;
    for (service, id) in services.iter().zip(1_u64..) {
        let request = Request {
            id: id.to_string(),
            content_type: (!payload.is_empty()).then(|| "application/json".to_owned()),
            body: payload.to_vec(),
            http: None,
        };
        match host.call(service, request).await {
            Ok(response) => show(&response.body),
            Err(error) => {
                say_call_error(service, &error);
                all_answered = false;
            }
        }
    }
    all_answered
}

fn say_call_error(service: &str, error: &CallError) {
    let hint = match error {
        CallError::Limit(reached) => format!(" with --limit {}=...", reached.limit.name()),
        _ => String::new(),
    };
    say_error(&format!("{service}: {error}{hint}"));
    let wants_frames = std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0");
    if let CallError::Trap { backtrace, .. } = error
        && wants_frames
    {
        say(backtrace);
    }
}

/// Writes a response's body to stdout, on a line of its own. Whoever closed stdout does not want
/// it, so a failure to write is none.
fn show(body: &[u8]) {
    if body.is_empty() {
        return;
    }
    let mut out = std::io::stdout().lock();
    let end: &[u8] = if body.ends_with(b"\n") { b"" } else { b"\n" };
    let _ = out
        .write_all(body)
        .and_then(|()| out.write_all(end))
        .and_then(|()| out.flush());
}

fn say_stats(host: &Host) {
    for (name, stats) in host.caches().list() {
        say(&format!(
            "cache {name}: {} sets, {} hits, {} misses, {} deletes, {} exists, {} expired, \
             {} evicted; {} entries, {} bytes",
            stats.sets,
            stats.hits,
            stats.misses,
            stats.deletes,
            stats.exists,
            stats.expired,
            stats.evicted,
            stats.entries,
            stats.bytes,
        ));
    }
}
