//! A client of the admin listener.

use crate::cli::call::{beginning, exchange, listeners, trouble};
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

/// Maximum entries to request in one page: the server's maximum.
pub(super) const PAGE: usize = 1_000;

/// Options for requests to the admin listener.
#[derive(clap::Args)]
pub(super) struct AdminArguments {
    /// URL of the admin listener [default: the configured one, or http://127.0.0.1:8081]
    #[arg(long, value_name = "URL", global = true, conflicts_with = "config")]
    admin: Option<String>,

    /// The server's configuration file [default: hostel.toml, if it exists]
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,

    /// Environment variable with the admin token [default: the configured token; none with --admin]
    #[arg(long, value_name = "NAME", global = true, conflicts_with = "token_file")]
    token_env: Option<String>,

    /// File with the admin token [default: the configured token; none with --admin]
    #[arg(long, value_name = "FILE", global = true)]
    token_file: Option<PathBuf>,

    /// Time to wait for a response, as in 500ms or 1m
    #[arg(long, value_name = "TIME", default_value = "30s", global = true)]
    #[arg(value_parser = units::duration)]
    timeout: Duration,
}

pub(super) struct AdminClient {
    address: Address,
    authorization: Option<HeaderValue>,
    timeout: Duration,
}

impl AdminArguments {
    pub(super) fn admin(&self) -> Result<AdminClient, Exit> {
        let admin = self.find().map_err(Exit::usage)?;
        if admin.authorization.is_some() && admin.address.is_overheard() {
            eprint_warning(
                "the token is sent without TLS: anything on the network path can read it",
            );
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
    /// Sends a request and returns the JSON of the response.
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
        let foreign = || {
            let body = beginning(&reply.body).unwrap_or_else(|| "no text".to_owned());
            format!("the server at {} is not an admin listener: it returned {body}", self.address)
        };
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
        let address = self.address.join(path, query).map_err(Exit::usage)?;
        let request = ClientRequest { method: method.clone(), address, headers, body };
        exchange(request, self.timeout).map_err(|Exit { code, error }| {
            let context = "the request to the admin listener failed; `--admin` sets its URL";
            Exit { code, error: error.context(context) }
        })
    }
}

/// Returns an error for any status other than 2xx. The error contains the fix if it is known.
pub(super) fn check(reply: &Reply, cache: &str) -> Result<(), Exit> {
    let Some(trouble) = trouble(reply) else { return Ok(()) };
    let error = match reply.status {
        StatusCode::NOT_FOUND if code(reply) == "no-cache" => {
            anyhow!("no cache is called {cache:?}: `hostel cache list` lists the caches")
        }
        StatusCode::UNAUTHORIZED => {
            anyhow!("the server requires a token: pass it with --token-env or --token-file")
        }
        _ => anyhow!(trouble),
    };
    Err(Exit::refused(error))
}

/// The text `code` in a response that is a JSON object; empty if there is no such text.
pub(super) fn code(reply: &Reply) -> String {
    let problem: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    problem.get("code").and_then(Value::as_str).unwrap_or_default().to_owned()
}
