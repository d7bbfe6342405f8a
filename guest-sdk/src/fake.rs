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

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

pub use hostel_cache::Stats;
use hostel_cache::{CacheLimits, Clock, MockClock};

use crate::cache::{Cache, CacheError, CacheErrorKind};
use crate::failure::Result;
use crate::log::Level;
use crate::request::Request;
use crate::response::Response;
use crate::service::{Context, Service, dispatch};

/// A host with one cache, empty at first, and a clock that stands still until the test moves it.
///
/// - The cache is the very one of a host, with the default limits, so keys, values, expiry and
///   errors are a host's; only `Denied` and `Unavailable` never happen.
/// - Nothing checks the request or the response, which a host does.
/// - The log is the thread's: lines of other threads are not in it, and a new fake empties it.
#[derive(Debug)]
pub struct Fake {
    cache: Arc<hostel_cache::Cache>,
    clock: MockClock,
}

impl Fake {
    /// A host with an empty cache and an empty log.
    #[allow(clippy::new_without_default, reason = "making one empties the log")]
    pub fn new() -> Fake {
        LOGS.take();
        let (clock, handle) = Clock::mock();
        let cache = Arc::new(hostel_cache::Cache::new(CacheLimits::default(), clock));
        Fake { cache, clock: handle }
    }

    /// What a handler gets, with an empty request: to call a handler as the function it is, or to
    /// look into the cache.
    pub fn context(&self) -> Context {
        self.context_with(Request::default())
    }

    /// What a handler gets, with this request.
    pub fn context_with(&self, request: Request) -> Context {
        Context { cache: Cache::new(Store { cache: Arc::clone(&self.cache) }), request }
    }

    /// Sends `payload` as JSON to the service of that name, the way a host does.
    ///
    /// # Errors
    ///
    /// What the service answers; `NotFound` without such a service; `Internal` when the payload has
    /// no JSON form.
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

    /// Sends a request to the service that it names: for bodies that are no JSON, and for HTTP.
    ///
    /// # Errors
    ///
    /// What the service answers; `NotFound` without such a service.
    pub fn call_with(&self, services: &[Service], request: Request) -> Result<Response> {
        dispatch(services, &self.context_with(request))
    }

    /// Moves the cache's clock forward. Entries whose expiry has then passed are gone.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// The lines logged on this thread since the newest fake was made: level, colon, message.
    pub fn logs(&self) -> Vec<String> {
        LOGS.with_borrow(Vec::clone)
    }

    /// What the cache counted: `sets`, `hits`, `misses`, `exists`, `deletes` that removed an entry,
    /// and what it holds. A call that was refused counts nowhere.
    pub fn stats(&self) -> Stats {
        self.cache.stats()
    }
}

thread_local! {
    static LOGS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Keeps the line for [`Fake::logs`], and prints it, so that a test that fails shows its log.
pub(crate) fn log(level: Level, message: &str) {
    let line = format!("{level}: {message}");
    eprintln!("{line}");
    LOGS.with_borrow_mut(|lines| lines.push(line));
}

/// The host's cache: four calls, and texts as they are.
pub(crate) struct Store {
    cache: Arc<hostel_cache::Cache>,
}

impl Store {
    pub(crate) fn get(&self, key: &str) -> Result<Option<String>, CacheError> {
        Ok(self.cache.get(key)?.map(|value| value.to_string()))
    }

    pub(crate) fn set(
        &self,
        key: &str,
        value: &str,
        expiry: Option<u32>,
    ) -> Result<(), CacheError> {
        Ok(self.cache.set(key, value, expiry)?)
    }

    pub(crate) fn delete(&self, key: &str) -> Result<bool, CacheError> {
        Ok(self.cache.delete(key)?)
    }

    pub(crate) fn exists(&self, key: &str) -> Result<bool, CacheError> {
        Ok(self.cache.exists(key)?)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

impl From<hostel_cache::Error> for CacheError {
    fn from(error: hostel_cache::Error) -> CacheError {
        let kind = match error.kind() {
            hostel_cache::ErrorKind::InvalidKey => CacheErrorKind::InvalidKey,
            hostel_cache::ErrorKind::InvalidValue => CacheErrorKind::InvalidValue,
            hostel_cache::ErrorKind::InvalidExpiry => CacheErrorKind::InvalidExpiry,
            hostel_cache::ErrorKind::TooLarge => CacheErrorKind::TooLarge,
        };
        CacheError { kind, message: error.to_string() }
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
