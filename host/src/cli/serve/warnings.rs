//! Warnings at the start about a configuration or an environment that works but should be changed.

use crate::config::{Callers, Config};
use crate::{Activity, Admission};
use std::net::SocketAddr;

/// Warns if clients or operators on other machines would send their secrets without TLS.
pub(super) fn in_the_clear(config: &Config) -> Vec<String> {
    let is_public = |address: &SocketAddr| !address.ip().is_loopback();
    let Config { routes, files, plugins, .. } = config;
    let of_routes = routes.iter().filter_map(|route| route.callers.as_ref());
    let mut callers = of_routes
        .chain(files.iter().map(|route| &route.callers))
        .chain(plugins.iter().map(|plugin| &plugin.callers))
        .chain([&config.server.callers]);
    let has_callers = callers.any(|callers| *callers != Callers::Open);
    let server = &config.server;
    let mut lines = Vec::new();
    if has_callers && server.tls.is_none() && is_public(&server.listen) {
        lines.push(format!(
            "callers send their secrets in the clear to {}: set [server.tls], or listen on \
             127.0.0.1 behind a proxy that ends TLS",
            server.listen
        ));
    }
    let admin = config.admin.as_ref().filter(|admin| is_public(&admin.listen));
    lines.extend(admin.map(|admin| {
        format!(
            "the admin token is sent in the clear to {}: listen on 127.0.0.1, or let only a proxy \
             that ends TLS reach it",
            admin.listen
        )
    }));
    lines
}

/// Warns if the server runs as root but does not listen on a low port, the usual reason to run as
/// root: an attacker who escapes the sandbox would then have root's rights.
pub(super) fn as_root(config: &Config) -> Option<String> {
    let admin = config.admin.iter().map(|admin| admin.listen.port());
    let mut ports = admin.chain([config.server.listen.port()]);
    let needs_root = ports.any(|port| (1..1_024).contains(&port));
    let is_root = rustix::process::geteuid().is_root();
    (is_root && !needs_root).then(|| {
        "running as root, which the server does not need: run it as a user of its own (`User=` in \
         a systemd unit, `USER` in a container)"
            .to_owned()
    })
}

/// Warns if the address space allows fewer pooled instances than the maximum, or if the pool allows
/// fewer concurrent calls than configured.
pub(super) fn short_of_room(asked: &Admission, activity: &Activity) -> Option<String> {
    let Activity { slots, most_calls, .. } = *activity;
    let space = match slots {
        0 => "too little address space: none is reserved for instances, so each call maps its own \
              memory and takes longer"
            .to_owned(),
        Activity::MAX_SLOTS => String::new(),
        some => format!(
            "too little address space: it is reserved for {some} instances, not {}",
            Activity::MAX_SLOTS
        ),
    };
    let calls = match most_calls < asked.calls {
        true => format!(
            "{most_calls} calls can be active at once, not the {} of `admission.calls`: the other \
             places of {slots} are for idle instances",
            asked.calls
        ),
        false => String::new(),
    };
    let both: Vec<_> = [space, calls].into_iter().filter(|part| !part.is_empty()).collect();
    let raise = if slots == Activity::MAX_SLOTS { "" } else { " (`ulimit -v` prints the limit)" };
    (!both.is_empty()).then(|| format!("{}{raise}", both.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Admin, Server};
    use std::path::Path;

    fn config(listen: &str, admin: &str, callers: Callers) -> Config {
        let server = Server { listen: listen.parse().unwrap(), callers, ..Server::default() };
        let admin = Some(Admin { listen: admin.parse().unwrap(), token: None });
        Config { server, admin, ..Config::of_folder(Path::new(".")) }
    }

    #[track_caller]
    fn check_clear(listen: &str, admin: &str, group: bool, expected: &[&str]) {
        let callers = if group { Callers::Group("g".to_owned()) } else { Callers::Open };
        let lines = in_the_clear(&config(listen, admin, callers));
        assert_eq!(lines.len(), expected.len(), "{lines:?}");
        for (line, words) in lines.iter().zip(expected) {
            assert!(line.contains(words), "{line}");
        }
    }

    #[test]
    fn secrets_in_the_clear_are_reported_on_public_addresses() {
        let (here, there, admin) = ("127.0.0.1:1", "0.0.0.0:1", "[::1]:2");
        check_clear(here, admin, true, &[]);
        check_clear(there, admin, false, &[]);
        check_clear(there, admin, true, &["secrets in the clear to 0.0.0.0:1"]);
        check_clear(here, "[::]:2", false, &["admin token is sent in the clear to [::]:2"]);
        let mut tls = config(there, admin, Callers::Group("g".to_owned()));
        let (certificate, key) = ("a".into(), "b".into());
        tls.server.tls = Some(crate::config::Tls { certificate, key });
        assert!(in_the_clear(&tls).is_empty());
    }

    #[track_caller]
    fn check_room(slots: u32, calls: usize, most_calls: usize, words: &[&str]) {
        let asked = Admission { calls, ..Admission::default() };
        let activity =
            Activity { calls: 0, waiting: 0, slots, versions: 0, most_calls, http_connections: 0 };
        let line = short_of_room(&asked, &activity).unwrap_or_default();
        assert_eq!(line.is_empty(), words.is_empty(), "{line}");
        assert!(words.iter().all(|words| line.contains(words)), "{line}");
    }

    #[test]
    fn a_shortage_of_address_space_is_reported_with_its_reason() {
        check_room(1_024, 256, 256, &[]);
        check_room(
            0,
            256,
            256,
            &["too little address space: none is reserved for instances", "ulimit -v"],
        );
        check_room(
            64,
            40,
            40,
            &["too little address space: it is reserved for 64 instances", "not 1024"],
        );
        check_room(64, 256, 48, &["64 instances", "48 calls", "not the 256 of `admission.calls`"]);
        check_room(1_024, 5_000, 768, &["768 calls can be active at once, not the 5000"]);
    }
}
