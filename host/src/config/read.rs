//! From what was written to what was meant.

use super::callers::{self, CallerGroup, Scheme};
use super::error::{Notes, instead};
use super::plugins::{self, Around};
use super::raw::{self, At, Format, Named, Raw, RawScheme};
use super::routes;
use super::secret::SecretHash;
use super::{Admin, Callers, Config, LogFormat, PluginConfig, Server, Tls, Traces};
use crate::{Admission, Limits, units};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest time that can be set: nothing that a server waits for takes a day.
const MOST_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// What callers are called who need not say who they are.
const OPEN: &str = "open";

/// Where a configuration is read: the folder of its file, and the environment.
pub(super) struct Here<'a> {
    pub(super) folder: &'a Path,
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Here<'_> {
    /// A path as written, from the file's folder.
    pub(super) fn path(&self, written: &str) -> PathBuf {
        self.folder.join(written).components().collect()
    }
}

/// Turns what was written into what was meant. What it answers is to be used only where nothing
/// was noted as a fault.
pub(super) fn config(raw: &Raw, here: &Here<'_>, notes: &mut Notes<'_>) -> Config {
    let none = Named::new();
    let groups = groups(raw.callers.as_ref().unwrap_or(&Named::new()), here, notes);
    let server = server(raw.server.as_ref(), here, &groups, notes);
    let admission = admission(raw.admission.as_ref(), notes);
    let limits = plugins::limits(raw.limits.as_ref(), Limits::default(), notes);
    let raw_caches = raw.caches.as_ref();
    let caches = raw_caches.map(|raw| plugins::caches(raw, notes)).unwrap_or_default();
    let folder = raw.folder.as_ref().map(|folder| here.path(folder.get()));
    let cache_names: Vec<String> =
        raw_caches.into_iter().flat_map(|raw| raw.keys()).map(|name| name.get().clone()).collect();
    let around = Around {
        here,
        folder: folder.as_deref(),
        limits: &limits,
        admission: &admission,
        open_to: &server.callers,
        caches: &cache_names,
        groups: &groups,
    };
    let raw_plugins = raw.plugins.as_ref().unwrap_or(&none);
    let plugins = plugins::plugins(raw_plugins, &around, notes);
    if raw_plugins.is_empty() && folder.is_none() {
        notes.fault(
            0..0,
            "there is nothing to serve: name plugins in [plugins], or set `folder = \".\"`",
        );
    }
    check_bodies(raw.server.as_ref(), &server, &limits, &plugins, notes);
    let names: Vec<&str> = raw_plugins.keys().map(|name| name.get().as_str()).collect();
    let raw_routes = raw.routes.as_deref().unwrap_or_default();
    let routes = routes::routes(raw_routes, &names, folder.is_some(), &groups, notes);
    let log = raw.log.as_ref();
    Config {
        admin: admin(raw, &server, here, notes),
        server,
        limits,
        admission,
        caches,
        private_cache: plugins::private_cache(raw.private_cache.as_ref(), notes),
        folder,
        plugins,
        routes,
        callers: groups,
        log: match log.and_then(|log| log.format).unwrap_or_default() {
            Format::Auto => LogFormat::Auto,
            Format::Text => LogFormat::Text,
            Format::Json => LogFormat::Json,
        },
        access_log: log.and_then(|log| log.access).unwrap_or_default(),
        traces: traces(raw.traces.as_ref(), notes),
    }
}

fn server(
    raw: Option<&raw::Server>,
    here: &Here<'_>,
    groups: &[CallerGroup],
    notes: &mut Notes<'_>,
) -> Server {
    let default = Server::default();
    let Some(raw) = raw else { return default };
    Server {
        listen: address(raw.listen.as_ref(), default.listen, notes),
        tls: raw.tls.as_ref().map(|raw| tls(raw, here, notes)),
        connections: count(raw.connections.as_ref(), default.connections),
        headers: count(raw.headers.as_ref(), default.headers),
        header_bytes: size(raw.header_bytes.as_ref(), default.header_bytes, notes),
        bodies: size(raw.bodies.as_ref(), default.bodies, notes),
        header_time: time(raw.header_time.as_ref(), default.header_time, notes),
        body_time: time(raw.body_time.as_ref(), default.body_time, notes),
        write_time: time(raw.write_time.as_ref(), default.write_time, notes),
        idle_time: time(raw.idle_time.as_ref(), default.idle_time, notes),
        drain_time: time(raw.drain_time.as_ref(), default.drain_time, notes),
        callers: callers(raw.callers.as_ref(), groups, notes).unwrap_or(default.callers),
    }
}

/// A body that is larger than all may be together would never find room.
fn check_bodies(
    raw: Option<&raw::Server>,
    server: &Server,
    limits: &Limits,
    plugins: &[PluginConfig],
    notes: &mut Notes<'_>,
) {
    let of_plugins = plugins.iter().filter_map(|plugin| plugin.settings.limits.as_ref());
    let most = of_plugins.chain([limits]).map(|limits| limits.request).max().unwrap_or_default();
    if most > server.bodies {
        let at = raw.and_then(|server| server.bodies.as_ref()).map_or(0..0, At::at);
        notes.fault(
            at,
            format_args!(
                "`server.bodies` is {} bytes, and a `request` of the limits is {most}: such a body \
                 would never find room",
                server.bodies
            ),
        );
    }
}

fn tls(raw: &raw::Tls, here: &Here<'_>, notes: &mut Notes<'_>) -> Tls {
    let (certificate, key) = (here.path(raw.certificate.get()), here.path(raw.key.get()));
    for (file, at) in [(&certificate, raw.certificate.at()), (&key, raw.key.at())] {
        let opened = std::fs::File::open(file).and_then(|file| file.metadata());
        match opened {
            Ok(about) if about.is_file() => {}
            Ok(_) => notes.fault(at, format_args!("{} is no file", file.display())),
            Err(error) => notes.fault(at, format_args!("cannot read {}: {error}", file.display())),
        }
    }
    callers::warn_if_others_read(&key, raw.key.at(), notes);
    Tls { certificate, key }
}

fn admin(raw: &Raw, server: &Server, here: &Here<'_>, notes: &mut Notes<'_>) -> Option<Admin> {
    let none = raw::Admin::default();
    let written = raw.admin.as_ref().unwrap_or(&none);
    if written.enabled == Some(false) {
        return None;
    }
    let listen = address(written.listen.as_ref(), Admin::default().listen, notes);
    let token = admin_token(written, here, notes);
    let public = raw.server.as_ref().and_then(|server| server.listen.as_ref());
    let at = written.listen.as_ref().or(public).map_or(0..0, At::at);
    let has_source = written.token_env.is_some() || written.token_file.is_some();
    if !listen.ip().is_loopback() && !has_source {
        notes.fault(
            at.clone(),
            format_args!(
                "{listen} can be reached from elsewhere: set `token-env` or `token-file`, or \
                 listen on 127.0.0.1"
            ),
        );
    }
    let same_address = listen.ip() == server.listen.ip()
        || listen.ip().is_unspecified()
        || server.listen.ip().is_unspecified();
    if listen.port() != 0 && listen.port() == server.listen.port() && same_address {
        notes.fault(
            at,
            format_args!(
                "[server] listens on {} and [admin] on {listen}: give them two ports",
                server.listen
            ),
        );
    }
    Some(Admin { listen, token })
}

fn admin_token(raw: &raw::Admin, here: &Here<'_>, notes: &mut Notes<'_>) -> Option<SecretHash> {
    let (hash, at) = match (&raw.token_env, &raw.token_file) {
        (None, None) => return None,
        (Some(_), Some(file)) => {
            notes.fault(
                file.at(),
                "a token comes from `token-env` or from `token-file`, not from both",
            );
            return None;
        }
        (Some(name), None) => {
            let token = variable(name, here, notes)?;
            (SecretHash::of_token(token.as_bytes()), name.at())
        }
        (None, Some(file)) => {
            let text = callers::read_private(&here.path(file.get()), file.at(), notes)?;
            let line = text.trim_end();
            let is_hash = line.starts_with("sha256:");
            let read = if is_hash {
                SecretHash::read_token_hash(line)
            } else {
                SecretHash::of_token(line.as_bytes())
            };
            (read, file.at())
        }
    };
    hash.map_err(|error| notes.fault(at, error)).ok()
}

fn admission(raw: Option<&raw::Admission>, notes: &mut Notes<'_>) -> Admission {
    let default = Admission::default();
    let Some(raw) = raw else { return default };
    let calls = count(raw.calls.as_ref(), default.calls);
    let written = raw.calls_per_plugin.as_ref();
    if let Some(per_plugin) = written.filter(|per_plugin| per_plugin.get().get() as usize > calls) {
        let asked = per_plugin.get();
        notes.fault(
            per_plugin.at(),
            format_args!(
                "`calls-per-plugin` is {asked}, and `calls` is {calls}: one plugin cannot have \
                 more than the host"
            ),
        );
    }
    Admission {
        calls,
        calls_per_plugin: count(written, default.calls_per_plugin.min(calls)),
        queue: raw.queue.as_ref().map_or(default.queue, |queue| *queue.get() as usize),
        queue_time: time(raw.queue_time.as_ref(), default.queue_time, notes),
    }
}

fn groups(raw: &Named<raw::Callers>, here: &Here<'_>, notes: &mut Notes<'_>) -> Vec<CallerGroup> {
    raw.iter().map(|(name, raw)| group(name, raw.get(), here, notes)).collect()
}

fn group(
    name: &At<String>,
    raw: &raw::Callers,
    here: &Here<'_>,
    notes: &mut Notes<'_>,
) -> CallerGroup {
    if let Err(error) = crate::Name::new(name.get()) {
        notes.fault(name.at(), error);
    }
    if name.get() == OPEN {
        notes.fault(name.at(), "`open` means everybody: give the group another name");
    }
    let scheme = match raw.scheme {
        RawScheme::Bearer => Scheme::Bearer,
        RawScheme::Basic => Scheme::Basic,
    };
    let credentials = match (&raw.file, &raw.env) {
        (Some(file), None) => callers::of_file(scheme, &here.path(file.get()), file.at(), notes),
        (None, Some(name)) => {
            let text = variable(name, here, notes);
            text.map(|text| callers::of_variable(scheme, (name.get(), &text), name.at(), notes))
                .unwrap_or_default()
        }
        _ => {
            notes.fault(
                name.at(),
                format_args!(
                    "the group `{}` needs `file` or `env`, and one of them alone",
                    name.get()
                ),
            );
            Vec::new()
        }
    };
    CallerGroup { name: name.get().clone(), scheme, credentials }
}

/// Who may call, where it is written.
pub(super) fn callers(
    raw: Option<&At<String>>,
    groups: &[CallerGroup],
    notes: &mut Notes<'_>,
) -> Option<Callers> {
    let written = raw?;
    if written.get() == OPEN {
        return Some(Callers::Open);
    }
    if !groups.iter().any(|group| group.name == *written.get()) {
        let names = groups.iter().map(|group| group.name.as_str()).chain([OPEN]);
        let instead = instead(written.get(), names);
        notes.fault(
            written.at(),
            format_args!(
                "no group of callers `{}` is configured in [callers]; {instead}",
                written.get()
            ),
        );
    }
    Some(Callers::Group(written.get().clone()))
}

fn variable(name: &At<String>, here: &Here<'_>, notes: &mut Notes<'_>) -> Option<String> {
    let value = (here.variable)(name.get());
    if value.is_none() {
        notes.fault(
            name.at(),
            format_args!("the environment has no variable `{}` of UTF-8 text", name.get()),
        );
    }
    value
}

fn traces(raw: Option<&raw::Traces>, notes: &mut Notes<'_>) -> Traces {
    let default = Traces::default();
    let Some(raw) = raw else { return default };
    if let Some(ratio) = raw.ratio.as_ref().filter(|ratio| !(0.0..=1.0).contains(ratio.get())) {
        let asked = ratio.get();
        notes.fault(ratio.at(), format_args!("a ratio of {asked} is none: from 0 to 1"));
    }
    Traces {
        endpoint: raw.endpoint.as_ref().map(|raw| endpoint(raw, notes)),
        ratio: raw.ratio.as_ref().map_or(default.ratio, |ratio| *ratio.get()),
    }
}

fn endpoint(raw: &At<String>, notes: &mut Notes<'_>) -> String {
    let rest = raw.get().strip_prefix("http://").or_else(|| raw.get().strip_prefix("https://"));
    if rest.is_none_or(|rest| {
        rest.is_empty() || rest.starts_with('/') || rest.contains(char::is_whitespace)
    }) {
        notes.fault(
            raw.at(),
            format_args!(
                "{:?} is no address of a collector: write it as in \"http://127.0.0.1:4318\"",
                raw.get()
            ),
        );
    }
    raw.get().clone()
}

pub(super) fn address(
    raw: Option<&At<String>>,
    default: SocketAddr,
    notes: &mut Notes<'_>,
) -> SocketAddr {
    let Some(raw) = raw else { return default };
    raw.get().parse().unwrap_or_else(|_| {
        notes.fault(
            raw.at(),
            format_args!(
                "{:?} is no address and port: write it as in \"{default}\", \"0.0.0.0:443\" or \
                 \"[::]:443\"",
                raw.get()
            ),
        );
        default
    })
}

fn count(raw: Option<&At<NonZeroU32>>, default: usize) -> usize {
    raw.map_or(default, |raw| raw.get().get() as usize)
}

/// A size that is not zero.
pub(super) fn size(raw: Option<&At<String>>, default: usize, notes: &mut Notes<'_>) -> usize {
    let Some(raw) = raw else { return default };
    match units::size(raw.get()) {
        Ok(0) => notes.fault(raw.at(), "a size of 0 leaves no room: give it a value above"),
        Ok(size) => return size,
        Err(error) => notes.fault(raw.at(), error),
    }
    default
}

/// A time that is not zero and at most a day.
fn time(raw: Option<&At<String>>, default: Duration, notes: &mut Notes<'_>) -> Duration {
    let Some(raw) = raw else { return default };
    match units::duration(raw.get()) {
        Ok(time) if time.is_zero() => {
            notes.fault(raw.at(), "a time of 0 lets nothing happen: give it a value above")
        }
        Ok(time) if time > MOST_TIME => notes
            .fault(raw.at(), format_args!("{:?} is too long: at most a day, \"24h\"", raw.get())),
        Ok(time) => return time,
        Err(error) => notes.fault(raw.at(), error),
    }
    default
}
