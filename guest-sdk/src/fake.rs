//! A host for tests: the cache and the log of a real one, without wasm, in the test's own process.
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
//! [`Fake::serve`] and [`Fake::http`] call services by HTTP, with the statuses that clients see.

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

/// The correlation id of requests by HTTP.
const ID: &str = "1";

/// A host with one cache, empty at first, and a clock that stands still until the test moves it.
///
/// - The cache is the very one of a host, with the default limits, so keys, values, expiry and
///   errors are a host's; only `Denied` and `Unavailable` never happen.
/// - [`Cache::get_or_set`] computes what is missing and never waits, unless the test holds the key.
/// - Of a request and a response it checks what the SDK does: not their sizes and the status.
/// - The log is the thread's: lines of other threads are not in it, and a new fake empties it.
#[derive(Debug)]
pub struct Fake {
    cache: Arc<FakeCache>,
    sources: Arc<FakeSources>,
    routes: Mutex<Routes>,
    clock: MockClock,
}

impl Fake {
    /// A host with an empty cache and an empty log.
    #[allow(clippy::new_without_default, reason = "making one empties the log")]
    pub fn new() -> Fake {
        host::start_log();
        let (clock, handle) = Clock::mock();
        let cache = hostel_cache::Cache::new(CacheLimits::default(), clock);
        let (cache, sources) = (Arc::new(FakeCache::new(cache)), Arc::default());
        Fake { cache, sources, routes: Mutex::default(), clock: handle }
    }

    /// The context of a handler, with an empty request: to call a handler as a plain function, or to
    /// read the cache.
    pub fn context(&self) -> Context {
        self.context_with(Request::default())
    }

    /// The context of a handler, with this request.
    pub fn context_with(&self, request: Request) -> Context {
        Context {
            cache: Cache::new(Store::new(Arc::clone(&self.cache))),
            http: Http::new(Sender(Arc::clone(&self.sources))),
            config: Config::new(Settings(Arc::clone(&self.sources))),
            request,
        }
    }

    /// Sends `payload` as JSON to the service of that name, the way a host does.
    ///
    /// # Errors
    ///
    /// The service's own; `NotFound` without such a service; `Internal` when the payload has no JSON
    /// form.
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

    /// Sends a request to the service that it names: for bodies that are not JSON, and for HTTP.
    ///
    /// # Errors
    ///
    /// The service's own; `NotFound` without such a service.
    pub fn call_with(&self, services: &[Service], request: Request) -> Result<Response> {
        dispatch(services, &self.context_with(request))
    }

    /// Leads requests of [`http`](Fake::http) to the service of that name, by a route as a host's
    /// configuration has it: `GET /orders/{id}`, or `/orders/{id}` for any method. A route that a
    /// host would refuse, and a name without a service, fail the test.
    pub fn serve(&self, services: &[Service], route: &str, service: &str) {
        let names = services.iter().map(Service::name).collect::<Vec<_>>().join(", ");
        let found = services.iter().find(|it| it.name() == service);
        assert!(found.is_some(), "{route}: no service {service:?}; there are: {names}");
        if let Some(found) = found {
            let added = self.lock_routes().add(route, *found);
            assert_eq!(added, Ok(()), "the route {route:?}");
        }
    }

    /// Sends a request by HTTP to the service of its route, and returns what a client gets: a
    /// failure as a problem, with its status. The message of a failure that a client does not see
    /// is logged. Without a route the status is 404, with routes for other methods alone 405.
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
        // The lock ends here: a service may panic.
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

    /// Moves the cache's clock forward. Entries whose expiry has then passed are gone.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// The lines logged on this thread since the newest fake was made: level, colon, message.
    pub fn logs(&self) -> Vec<String> {
        host::logged()
    }

    /// From now on another call computes the value of this key, as
    /// [`Cache::get_or_set`](crate::Cache::get_or_set) sees it: while the key has no value, the service
    /// computes its own and does not store it, and an old value is not renewed. It ends with
    /// [`let_go`](Fake::let_go), or when the key is set or deleted.
    pub fn hold(&self, key: &str) {
        // A text that is no key has no lease.
        drop(self.cache.hold(key));
    }

    /// Ends what [`hold`](Fake::hold) began.
    pub fn let_go(&self, key: &str) {
        drop(self.cache.let_go(key));
    }

    /// Answers requests of that method to that URL. A URL that ends with `*` stands for all that
    /// begin so. Of several rows that match, the newest answers. A request that no row matches
    /// fails the test.
    pub fn route(&self, method: &str, url: &str, response: HttpResponse) {
        self.route_with(method, url, move |_| Ok(response.clone()));
    }

    /// Answers requests of that method to that URL by a function.
    pub fn route_with(
        &self,
        method: &str,
        url: &str,
        answer: impl Fn(&OutgoingRequest) -> Result<HttpResponse, HttpError> + Send + 'static,
    ) {
        self.sources.route(method, url, Box::new(answer));
    }

    /// Answers requests of that method to that URL with an error.
    pub fn fail_route(&self, method: &str, url: &str, kind: HttpErrorKind) {
        let message = format!("{url}: the fake answers with {kind:?}");
        self.route_with(method, url, move |_| Err(HttpError { kind, message: message.clone() }));
    }

    /// The requests that were sent so far, redirects included.
    pub fn requests(&self) -> Vec<OutgoingRequest> {
        self.sources.requests()
    }

    /// Gives the plugin a setting or a secret.
    pub fn set_config(&self, name: &str, value: &str) {
        self.sources.set(name, value);
    }

    /// The counts of the cache: `sets`, `hits`, `misses`, `exists`, `deletes` that removed an entry,
    /// and its entries and bytes. A refused call is not counted.
    pub fn stats(&self) -> Stats {
        self.cache.cache.stats()
    }
}

#[cfg(test)]
mod tests;
