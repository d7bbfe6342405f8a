//! The Rust SDK for Hostel services: a shared JSON cache with expiry, logging, typed requests and
//! responses, HTTP requests to other servers, and settings.
//!
//! # A service
//!
//! A service is a function. [`services!`] registers the services of a plugin.
//!
//! ```
//! use hostel_sdk::{Context, Result, info, services};
//!
//! services! {
//!     /// Stores a value and reads it back.
//!     store_and_read,
//! }
//!
//! fn store_and_read(ctx: &Context) -> Result<()> {
//!     ctx.cache.set("greeting", "hello")?;
//!     if let Some(value) = ctx.cache.get::<String>("greeting")? {
//!         info!("{value}");
//!     }
//!     Ok(())
//! }
//! # let fake = hostel_sdk::fake::Fake::new();
//! # fake.call(SERVICES, "store-and-read", &()).unwrap();
//! # assert_eq!(fake.logs(), ["info: hello"]);
//! ```
//!
//! Build the crate as a `cdylib`: `cargo build --release --target wasm32-wasip2` produces the
//! plugin, a WebAssembly component. In the plugin this service is named `store-and-read`.
//!
//! # Requests and responses
//!
//! A second argument receives the request's JSON body, as any type that implements
//! `DeserializeOwned`. If the body does not fit that type, the SDK returns `BadRequest` without
//! calling the function. A returned value that implements `Serialize` is sent as JSON, `()` as an
//! empty response, and a [`Response`] unchanged. [`Context::request`] has the rest of the request:
//! headers, cookies, parameters and forms.
//!
//! ```
//! use hostel_sdk::{Context, Failure, Response, Result, services};
//! use serde::{Deserialize, Serialize};
//!
//! services! {
//!     /// Places an order.
//!     "orders.place" => place_order,
//!     /// Shows an order as a page.
//!     "orders.page" => order_page,
//! }
//!
//! #[derive(Serialize, Deserialize)]
//! struct Order {
//!     id: u64,
//!     item: String,
//! }
//!
//! fn place_order(ctx: &Context, order: Order) -> Result<Order> {
//!     let key = format!("order:{}", order.id);
//!     if ctx.cache.exists(&key)? {
//!         return Err(Failure::conflict(format!("order {} is placed already", order.id)));
//!     }
//!     ctx.cache.set(&key, &order)?;
//!     Ok(order)
//! }
//!
//! fn order_page(ctx: &Context) -> Result<Response> {
//!     let id = ctx.request.path_integer("id")?;
//!     let Some(order) = ctx.cache.get::<Order>(&format!("order:{id}"))? else {
//!         return Err(Failure::not_found(format!("no order {id}")));
//!     };
//!     Ok(Response::text(order.item).with_header("cache-control", "no-store"))
//! }
//! # use hostel_sdk::{FailureKind, fake::Fake};
//! # let fake = Fake::new();
//! # let order = Order { id: 7, item: "tea".to_string() };
//! # let answer = fake.call(SERVICES, "orders.place", &order).unwrap();
//! # assert_eq!(answer.body, br#"{"id":7,"item":"tea"}"#);
//! # let again = fake.call(SERVICES, "orders.place", &order).unwrap_err();
//! # assert_eq!(again.kind, FailureKind::Conflict);
//! # fake.serve(SERVICES, "GET /orders/{id}", "orders.page");
//! # assert_eq!(fake.http(hostel_sdk::fake::HttpCall::get("/orders/7")).body, b"tea");
//! ```
//!
//! # HTTP requests and settings
//!
//! [`Context::http`] sends requests to the servers that the host's configuration allows: see
//! [`http`]. [`Context::config`] has the plugin's settings and secrets.
//!
//! # Failures
//!
//! A [`Failure`] has a kind, which the caller sees, and a message. `?` converts any error to a
//! `Failure`: `Unavailable` if the cache or a remote server is unavailable, otherwise `Internal`.
//! If a service panics, the host logs the message, discards the instance, and returns `Internal` to
//! the caller. Over HTTP, a failure has the status of its kind and the headers set with
//! [`Failure::with_header`].
//!
//! # Tests
//!
//! Tests need neither wasm nor a host: [`fake::Fake`] has the cache of a real host and a clock that
//! the test controls. [`fake::Fake::http`] sends HTTP requests to services through routes.
//!
//! ```
//! # use hostel_sdk::{Context, Result, services};
//! # services! { open_session }
//! # fn open_session(ctx: &Context, token: String) -> Result<()> {
//! #     let expiry = std::time::Duration::from_secs(60);
//! #     Ok(ctx.cache.set_with_expiry("session", &token, expiry)?)
//! # }
//! use std::time::Duration;
//!
//! use hostel_sdk::fake::Fake;
//!
//! let fake = Fake::new();
//! fake.call(SERVICES, "open-session", "abc123").unwrap();
//! assert_eq!(fake.context().cache.exists("session"), Ok(true));
//!
//! fake.advance(Duration::from_secs(60));
//! assert_eq!(fake.context().cache.exists("session"), Ok(false));
//! ```

#[doc(hidden)]
pub mod export;
mod service;

mod cache;
mod config;
mod cookie;
pub mod http;
mod log;
mod request;
mod response;

mod error;
mod expiry;
mod failure;
mod headers;
mod level;
mod limits;
mod numbers;
mod outcome;
mod problem;

pub mod recipes;

#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod bindings;
#[cfg(not(target_family = "wasm"))]
pub mod fake;
mod host;

pub use cache::{Cache, GetOrSet};
pub use config::Config;
pub use cookie::{Cookie, SameSite};
pub use error::{CacheError, CacheErrorKind};
pub use failure::{Failure, FailureKind, Result};
pub use http::{Http, HttpError, HttpErrorKind, HttpResponse, OutgoingRequest};
pub use level::Level;
pub use outcome::{Lifetime, Swap, TimeLeft};
pub use request::{HttpRequest, Request};
pub use response::{IntoResponse, Response};
pub use service::{Context, Handler, Service};
