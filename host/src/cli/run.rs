//! `hostel run`: loads plugins in one host and calls each selected service once.

use super::exit::{Exit, NO_PLUGIN, SERVICE_FAILED};
use super::limit::LimitArgument;
use super::output::{eprint_error, eprint_warning, print};
use super::{build, envelope, load, payload, reach};
use crate::telemetry::eprint_line;
use crate::{
    Allowed, Backend, CacheBinding, CacheGrant, CacheLimits, CallError, ConfigGrant, Grants, Host,
    HttpGrant, Limits, Name, PluginSettings, RedisAddress, RedisBackend, Request, Response, Secret,
    ServiceInfo, ServiceName, Settings, telemetry, toolchain, units,
};
use anyhow::{Context, bail};
use serde_json::json;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Load services in one host and call each of them once
///
/// Builds sources first. Log lines go to stderr, the bodies of responses to stdout. If a plugin
/// cannot be built or loaded, the others still run and the exit code is 3. If a call fails, the
/// exit code is 1.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hostel run my-service
  hostel run users.wasm --service find --payload '{\"id\": 123}'
  hostel run writer.wasm reader.wasm --shared-cache users
  hostel run rates --allow-http https://api.example.com --secret api-key=env:RATES_API_KEY")]
pub(super) struct Arguments {
    /// Component (.wasm), source file, or folder with the source of one or several services
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,

    /// Call only this service: SERVICE or PLUGIN.SERVICE [default: all]
    #[arg(long, value_name = "NAME")]
    service: Option<String>,

    /// JSON body of each request, or - to read it from stdin [default: empty]
    #[arg(long, value_name = "JSON", conflicts_with = "payload_file")]
    payload: Option<String>,

    /// File with the JSON body of each request, or - for stdin
    #[arg(long, value_name = "FILE")]
    payload_file: Option<PathBuf>,

    /// Bind all plugins to one cache of this name [default: one cache per plugin]
    #[arg(long, value_name = "NAME")]
    shared_cache: Option<String>,

    /// Keep the caches on Redis, as in redis://127.0.0.1:6379/0 [default: in memory]
    #[arg(long, value_name = "ADDRESS", conflicts_with = "cache_size")]
    cache: Option<String>,

    /// Maximum size of each cache, as in 512KiB or 1GiB [default: 64MiB]
    #[arg(long, value_name = "SIZE")]
    cache_size: Option<String>,

    /// Let the services reach this server, as in https://api.example.com; may be repeated
    ///
    /// Scheme, host, port and, optionally, the beginning of the path. A leading `*.` stands for one
    /// or more labels. A loopback address, as in http://127.0.0.1:9000, opens that address.
    #[arg(long, value_name = "URL", value_parser = reach::allowed)]
    allow_http: Vec<Allowed>,

    /// Give the services a setting; may be repeated
    #[arg(long = "config", value_name = "NAME=VALUE", value_parser = reach::setting)]
    settings: Vec<(String, String)>,

    /// Give the services a secret from the environment or a file; may be repeated
    #[arg(long = "secret", value_name = "NAME=env:VARIABLE", value_parser = reach::secret)]
    secrets: Vec<(String, Secret)>,

    /// Set a limit, as in time=5s or memory=128MiB; may be repeated
    ///
    /// `hostel inspect PATH` lists all limits with their values.
    #[arg(long = "limit", value_name = "NAME=VALUE", value_parser = LimitArgument::parse)]
    limits: Vec<LimitArgument>,

    /// Print one JSON object per line for each call, including failed calls
    #[arg(long)]
    json: bool,

    /// Print the statistics of each cache to stderr at the end
    #[arg(long)]
    stats: bool,
}

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Exit> {
    toolchain::build_quickly();
    let payload = arguments.payload().map_err(Exit::usage)?;
    let settings = arguments.settings().map_err(Exit::usage)?;
    let grants = arguments.grants().map_err(Exit::usage)?;
    let host = load::host(settings, &eprint_warning)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime").map_err(Exit::no_plugin)?;
    runtime.block_on(async {
        let (services, all_loaded) = load_all(&host, &arguments.paths, &grants).await;
        let wanted = match &arguments.service {
            Some(name) => select(&services, name, all_loaded)?,
            None => services,
        };
        let all_answered = call_all(&host, &wanted, &payload, arguments.json).await?;
        if arguments.stats {
            print_stats(&host).await;
        }
        Ok(match (all_loaded, all_answered) {
            (false, _) => NO_PLUGIN.into(),
            (true, false) => SERVICE_FAILED.into(),
            (true, true) => ExitCode::SUCCESS,
        })
    })
}

impl Arguments {
    /// The body of each request, empty without a payload. Checks that a payload is JSON, so that a
    /// typo is not reported as a service's failure.
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
        payload::check_json(&body)?;
        Ok(body)
    }

    fn settings(&self) -> anyhow::Result<Settings> {
        let mut limits = match self.allow_http.is_empty() {
            true => Limits::default(),
            false => Limits::default().for_sources(),
        };
        for limit in &self.limits {
            limit.apply(&mut limits)?;
        }
        let cache = match &self.cache_size {
            Some(text) => cache_limits(text).with_context(|| format!("--cache-size {text}"))?,
            None => CacheLimits::default(),
        };
        let backend = match self.cache.as_deref() {
            None | Some("memory") => Backend::Memory,
            Some(address) => {
                let address = RedisAddress::parse(address).context("--cache")?;
                Backend::Redis(Arc::new(RedisBackend::new(address)))
            }
        };
        let (log, compiler) = (telemetry::stderr(), load::compiler());
        Ok(Settings { limits, cache, backend, log, compiler, ..Settings::default() })
    }

    fn grants(&self) -> anyhow::Result<PluginSettings> {
        let binding = match &self.shared_cache {
            None => CacheBinding::Private,
            Some(name) => CacheBinding::Configured(Name::new(name).context("--shared-cache")?),
        };
        let cache = CacheGrant { binding, ..CacheGrant::default() };
        let http = HttpGrant { allow: self.allow_http.clone(), ..HttpGrant::default() };
        let (settings, secrets) = (self.settings.iter().cloned(), self.secrets.iter().cloned());
        let config = ConfigGrant { settings: settings.collect(), secrets: secrets.collect() };
        if let Some(name) = config.secrets.keys().find(|name| config.settings.contains_key(*name)) {
            bail!("`{name}` is a setting and a secret: give one of them another name");
        }
        let grants = Grants { cache, http, config };
        Ok(PluginSettings { grants, ..PluginSettings::default() })
    }
}

fn cache_limits(text: &str) -> anyhow::Result<CacheLimits> {
    Ok(CacheLimits::new(units::size(text)?, CacheLimits::default().value_limit())?)
}

/// Loads the plugins at these paths. Returns the full names of their services, and whether all
/// plugins were loaded.
async fn load_all(host: &Host, paths: &[PathBuf], grants: &PluginSettings) -> (Vec<String>, bool) {
    let mut services = Vec::new();
    let mut all_loaded = true;
    for path in paths {
        let found = build::locations(path).unwrap_or_else(|error| {
            eprint_error(&format!("{:#}", anyhow::Error::new(error)));
            all_loaded = false;
            Vec::new()
        });
        for location in found {
            match load::load(host, None, &location, grants.clone()).await {
                Ok((name, listed)) => {
                    let full = |service: &ServiceInfo| format!("{name}.{}", service.name);
                    services.extend(listed.iter().map(full));
                }
                Err(error) => {
                    eprint_error(&format!("{error:#}"));
                    all_loaded = false;
                }
            }
        }
    }
    (services, all_loaded)
}

/// The services that a name selects: a full name, or a short name in any plugin.
fn select(services: &[String], name: &str, all_loaded: bool) -> Result<Vec<String>, Exit> {
    let short = |full: &str| ServiceName::new(full).service() == Some(name);
    if services.iter().any(|full| full == name) {
        return Ok(vec![name.to_owned()]);
    }
    let wanted: Vec<String> = services.iter().filter(|full| short(full)).cloned().collect();
    if !wanted.is_empty() {
        return Ok(wanted);
    }
    let error = CallError::UnknownService { name: name.to_owned(), offered: services.to_vec() };
    Err(if all_loaded { Exit::usage(error) } else { Exit::no_plugin(error) })
}

/// Calls services one after the other. Returns true if all of them returned a response.
async fn call_all(
    host: &Host,
    services: &[String],
    payload: &[u8],
    as_json: bool,
) -> Result<bool, Exit> {
    let mut all_answered = true;
    for (service, id) in services.iter().zip(1_u64..) {
        let request = Request {
            id: id.to_string(),
            content_type: (!payload.is_empty()).then(|| "application/json".to_owned()),
            body: payload.to_vec(),
            http: None,
        };
        let answer = host.call(service, request).await;
        if as_json {
            print(object(service, &answer).as_bytes())?;
        }
        match answer {
            Ok(_) if as_json => {}
            Ok(response) if response.body.is_empty() => {}
            Ok(response) => print(&response.body)?,
            Err(error) => {
                say_call_error(service, &error);
                all_answered = false;
            }
        }
    }
    Ok(all_answered)
}

/// The JSON object of a call: `service`, and either `status` with the body as [`envelope::body`]
/// writes it, or `error`.
fn object(service: &str, answer: &Result<Response, CallError>) -> String {
    let name = json!(service);
    match answer {
        Ok(Response { status, body, .. }) => {
            format!("{{\"service\":{name},\"status\":{status}{}}}", envelope::body(body))
        }
        Err(error) => json!({ "service": service, "error": error.to_string() }).to_string(),
    }
}

fn say_call_error(service: &str, error: &CallError) {
    let hint = match error {
        CallError::Limit(reached) => format!(" with --limit {}=...", reached.limit.name()),
        _ => String::new(),
    };
    eprint_error(&format!("{service}: {error}{hint}"));
    let wants_frames = std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0");
    if let CallError::Trap { frames, .. } = error
        && wants_frames
    {
        frames.iter().for_each(eprint_line);
    }
}

async fn print_stats(host: &Host) {
    for (name, stats) in host.caches().stats().await {
        let mut figures = vec![
            ("sets", stats.sets),
            ("hits", stats.hits),
            ("misses", stats.misses),
            ("deletes", stats.deletes),
            ("exists", stats.exists),
        ];
        if let Some(memory) = stats.memory {
            figures.extend([
                ("expired", memory.expired),
                ("evicted", memory.evicted),
                ("entries", memory.entries),
                ("bytes", memory.bytes),
            ]);
        }
        let figures = figures.into_iter().map(|(what, count)| format!("{what} {count}"));
        eprint_line(format_args!("cache {name}: {}", figures.collect::<Vec<_>>().join(", ")));
    }
}
