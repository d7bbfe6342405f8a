//! The Rust conformance plugin. A request contains one step of a scenario: the plugin uses only the
//! public SDK to run the step, and returns the result. A request without a step does nothing.

use hostel_sdk::{
    CacheError, CacheErrorKind, Context, Failure, FailureKind, Response, Result, services,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

mod changes;
mod over_http;

services! {
    /// Runs one step of a scenario.
    conformance,
}

#[derive(Deserialize)]
struct Step {
    op: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    value: Value,
    expiry: Option<Value>,
    #[serde(default)]
    what: String,
    #[serde(default)]
    args: Value,
}

fn conformance(ctx: &Context) -> Result<Response> {
    // If a step specifies the whole HTTP request, with its body, the step is in this header.
    let step = match ctx.request.header("x-step") {
        Some(step) => Some(serde_json::from_str::<Step>(&step)?),
        None => ctx.request.json()?,
    };
    let Some(step) = step else {
        return Response::json(&());
    };
    if step.op == "fail" {
        return Err(failure(&step));
    }
    if let Some(result) = over_http::done(ctx, &step) {
        return result;
    }
    Response::json(&match done(ctx, &step) {
        Ok(Answer::Value(value)) => json!({ "ok": value }),
        Ok(Answer::Skip) => json!({ "skip": true }),
        Err(error) => json!({ "error": kind(error.kind), "message": error.message }),
    })
}

enum Answer {
    Value(Value),
    /// The plugin does not implement the step, or Rust cannot express the step's value or argument.
    Skip,
}

impl<T: Into<Value>> From<T> for Answer {
    fn from(value: T) -> Self {
        Answer::Value(value.into())
    }
}

fn done(ctx: &Context, step: &Step) -> Result<Answer, CacheError> {
    let Step { op, key, value, expiry, what, .. } = step;
    let cache = &ctx.cache;
    match op.as_str() {
        "get" => Ok(cache.get::<Value>(key)?.into()),
        "get-many" => many(value, || cache.get::<Value>(key).map(drop)),
        "raw-many" => many(value, || cache.get_raw(key).map(drop)),
        "exists-many" => many(value, || cache.exists(key).map(drop)),
        "get-or-set-many" => many(value, || changes::hit(ctx, key)),
        "increment-many" => many(value, || cache.increment(key, 1).map(drop)),
        "batch-get-many" => many(value, || cache.get_many::<Value>([key; 100]).map(drop)),
        "get-integer" => Ok(cache.get::<i64>(key)?.map(|integer| integer.to_string()).into()),
        "get-unsigned" => Ok(cache.get::<u64>(key)?.map(|integer| integer.to_string()).into()),
        "set-unsigned" => {
            cache.set(key, &what.parse::<u64>().unwrap_or_default()).map(Answer::from)
        }
        "get-bits" => Ok(cache.get::<f64>(key)?.map(bits_of).into()),
        "set-bits" => cache.set(key, &float_of(what)).map(Answer::from),
        "bits-loop" => loop_through_bits(ctx, key, value),
        "raw" => Ok(cache.get_raw(key)?.into()),
        "set" => set(ctx, key, value, expiry.as_ref()),
        "set-raw" => match expiry.as_ref().and_then(Value::as_u64) {
            Some(seconds) => {
                cache.set_raw_with_expiry(key, what, Duration::from_secs(seconds)).map(Answer::from)
            }
            None => cache.set_raw(key, what).map(Answer::from),
        },
        "set-special" => special(ctx, key, what),
        "delete" => Ok(cache.delete(key)?.into()),
        "exists" => Ok(cache.exists(key)?.into()),
        "mutate" => mutate(ctx, key),
        "log" => Ok(log(value, what).into()),
        "random" => Ok(random().into()),
        _ => changes::done(ctx, step),
    }
}

fn bits_of(float: f64) -> String {
    format!("{:016x}", float.to_bits())
}

fn float_of(bits: &str) -> f64 {
    f64::from_bits(u64::from_str_radix(bits, 16).unwrap_or_default())
}

/// Stores and reads up to `rounds` floats of random bits and as many whole floats. Skips floats
/// that are not finite. Returns the first float that changed, with the value read, or else null.
fn loop_through_bits(ctx: &Context, key: &str, rounds: &Value) -> Result<Answer, CacheError> {
    let mut state = 1_u64;
    for round in 0..rounds.as_u64().unwrap_or_default() {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let whole = (state as i64 as f64 * 2_f64.powi((round % 40) as i32 - 30)).trunc();
        for float in [f64::from_bits(state), whole].into_iter().filter(|float| float.is_finite()) {
            ctx.cache.set(key, &float)?;
            let read = ctx.cache.get::<f64>(key)?.map(bits_of);
            if read != Some(bits_of(float)) {
                return Ok(format!("{float}: {read:?}").into());
            }
        }
    }
    Ok(Value::Null.into())
}

/// Repeats a call `calls` times. Stops at the first error.
fn many(calls: &Value, call: impl Fn() -> Result<(), CacheError>) -> Result<Answer, CacheError> {
    for _ in 0..calls.as_u64().unwrap_or_default() {
        call()?;
    }
    Ok(Value::Null.into())
}

fn set(
    ctx: &Context,
    key: &str,
    value: &Value,
    expiry: Option<&Value>,
) -> Result<Answer, CacheError> {
    let Some(expiry) = expiry else {
        ctx.cache.set(key, value)?;
        return Ok(Value::Null.into());
    };
    // A `Duration` cannot be negative or a text, so Rust cannot express such a step.
    let seconds = expiry.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let Some(expiry) = seconds else { return Ok(Answer::Skip) };
    ctx.cache.set_with_expiry(key, value, expiry)?;
    Ok(Value::Null.into())
}

/// Calls `set` with the value that `what` names, for example a NaN. Skips names not listed here.
fn special(ctx: &Context, key: &str, what: &str) -> Result<Answer, CacheError> {
    match what {
        "nan" => ctx.cache.set(key, &[f64::NAN])?,
        "infinity" => ctx.cache.set(key, &f64::INFINITY)?,
        "-infinity" => ctx.cache.set(key, &f32::NEG_INFINITY)?,
        "bigint" => ctx.cache.set(key, &(1_i128 << 70))?,
        "integer-keys" => ctx.cache.set(key, &BTreeMap::from([(1, "a")]))?,
        "tuple" => ctx.cache.set(key, &(1, "a"))?,
        // Skip `set`, `bytes` and `map`, whose values have a JSON form in Rust, and values that
        // Rust does not have, for example a lone surrogate.
        _ => return Ok(Answer::Skip),
    }
    Ok(Value::Null.into())
}

fn mutate(ctx: &Context, key: &str) -> Result<Answer, CacheError> {
    ctx.cache.set(key, &json!({ "a": [1] }))?;
    let mut read = ctx.cache.get::<Value>(key)?.unwrap_or_default();
    if let Some(member) = read.get_mut("a") {
        *member = Value::from("changed");
    }
    Ok(ctx.cache.get::<Value>(key)?.into())
}

fn log(level: &Value, message: &str) -> Value {
    match level.as_str().unwrap_or_default() {
        "debug" => hostel_sdk::debug!("{message}"),
        "info" => hostel_sdk::info!("{message}"),
        "warn" => hostel_sdk::warn!("{message}"),
        _ => hostel_sdk::error!("{message}"),
    }
    Value::Null
}

fn random() -> Value {
    json!([format!("RandomState:{}", RandomState::new().hash_one("same"))])
}

fn failure(step: &Step) -> Failure {
    let kind = match step.value.as_str().unwrap_or_default() {
        "bad-request" => FailureKind::BadRequest,
        "unauthorized" => FailureKind::Unauthorized,
        "forbidden" => FailureKind::Forbidden,
        "not-found" => FailureKind::NotFound,
        "method-not-allowed" => FailureKind::MethodNotAllowed,
        "conflict" => FailureKind::Conflict,
        "too-many-requests" => FailureKind::TooManyRequests,
        "unavailable" => FailureKind::Unavailable,
        _ => FailureKind::Internal,
    };
    Failure::new(kind, step.what.as_str())
}

fn kind(kind: CacheErrorKind) -> &'static str {
    match kind {
        CacheErrorKind::InvalidKey => "invalid-key",
        CacheErrorKind::InvalidValue => "invalid-value",
        CacheErrorKind::InvalidExpiry => "invalid-expiry",
        CacheErrorKind::TooLarge => "too-large",
        CacheErrorKind::Denied => "denied",
        CacheErrorKind::Unavailable => "unavailable",
    }
}

#[cfg(test)]
mod tests;
