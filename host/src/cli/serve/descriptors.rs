//! Raises the limit of a server's file descriptors to the number that the server needs. Some of the
//! descriptors are a reserve, which connections of clients cannot use.

use crate::PluginSettings;
use crate::config::Config;
use crate::http;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that clients cannot use. They are for 100 connections of the admin listener and for
/// the server's own files, sockets and pipes, for example to load plugins or to reach Redis.
const RESERVE: u64 = 256;

/// Additional descriptors for connections to remote servers, if a plugin may open any.
const OUTBOUND: u64 = 1_024;

/// How a server divides its descriptors.
pub(super) struct OpenFiles {
    /// Maximum open connections of clients.
    pub(super) connections: usize,
    /// A warning if `connections` is lower than configured.
    pub(super) warning: Option<String>,
}

/// Raises the limit of open files to the number that the server needs, or as far as permitted. Must
/// be called after the helpers were started, so that compilers and builds keep the limit that they
/// expect. Without helpers, compilers and builds inherit the new limit, so this function raises it
/// no further than needed.
pub(super) fn raise(config: &Config) -> OpenFiles {
    let reaches_out = |settings: &PluginSettings| !settings.grants.http.allow.is_empty();
    let outbound = config.plugins.iter().any(|plugin| reaches_out(&plugin.settings));
    let files = if config.files.is_empty() { 0 } else { http::MAX_OPEN_FILES as u64 };
    let reserve = RESERVE + files + if outbound { OUTBOUND } else { 0 };
    let asked = config.server.connections;
    let needed = reserve.saturating_add(u64::try_from(asked).unwrap_or(u64::MAX));
    divide(asked, reserve, raised(needed))
}

/// Tries to raise the limit to `needed`, and returns the limit in effect. Never lowers it.
fn raised(needed: u64) -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let now = current.unwrap_or(u64::MAX);
    let most = needed.min(maximum.unwrap_or(u64::MAX));
    let more = Rlimit { current: Some(most), maximum };
    match most > now && setrlimit(Resource::Nofile, more).is_ok() {
        true => most,
        false => now,
    }
}

/// Divides `limit` descriptors between the reserve and connections. The reserve gets at most three
/// quarters, so that connections remain possible with a low limit.
fn divide(asked: usize, reserve: u64, limit: u64) -> OpenFiles {
    let reserve = reserve.min(limit - limit / 4);
    let room = usize::try_from(limit - reserve).unwrap_or(usize::MAX).max(1);
    let warning = (room < asked).then(|| {
        format!(
            "only {room} connections can be open at once, not the {asked} of `server.connections`: \
             the limit of open files is {limit}, of which {reserve} are reserved for the admin \
             listener and the server itself; raise the limit (`ulimit -n`, `LimitNOFILE=` in a \
             systemd unit), or lower `server.connections`"
        )
    });
    OpenFiles { connections: room.min(asked), warning }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(asked: usize, limit: u64, connections: usize, warns: bool) {
        let descriptors = divide(asked, RESERVE, limit);
        assert_eq!((descriptors.connections, descriptors.warning.is_some()), (connections, warns));
    }

    #[test]
    fn the_reserve_is_not_for_connections() {
        check(10_000, u64::MAX, 10_000, false);
        check(10_000, 10_256, 10_000, false);
        check(10_000, 10_255, 9_999, true);
        check(10_000, 1_024, 768, true);
        check(10_000, 64, 16, true);
        check(10, 64, 10, false);
        check(1, 0, 1, false);
    }
}
