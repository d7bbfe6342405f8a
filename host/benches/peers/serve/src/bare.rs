//! The upper bound: a hyper server without guests. It responds from Hostel's cache, with the
//! headers that `hostel serve` sends.

use anyhow::Result;
use hostel_cache::{Cache, CacheLimits, Clock};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::net::TcpListener;

const KEY: &str = "user:123";

const VALUE: &str =
    r#"{"username":"joe","email":"joe@example.com","roles":["admin","editor"],"id":123}"#;

fn main() -> Result<()> {
    let cache = Arc::new(Cache::new(CacheLimits::default(), Clock::system()));
    cache.set(KEY, VALUE, None)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        eprintln!("serving on http://{}/", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let cache = Arc::clone(&cache);
            let service = service_fn(move |_: Request<Incoming>| {
                let response = answer(&cache);
                async move { Ok::<_, Infallible>(response) }
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    })
}

fn answer(cache: &Cache) -> Response<Full<Bytes>> {
    let found = cache.get(KEY).ok().flatten();
    let body = found.as_deref().map(|text| Bytes::copy_from_slice(text.as_bytes()));
    let mut response = Response::new(Full::new(body.unwrap_or_default()));
    if found.is_none() {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let id = HeaderValue::from_static("0123456789abcdef");
    headers.insert(HeaderName::from_static("x-request-id"), id);
    response
}
