//! The addresses of a configured server, for commands that connect to the server. This module reads
//! only the configuration file, because a command may have no access to the server's secrets.

use super::admin::Admin;
use super::error::{ConfigError, Diagnostics};
use super::read::{Config, raw};
use super::server::Server;
use super::values::address;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The listeners of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listeners {
    /// The address for callers.
    pub server: SocketAddr,
    /// Whether the listener for callers uses TLS.
    pub tls: bool,
    /// The listener for the operator; `None`: it is off.
    pub admin: Option<AdminListener>,
}

/// The listener for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminListener {
    /// The listener's address.
    pub listen: SocketAddr,
    /// The location of the token; `None`: no token is required.
    pub token: Option<TokenSource>,
}

/// The location of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// In the environment variable of this name.
    Variable(String),
    /// In this file.
    File(PathBuf),
}

impl Default for Listeners {
    fn default() -> Self {
        let admin = AdminListener { listen: Admin::default().listen, token: None };
        Listeners { server: Server::default().listen, tls: false, admin: Some(admin) }
    }
}

impl Listeners {
    /// Reads the listeners from a configuration file, but reads none of the files and environment
    /// variables that the configuration names.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is not TOML with the expected keys and types, or has an invalid
    /// address.
    pub fn read(file: &Path) -> Result<Listeners, ConfigError> {
        let text = Config::text(file)?;
        let mut diagnostics = Diagnostics::new(file, &text);
        let found = raw(&text, &mut diagnostics).map(|raw| {
            let default = Listeners::default();
            let server = raw.server.unwrap_or_default();
            let admin = raw.admin.unwrap_or_default();
            let beside = |path: &String| file.parent().unwrap_or(Path::new("")).join(path);
            let of_variable = admin.token_env.map(|name| TokenSource::Variable(name.get().clone()));
            let of_file = admin.token_file.map(|path| TokenSource::File(beside(path.get())));
            let usual = Admin::default().listen;
            let listen = address(admin.listen.as_ref(), usual, &mut diagnostics);
            let is_on = admin.enabled != Some(false);
            Listeners {
                server: address(server.listen.as_ref(), default.server, &mut diagnostics),
                tls: server.tls.is_some(),
                admin: is_on.then(|| AdminListener { listen, token: of_variable.or(of_file) }),
            }
        });
        match found {
            Some(found) if diagnostics.faults.is_empty() => Ok(found),
            _ => Err(ConfigError::Faults(diagnostics.faults)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Listeners>) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hostel.toml");
        std::fs::write(&file, text).unwrap();
        assert_eq!(Listeners::read(&file).ok(), expected, "{text}");
    }

    #[test]
    fn where_a_server_listens_is_read_without_its_secrets() {
        let usual = Listeners::default();
        check("", Some(usual.clone()));
        let text = "[server]\nlisten = \"127.0.0.1:9000\"\ntls = { certificate = \"gone\", key = \
                    \"gone\" }\n[callers.a]\nscheme = \"basic\"\nenv = \"NOT_SET\"\n[admin]\n\
                    listen = \"127.0.0.1:9001\"\ntoken-env = \"NOT_SET\"\n";
        let token = Some(TokenSource::Variable("NOT_SET".to_owned()));
        let admin = Some(AdminListener { listen: ([127, 0, 0, 1], 9001).into(), token });
        check(text, Some(Listeners { server: ([127, 0, 0, 1], 9000).into(), tls: true, admin }));
        check("[admin]\nenabled = false", Some(Listeners { admin: None, ..usual }));
        check("[server]\nlisten = \"x\"", None);
        check("[sever]", None);
    }
}
