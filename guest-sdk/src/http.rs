//! HTTP requests to other servers: [`Context::http`](crate::Context::http).
//!
//! ```
//! use hostel_sdk::{Context, Result, services};
//! use serde::Deserialize;
//!
//! services! { latest }
//!
//! #[derive(Deserialize)]
//! struct Rates {
//!     usd: f64,
//! }
//!
//! fn latest(ctx: &Context) -> Result<f64> {
//!     let rates: Rates = ctx.http.get("https://api.example.com/latest")?.json()?;
//!     Ok(rates.usd)
//! }
//!
//! let fake = hostel_sdk::fake::Fake::new();
//! let rates = hostel_sdk::http::HttpResponse::of_json(&serde_json::json!({ "usd": 1.1 })).unwrap();
//! fake.route("GET", "https://api.example.com/latest", rates);
//! assert_eq!(fake.call(SERVICES, "latest", &()).unwrap().body, b"1.1");
//! ```
//!
//! A plugin can send requests only to the servers that the host's configuration allows:
//! `[plugins.NAME.http] allow = ["https://api.example.com"]`, or `hostel run --allow-http URL`.

mod error;
mod request;
mod response;

pub use error::{HttpError, HttpErrorKind};
pub use request::OutgoingRequest;
pub use response::HttpResponse;

use serde::Serialize;

use crate::failure::Result;
use crate::host::Sender;

/// Sends requests to the servers that the host's configuration allows.
///
/// Each method waits for the whole response. A status of 400 or more is not an error; see
/// [`HttpResponse::error_for_status`]. Each request follows at most 5 redirects by default.
///
/// `?` in a service converts an [`HttpError`] to a [`Failure`](crate::Failure): `Unreachable`,
/// `Timeout` and `Aborted` become `Unavailable`; every other kind becomes `Internal`.
#[derive(Debug)]
pub struct Http {
    sender: Sender,
}

impl Http {
    pub(crate) fn new(sender: Sender) -> Http {
        Http { sender }
    }

    /// Sends a `GET` request.
    ///
    /// # Errors
    /// An [`HttpError`] if no complete response arrives.
    pub fn get(&self, url: &str) -> Result<HttpResponse, HttpError> {
        self.send(&OutgoingRequest::new("GET", url))
    }

    /// Sends a `HEAD` request.
    ///
    /// # Errors
    /// An [`HttpError`] if no complete response arrives.
    pub fn head(&self, url: &str) -> Result<HttpResponse, HttpError> {
        self.send(&OutgoingRequest::new("HEAD", url))
    }

    /// Sends a `DELETE` request.
    ///
    /// # Errors
    /// An [`HttpError`] if no complete response arrives.
    pub fn delete(&self, url: &str) -> Result<HttpResponse, HttpError> {
        self.send(&OutgoingRequest::new("DELETE", url))
    }

    /// Sends a `POST` request with a JSON body.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` if the value has no JSON form; any kind if no complete response arrives.
    pub fn post<T: Serialize + ?Sized>(
        &self,
        url: &str,
        value: &T,
    ) -> Result<HttpResponse, HttpError> {
        self.send(&OutgoingRequest::new("POST", url).with_json(value)?)
    }

    /// Sends a `PUT` request with a JSON body.
    ///
    /// # Errors
    ///
    /// Those of [`post`](Http::post).
    pub fn put<T: Serialize + ?Sized>(
        &self,
        url: &str,
        value: &T,
    ) -> Result<HttpResponse, HttpError> {
        self.send(&OutgoingRequest::new("PUT", url).with_json(value)?)
    }

    /// Sends a `PATCH` request with a JSON body.
    ///
    /// # Errors
    ///
    /// Those of [`post`](Http::post).
    pub fn patch<T: Serialize + ?Sized>(
        &self,
        url: &str,
        value: &T,
    ) -> Result<HttpResponse, HttpError> {
        self.send(&OutgoingRequest::new("PATCH", url).with_json(value)?)
    }

    /// Sends any request, for example one with headers, a timeout or another method.
    ///
    /// # Errors
    /// An [`HttpError`] if no complete response arrives.
    pub fn send(&self, request: &OutgoingRequest) -> Result<HttpResponse, HttpError> {
        self.sender.send(request)
    }

    /// Sends requests concurrently and waits for all of them. The results are in the order of the
    /// requests.
    ///
    /// ```
    /// # use hostel_sdk::{Context, Result};
    /// use hostel_sdk::http::OutgoingRequest;
    ///
    /// fn both(ctx: &Context) -> Result<(u16, u16)> {
    ///     let urls = ["https://a.example.com", "https://b.example.com"];
    ///     let mut results = ctx.http.send_many(&urls.map(|url| OutgoingRequest::new("GET", url))).into_iter();
    ///     let mut next = || results.next().ok_or_else(|| hostel_sdk::Failure::internal("no result"));
    ///     Ok((next()??.status, next()??.status))
    /// }
    /// # let fake = hostel_sdk::fake::Fake::new();
    /// # fake.route("GET", "https://*", hostel_sdk::http::HttpResponse::of_text("a"));
    /// # assert_eq!(both(&fake.context()).unwrap(), (200, 200));
    /// ```
    pub fn send_many(&self, requests: &[OutgoingRequest]) -> Vec<Result<HttpResponse, HttpError>> {
        self.sender.send_many(requests)
    }
}

#[cfg(test)]
mod tests;
