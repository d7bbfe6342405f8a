//! The first lines of a server's log: its addresses and warnings about the configuration.

use super::sources::Sources;
use super::{memory, usage, warnings};
use crate::config::Config;
use crate::telemetry::{Level, LogSink, log_event};
use crate::{Deployment, Host, Stage};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

/// Maximum time that the first line waits for plugins to be loaded. The server accepts requests
/// meanwhile.
const PATIENCE: Duration = Duration::from_millis(500);

/// The content of the first lines.
pub(super) struct Greeting<'a> {
    pub(super) config: &'a Config,
    pub(super) host: &'a Host,
    pub(super) deployment: &'a Deployment,
    pub(super) sources: &'a Sources,
    pub(super) log: &'a LogSink,
    /// Whether the log is text for people.
    pub(super) is_text: bool,
    /// A warning about too few file descriptors.
    pub(super) descriptors: Option<&'a str>,
}

impl Greeting<'_> {
    /// Logs the address for clients, the admin listener, the memory budget, warnings about the
    /// configuration, and the process restrictions; then calls `release`, which logs delayed lines.
    /// If loading takes longer than [`PATIENCE`], logs the address again once all plugins are
    /// loaded or refused. Then logs how edited sources are built, if there are sources and no
    /// `--watch`, and in a text log the routes and an example of a call. Never returns.
    pub(super) async fn log(
        &self,
        at: (SocketAddr, Option<SocketAddr>),
        wall: &str,
        release: impl FnOnce(),
    ) -> Infallible {
        let Greeting { config, host, deployment, log, descriptors, .. } = *self;
        let _ = tokio::time::timeout(PATIENCE, deployment.until_loaded()).await;
        let states = deployment.list();
        let loading = states.iter().filter(|state| state.stage == Stage::Loading).count();
        let (address, admin) = at;
        log_line(log, &welcome(&services(host), loading, address, config));
        if let Some(address) = admin {
            let paths = "/healthz /readyz /metrics /plugins /caches";
            log_line(log, &format!("admin on http://{address}: {paths}"));
        }
        let stats = host.caches().stats().await;
        let caches = stats.iter().filter_map(|(_, stats)| Some(stats.memory?.capacity)).sum();
        for (level, line) in memory::lines(config, host.memory().budget().most(), caches) {
            log_event(log, level, "", &line);
        }
        let short = warnings::short_of_room(&config.admission, &host.activity());
        let warnings = warnings::in_the_clear(config);
        for line in warnings.iter().chain(&short).chain(&warnings::as_root(config)) {
            log_event(log, Level::Warn, "", line);
        }
        if let Some(line) = descriptors {
            log_event(log, Level::Warn, "", line);
        }
        log_line(log, wall);
        release();
        if loading > 0 {
            deployment.until_loaded().await;
            log_line(log, &welcome(&services(host), 0, address, config));
        }
        self.log_usage(address);
        std::future::pending().await
    }

    fn log_usage(&self, address: SocketAddr) {
        let states = self.deployment.list();
        let reload = self.sources.reload(states.iter().map(|state| state.path.as_path()));
        reload.iter().for_each(|line| log_line(self.log, line));
        if self.is_text {
            let lines = usage::lines(self.config, &services(self.host), address);
            lines.iter().for_each(|line| log_line(self.log, line));
        }
    }
}

/// The full names of the services of all loaded plugins.
pub(super) fn services(host: &Host) -> Vec<String> {
    let plugins = host.plugins();
    let names = plugins.iter().flat_map(|plugin| {
        plugin.services.iter().map(|service| format!("{}.{}", plugin.name, service.name))
    });
    names.collect()
}

/// Logs an event of the server itself, at level `info`.
pub(super) fn log_line(log: &LogSink, message: &str) {
    log_event(log, Level::Info, "", message);
}

/// Maximum number of services that the first line names.
const MAX_NAMES: usize = 5;

/// The first line: the address, the services, the paths of files, and the number of plugins still
/// being loaded.
fn welcome(services: &[String], loading: usize, address: SocketAddr, config: &Config) -> String {
    let scheme = if config.server.tls.is_some() { "https" } else { "http" };
    let paths: Vec<_> = config.files.iter().map(|route| route.path.to_string()).collect();
    let paths = paths.join(", ");
    let has_plugins = !config.plugins.is_empty() || config.folder.is_some();
    if !paths.is_empty() && !has_plugins {
        return format!("serving files on {scheme}://{address}: {paths}");
    }
    let count = match services.len() {
        1 => "1 service".to_owned(),
        many => format!("{many} services"),
    };
    let what = match services {
        [] if loading > 0 => String::new(),
        [] => "none could be loaded; the log has the reasons".to_owned(),
        few if few.len() <= MAX_NAMES => few.join(", "),
        _ if config.server.services => "GET /services lists them".to_owned(),
        _ => "`hostel check` lists them".to_owned(),
    };
    let how = match (config.server.services, config.routes.len()) {
        (true, _) => "POST /services/<plugin>.<service>".to_owned(),
        (false, 1) => "only by 1 route".to_owned(),
        (false, routes) => format!("only by {routes} routes"),
    };
    let what = match loading {
        0 => what,
        1 => format!("{what}; 1 plugin is being loaded"),
        many => format!("{what}; {many} plugins are being loaded"),
    };
    let what = what.trim_start_matches("; ");
    let files = if paths.is_empty() { paths } else { format!("; files at {paths}") };
    format!("serving {count} on {scheme}://{address}: {how} ({what}){files}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Callers, FileRoute, PathPattern, RouteCors, Server, Tls};

    #[track_caller]
    fn check(services: usize, server: Server, expected: &str) {
        check_loading(services, 0, server, expected);
    }

    #[track_caller]
    fn check_loading(services: usize, loading: usize, server: Server, expected: &str) {
        let names: Vec<_> = (1..=services).map(|number| format!("p.s{number}")).collect();
        let config = Config { server, ..Config::default() };
        let line = welcome(&names, loading, SocketAddr::from(([127, 0, 0, 1], 8080)), &config);
        assert_eq!(line, expected);
    }

    #[test]
    fn the_first_line_has_the_paths_of_files() {
        let route = |path: &str| FileRoute {
            path: PathPattern::new(path).unwrap(),
            folder: "public".into(),
            cache_control: "no-cache".to_owned(),
            callers: Callers::Open,
            cors: RouteCors::Server,
        };
        let files = vec![route("/"), route("/assets")];
        let config = Config { files, ..Config::default() };
        let line = |services: &[String], config: &Config| {
            welcome(services, 0, SocketAddr::from(([127, 0, 0, 1], 80)), config)
        };
        assert_eq!(line(&[], &config), "serving files on http://127.0.0.1:80: /, /assets");
        let config = Config { folder: Some(".".into()), ..config };
        let expected = "serving 1 service on http://127.0.0.1:80: POST \
                        /services/<plugin>.<service> (p.s); files at /, /assets";
        assert_eq!(line(&["p.s".to_owned()], &config), expected);
    }

    #[test]
    fn the_first_line_names_the_address_and_the_services() {
        let server = Server::default;
        let url = "http://127.0.0.1:8080: POST /services/<plugin>.<service>";
        check(
            0,
            server(),
            &format!("serving 0 services on {url} (none could be loaded; the log has the reasons)"),
        );
        check(1, server(), &format!("serving 1 service on {url} (p.s1)"));
        check(3, server(), &format!("serving 3 services on {url} (p.s1, p.s2, p.s3)"));
        check(6, server(), &format!("serving 6 services on {url} (GET /services lists them)"));
        let told = format!("serving 0 services on {url} (1 plugin is being loaded)");
        check_loading(0, 1, server(), &told);
        let told = format!("serving 1 service on {url} (p.s1; 2 plugins are being loaded)");
        check_loading(1, 2, server(), &told);
        let url = url.replace("http:", "https:");
        let tls = Some(Tls { certificate: "c".into(), key: "k".into() });
        check(1, Server { tls, ..server() }, &format!("serving 1 service on {url} (p.s1)"));
        let closed = || Server { services: false, ..server() };
        let url = "http://127.0.0.1:8080: only by 0 routes";
        check(1, closed(), &format!("serving 1 service on {url} (p.s1)"));
        check(6, closed(), &format!("serving 6 services on {url} (`hostel check` lists them)"));
    }
}
