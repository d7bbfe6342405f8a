//! `[server.cors]`, and `cors` of a route: which web pages of other origins may read responses.

use super::error::Diagnostics;
use super::method::{Method, methods};
use super::raw::{At, RawCors, RawOrigins, RawRouteCors};
use super::values::delay;
use crate::service::is_token;
use std::ops::Range;
use std::time::Duration;
use url::Url;

/// The text for all origins, or for all headers.
const ANY: &str = "*";

/// Cross-origin resource sharing, as in the Fetch standard: which web pages of other origins may
/// read responses, and send requests that need a preflight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// The permitted origins.
    pub origins: CorsOrigins,
    /// The permitted methods; `None`: the methods of the route.
    pub methods: Option<Vec<Method>>,
    /// The permitted request headers, in lower case; `None`: all.
    pub headers: Option<Vec<String>>,
    /// The response headers that pages may read, besides the headers that the Fetch standard
    /// safelists; in lower case.
    pub expose_headers: Vec<String>,
    /// Whether pages may read responses to requests with cookies or HTTP authentication, and send
    /// such requests if they need a preflight. Has no effect with [`CorsOrigins::Any`]: browsers
    /// refuse the combination.
    pub credentials: bool,
    /// How long a browser may cache the response to a preflight, in whole seconds; `None`: the
    /// browser's default.
    pub max_age: Option<Duration>,
}

/// The origins of pages that may read responses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorsOrigins {
    /// All origins.
    Any,
    /// These origins, each as sent by browsers: `https://app.example.com`.
    Listed(Vec<String>),
}

/// The CORS settings of a route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RouteCors {
    /// The settings of the server; without them, no CORS.
    #[default]
    Server,
    /// No CORS: the host adds no CORS headers. A service can set CORS headers itself, and receives
    /// `OPTIONS` requests if the route matches this method.
    Off,
    /// The route's own settings.
    Own(Cors),
}

pub(super) fn of_route(
    raw: Option<&At<RawRouteCors>>,
    diagnostics: &mut Diagnostics<'_>,
) -> RouteCors {
    let Some(raw) = raw else { return RouteCors::Server };
    match raw.get() {
        RawRouteCors::Switch(is_on) => {
            if *is_on {
                diagnostics.fault(
                    raw.at(),
                    "`cors` of a route must be `false` or a table like [server.cors]: leave it out \
                     to use the server's",
                );
            }
            RouteCors::Off
        }
        RawRouteCors::Own(own) => RouteCors::Own(cors(own, diagnostics)),
    }
}

pub(super) fn cors(raw: &RawCors, diagnostics: &mut Diagnostics<'_>) -> Cors {
    let origins = origins(&raw.origins, diagnostics);
    let credentials = raw.credentials.as_ref().filter(|credentials| *credentials.get());
    let exposed = raw.expose_headers.as_deref().unwrap_or_default();
    if let Some(credentials) = credentials {
        if origins == CorsOrigins::Any {
            diagnostics.fault(
                credentials.at(),
                "`credentials` needs a list of `origins`: with \"*\" the pages of every site could act \
                 as their visitor, so browsers refuse it",
            );
        }
        if let Some(any) = exposed.iter().find(|name| name.get() == ANY) {
            diagnostics.fault(
                any.at(),
                "with `credentials` browsers take \"*\" for the name of a header: name each header",
            );
        }
    }
    Cors {
        origins,
        methods: raw.methods.as_ref().map(|written| methods(written, diagnostics)),
        headers: raw.headers.as_ref().map(|written| {
            if let Some(any) = written.iter().find(|name| name.get() == ANY) {
                diagnostics.fault(any.at(), "leave `headers` out to allow any header");
            }
            names(written, diagnostics)
        }),
        expose_headers: names(exposed, diagnostics),
        credentials: credentials.is_some(),
        max_age: max_age(raw.max_age.as_ref(), diagnostics),
    }
}

fn origins(raw: &At<RawOrigins>, diagnostics: &mut Diagnostics<'_>) -> CorsOrigins {
    let written = match raw.get() {
        RawOrigins::One(one) => std::slice::from_ref(one),
        RawOrigins::Several(several) => several.as_slice(),
    };
    if written.is_empty() {
        diagnostics.fault(raw.at(), "`origins` is empty: name an origin, or leave CORS out");
    }
    if let [any] = written
        && any == ANY
    {
        return CorsOrigins::Any;
    }
    for origin in written {
        check_origin(origin, raw.at(), diagnostics);
    }
    CorsOrigins::Listed(written.to_vec())
}

/// Checks that an origin is written as browsers send it, because it is compared byte by byte.
fn check_origin(written: &str, at: Range<usize>, diagnostics: &mut Diagnostics<'_>) {
    let fault = match Url::parse(written).ok().and_then(|url| Some((serialized(&url)?, url))) {
        _ if written == ANY => "\"*\" stands for all origins: write only \"*\"".to_owned(),
        _ if written.contains('*') => {
            format!("{written:?} has a `*`: write each origin in full, or only \"*\" for all")
        }
        _ if written == "null" => {
            "\"null\" is the origin of every page in a sandbox, of any site: it cannot be allowed"
                .to_owned()
        }
        None => {
            format!("{written:?} is not an origin: write it as in \"https://app.example.com\"")
        }
        Some((origin, _)) if origin == written => return,
        Some((origin, _)) => {
            format!("browsers never send the origin {written:?}: write it as they do, {origin:?}")
        }
    };
    diagnostics.fault(at, fault);
}

/// Returns the origin of a URL: scheme, host, and the port unless it is the scheme's default.
/// Returns `None` if the URL has no host.
fn serialized(url: &Url) -> Option<String> {
    let (scheme, host) = (url.scheme(), url.host_str().filter(|host| !host.is_empty())?);
    Some(match url.port() {
        None => format!("{scheme}://{host}"),
        Some(port) => format!("{scheme}://{host}:{port}"),
    })
}

/// Validates the names of headers, and returns them in lower case.
fn names(written: &[At<String>], diagnostics: &mut Diagnostics<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for raw in written {
        let name = raw.get().to_ascii_lowercase();
        if !is_token(&name) {
            diagnostics.fault(
                raw.at(),
                format_args!(
                    "{:?} is not a header name: write it as in \"x-request-id\"",
                    raw.get()
                ),
            );
        }
        names.push(name);
    }
    names
}

fn max_age(raw: Option<&At<String>>, diagnostics: &mut Diagnostics<'_>) -> Option<Duration> {
    let written = raw?;
    let time = delay(raw, Duration::ZERO, diagnostics);
    if time.subsec_nanos() > 0 {
        diagnostics.fault(
            written.at(),
            format_args!(
                "{:?} must be a number of whole seconds: write it as in \"10m\"",
                written.get()
            ),
        );
    }
    Some(time)
}
