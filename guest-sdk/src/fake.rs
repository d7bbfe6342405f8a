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

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

pub use hostel_cache::Stats;
use hostel_cache::{CacheLimits, Clock, MockClock};

use crate::cache::Cache;
use crate::config::Config;
use crate::failure::Result;
use crate::host::{self, FakeCache, FakeSources, Sender, Settings, Store};
use crate::http::{Http, HttpError, HttpErrorKind, HttpResponse, OutgoingRequest};
use crate::request::Request;
use crate::response::Response;
use crate::service::{Context, Service, dispatch};

/// A host with one cache, empty at first, and a clock that stands still until the test moves it.
///
/// - The cache is the very one of a host, with the default limits, so keys, values, expiry and
///   errors are a host's; only `Denied` and `Unavailable` never happen.
/// - [`Cache::get_or_set`] computes what is missing and never waits, unless the test holds the key.
/// - It does not check the request or the response, as a host does.
/// - The log is the thread's: lines of other threads are not in it, and a new fake empties it.
#[derive(Debug)]
pub struct Fake {
    cache: Arc<FakeCache>,
    sources: Arc<FakeSources>,
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
        Fake { cache, sources, clock: handle }
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
mod tests {
    use super::*;
    use crate::info;
    use crate::request::HttpRequest;

    #[test]
    fn new_fake_has_an_empty_cache_and_an_empty_log() {
        let first = Fake::new();
        info!("before");
        first.context().cache.set("a", &1).unwrap();
        let second = Fake::new();
        assert!(second.logs().is_empty());
        assert_eq!(second.context().cache.exists("a"), Ok(false));
        assert_eq!(first.context().cache.exists("a"), Ok(true));
    }

    #[test]
    fn contexts_of_one_fake_share_its_cache() {
        let fake = Fake::new();
        fake.context().cache.set("a", &1).unwrap();
        assert_eq!(fake.context().cache.get("a"), Ok(Some(1)));
    }

    #[test]
    fn request_reaches_the_handler_as_it_was_sent() {
        fn who(ctx: &Context) -> Result<Option<String>> {
            let http = ctx.request.http.as_ref();
            Ok(http.and_then(|http| http.header("X-Who")).map(str::to_owned))
        }
        let services = [Service::of_function("who", "", |ctx| crate::Handler::handle(&who, ctx))];
        let headers = vec![("x-who".to_owned(), b"Ada".to_vec())];
        let http = Some(HttpRequest { headers, ..HttpRequest::default() });
        let request = Request { service: "who".to_owned(), http, ..Request::default() };
        let response = Fake::new().call_with(&services, request).unwrap();
        assert_eq!(response.body, br#""Ada""#);
    }
}
