//! `[admin]`: the listener for the operator.

use super::error::Diagnostics;
use super::private_file::read_private;
use super::raw::{At, Raw, RawAdmin};
use super::secret::SecretHash;
use super::server::Server;
use super::values::{Context, address, variable};
use std::net::{Ipv4Addr, SocketAddr};

/// The listener for the operator. An address other than loopback requires a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// Address and port. Default: 127.0.0.1:8081.
    pub listen: SocketAddr,
    /// The hash of the bearer token; `None`: no token is required. `/healthz` and `/readyz` never
    /// require the token.
    pub token: Option<SecretHash>,
}

impl Default for Admin {
    fn default() -> Self {
        Admin { listen: (Ipv4Addr::LOCALHOST, 8081).into(), token: None }
    }
}

pub(super) fn admin(
    raw: &Raw,
    server: &Server,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<Admin> {
    let none = RawAdmin::default();
    let written = raw.admin.as_ref().unwrap_or(&none);
    if written.enabled == Some(false) {
        return None;
    }
    let listen = address(written.listen.as_ref(), Admin::default().listen, diagnostics);
    let token = admin_token(written, context, diagnostics);
    let public = raw.server.as_ref().and_then(|server| server.listen.as_ref());
    let at = written.listen.as_ref().or(public).map_or(0..0, At::at);
    let has_source = written.token_env.is_some() || written.token_file.is_some();
    if !listen.ip().is_loopback() && !has_source {
        diagnostics.fault(
            at.clone(),
            format_args!(
                "{listen} can be reached from other machines: set `token-env` or `token-file`, or \
                 listen on 127.0.0.1"
            ),
        );
    }
    let same_address = listen.ip() == server.listen.ip()
        || listen.ip().is_unspecified()
        || server.listen.ip().is_unspecified();
    if listen.port() != 0 && listen.port() == server.listen.port() && same_address {
        diagnostics.fault(
            at,
            format_args!(
                "[server] listens on {} and [admin] on {listen}: use different ports",
                server.listen
            ),
        );
    }
    Some(Admin { listen, token })
}

fn admin_token(
    raw: &RawAdmin,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<SecretHash> {
    let (hash, at) = match (&raw.token_env, &raw.token_file) {
        (None, None) => return None,
        (Some(_), Some(file)) => {
            diagnostics
                .fault(file.at(), "the token must come from `token-env` or `token-file`, not both");
            return None;
        }
        (Some(name), None) => {
            let token = variable(name, context, diagnostics)?;
            (SecretHash::of_token(token.as_bytes()), name.at())
        }
        (None, Some(file)) => {
            let text = read_private(&context.path(file.get()), file.at(), diagnostics)?;
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
    hash.map_err(|error| diagnostics.fault(at, error)).ok()
}
