//! Outgoing requests, on both engines.

use super::{hostel_in, with_engine};
use crate::outbound::server::Source;
use crate::support::{TestHost, stderr, stdout};
use serde_json::{Value, json};
use std::fs;

/// Services that send requests, most of them to the server whose URL is the setting `source-url`.
const SERVICES: &str = r#"
import { HttpError, config, http } from "hostel-sdk";

const at = (path) => config.require("source-url").replace("/value", path);
const statuses = (responses) => responses.map(({ status }) => status);
const caught = (promise) => promise.catch((error) => [error.name, error.cause?.kind ?? null]);

export default {
  async atOnce() {
    // The server responds once all three requests have arrived.
    return statuses(
      await Promise.all([
        fetch(at("/together/3"), { method: "POST" }),
        Promise.resolve().then(() => fetch(at("/together/3"))),
        new Promise((done) => setTimeout(done, 0)).then(() => fetch(at("/together/3"))),
      ]),
    );
  },
  async asked() {
    const init = { method: "PUT", body: new URLSearchParams({ a: "1" }), headers: { "X-A": "b" } };
    const response = await fetch(new Request(at("/a"), init));
    const { method, headers, body } = await response.json();
    const named = Object.fromEntries(headers);
    const same = response instanceof Response && response.headers instanceof Headers;
    const by = response.headers.get("X-Source");
    return [method, body, named["content-type"], named["x-a"], by, same];
  },
  async redirects() {
    const { status, redirected, url } = await fetch(at("/redirect"));
    const manual = await fetch(at("/redirect"), { redirect: "manual" });
    const refused = await caught(fetch(at("/redirect"), { redirect: "error" }));
    return [status, redirected, url === at("/echo"), manual.status, refused];
  },
  async times() {
    const { signal } = new AbortController();
    const one = await caught(fetch(at("/never"), { signal: AbortSignal.timeout(50) }));
    const any = AbortSignal.any([signal, AbortSignal.timeout(50)]);
    return [one, await caught(fetch(at("/never"), { signal: any }))];
  },
  async errors() {
    const none = await caught(fetch("http://127.0.0.2:9/"));
    return [none, await caught(fetch(at("/close"))), await caught(fetch("/relative"))];
  },
  async unhandled() {
    return await fetch(at("/never"), { signal: AbortSignal.timeout(50) });
  },
  left() {
    fetch(at("/left"));
    return "left";
  },
  direct() {
    const results = http.sendMany([{ url: at("/status/404") }, { url: "http://127.0.0.2:9/" }]);
    const [missing, denied] = results;
    const { method, body } = http.post(at("/a"), { json: [1] }).json();
    return [missing.status, missing.ok, denied instanceof HttpError, denied.kind, method, body];
  },
};
"#;

async fn check_services(engine: &str) {
    let folder = with_engine(engine, SERVICES);
    let built = hostel_in(folder.path(), &["build", "shop"]);
    assert!(built.status.success(), "{}", stderr(&built));
    let component = fs::read(stdout(&built).trim()).unwrap();
    let (source, host) = (Source::new(), TestHost::new());
    host.load_with("shop", component, source.granted()).await;
    let answer = async |service| TestHost::json(host.call(service, &Value::Null).await);

    assert_eq!(answer("shop.at-once").await, json!([204, 204, 204]));
    let typed = "application/x-www-form-urlencoded;charset=UTF-8";
    assert_eq!(answer("shop.asked").await, json!(["PUT", "a=1", typed, "b", "it", true]));
    let refused = json!(["TypeError", null]);
    assert_eq!(answer("shop.redirects").await, json!([200, true, true, 302, refused]));
    let late = json!(["TimeoutError", null]);
    assert_eq!(answer("shop.times").await, json!([late, late]));
    let kinds = [json!("denied"), json!("aborted"), json!(null)];
    assert_eq!(answer("shop.errors").await, json!(kinds.map(|kind| json!(["TypeError", kind]))));
    let error = host.call("shop.unhandled", &Value::Null).await.unwrap_err().to_string();
    assert!(error.starts_with("unavailable: "), "{error}");
    let direct = json!([404, false, true, "denied", "POST", "[1]"]);
    assert_eq!(answer("shop.direct").await, direct);

    host.messages();
    assert_eq!(answer("shop.left").await, json!("left"));
    let dropped = "1 of the call's fetches are not sent, because the service has already \
                   responded: await them";
    assert_eq!(host.messages(), [dropped]);
    assert!(!source.requests().iter().any(|line| line.contains("/left")));
}

#[tokio::test]
async fn requests_are_those_of_fetch_and_of_the_sdk_on_quickjs() {
    check_services("\"quickjs\"").await;
}

#[tokio::test]
async fn requests_are_those_of_fetch_and_of_the_sdk_on_spidermonkey() {
    check_services("\"spidermonkey\"").await;
}
