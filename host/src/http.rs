//! The HTTP server: receives requests on a listener, and calls the services of a host.
//!
//! [`run`] serves HTTP/1.1 and HTTP/2, in clear text or with TLS, until its shutdown:
//!
//! | request | target |
//! |---|---|
//! | `POST /services/<plugin>.<service>` | the service |
//! | `POST /services/<plugin>` | the plugin's service, if it has exactly one |
//! | `GET /services` | names and descriptions of the services that the caller may call directly, as JSON |
//! | the methods and path of a [`Route`](crate::config::Route) | its service; HEAD is routed like GET |
//! | `GET`, `HEAD` at or below the path of a [`FileRoute`](crate::config::FileRoute) | the file in its folder |
//! | `OPTIONS` with `Origin` and `Access-Control-Request-Method`, a preflight | the host, if the path has [`Cors`](crate::config::Cors) |
//! | `OPTIONS *` | the host: 204, and `Allow` lists all methods that a route can have |
//!
//! [`DirectCallers`](crate::config::DirectCallers) defines who may call `/services`; the setting
//! `services = false` turns these paths off.
//!
//! [`run_admin`] serves the operator on a separate listener:
//!
//! | request | response |
//! |---|---|
//! | `GET /` | these paths, as JSON |
//! | `GET /healthz` | 200 while the server runs |
//! | `GET /readyz` | 200 if all initial plugins were loaded or refused, and everything in `server.ready-requires` is available; otherwise, and during a shutdown, 503 |
//! | `GET /metrics` | the metrics, as OpenMetrics 1.0 text |
//! | `GET /plugins` | every plugin: its version, state, services and grants |
//! | `GET /caches` | every cache with its counts; `count=true` also counts the entries and bytes on Redis |
//! | `GET /caches/<cache>/entries` | keys, sizes and seconds left; may have `prefix`, `after` and `limit` (by default 100, at most 1,000); `next` is the `after` of the next page, or null |
//! | `DELETE /caches/<cache>/entries` | removes all entries |
//! | `DELETE /caches/<cache>/prefixes/<prefix>` | removes a page of the entries whose keys begin with the prefix; `next` is the `after` of the next page, or null |
//! | `GET`, `DELETE /caches/<cache>/entries/<key>` | GET returns the JSON as stored, and is counted as a read; DELETE removes the entry |
//! | `PUT /caches/<cache>/entries/<key>` | stores the body, for `expiry` seconds if given |
//! | `GET /caches/<cache>/entries/<key>/exists` | whether the entry exists; the request is counted as an `exists` operation |
//! | `GET /caches/<cache>/entries/<key>/ttl` | whether the entry exists, and its seconds left, rounded up, or null if it has no expiry |
//! | `POST /caches/<cache>/entries/<key>/increment` | adds `by` (by default 1) to the integer and returns the sum; a new entry expires after `expiry` seconds if given |
//!
//! `<cache>`, `<key>` and `<prefix>` are percent-encoded, including slashes: `plugin%2Fusers` is
//! the cache of the plugin `users`. For an unknown cache, the response is the problem `no-cache`.
//! For `GET` of an unknown entry, it is `no-entry`. Both have the status 404.
//!
//! # Errors
//!
//! An error is a body of `application/problem+json` (RFC 9457) with `type`, `title`, `status`,
//! `code`, `detail` and `request_id`. The codes are stable:
//!
//! | code | status | reason |
//! |---|---|---|
//! | `bad-request` | 400 | the request is malformed, or the service reports it; in the admin interface, the cache refuses the operation, or `Host` is not allowed |
//! | `unauthorized` | 401 | the credentials are missing or wrong, or the service reports it |
//! | `forbidden` | 403 | the service reports it, the CORS settings refuse a preflight, or a web page of another origin calls the admin interface |
//! | `not-found` | 404 | nothing exists at this path, or the service reports it |
//! | `method-not-allowed` | 405 | the path has other methods (`Allow`), or the service reports it |
//! | `request-timeout` | 408 | the body came too slowly |
//! | `conflict` | 409 | the service reports it |
//! | `precondition-failed` | 412 | the file is not the version that `If-Match` or `If-Unmodified-Since` names |
//! | `too-large` | 413 | the body is larger than `limits.request` |
//! | `range-not-satisfiable` | 416 | the file ends before the range of the request |
//! | `expectation-failed` | 417 | `Expect` is not `100-continue` |
//! | `too-many-requests` | 429 | the service reports it, or the client keeps failing authentication while another of its requests waits, or too many of its passwords wait (`Retry-After`) |
//! | `headers-too-large` | 431 | the request has too many headers |
//! | `internal` | 500 | the service reports it, trapped, exited or reached a limit without a code of its own; or the host cannot read a file or write the metrics |
//! | `bad-answer` | 502 | the service's response is malformed or too large |
//! | `unavailable` | 503 | the service reports it, or its plugin does not serve; in the admin interface, a cache does not respond or the server is not ready |
//! | `busy` | 503 | the plugin is loading, or the host has too many calls, password checks or open files, or too many bytes of bodies and responses, in total or for this client (`Retry-After`) |
//! | `timeout` | 504 | the service did not respond within `limits.time` or `limits.cpu` |
//!
//! If a service reports an error with a status below 500, the `detail` is the service's message. If
//! a call is refused because its plugin does not serve or memory is short, the `detail` has the
//! reason. If a call fails otherwise with a status of 500 or more, the `detail` is a fixed
//! sentence, and the log has the reason, with the id of the request. The response to bytes that are
//! not HTTP has a status but no body. If the head of a request does not arrive in time, the server
//! closes the connection.

mod admin;
mod auth;
mod client;
mod cors;
mod error;
mod files;
mod handler;
mod log;
mod messages;
mod methods;
mod path;
mod peer;
mod problem;
mod rate;
mod record;
mod request;
mod request_body;
mod response;
mod router;
mod server;
mod settings;
mod slice;
mod span;

pub use error::HttpError;
pub(crate) use files::MAX_OPEN_FILES;
pub use server::{ServerReport, run, run_admin};
pub use settings::HttpSettings;
