//! The front for HTTP: from a listener to the services of a host.
//!
//! [`run`] serves HTTP/1.1 and HTTP/2, in the clear or by TLS, until it is told to stop.
//!
//! | request | answered by |
//! |---|---|
//! | `POST /services/<plugin>.<service>` | the service |
//! | `POST /services/<plugin>` | the plugin's service, where it has one |
//! | `GET /services` | a list of names and descriptions, as JSON |
//! | a [`Route`](crate::config::Route)'s methods and path | its service; HEAD goes where GET does |
//!
//! [`run_admin`] answers whoever runs the server, on a listener of its own:
//!
//! | request | answer |
//! |---|---|
//! | `GET /healthz` | 200 while the server runs |
//! | `GET /readyz` | 200 once all configured plugins serve, 503 before |
//! | `GET /metrics` | counts, as text of OpenMetrics 1.0 |
//! | `GET /plugins` | every plugin: its version, state, services and grants |
//! | `GET /caches` | every cache with its counts |
//! | `GET /caches/<cache>/entries` | keys, sizes and seconds left, by `prefix`, `after` and `limit` (100, at most 1,000); `next` is the `after` of the next listing, or null |
//! | `DELETE /caches/<cache>/entries` | removes all |
//! | `GET`, `DELETE /caches/<cache>/entries/<key>` | the JSON as it is stored, which counts as a read; removes it |
//! | `PUT /caches/<cache>/entries/<key>` | sets the body, for `expiry` seconds if that is there |
//! | `GET /caches/<cache>/entries/<key>/exists` | whether there is an entry, which counts as asked |
//!
//! `<cache>` and `<key>` are percent-encoded, slashes too: `plugin%2Fusers` is the cache of the
//! plugin `users`. A cache that is not there is a problem `no-cache`, an entry `no-entry`; both are 404.
//!
//! # What a caller is told when that fails
//!
//! A body `application/problem+json` (RFC 9457) with `type`, `title`, `status`, `code`, `detail` and
//! `request_id`. The codes are stable:
//!
//! | code | status | what happened |
//! |---|---|---|
//! | `bad-request` | 400 | the request is malformed, or the service says so |
//! | `unauthorized` | 401 | credentials are missing or wrong, or the service says so |
//! | `forbidden` | 403 | the service says so |
//! | `not-found` | 404 | no service answers here, or the service says so |
//! | `method-not-allowed` | 405 | the path has other methods (`Allow`), or the service says so |
//! | `request-timeout` | 408 | the body did not come in time |
//! | `conflict` | 409 | the service says so |
//! | `too-large` | 413 | the body is larger than `limits.request` |
//! | `expectation-failed` | 417 | `Expect` asks for something else than `100-continue` |
//! | `too-many-requests` | 429 | the service says so |
//! | `headers-too-large` | 431 | the request has too many headers |
//! | `internal` | 500 | the service says so, trapped, exited, or reached a limit of its call |
//! | `bad-answer` | 502 | the service's answer is malformed or larger than it may be |
//! | `unavailable` | 503 | the service says so |
//! | `busy` | 503 | more is under way than the host takes on (`Retry-After`) |
//! | `timeout` | 504 | the service did not answer within `limits.time` |
//!
//! With a status below 500 `detail` is the service's message, where it is the service that says so.
//! From 500 on it is a sentence that tells nothing; what happened is in the log, under the
//! request's id. What is no HTTP at all is answered by a status alone, a
//! head that does not come in time by closing the connection.

mod admin;
mod auth;
mod body_budget;
mod error;
mod handler;
mod log;
mod path;
mod problem;
mod request;
mod response;
mod router;
mod server;
mod settings;
mod span;

pub use error::HttpError;
pub use server::{ServerReport, run, run_admin};
pub use settings::HttpSettings;
