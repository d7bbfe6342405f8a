//! `hostel call`: calls a service of a running server over HTTP.

mod answer;

pub(super) use answer::{beginning, show_body, trouble};

use super::client::{self, Address, ClientRequest, Reply};
use super::completed::Completed;
use super::exit::{Exit, SERVICE_FAILED};
use super::output::eprint_warning;
use super::{load, payload};
use crate::config::{self, Listeners};
use crate::units;
use anyhow::{Context, anyhow};
use hyper::Method;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Call a service of a running server by its name or a URL
///
/// Prints the body of the response to stdout: formatted if stdout is a terminal, otherwise
/// unchanged. A status other than 2xx gives exit code 1 and, without --json, is reported on stderr.
/// The body of a problem response is then printed only with --include or --json. Redirects are not
/// followed. TLS trusts the certificates of this machine, or those in the file that the environment
/// variable SSL_CERT_FILE names.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hostel call users.find '{\"id\": 123}'
  hostel call users.find @request.json --token-env TOKEN
  hostel call https://api.example/users/123 --method GET --include")]
pub(super) struct Arguments {
    /// PLUGIN.SERVICE, PLUGIN if it has only one service, or an http or https URL
    #[arg(value_name = "SERVICE|URL")]
    target: String,

    /// Request body: JSON, @FILE, or - for stdin [default: empty]
    ///
    /// For a body other than JSON, add --header 'content-type: ...'.
    #[arg(value_name = "PAYLOAD", allow_hyphen_values = true)]
    payload: Option<String>,

    /// HTTP method
    #[arg(long, short = 'X', value_name = "METHOD", default_value = "POST", value_parser = METHOD)]
    #[arg(hide_possible_values = true)]
    method: Method,

    /// Request header, as in 'accept: text/plain'; may be repeated
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(HeaderName, HeaderValue)>,

    /// Environment variable with the client's bearer token
    #[arg(long, value_name = "NAME", conflicts_with = "user_env")]
    token_env: Option<String>,

    /// Environment variable with the client's credentials, NAME:PASSWORD
    #[arg(long, value_name = "NAME")]
    user_env: Option<String>,

    /// Address of the server [default: the one in the configuration, or 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "config")]
    listen: Option<SocketAddr>,

    /// The server's configuration file [default: hostel.toml, if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Time to wait for the complete response, as in 500ms or 1m
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = units::duration)]
    timeout: Duration,

    /// Print the status and the headers of the response before its body
    #[arg(long, short)]
    include: bool,

    /// Print the status, headers and body as one JSON object, for any status
    #[arg(long, conflicts_with = "include")]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Exit> {
    let request = arguments.request().map_err(Exit::usage)?;
    if request.headers.contains_key(AUTHORIZATION) && request.address.is_overheard() {
        eprint_warning("the secret is sent without TLS: anything on the network path can read it");
    }
    let reply = exchange(request, arguments.timeout)?;
    if arguments.json {
        answer::print_envelope(&reply)?;
        let code = if reply.status.is_success() { 0 } else { SERVICE_FAILED };
        return Ok(code.into());
    }
    answer::print_reply(&reply, arguments.include)?;
    match answer::trouble(&reply) {
        None => Ok(ExitCode::SUCCESS),
        Some(trouble) => Err(Exit::refused(anyhow!(trouble))),
    }
}

/// Sends a request and blocks for its response. Fails if the response is not complete within this
/// time.
pub(super) fn exchange(request: ClientRequest, time: Duration) -> Result<Reply, Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime").map_err(Exit::no_server)?;
    let reply = runtime.block_on(client::send(request, time));
    // Dropping the runtime would wait for a lookup of the name, which may take longer than `time`.
    runtime.shutdown_background();
    reply.map_err(Exit::no_server)
}

impl Arguments {
    fn request(&self) -> anyhow::Result<ClientRequest> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            headers.append(name.clone(), value.clone());
        }
        let body = match &self.payload {
            Some(argument) => payload::read(argument)?,
            None => Vec::new(),
        };
        if self.payload.is_some() && !headers.contains_key(CONTENT_TYPE) {
            payload::check_json(&body)?;
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let secret = match (&self.token_env, &self.user_env) {
            (Some(variable), _) => Some(client::bearer(variable)?),
            (None, Some(variable)) => Some(client::basic(variable)?),
            (None, None) => None,
        };
        headers.extend(secret.map(|secret| (AUTHORIZATION, secret)));
        Ok(ClientRequest { method: self.method.clone(), address: self.address()?, headers, body })
    }

    fn address(&self) -> anyhow::Result<Address> {
        if self.target.contains("://") {
            return Ok(Address::parse(&self.target)?);
        }
        if self.target.is_empty() || self.target.contains(['/', ':', ' ']) {
            let target = &self.target;
            return Err(anyhow!(
                "{target:?} is neither a service nor a URL: a service is PLUGIN.SERVICE, a URL \
                 begins with http:// or https://"
            ));
        }
        let server = match self.listen {
            Some(listen) => Address::of_listener(listen, false)?,
            None => {
                let found = listeners(self.config.as_deref())?;
                Address::of_listener(found.server, found.tls)?
            }
        };
        Ok(server.join(&["services", &self.target], &[])?)
    }
}

/// Returns the addresses of a configuration's listeners, or the default addresses if there is no
/// configuration.
pub(super) fn listeners(config: Option<&Path>) -> anyhow::Result<Listeners> {
    match config.map(Path::to_owned).or_else(load::usual_config) {
        Some(file) => Ok(Listeners::read(&file)?),
        None => Ok(Listeners::default()),
    }
}

/// Parses a method. Shells complete the methods that a route can have.
const METHOD: Completed<Method> = Completed {
    parse: |text| text.parse().map_err(|_| "it must be an HTTP method, as in GET".to_owned()),
    values: || config::Method::ALL.map(config::Method::as_str).to_vec(),
};

/// Parses a header. Refuses `authorization`: other users of the machine may be able to read the
/// arguments.
fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or("write it as 'NAME: VALUE'")?;
    let name: HeaderName = name.trim().parse().map_err(|_| "the header's name is invalid")?;
    if name == AUTHORIZATION {
        return Err("a secret must not be an argument: use --token-env or --user-env".into());
    }
    let value = value.trim().parse().map_err(|_| "the header's value is invalid")?;
    Ok((name, value))
}
