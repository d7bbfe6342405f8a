//! A host for tests, in the test's own process and without wasm. Its cache is the implementation of
//! a real host; the test defines the settings and the responses of remote servers.
//!
//! ```
//! use std::time::Duration;
//!
//! use hostel_sdk::{Context, Result, fake::Fake, info, services};
//!
//! services! {
//!     remember,
//! }
//!
//! fn remember(ctx: &Context, name: String) -> Result<()> {
//!     info!("remembering {name}");
//!     ctx.cache.set_with_expiry("name", &name, Duration::from_secs(60))?;
//!     Ok(())
//! }
//!
//! let fake = Fake::new();
//! fake.call(SERVICES, "remember", "Ada").unwrap();
//! assert_eq!(fake.logs(), ["info: remembering Ada"]);
//! assert_eq!(fake.context().cache.get("name"), Ok(Some("Ada".to_string())));
//!
//! fake.advance(Duration::from_secs(60));
//! assert_eq!(fake.context().cache.exists("name"), Ok(false));
//! ```
//!
//! [`Fake::serve`] adds a route to a service. [`Fake::http`] sends an HTTP request through the
//! routes and returns the service's response.

mod call;
mod routes;

pub use call::HttpCall;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;

pub use hostel_cache::Stats;
use hostel_cache::{CacheLimits, Clock, MockClock};

use crate::cache::Cache;
use crate::config::Config;
use crate::failure::{Failure, Result};
use crate::host::{self, FakeCache, FakeSources, Sender, Settings, Store};
use crate::http::{Http, HttpError, HttpErrorKind, HttpResponse, OutgoingRequest};
use crate::problem;
use crate::request::Request;
use crate::response::Response;
use crate::service::{Context, Service, dispatch};
use routes::{Match, Routes};

/// The correlation id of the requests that [`Fake::http`] sends.
const ID: &str = "1";

/// A host with an empty cache and a clock that moves only when the test advances it.
///
/// - The cache is a real host's implementation with the default limits, so keys, values, expiry and
///   errors behave as in a host. But the cache never returns `Denied` or `Unavailable`, and does
///   not limit the sum of the values that [`Cache::get_many`] reads.
/// - [`Cache::get_or_set`] never waits for another call. [`hold`](Fake::hold) simulates a call that
///   computes the value.
/// - The SDK checks requests and responses as in a plugin. The fake does not repeat the host's
///   checks, for example of sizes, of statuses and of outgoing requests.
/// - Each thread has its own log. Creating a fake empties the log of the current thread.
#[derive(Debug)]
pub struct Fake {
    cache: Arc<FakeCache>,
    sources: Arc<FakeSources>,
    routes: Mutex<Routes>,
    clock: MockClock,
}

impl Fake {
    /// Creates a fake host with an empty cache and an empty log.
    #[allow(clippy::new_without_default, reason = "creating a fake empties the log")]
    pub fn new() -> Fake {
        host::start_log();
        let (clock, handle) = Clock::mock();
        let cache = hostel_cache::Cache::new(CacheLimits::default(), clock);
        let (cache, sources) = (Arc::new(FakeCache::new(cache)), Arc::default());
        Fake { cache, sources, routes: Mutex::default(), clock: handle }
    }

    /// Returns a context with an empty request, to call a handler as a plain function or to read
    /// the cache.
    pub fn context(&self) -> Context {
        self.context_with(Request::default())
    }

    /// Returns a context with this request.
    pub fn context_with(&self, request: Request) -> Context {
        Context {
            cache: Cache::new(Store::new(Arc::clone(&self.cache))),
            http: Http::new(Sender(Arc::clone(&self.sources))),
            config: Config::new(Settings(Arc::clone(&self.sources))),
            request,
        }
    }

    /// Sends `payload` as JSON to the service of that name, as a host does.
    ///
    /// # Errors
    ///
    /// Those of the service; `NotFound` if there is no such service; `Internal` if the payload has
    /// no JSON form or the response is invalid.
    pub fn call<T: Serialize + ?Sized>(
        &self,
        services: &[Service],
        name: &str,
        payload: &T,
    ) -> Result<Response> {
        let Response { content_type, body, .. } = Response::json(payload)?;
        let service = name.to_owned();
        self.call_with(services, Request { service, content_type, body, ..Request::default() })
    }

    /// Sends a request to the service that the request names. Use this method for bodies that are
    /// not JSON and for HTTP requests. If the service fails on an HTTP request and the failure has
    /// headers, this method returns the problem response.
    ///
    /// # Errors
    ///
    /// Those of the service; `NotFound` if there is no such service; `Internal` if the response, or
    /// for an HTTP request a header of the failure, is invalid.
    pub fn call_with(&self, services: &[Service], request: Request) -> Result<Response> {
        dispatch(services, &self.context_with(request))
    }

    /// Routes requests of [`http`](Fake::http) to the service of that name. A route is a method and
    /// a path, for example `GET /orders/{id}`, or only a path for any method. The path has the same
    /// form as in `[[routes]]` of the host's configuration. Panics if a host would refuse the route
    /// or if there is no such service.
    pub fn serve(&self, services: &[Service], route: &str, service: &str) {
        let names = services.iter().map(Service::name).collect::<Vec<_>>().join(", ");
        let found = services.iter().find(|it| it.name() == service);
        assert!(found.is_some(), "{route}: no service {service:?}; there are: {names}");
        if let Some(found) = found {
            let added = self.lock_routes().add(route, *found);
            assert_eq!(added, Ok(()), "the route {route:?}");
        }
    }

    /// Sends an HTTP request to the service of its route and returns the service's response. A
    /// failure becomes a problem response (RFC 9457) with the status of its kind; the message of an
    /// `Internal` or `Unavailable` failure is only logged. Unlike a host, the fake returns the body
    /// of a response to `HEAD`.
    ///
    /// The status is 404 if no route matches the path, 405 if the most specific matching routes are
    /// for other methods, and 400 if the path has an invalid escape or a segment that is not UTF-8.
    ///
    /// ```
    /// use hostel_sdk::{Context, Result, fake::{Fake, HttpCall}, services};
    ///
    /// services! { order }
    ///
    /// fn order(ctx: &Context) -> Result<(i64, bool)> {
    ///     Ok((ctx.request.path_integer("id")?, ctx.request.query("all").is_some()))
    /// }
    ///
    /// let fake = Fake::new();
    /// fake.serve(SERVICES, "GET /orders/{id}", "order");
    /// assert_eq!(fake.http(HttpCall::get("/orders/7?all")).body, b"[7,true]");
    /// assert_eq!(fake.http(HttpCall::get("/orders/x")).status, 400);
    /// assert_eq!(fake.http(HttpCall::post("/orders/7")).status, 405);
    /// ```
    pub fn http(&self, call: HttpCall) -> Response {
        // Release the lock before the call: the service may use the routes.
        let found = self.lock_routes().find(call.method(), call.path());
        let result = match found {
            Match::Service(service, params) => {
                let request = call.into_request(service.name().into_owned(), ID.to_owned(), params);
                self.call_with(&[service], request)
            }
            Match::Nothing => Err(Failure::not_found("no service has this path")),
            Match::Malformed => Err(Failure::bad_request("the path has an invalid escape")),
            Match::Methods(allow) => {
                let failure = Failure::method_not_allowed(format!("this path allows {allow}"));
                Err(failure.with_header("allow", allow))
            }
        };
        result.unwrap_or_else(|failure| problem::of_failure(failure, ID))
    }

    fn lock_routes(&self) -> MutexGuard<'_, Routes> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the cache's clock forward. Entries expire accordingly.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Returns the lines that this thread has logged since it created its newest fake, each as
    /// `level: message`.
    pub fn logs(&self) -> Vec<String> {
        host::logged()
    }

    /// Simulates another call that computes the value of this key.
    /// [`Cache::get_or_set`](crate::Cache::get_or_set) then computes a missing value without
    /// storing it, and does not refresh an existing value early. The simulation ends with
    /// [`let_go`](Fake::let_go), when the entry is changed, and with some calls that find nothing
    /// to change, for example `delete` of a missing entry.
    pub fn hold(&self, key: &str) {
        // Ignore the error for an invalid key: such a key has no lease.
        drop(self.cache.hold(key));
    }

    /// Ends the effect of [`hold`](Fake::hold).
    pub fn let_go(&self, key: &str) {
        drop(self.cache.let_go(key));
    }

    /// Makes the fake return this response to requests with that method and URL. A URL that ends
    /// with `*` matches every URL with that prefix. If several routes match, the newest one is
    /// used. Sending a request that matches no route panics.
    pub fn route(&self, method: &str, url: &str, response: HttpResponse) {
        self.route_with(method, url, move |_| Ok(response.clone()));
    }

    /// Makes the fake call `answer` for requests with that method and URL, and return its result.
    /// `url` is as in [`route`](Fake::route).
    pub fn route_with(
        &self,
        method: &str,
        url: &str,
        answer: impl Fn(&OutgoingRequest) -> Result<HttpResponse, HttpError> + Send + 'static,
    ) {
        self.sources.route(method, url, Box::new(answer));
    }

    /// Makes requests with that method and URL fail with an error of this kind.
    pub fn fail_route(&self, method: &str, url: &str, kind: HttpErrorKind) {
        let message = format!("{url}: the fake returns {kind:?}");
        self.route_with(method, url, move |_| Err(HttpError { kind, message: message.clone() }));
    }

    /// Returns the outgoing requests so far, including a request for each redirect that the fake
    /// followed.
    pub fn requests(&self) -> Vec<OutgoingRequest> {
        self.sources.requests()
    }

    /// Sets a setting or a secret of the plugin.
    pub fn set_config(&self, name: &str, value: &str) {
        self.sources.set(name, value);
    }

    /// Returns the cache's counters and its current size. The counters do not include refused
    /// calls.
    pub fn stats(&self) -> Stats {
        self.cache.cache.stats()
    }
}

#[cfg(test)]
mod tests;
