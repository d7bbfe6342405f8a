//! `[server]` and `[admission]`: the listener for callers, and limits on concurrent calls.

use super::callers::CallerGroup;
use super::cors::{Cors, cors};
use super::error::{Diagnostics, instead};
use super::groups::{Callers, callers};
use super::plugins::PluginConfig;
use super::private_file::check_access;
use super::proxies::{self, ClientHeader, ProxyNetwork};
use super::raw::{At, LimitValue, Raw, RawAdmission, RawServer, RawTls, RawWall};
use super::values::{Context, address, count, delay, size, time};
use crate::engine::Limits;
use crate::file;
use crate::name::PluginName;
use crate::plugin::{Admission, Requirement};
use crate::units;
use hostel_cache::Name;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

/// The listener for callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Address and port. Default: 127.0.0.1:8080, reachable only from this machine.
    pub listen: SocketAddr,
    /// TLS; `None`: plain HTTP. Default: `None`.
    pub tls: Option<Tls>,
    /// The CORS settings of `/services` and of routes without their own; `None`: the services' own
    /// headers apply. Default: `None`.
    pub cors: Option<Cors>,
    /// Maximum open connections; further connections wait in the system's queue. Default: 10,000.
    pub connections: usize,
    /// Maximum headers of a request. Default: 100.
    pub headers: usize,
    /// Maximum bytes of a request's head, including its first line. Default: 64 KiB.
    pub header_bytes: usize,
    /// Budget in bytes for caches, instances and bodies together; `None`: three quarters of the
    /// memory that the machine and its control groups allow, or 1.5 GiB on systems other than
    /// Linux.
    pub memory: Option<usize>,
    /// Maximum bytes of request bodies, and of responses until they are sent, over all clients.
    /// Bodies and responses of up to 64 KiB do not count here: they have another quarter of this
    /// size. A client gets at most a quarter of each. Default: 256 MiB.
    pub bodies: usize,
    /// Maximum time for a client to send a request's head in HTTP/1. In HTTP/2, `idle_time` applies
    /// instead. Default: 10 s.
    pub header_time: Duration,
    /// Maximum time for a client to send a request's whole body. Default: 30 s.
    pub body_time: Duration,
    /// Maximum time for a client to read a response. One second is added for each `min_rate` bytes
    /// that the client has received. Default: 30 s.
    pub write_time: Duration,
    /// Minimum rate in bytes per second: for a request's body after 5 s, and for reading a response
    /// after `write_time`. Default: 4 KiB.
    pub min_rate: usize,
    /// Maximum time between two requests of a connection. Default: 60 s.
    pub idle_time: Duration,
    /// Time after the stop signal in which the server still accepts connections. Default: 0 s.
    pub stop_delay: Duration,
    /// Time for running requests to finish after `stop_delay`. Default: 10 s.
    pub drain_time: Duration,
    /// The callers of services for which neither a route nor a plugin sets callers, and of file
    /// routes that do not set callers.
    pub callers: Callers,
    /// Whether `/services` and `/services/<name>` are served in addition to the routes. Default:
    /// true.
    pub services: bool,
    /// Whether the server's process gives up the rights that it does not need. Default:
    /// [`Wall::Available`].
    pub wall: Wall,
    /// The plugins and caches that must be available before the server is ready. Default: none.
    pub ready_requires: Vec<Requirement>,
    /// The proxies that may name the client. Default: none.
    pub trusted_proxies: Vec<ProxyNetwork>,
    /// The header in which trusted proxies name the client. Default: `X-Forwarded-For`.
    pub client_header: ClientHeader,
    /// Whether each connection begins with a PROXY protocol header, version 1 or 2. If so,
    /// connections that are not from a trusted proxy are closed. Default: false.
    pub proxy_protocol: bool,
}

impl Server {
    /// Returns true if this is the address of a trusted proxy.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(address))
    }
}

/// Whether a server gives up access to the files and system calls that it does not need. Has an
/// effect only on Linux.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wall {
    /// The server gives up as much access as the kernel or a container allows.
    #[default]
    Available,
    /// The server gives up all of this access, or does not start.
    Required,
    /// The server keeps its access.
    Off,
}

/// TLS from two PEM files, which existed when the configuration was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The certificate and its intermediate certificates.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

impl From<RawWall> for Wall {
    fn from(raw: RawWall) -> Self {
        match raw {
            RawWall::Available => Wall::Available,
            RawWall::Required => Wall::Required,
            RawWall::Off => Wall::Off,
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        Server {
            listen: (Ipv4Addr::LOCALHOST, 8080).into(),
            tls: None,
            cors: None,
            connections: 10_000,
            headers: 100,
            header_bytes: 64 << 10,
            memory: None,
            bodies: 256 << 20,
            header_time: Duration::from_secs(10),
            body_time: Duration::from_secs(30),
            write_time: Duration::from_secs(30),
            min_rate: 4 << 10,
            idle_time: Duration::from_secs(60),
            stop_delay: Duration::ZERO,
            drain_time: Duration::from_secs(10),
            callers: Callers::Open,
            services: true,
            wall: Wall::default(),
            ready_requires: Vec::new(),
            trusted_proxies: Vec::new(),
            client_header: ClientHeader::default(),
            proxy_protocol: false,
        }
    }
}

pub(super) fn server(
    raw: Option<&RawServer>,
    context: &Context<'_>,
    groups: &[CallerGroup],
    diagnostics: &mut Diagnostics<'_>,
) -> Server {
    let default = Server::default();
    let Some(raw) = raw else { return default };
    Server {
        listen: address(raw.listen.as_ref(), default.listen, diagnostics),
        tls: raw.tls.as_ref().map(|raw| tls(raw, context, diagnostics)),
        cors: raw.cors.as_ref().map(|raw| cors(raw, diagnostics)),
        connections: count(raw.connections.as_ref(), default.connections),
        headers: count(raw.headers.as_ref(), default.headers),
        header_bytes: size(raw.header_bytes.as_ref(), default.header_bytes, diagnostics),
        memory: raw.memory.as_ref().map(|_| size(raw.memory.as_ref(), 0, diagnostics)),
        bodies: size(raw.bodies.as_ref(), default.bodies, diagnostics),
        header_time: time(raw.header_time.as_ref(), default.header_time, diagnostics),
        body_time: time(raw.body_time.as_ref(), default.body_time, diagnostics),
        write_time: time(raw.write_time.as_ref(), default.write_time, diagnostics),
        min_rate: size(raw.min_rate.as_ref(), default.min_rate, diagnostics),
        idle_time: time(raw.idle_time.as_ref(), default.idle_time, diagnostics),
        stop_delay: delay(raw.stop_delay.as_ref(), default.stop_delay, diagnostics),
        drain_time: time(raw.drain_time.as_ref(), default.drain_time, diagnostics),
        callers: callers(raw.callers.as_ref(), groups, diagnostics).unwrap_or(default.callers),
        services: raw.services.unwrap_or(default.services),
        wall: raw.wall.map_or(default.wall, Wall::from),
        ready_requires: required(raw.ready_requires.as_deref(), diagnostics),
        trusted_proxies: proxies::trusted(raw.trusted_proxies.as_deref(), diagnostics),
        client_header: raw.client_header.map_or(default.client_header, ClientHeader::from),
        proxy_protocol: proxies::protocol(raw, diagnostics),
    }
}

/// Parses the requirements, each `plugin:<name>` or `cache:<name>`.
fn required(written: Option<&[At<String>]>, diagnostics: &mut Diagnostics<'_>) -> Vec<Requirement> {
    let mut all = Vec::new();
    for required in written.unwrap_or_default() {
        let requirement = match required.get().split_once(':') {
            Some(("plugin", name)) => {
                PluginName::new(name).map(Requirement::Plugin).map_err(|error| error.to_string())
            }
            Some(("cache", name)) => {
                Name::new(name).map(Requirement::Cache).map_err(|error| error.to_string())
            }
            _ => Err(format!(
                "{:?} cannot be required: write \"plugin:NAME\" or \"cache:NAME\"",
                required.get()
            )),
        };
        match requirement {
            Ok(requirement) => all.push(requirement),
            Err(fault) => diagnostics.fault(required.at(), fault),
        }
    }
    all
}

/// Reports requirements that can never be met: the cache or the plugin is not configured. A plugin
/// may also come from the folder of plugins.
pub(super) fn check_required(
    raw: Option<&RawServer>,
    has_folder: bool,
    plugins: &[PluginConfig],
    caches: &[String],
    diagnostics: &mut Diagnostics<'_>,
) {
    let written = raw.and_then(|raw| raw.ready_requires.as_deref()).unwrap_or_default();
    let plugins = || plugins.iter().map(|plugin| plugin.name.as_str());
    let caches = || caches.iter().map(String::as_str);
    for required in written {
        let (kind, name) = required.get().split_once(':').unwrap_or_default();
        let instead = match kind {
            _ if name.is_empty() => continue,
            "plugin" if has_folder || plugins().any(|known| known == name) => continue,
            "plugin" => instead(name, plugins()),
            "cache" if caches().any(|known| known == name) => continue,
            "cache" => instead(name, caches()),
            _ => continue,
        };
        diagnostics
            .fault(required.at(), format_args!("no {kind} `{name}` is configured; {instead}"));
    }
}

/// Reports a limit on request bodies that exceeds a client's share of `server.bodies`: the server
/// would refuse some bodies below the limit.
pub(super) fn check_bodies(
    raw: &Raw,
    server: &Server,
    limits: &Limits,
    plugins: &[PluginConfig],
    diagnostics: &mut Diagnostics<'_>,
) {
    let of_plugins = plugins.iter().filter_map(|plugin| plugin.settings.limits.as_ref());
    let most = of_plugins.chain([limits]).map(|limits| limits.request).max().unwrap_or_default();
    let share = server.bodies / 4;
    if most > share {
        let bodies = raw.server.as_ref().and_then(|server| server.bodies.as_ref());
        let at = bodies.map_or_else(|| largest_request(raw), At::at);
        diagnostics.fault(
            at,
            format_args!(
                "`server.bodies` is {} bytes, of which one client can use a quarter, {share}, but \
                 `limits.request` is {most}: a body of that size would always be refused",
                server.bodies
            ),
        );
    }
}

/// Returns the position of the largest `limits.request` in the file.
fn largest_request(raw: &Raw) -> Range<usize> {
    let of_plugins =
        raw.plugins.iter().flatten().filter_map(|(_, plugin)| plugin.get().limits.as_ref());
    let all = of_plugins.chain(&raw.limits).flat_map(|limits| &limits.0);
    let bytes = |value: &At<LimitValue>| match value.get() {
        LimitValue::Text(text) => units::size(text).unwrap_or_default(),
        LimitValue::Count(_) => 0,
    };
    let requests = all.filter(|(name, _)| name.get() == "request").map(|(_, value)| value);
    requests.max_by_key(|value| bytes(value)).map_or(0..0, At::at)
}

fn tls(raw: &RawTls, context: &Context<'_>, diagnostics: &mut Diagnostics<'_>) -> Tls {
    let (certificate, key) = (context.path(raw.certificate.get()), context.path(raw.key.get()));
    for (path, at) in [(&certificate, raw.certificate.at()), (&key, raw.key.at())] {
        if let Err(error) = file::read_bytes(path) {
            diagnostics.fault(at, format_args!("cannot read {}: {error}", path.display()));
        }
    }
    check_access(&key, raw.key.at(), diagnostics);
    Tls { certificate, key }
}

pub(super) fn admission(
    raw: Option<&RawAdmission>,
    diagnostics: &mut Diagnostics<'_>,
) -> Admission {
    let default = Admission::default();
    let Some(raw) = raw else { return default };
    let calls = count(raw.calls.as_ref(), default.calls);
    let written = raw.calls_per_plugin.as_ref();
    if let Some(per_plugin) = written.filter(|per_plugin| per_plugin.get().get() as usize > calls) {
        let asked = per_plugin.get();
        diagnostics.fault(
            per_plugin.at(),
            format_args!(
                "`calls-per-plugin` is {asked}, but `calls` is {calls}: one plugin cannot have \
                 more calls than the host"
            ),
        );
    }
    Admission {
        calls,
        calls_per_plugin: count(written, default.calls_per_plugin.min(calls)),
        queue: raw.queue.as_ref().map_or(default.queue, |queue| *queue.get() as usize),
        queue_time: time(raw.queue_time.as_ref(), default.queue_time, diagnostics),
    }
}
