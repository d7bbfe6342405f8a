//! Guests that report what they observe to the test.

use hostel_sdk::bindings::hostel::cache::atomics::{self, Lifetime};
use hostel_sdk::bindings::hostel::cache::lease::{self, Found};
use hostel_sdk::bindings::hostel::cache::{batch, cache, entries};
use hostel_sdk::{Context, Failure, Response, Result};
use serde_json::{Value, json};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::Write;
use std::net::{TcpStream, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Calls a function of the cache's interfaces without the SDK, which would refuse some inputs of
/// the contract's test vectors. The call is `["set", key, text, expiry]`, `["get", key]` and so on.
pub fn touches_the_cache(_: &Context, call: Vec<Value>) -> Result<Value> {
    let text = |at: usize| call.get(at).and_then(Value::as_str).unwrap_or_default();
    let texts = || call.iter().skip(1).filter_map(Value::as_str).map(str::to_owned);
    let number = |at: usize| call.get(at).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let expiry = call.get(3).and_then(Value::as_u64).map(|seconds| seconds as u32);
    let key = text(1);
    let answer = match text(0) {
        "get" => cache::get(key).map(Value::from),
        "set" => cache::set(key, text(2), expiry).map(|()| Value::from("ok")),
        "delete" => cache::delete(key).map(Value::from),
        "set-if-absent" => atomics::set_if_absent(key, text(2), expiry).map(Value::from),
        "increment" => atomics::increment(key, number(2), expiry).map(Value::from),
        "compare-and-swap" => {
            let expected = Some(text(2)).filter(|text| !text.is_empty());
            let swap = atomics::compare_and_swap(key, expected, Some("1"), Lifetime::Keep);
            swap.map(|swap| Value::from(format!("{swap:?}")))
        }
        "take" => atomics::take(key).map(Value::from),
        "get-or-lease" => {
            let found = lease::get_or_lease(key, expiry, number(2) as u32);
            found.map(|found| Value::from(format!("{found:?}")))
        }
        "fill" => lease::fill(key, text(2), expiry).map(Value::from),
        "release" => lease::release(key).map(|()| Value::from("ok")),
        "get-many" => batch::get_many(&texts().collect::<Vec<_>>()).map(Value::from),
        "set-many" => {
            let entries: Vec<_> = texts().map(|key| (key, "1".to_owned())).collect();
            batch::set_many(&entries, None).map(|()| Value::from("ok"))
        }
        "delete-many" => batch::delete_many(&texts().collect::<Vec<_>>()).map(Value::from),
        "ttl" => entries::ttl(key).map(|left| Value::from(format!("{left:?}"))),
        "expire" => entries::expire(key, expiry).map(Value::from),
        "keys" => entries::keys(key, None).map(|page| Value::from(page.keys)),
        "delete-prefix" => entries::delete_prefix(key, None).map(|(removed, _)| removed.into()),
        _ => cache::exists(key).map(Value::from),
    };
    Ok(answer.unwrap_or_else(|error| {
        let kind = format!("{:?}", error.kind);
        json!({ "kind": kind, "message": error.message })
    }))
}

/// Gets a value, or computes it in `takes` milliseconds and counts the computation. Returns
/// `found`, `computed`, `busy` if another call still computes the value, or `lost` if the lease
/// ended first.
pub fn computes_once(
    _: &Context,
    (key, wait, takes, early): (String, u32, u64, Option<u32>),
) -> Result<Value> {
    let how = match lease::get_or_lease(&key, early, wait) {
        Ok(Found::Value(_)) => "found",
        Ok(Found::Busy) => "busy",
        Ok(Found::Compute | Found::Refresh(_)) => {
            std::thread::sleep(Duration::from_millis(takes));
            atomics::increment("computed", 1.0, None).map_err(fault)?;
            if lease::fill(&key, "7", Some(60)).map_err(fault)? { "computed" } else { "lost" }
        }
        Err(error) => return Err(fault(error)),
    };
    Ok(how.into())
}

/// Takes the lease of a key and never releases it. Then returns, traps, or runs until the host ends
/// the call.
pub fn leases_then_ends(_: &Context, (key, how): (String, String)) -> Result<Value> {
    let found = format!("{:?}", lease::get_or_lease(&key, None, 0).map_err(fault)?);
    match how.as_str() {
        "trap" => panic!("with a lease"),
        "spin" => loop {
            std::hint::black_box(0);
        },
        "sleep" => std::thread::sleep(Duration::from_secs(3_600)),
        _ => {}
    }
    Ok(found.into())
}

fn fault(error: cache::Error) -> Failure {
    Failure::internal(error.message)
}

/// Tries the usual ways to reach something outside the sandbox.
pub fn looks_around(_: &Context) -> Result<Value> {
    Ok(json!({
        "arguments": std::env::args().count(),
        "environment": std::env::vars().count(),
        "root": std::fs::read_dir("/").is_ok(),
        "file": std::fs::write("hostel-was-here", "x").is_ok(),
        "tcp": TcpStream::connect("127.0.0.1:80").is_ok(),
        "udp": UdpSocket::bind("127.0.0.1:0").is_ok(),
        "stdin": std::io::read_to_string(std::io::stdin()).unwrap_or_default(),
    }))
}

/// Draws numbers from two random sources of WASI: the seed of the runtime's maps, and the source
/// for cryptographic keys.
pub fn requests_randomness(_: &Context) -> Result<Vec<String>> {
    #[link(wasm_import_module = "wasi:random/random@0.2.0")]
    unsafe extern "C" {
        #[link_name = "get-random-u64"]
        fn get_random_u64() -> i64;
    }
    // SAFETY: the function takes nothing and returns a number.
    let secure = unsafe { get_random_u64() };
    Ok(vec![RandomState::new().hash_one("same").to_string(), secure.to_string()])
}

/// Counts its calls in its own memory. Each call leaks the requested number of MiB.
pub fn counts(_: &Context, mebibytes: Option<usize>) -> Result<u32> {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    std::mem::forget(vec![1_u8; mebibytes.unwrap_or_default() << 20]);
    let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
    print!("call {calls}");
    let _ = std::io::stdout().flush();
    Ok(calls)
}

/// Returns its request, with the header values and the body as text.
pub fn mirrors(ctx: &Context) -> Result<Value> {
    let request = &ctx.request;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let http = request.http.as_ref().map(|http| {
        let headers = http.headers.iter().map(|(name, value)| json!([name, text(value)]));
        json!({
            "method": http.method, "path": http.path, "params": http.path_params,
            "query": http.query, "authority": http.authority, "client": http.client,
            "headers": headers.collect::<Vec<_>>(),
        })
    });
    Ok(json!({
        "service": request.service, "id": request.id, "type": request.content_type,
        "body": text(&request.body), "http": http,
    }))
}

/// Returns the response that the payload describes: its status, headers, media type and body.
pub fn responds_as_requested(_: &Context, told: Value) -> Result<Response> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let status = told["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    let status = status.ok_or_else(|| Failure::bad_request("no status"))?;
    let mut response = Response::bytes(text(&told["body"])).with_status(status);
    for pair in told["headers"].as_array().into_iter().flatten() {
        crate::send_unchecked(&text(&pair[0]), &text(&pair[1]));
    }
    response.content_type = told["type"].as_str().map(str::to_owned);
    Ok(response)
}

pub fn prints(_: &Context) -> Result<()> {
    print!("one\ntwo");
    eprintln!("three");
    println!();
    Ok(())
}
