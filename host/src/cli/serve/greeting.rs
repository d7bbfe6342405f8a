//! The first lines of a server's log: its addresses and warnings about the configuration.

use super::warnings;
use crate::Host;
use crate::config::Config;
use crate::telemetry::{Level, LogSink, log_event};
use std::net::SocketAddr;

/// Logs the address for clients, the admin listener and warnings about the configuration.
pub(super) fn greet(
    config: &Config,
    host: &Host,
    at: (SocketAddr, Option<SocketAddr>),
    log: &LogSink,
) {
    let (address, admin) = at;
    log_line(log, &welcome(&services(host), address, config.server.tls.is_some()));
    if let Some(address) = admin {
        let paths = "/healthz /readyz /metrics /plugins /caches";
        log_line(log, &format!("admin on http://{address}: {paths}"));
    }
    let short = warnings::short_of_room(&config.admission, &host.activity());
    for line in warnings::in_the_clear(config).iter().chain(&short) {
        log_event(log, Level::Warn, "", line);
    }
}

/// The full names of all services.
pub(super) fn services(host: &Host) -> Vec<String> {
    let plugins = host.plugins();
    let names = plugins.iter().flat_map(|plugin| {
        plugin.services.iter().map(|service| format!("{}.{}", plugin.name, service.name))
    });
    names.collect()
}

/// Logs an event of the server itself.
pub(super) fn log_line(log: &LogSink, message: &str) {
    log_event(log, Level::Info, "", message);
}

/// Maximum number of services that the first line names.
const MAX_NAMES: usize = 5;

/// The first line: the address and the services.
fn welcome(services: &[String], address: SocketAddr, tls: bool) -> String {
    let count = match services.len() {
        1 => "1 service".to_owned(),
        many => format!("{many} services"),
    };
    let what = match services {
        [] => "none loads; the log says why".to_owned(),
        few if few.len() <= MAX_NAMES => few.join(", "),
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
