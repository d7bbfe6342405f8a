//! The cost of an outgoing request from a guest, compared with the same client library used
//! natively: consecutive requests on one connection to a server on loopback.

use anyhow::{Context, Error, Result, anyhow};
use bytes::Bytes;
use hostel::{
    Allowed, Grants, Host, HttpGrant, Limits, PluginName, PluginSettings, Request, Settings,
};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use table::{Row, Wanted};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

const ROUNDS: usize = 31;

/// Requests per round and side. The guest sends them in one call.
const REQUESTS: u32 = 500;

fn main() -> Result<()> {
    // One worker thread besides the server's: two processors suffice, and tasks do not migrate.
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let address = serve()?;
    let host = Arc::new(runtime.block_on(host(address))?);
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .build::<_, Empty<Bytes>>(connector);
    for bytes in [100, 65_536] {
        let url = format!("http://{address}/{bytes}");
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        // The first round opens the connections.
        for round in 0..=ROUNDS {
            let guest = runtime.block_on(by_guest(&host, &url, bytes))?;
            let native = runtime.block_on(natively(&client, &url, bytes))?;
            if round > 0 {
                ours.push(guest);
                theirs.push(native);
            }
        }
        let what = format!("`send` of a GET, {bytes} bytes in the response");
        let (peer, wanted) = ("hyper-util's client, natively", Wanted::AtMost(1.3));
        println!("{}", Row { target: "G", what: &what, peer, unit: "µs", ours, theirs, wanted });
    }
    Ok(())
}

/// Starts a server that responds to `/N` with N bytes, on a new thread.
fn serve() -> Result<SocketAddr> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || {
        runtime.block_on(async move {
            let listener = TcpListener::from_std(listener)?;
            loop {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                let answer = service_fn(answer);
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
            }
            #[expect(unreachable_code, reason = "it gives the block its type")]
            Ok::<(), std::io::Error>(())
        })
    });
    Ok(address)
}

async fn answer(
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
    let bytes = request.uri().path().trim_start_matches('/').parse().unwrap_or_default();
    Ok(hyper::Response::new(Full::new(Bytes::from(vec![b'x'; bytes]))))
}

/// Creates a host with the guest that sends requests.
async fn host(address: SocketAddr) -> Result<Host> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../..");
    let build = Command::new("cargo")
        .args(["build", "--locked", "--release", "--target", "wasm32-wasip2"])
        .args(["--package", "hostel-sources"])
        .current_dir(&project)
        .status()?;
    anyhow::ensure!(build.success(), "the guest does not build");
    let file = project.join("target/wasm32-wasip2/release/hostel_sources.wasm");
    let component = std::fs::read(&file).with_context(|| file.display().to_string())?;
    let minute = Duration::from_secs(60);
    let limits =
        Limits { time: minute, cpu: minute, http_requests: usize::MAX, ..Limits::default() };
    let host = Host::new(Settings { limits, ..Settings::default() })?;
    let allow = vec![Allowed::new(&format!("http://{address}"))?.with_private()?];
    let http = HttpGrant { allow, ..HttpGrant::default() };
    let grants = Grants { http, ..Grants::default() };
    let settings = PluginSettings { grants, ..PluginSettings::default() };
    host.load(PluginName::new("sources")?, component, settings).await?;
    Ok(host)
}

/// Returns the microseconds per request sent by a guest.
async fn by_guest(host: &Arc<Host>, url: &str, bytes: usize) -> Result<f64> {
    let (host, body) = (Arc::clone(host), serde_json::to_vec(&(REQUESTS, url))?);
    // Call on a thread of the runtime, as in a server.
    let calling = tokio::spawn(async move {
        let begun = Instant::now();
        let request = Request { body, ..Request::default() };
        (host.call("sources.http-again", request).await, begun.elapsed())
    });
    let (response, time) = calling.await?;
    let response = response.map_err(|error| anyhow!("{error}"))?;
    let came: usize = serde_json::from_slice(&response.body)?;
    anyhow::ensure!(came == bytes * REQUESTS as usize, "{came} bytes came");
    Ok(time.as_secs_f64() * 1e6 / f64::from(REQUESTS))
}

/// Returns the microseconds per request sent by this program.
async fn natively(
    client: &Client<HttpConnector, Empty<Bytes>>,
    url: &str,
    bytes: usize,
) -> Result<f64> {
    let client = client.clone();
    let uri: hyper::Uri = url.parse()?;
    // Send on a thread of the runtime, as the guest does.
    let sending = tokio::spawn(async move {
        let begun = Instant::now();
        for _ in 0..REQUESTS {
            let response = client.get(uri.clone()).await?;
            let came = response.into_body().collect().await?.to_bytes();
            anyhow::ensure!(came.len() == bytes, "{} bytes came", came.len());
        }
        Ok::<_, Error>(begun.elapsed())
    });
    Ok(sending.await??.as_secs_f64() * 1e6 / f64::from(REQUESTS))
}
