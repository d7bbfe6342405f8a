//! Write a service for a Hostel host in Rust: a shared JSON cache with expiry, a log, typed requests
//! and responses, and requests to servers elsewhere.
//!
//! # A service
//!
//! A service is a function. [`services!`] lists those of a plugin; there is nothing else to do.
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
//! Its crate is a `cdylib`; `cargo build --release --target wasm32-wasip2` makes the
//! plugin, a component. The service is called `store-and-read` there.
//!
//! # Requests and responses
//!
//! A second argument is the request's JSON body, as any type that deserialises; a body that does not
//! fit never reaches the function. The function returns the response: a value that serialises
//! becomes JSON, `()` an empty response, and a [`Response`] is sent as it is. The rest of the request
//! is in [`Context::request`]: it reads headers, cookies, parameters and forms.
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
//! # Sources
//!
//! [`Context::http`] sends requests to the servers that the host's configuration grants, and
//! [`Context::config`] has the plugin's settings and secrets: see [`http`].
//!
//! # Failures
//!
//! A [`Failure`] has a kind that the caller sees and a message. `?` makes one of any error: kind
//! `Internal`, or `Unavailable` when the cache is. A panic is a fault of the service: the host logs
//! its message, discards the instance, and returns `Internal` to the caller. Over HTTP a failure has
//! the status of its kind, and the headers of [`Failure::with_header`].
//!
//! # Tests
//!
//! A service is tested without wasm and without a host: [`fake::Fake`] is the cache of a real host,
//! with a clock that the test moves. [`fake::Fake::http`] calls services by HTTP, on routes.
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
