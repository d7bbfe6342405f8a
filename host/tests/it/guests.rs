//! Guests, most of which misbehave. The host stops or limits each of these and keeps working. If it
//! ends a call, it reports one clear reason.
//!
//! Each guest has a test with the same name.

use crate::support::{TestHost, guests, patient};
use hostel::{CallError, FailureKind, Level, Limit, Limits};
use serde_json::{Value, json};
use std::time::Duration;

include!("../guests/src/list.rs");

/// Does not compile if a guest has no test.
macro_rules! each_has_a_test {
    ($($guest:ident,)*) => { $(#[allow(unused_imports)] use self::$guest as _;)* };
}
foreach_guest!(each_has_a_test);

/// Calls a guest, then checks that the host still serves another call.
async fn call(limits: Limits, guest: &str, body: Value) -> (TestHost, Result<Value, CallError>) {
    let host = TestHost::with(limits);
    host.load("guests", guests()).await;
    let service = format!("guests.{}", guest.replace('_', "-"));
    let answer = host.call(&service, &body).await;
    let answer = answer.map(|response| serde_json::from_slice(&response.body).unwrap_or_default());
    let next = host.call("guests.touches-the-cache", &json!(["exists", "k"])).await;
    assert_eq!(TestHost::json(next), false, "the next call is served");
    (host, answer)
}

async fn error_of(limits: Limits, guest: &str) -> CallError {
    call(limits, guest, Value::Null).await.1.unwrap_err()
}

#[track_caller]
fn check_limit(error: &CallError, limit: Limit, message: &str) {
    assert!(matches!(error, CallError::Limit(reached) if reached.limit == limit), "{error}");
    assert_eq!(error.to_string(), message);
}

/// Returns limits that soon stop an endless guest.
fn short() -> Limits {
    Limits { time: Duration::from_millis(300), ..Limits::default() }
}

#[tokio::test]
async fn spins() {
    let error = error_of(short(), "spins").await;
    check_limit(&error, Limit::Time, "the call ran longer than 300ms: raise `limits.time`");
}

#[tokio::test]
async fn sleeps() {
    let error = error_of(short(), "sleeps").await;
    check_limit(&error, Limit::Time, "the call ran longer than 300ms: raise `limits.time`");
}

#[tokio::test]
async fn computes_once() {
    let (_, answer) = call(patient(), "computes_once", json!(["once", 0, 0, null])).await;
    assert_eq!(answer.unwrap(), "computed");
}

#[tokio::test]
async fn leases_then_ends() {
    let (_, answer) = call(patient(), "leases_then_ends", json!(["k", "trap"])).await;
    assert!(matches!(answer, Err(CallError::Trap { .. })), "{answer:?}");
}

#[tokio::test]
async fn counts() {
    let (host, calls) = call(patient(), "counts", Value::Null).await;
    assert_eq!(calls.unwrap(), 1);
    assert_eq!(host.messages(), ["call 1"]);
}

#[tokio::test]
async fn a_sleeping_guest_leaves_the_thread_to_others() {
    let host = TestHost::with(short());
    host.load("guests", guests()).await;
    let asleep = host.call("guests.sleeps", &Value::Null);
    let awake = async {
        let call = json!(["exists", "k"]);
        TestHost::json(host.call("guests.touches-the-cache", &call).await)
    };
    let (asleep, awake) = tokio::join!(asleep, awake);
    assert_eq!(awake, false);
    assert!(asleep.is_err());
}

#[tokio::test]
async fn a_spinning_guest_gives_others_a_turn() {
    let host = TestHost::with(patient());
    host.load("guests", guests()).await;
    let call = json!(["exists", "k"]);
    // Both calls begin on one thread. The endless call is polled first: without preemption, it
    // would block the other call.
    tokio::select! {
        biased;
        _ = host.call("guests.spins", &Value::Null) => panic!("the spinning guest ended"),
        answer = host.call("guests.touches-the-cache", &call) => {
            assert_eq!(TestHost::json(answer), false);
        }
    }
}

#[tokio::test]
async fn grows() {
    let error = error_of(patient(), "grows").await;
    let message = "the guest needed more memory than 64.0 MiB: raise `limits.memory`";
    check_limit(&error, Limit::Memory, message);
}

#[tokio::test]
async fn requests_much_memory() {
    let (host, refused) = call(patient(), "requests_much_memory", Value::Null).await;
    assert_eq!(refused.unwrap(), 3);
    let lines = host.messages();
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert!(line.starts_with("the guest has ") && line.contains(" was refused 107"), "{line}");
    assert!(line.ends_with(" more: `limits.memory` is 67108864 bytes"), "{line}");
    let metrics = host.host.metrics().await.unwrap();
    assert!(
        metrics.contains("hostel_calls_refused_memory_total{plugin=\"guests\"} 1\n"),
        "{metrics}"
    );
}

#[tokio::test]
async fn recurses() {
    let error = error_of(patient(), "recurses").await;
    let message = "the guest needed more stack than 512.0 KiB: raise `limits.stack`";
    check_limit(&error, Limit::Stack, message);
}

#[tokio::test]
async fn recurses_with_large_frames() {
    let error = error_of(patient(), "recurses_with_large_frames").await;
    assert!(matches!(error, CallError::Trap { .. }), "{error}");
    assert!(error.to_string().contains("recursion past the guest's own stack"), "{error}");
}

#[tokio::test]
async fn panics() {
    let (host, answer) = call(patient(), "panics", Value::Null).await;
    let error = answer.unwrap_err();
    assert!(matches!(error, CallError::Trap { .. }), "{error}");
    let lines = host.lines.lock().unwrap().clone();
    let [(Level::Error, line)] = &*lines else { panic!("{lines:?}") };
    assert!(line.starts_with("panicked at ") && line.ends_with(": on purpose"), "{line}");
    assert!(error.to_string().ends_with(&format!(", after it logged: {line}")), "{error}");
}

#[tokio::test]
async fn exits() {
    let error = error_of(patient(), "exits").await;
    assert!(matches!(error, CallError::Exit), "{error}");
}

#[tokio::test]
async fn sets_then_traps() {
    let error = error_of(patient(), "sets_then_traps").await;
    assert!(matches!(error, CallError::Trap { .. }), "{error}");
}

#[tokio::test]
async fn sets_then_spins() {
    let (host, answer) = call(short(), "sets_then_spins", Value::Null).await;
    assert!(matches!(answer, Err(CallError::Limit(_))));
    let kept = host.call("guests.touches-the-cache", &json!(["get", "first"])).await;
    assert_eq!(TestHost::json(kept), "1");
}

#[tokio::test]
async fn returns_too_much() {
    let error = error_of(patient(), "returns_too_much").await;
    let message = "the response is larger than 8.0 MiB: raise `limits.response`";
    check_limit(&error, Limit::Response, message);
}

#[tokio::test]
async fn returns_a_bad_status() {
    let error = error_of(patient(), "returns_a_bad_status").await;
    let message = "the guest broke the contract: status 99 is not within 200 to 599";
    assert_eq!(error.to_string(), message);
}

#[tokio::test]
async fn returns_a_bad_header() {
    let error = error_of(patient(), "returns_a_bad_header").await;
    assert!(matches!(&error, CallError::ContractViolation(why) if why.contains("x-a")), "{error}");
}

#[tokio::test]
async fn logs_too_much() {
    let (host, answer) = call(patient(), "logs_too_much", Value::Null).await;
    answer.unwrap();
    let lines = host.messages();
    assert_eq!(lines.len(), 1_001);
    assert!(lines[0].ends_with("... (1808 bytes cut: `limits.log-line-bytes` is 8192)"));
    assert_eq!(lines[1], "\\u{1b}[31mred\\r\\nfaked line");
    let last = "502 log lines dropped: the limit of one call is 1000; raise `limits.log-lines`";
    assert_eq!(lines[1_000], last);
}

#[tokio::test]
async fn passes_too_much() {
    let limits = Limits { hostcall_bytes: 2 << 20, ..patient() };
    let error = error_of(limits, "passes_too_much").await;
    check_limit(
        &error,
        Limit::HostcallBytes,
        "the guest passed the host in one call more than 2.0 MiB: raise `limits.hostcall-bytes`",
    );
}

#[tokio::test]
async fn hoards_handles() {
    let error = error_of(patient(), "hoards_handles").await;
    let message = "the guest held more handles than 1000: raise `limits.handles`";
    check_limit(&error, Limit::Handles, message);
}

#[tokio::test]
async fn hoards_pollables() {
    let error = error_of(patient(), "hoards_pollables").await;
    let message = "the guest held more handles than 1000: raise `limits.handles`";
    check_limit(&error, Limit::Handles, message);
}

#[tokio::test]
async fn requests_much_randomness() {
    let error = error_of(patient(), "requests_much_randomness").await;
    let message = "the guest asked in one call for more random bytes than 64.0 KiB: \
                   raise `limits.random`";
    check_limit(&error, Limit::Random, message);
}

#[tokio::test]
async fn writes_too_much() {
    let error = error_of(patient(), "writes_too_much").await;
    assert!(
        matches!(&error, CallError::ContractViolation(why) if why.contains("check-write")),
        "{error}"
    );
}

#[tokio::test]
async fn a_request_over_its_limit_is_refused() {
    let host = TestHost::with(Limits { request: 10, ..patient() });
    host.load("guests", guests()).await;
    host.call("guests.fails", &json!("x".repeat(8))).await.unwrap_err();
    let error = host.call("guests.fails", &json!("x".repeat(9))).await.unwrap_err();
    let message = "the request's body is larger than 10 B: raise `limits.request`";
    check_limit(&error, Limit::Request, message);
}

#[tokio::test]
async fn fails() {
    for (name, kind) in [
        ("bad-request", FailureKind::BadRequest),
        ("unauthorized", FailureKind::Unauthorized),
        ("forbidden", FailureKind::Forbidden),
        ("not-found", FailureKind::NotFound),
        ("method-not-allowed", FailureKind::MethodNotAllowed),
        ("conflict", FailureKind::Conflict),
        ("too-many-requests", FailureKind::TooManyRequests),
        ("internal", FailureKind::Internal),
        ("unavailable", FailureKind::Unavailable),
    ] {
        let (_, answer) = call(patient(), "fails", json!(name)).await;
        let Err(CallError::Failure(failure)) = answer else { panic!("{name}: {answer:?}") };
        assert_eq!((failure.kind, &*failure.message), (kind, "said\\nno"));
    }
}

#[tokio::test]
async fn looks_around() {
    let (_, answer) = call(patient(), "looks_around", Value::Null).await;
    let nothing = json!({
        "arguments": 0, "environment": 0, "root": false, "file": false, "tcp": false,
        "udp": false, "stdin": "",
    });
    assert_eq!(answer.unwrap(), nothing);
}

#[tokio::test]
async fn requests_randomness() {
    let host = TestHost::new();
    host.load("guests", guests()).await;
    let mut drawn = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let numbers = TestHost::json(host.call("guests.requests-randomness", &Value::Null).await);
        drawn.extend(numbers.as_array().unwrap().iter().map(ToString::to_string));
    }
    assert_eq!(drawn.len(), 40, "every instance draws its own");
}

#[tokio::test]
async fn logs_then_spins() {
    let host = TestHost::new();
    host.load("guests", guests()).await;
    let spins = async {
        while host.lines.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    // The call is dropped once the guest has logged `spins`. Dropping the call also logs `spun`,
    // which the guest printed without a line break.
    tokio::select! {
        ended = host.call("guests.logs-then-spins", &Value::Null) => panic!("{ended:?}"),
        () = spins => {}
    }
    assert_eq!(host.messages(), ["spins", "spun"]);
}

#[tokio::test]
async fn mirrors() {
    let (_, answer) = call(patient(), "mirrors", json!(1)).await;
    let told = json!({ "service": "mirrors", "id": "1", "type": null, "body": "1", "http": null });
    assert_eq!(answer.unwrap(), told);
}

#[tokio::test]
async fn responds_as_requested() {
    let host = TestHost::new();
    host.load("guests", guests()).await;
    let told = json!({ "status": 201, "type": "a/b", "headers": [["x-a", "1"]], "body": "made" });
    let response = host.call("guests.responds-as-requested", &told).await.unwrap();
    assert_eq!((response.status, response.content_type.as_deref()), (201, Some("a/b")));
    assert_eq!(response.headers, [("x-a".to_owned(), b"1".to_vec())]);
    assert_eq!(response.body, b"made");
}

#[tokio::test]
async fn prints() {
    let (host, answer) = call(patient(), "prints", Value::Null).await;
    answer.unwrap();
    let lines = host.lines.lock().unwrap().clone();
    let line = |level, text: &str| (level, text.to_owned());
    let printed = [line(Level::Info, "one"), line(Level::Warn, "three"), line(Level::Info, "two")];
    assert_eq!(lines, printed);
}

#[tokio::test]
async fn touches_the_cache() {
    let (host, answer) = call(patient(), "touches_the_cache", json!(["set", "k2", "1"])).await;
    assert_eq!(answer.unwrap(), "ok");
    assert_eq!(
        host.host.caches().stats().await.iter().map(|(_, stats)| stats.sets).sum::<u64>(),
        1
    );
}
