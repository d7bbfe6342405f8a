//! The listener for whoever runs a server, as its client sees it.

use crate::cli::call::{exchange, listeners, trouble};
use crate::cli::client::{self, Address, ClientRequest, Reply};
use crate::cli::exit::Exit;
use crate::cli::output::eprint_warning;
use crate::config::{AdminListener, TokenSource};
use crate::units;
use anyhow::{Context, anyhow};
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use hyper::{Method, StatusCode};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

/// Entries of one page: the most that the server gives.
pub(super) const PAGE: usize = 1_000;

/// Which server, and how to prove who asks.
#[derive(clap::Args)]
pub(super) struct AdminArguments {
    /// The URL of the admin listener; by default where the configuration says it listens
    #[arg(long, value_name = "URL", global = true, conflicts_with = "config")]
    admin: Option<String>,

    /// The server's configuration; by default hostel.toml, where there is one
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,

    /// The environment variable that holds the token; by default the one in the configuration
    #[arg(long, value_name = "NAME", global = true, conflicts_with = "token_file")]
    token_env: Option<String>,

    /// The file that holds the token; by default the one in the configuration
    #[arg(long, value_name = "FILE", global = true)]
    token_file: Option<PathBuf>,

    /// Time to wait for an answer
    #[arg(long, value_name = "TIME", default_value = "30s", global = true)]
    #[arg(value_parser = units::duration)]
    timeout: Duration,
}

/// A client of that listener.
pub(super) struct AdminClient {
    address: Address,
    authorization: Option<HeaderValue>,
    timeout: Duration,
}

impl AdminArguments {
    pub(super) fn admin(&self) -> Result<AdminClient, Exit> {
        let admin = self.find().map_err(Exit::usage)?;
        if admin.authorization.is_some() && admin.address.is_overheard() {
            eprint_warning("the token is sent in the clear: whoever is on the way can read it");
        }
        Ok(admin)
    }

    fn find(&self) -> anyhow::Result<AdminClient> {
        let (address, configured) = match &self.admin {
            Some(url) => (Address::parse(url)?, None),
            None => {
                let off = "the configuration has no admin listener: `enabled = false` in [admin]";
                let found = listeners(self.config.as_deref())?.admin;
                let AdminListener { listen, token } = found.context(off)?;
                (Address::of_listener(listen, false)?, token)
            }
        };
        let asked = match (&self.token_env, &self.token_file) {
            (Some(variable), _) => Some(TokenSource::Variable(variable.clone())),
            (None, Some(file)) => Some(TokenSource::File(file.clone())),
            (None, None) => configured,
        };
        let authorization = match asked {
            Some(TokenSource::Variable(variable)) => Some(client::bearer(&variable)?),
            Some(TokenSource::File(file)) => Some(client::token_of(&file)?),
            None => None,
        };
        Ok(AdminClient { address, authorization, timeout: self.timeout })
    }
}

impl AdminClient {
    /// Asks for something and answers the JSON that comes.
    pub(super) fn ask(
        &self,
        method: &Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Value, Exit> {
        let reply = self.send(method, path, query, body)?;
        check(&reply, path.get(1).unwrap_or(&""))?;
        let read = serde_json::from_slice(&reply.body);
        let foreign = || format!("what answers at {} is no admin listener", self.address);
        read.with_context(foreign).map_err(Exit::no_server)
    }

    pub(super) fn send(
        &self,
        method: &Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Reply, Exit> {
        let authorization = self.authorization.clone().map(|value| (AUTHORIZATION, value));
        let headers: HeaderMap = authorization.into_iter().collect();
        let address = self.address.join(path, query);
        exchange(ClientRequest { method: method.clone(), address, headers, body }, self.timeout)
    }
}

/// Tells why something was refused, with what mends it.
pub(super) fn check(reply: &Reply, cache: &str) -> Result<(), Exit> {
    let Some(trouble) = trouble(reply) else { return Ok(()) };
    let error = match reply.status {
        StatusCode::NOT_FOUND if code(reply) == "no-cache" => {
            anyhow!("no cache is called {cache:?}: `hostel cache list` names those that there are")
        }
        StatusCode::UNAUTHORIZED => {
            anyhow!("the server asks for a token: --token-env or --token-file says where it is")
        }
        _ => anyhow!(trouble),
    };
    Err(Exit::refused(error))
}

/// The code of a problem; empty where it is none.
pub(super) fn code(reply: &Reply) -> String {
    let problem: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    problem.get("code").and_then(Value::as_str).unwrap_or_default().to_owned()
}
