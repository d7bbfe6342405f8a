//! The HTTP servers and the settings of a fake, as the test defines them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::http::{HttpError, HttpErrorKind, HttpResponse, OutgoingRequest};

type Answer = Box<dyn Fn(&OutgoingRequest) -> Result<HttpResponse, HttpError> + Send>;

/// The response or the error for requests with a method and URL.
struct Route {
    method: String,
    /// A URL, or a URL prefix followed by `*`.
    url: String,
    answer: Answer,
}

/// The routes and settings of a test, and the requests that were sent.
#[derive(Default)]
pub(crate) struct FakeSources {
    routes: Mutex<Vec<Route>>,
    requests: Mutex<Vec<OutgoingRequest>>,
    settings: Mutex<BTreeMap<String, String>>,
}

impl FakeSources {
    pub(crate) fn route(&self, method: &str, url: &str, answer: Answer) {
        let (method, url) = (method.to_owned(), url.to_owned());
        lock(&self.routes).push(Route { method, url, answer });
    }

    pub(crate) fn requests(&self) -> Vec<OutgoingRequest> {
        lock(&self.requests).clone()
    }

    pub(crate) fn set(&self, name: &str, value: &str) {
        lock(&self.settings).insert(name.to_owned(), value.to_owned());
    }

    /// Returns the response or the error of the newest matching route. Panics if no route matches,
    /// so that an unexpected request fails the test.
    fn answer(&self, request: &OutgoingRequest) -> Result<HttpResponse, HttpError> {
        lock(&self.requests).push(request.clone());
        let OutgoingRequest { method, url, .. } = request;
        let routes = lock(&self.routes);
        let route = routes.iter().rev().find(|route| route.matches(request));
        let rows: Vec<_> = routes.iter().map(|it| format!("{} {}", it.method, it.url)).collect();
        let rows = if rows.is_empty() { "none".to_owned() } else { rows.join(", ") };
        let unexpected = format!("{method} {url} matches no route of the fake; there are: {rows}");
        assert!(route.is_some(), "{unexpected}");
        let refuse = || Err(HttpError::invalid(unexpected));
        let mut response = route.map_or_else(refuse, |route| (route.answer)(request))?;
        if response.url.is_empty() {
            response.url.clone_from(url);
        }
        Ok(response)
    }

    fn follow(&self, request: &OutgoingRequest) -> Result<HttpResponse, HttpError> {
        let mut request = request.clone();
        let mut followed = 0;
        loop {
            let response = self.answer(&request)?;
            let is_redirect = matches!(response.status, 301 | 302 | 303 | 307 | 308);
            let location = response.header("location").filter(|_| is_redirect);
            let Some(location) = location.filter(|_| request.redirects > 0) else {
                return Ok(response);
            };
            if followed == request.redirects {
                let message = format!("{}: it redirects more than {followed} times", request.url);
                return Err(HttpError { kind: HttpErrorKind::Aborted, message });
            }
            followed += 1;
            request.url = location.into_owned();
            let becomes_get = match response.status {
                303 => request.method != "HEAD",
                301 | 302 => request.method == "POST",
                _ => false,
            };
            if becomes_get {
                request.method = "GET".to_owned();
                request.body = Vec::new();
            }
        }
    }
}

impl Route {
    fn matches(&self, request: &OutgoingRequest) -> bool {
        let is_url = match self.url.strip_suffix('*') {
            Some(beginning) => request.url.starts_with(beginning),
            None => request.url == self.url,
        };
        is_url && self.method == request.method
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for FakeSources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FakeSources")
    }
}

/// Sends requests to the fake's routes.
#[derive(Debug)]
pub(crate) struct Sender(pub(crate) Arc<FakeSources>);

impl Sender {
    pub(crate) fn send(&self, request: &OutgoingRequest) -> Result<HttpResponse, HttpError> {
        self.0.follow(request)
    }

    pub(crate) fn send_many(
        &self,
        requests: &[OutgoingRequest],
    ) -> Vec<Result<HttpResponse, HttpError>> {
        requests.iter().map(|request| self.0.follow(request)).collect()
    }
}

/// Reads the settings of the fake.
#[derive(Debug)]
pub(crate) struct Settings(pub(crate) Arc<FakeSources>);

impl Settings {
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        lock(&self.0.settings).get(name).cloned()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        lock(&self.0.settings).keys().cloned().collect()
    }
}
