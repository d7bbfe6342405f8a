//! What a guest sees, told to the test.

use hostel_sdk::bindings::hostel::cache::cache;
use hostel_sdk::{Context, Failure, Response, Result};
use serde_json::{Value, json};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::Write;
use std::net::{TcpStream, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

/// Calls the cache below the SDK, which would refuse some of what the contract's vectors try:
/// `["set", key, text, expiry]`, `["get", key]`, `["delete", key]` or `["exists", key]`.
pub fn touches_the_cache(_: &Context, call: Vec<Value>) -> Result<Value> {
    let text = |at: usize| call.get(at).and_then(Value::as_str).unwrap_or_default();
    let expiry = call.get(3).and_then(Value::as_u64).map(|seconds| seconds as u32);
    let answer = match text(0) {
        "get" => cache::get(text(1)).map(Value::from),
        "set" => cache::set(text(1), text(2), expiry).map(|()| Value::from("ok")),
        "delete" => cache::delete(text(1)).map(Value::from),
        _ => cache::exists(text(1)).map(Value::from),
    };
    Ok(answer.unwrap_or_else(|error| {
        let kind = format!("{:?}", error.kind);
        json!({ "kind": kind, "message": error.message })
    }))
}

/// Tries every way out of the sandbox that a program usually has.
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

/// Draws from both of WASI's sources: what the runtime seeds its maps with, and what keys are
/// made of.
pub fn asks_for_randomness(_: &Context) -> Result<Vec<String>> {
    #[link(wasm_import_module = "wasi:random/random@0.2.0")]
    unsafe extern "C" {
        #[link_name = "get-random-u64"]
        fn get_random_u64() -> i64;
    }
    // Sound: the function takes nothing and answers a number.
    let secure = unsafe { get_random_u64() };
    Ok(vec![RandomState::new().hash_one("same").to_string(), secure.to_string()])
}

/// Counts its calls in its own memory, of which it takes as many more MiB as the request says.
pub fn counts(_: &Context, mebibytes: Option<usize>) -> Result<u32> {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    std::mem::forget(vec![1_u8; mebibytes.unwrap_or_default() << 20]);
    let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
    print!("call {calls}");
    let _ = std::io::stdout().flush();
    Ok(calls)
}

/// Tells its request, header values as text.
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

/// Answers the status, headers, media type and body that the request names.
pub fn answers_as_told(_: &Context, told: Value) -> Result<Response> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let status = told["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    let status = status.ok_or_else(|| Failure::bad_request("no status"))?;
    let mut response = Response::bytes(text(&told["body"])).with_status(status);
    for pair in told["headers"].as_array().into_iter().flatten() {
        response = response.with_header(&text(&pair[0]), text(&pair[1]));
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
