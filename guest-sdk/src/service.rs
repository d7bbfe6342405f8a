//! The services of a plugin and the dispatch of requests to their handlers.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

use crate::cache::Cache;
use crate::config::Config;
use crate::failure::{Failure, Result};
use crate::headers;
use crate::http::Http;
use crate::problem;
use crate::request::Request;
use crate::response::{IntoResponse, Response};

/// The first argument of every handler: the host's functions and the request.
#[derive(Debug)]
pub struct Context {
    /// The plugin's cache.
    pub cache: Cache,
    /// The client for HTTP requests to other servers.
    pub http: Http,
    /// The plugin's settings and secrets.
    pub config: Config,
    /// The request.
    pub request: Request,
}

/// A function that handles the requests of one service:
///
/// - `fn(&Context) -> Result<R>`, which can read the body from the context, or
/// - `fn(&Context, T) -> Result<R>`, where `T: DeserializeOwned` is the body, parsed by
///   [`Request::json`]. A body that does not fit `T` fails with `BadRequest`.
///
/// `R` is a [`Response`] or any `Serialize + 'static` value: see [`IntoResponse`]. This trait is
/// already implemented for such functions; services do not implement it.
#[diagnostic::on_unimplemented(
    message = "this function cannot handle a service",
    label = "not a handler",
    note = "a handler is `fn(&Context) -> Result<R>` or `fn(&Context, T) -> Result<R>`",
    note = "`T` is `DeserializeOwned`; `R` is a `Response`, or any `Serialize + 'static`"
)]
pub trait Handler<Arguments> {
    /// Handles one request.
    ///
    /// # Errors
    ///
    /// The function's error; `BadRequest` if the body does not fit; `Internal` if the result has no
    /// JSON form.
    fn handle(&self, ctx: &Context) -> Result<Response>;
}

impl<F, R> Handler<()> for F
where
    F: Fn(&Context) -> Result<R>,
    R: IntoResponse,
{
    fn handle(&self, ctx: &Context) -> Result<Response> {
        self(ctx)?.into_response()
    }
}

impl<F, T, R> Handler<(T,)> for F
where
    F: Fn(&Context, T) -> Result<R>,
    T: DeserializeOwned,
    R: IntoResponse,
{
    fn handle(&self, ctx: &Context) -> Result<Response> {
        self(ctx, ctx.request.json()?)?.into_response()
    }
}

/// One service of a plugin, as registered with [`services!`](crate::services).
#[derive(Clone, Copy, Debug)]
pub struct Service {
    name: Name,
    description: &'static str,
    handle: fn(&Context) -> Result<Response>,
}

#[derive(Clone, Copy, Debug)]
enum Name {
    Given(&'static str),
    OfFunction(&'static str),
}

impl Service {
    /// Returns the name within the plugin.
    pub fn name(&self) -> Cow<'static, str> {
        match self.name {
            Name::Given(name) => Cow::Borrowed(name),
            Name::OfFunction(path) => {
                let name = path.rsplit(':').next().unwrap_or(path).trim();
                Cow::Owned(name.replace('_', "-"))
            }
        }
    }

    /// Returns the description, possibly empty.
    pub fn description(&self) -> &'static str {
        self.description.trim()
    }

    #[doc(hidden)]
    pub const fn named(
        name: &'static str,
        description: &'static str,
        handle: fn(&Context) -> Result<Response>,
    ) -> Service {
        Service { name: Name::Given(name), description, handle }
    }

    #[doc(hidden)]
    pub const fn of_function(
        path: &'static str,
        description: &'static str,
        handle: fn(&Context) -> Result<Response>,
    ) -> Service {
        Service { name: Name::OfFunction(path), description, handle }
    }
}

/// Passes the request to the service that it names.
///
/// # Errors
///
/// Those of the service; `Internal` if its response, or for an HTTP request a header of its
/// failure, is invalid; `NotFound` if there is no such service (a host checks the name before the
/// call).
pub(crate) fn dispatch(services: &[Service], ctx: &Context) -> Result<Response> {
    let name = &ctx.request.service;
    let Some(service) = services.iter().find(|service| service.name() == *name) else {
        let names: Vec<_> = services.iter().map(Service::name).collect();
        let names = names.join(", ");
        return Err(Failure::not_found(format!("no service {name:?} here; there are: {names}")));
    };
    match (service.handle)(ctx) {
        Ok(response) => response.checked(),
        // A failure in the WIT interface has no headers, so return the failure as a response.
        Err(mut failure) if !failure.headers.is_empty() && ctx.request.http.is_some() => {
            headers::check(&mut failure.headers)?;
            Ok(problem::of_failure(failure, &ctx.request.id))
        }
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use crate::fake::Fake;
    use crate::{Context, Failure, FailureKind, Response, Result, info, services};

    mod orders {
        pub(super) fn count_all(_ctx: &crate::Context) -> crate::Result<usize> {
            Ok(3)
        }
    }

    services! {
        /// Logs its request.
        log_request,
        /// Adds two numbers,
        /// exactly.
        "add_numbers" => add,
        orders::count_all,
        "made.by.hand" => made,
        fails,
    }

    fn log_request(ctx: &Context) -> Result<()> {
        info!("{} {}", ctx.request.service, ctx.request.body.len());
        Ok(())
    }

    fn add(_ctx: &Context, (a, b): (u64, u64)) -> Result<u64> {
        Ok(a + b)
    }

    fn made(_ctx: &Context, name: Option<String>) -> Result<Response> {
        Ok(Response::text(name.unwrap_or_default()).with_status(201))
    }

    fn fails(_ctx: &Context) -> Result<()> {
        Err(Failure::conflict("taken"))
    }

    #[test]
    fn services_are_named_by_function_or_by_hand_and_described_by_doc_comment() {
        let listed: Vec<_> = SERVICES.iter().map(|s| (s.name(), s.description())).collect();
        let expected = [
            ("log-request".into(), "Logs its request."),
            ("add_numbers".into(), "Adds two numbers, exactly."),
            ("count-all".into(), ""),
            ("made.by.hand".into(), ""),
            ("fails".into(), ""),
        ];
        assert_eq!(listed, expected);
    }

    #[track_caller]
    fn check(service: &str, body: serde_json::Value, expected: Result<(u16, &str), FailureKind>) {
        let answer = Fake::new().call(SERVICES, service, &body);
        let answer = answer.map(|r| (r.status, String::from_utf8(r.body).unwrap()));
        let answer = answer.map_err(|failure| failure.kind);
        assert_eq!(answer, expected.map(|(status, body)| (status, body.to_owned())));
    }

    #[test]
    fn request_reaches_the_service_it_names_with_its_typed_body() {
        use serde_json::json;
        check("log-request", json!({}), Ok((204, "")));
        check("add_numbers", json!([1, 2]), Ok((200, "3")));
        check("add_numbers", json!([1]), Err(FailureKind::BadRequest));
        check("count-all", json!("ignored"), Ok((200, "3")));
        check("made.by.hand", json!(null), Ok((201, "")));
        check("made.by.hand", json!("a"), Ok((201, "a")));
        check("fails", json!(null), Err(FailureKind::Conflict));
        check("add-numbers", json!([1, 2]), Err(FailureKind::NotFound));
    }

    #[test]
    fn error_of_an_unknown_service_lists_the_services() {
        let failure = Fake::new().call(SERVICES, "fail", &()).unwrap_err();
        assert!(failure.message.contains("\"fail\""), "{failure}");
        assert!(failure.message.contains("log-request, add_numbers"), "{failure}");
    }
}
