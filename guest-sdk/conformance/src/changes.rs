//! Steps that use the WIT interfaces `atomics`, `lease`, `batch` and `entries`.

use super::{Answer, Step};
use hostel_sdk::{
    CacheError, CacheErrorKind, Context, Failure, FailureKind, GetOrSet, Lifetime, Swap, TimeLeft,
};
use serde_json::{Value, json};
use std::time::Duration;

pub fn done(ctx: &Context, step: &Step) -> Result<Answer, CacheError> {
    let Step { op, key, value, args, .. } = step;
    let cache = &ctx.cache;
    let expiry = step.expiry.as_ref().or(args.get("expiry")).and_then(seconds);
    let text = |name: &str| args[name].as_str();
    match op.as_str() {
        "set-if-absent" => Ok(match expiry {
            Some(expiry) => cache.set_if_absent_with_expiry(key, value, expiry)?,
            None => cache.set_if_absent(key, value)?,
        }
        .into()),
        "increment" => {
            let delta = args["delta"].as_i64().unwrap_or_default();
            Ok(match expiry {
                Some(expiry) => cache.increment_with_expiry(key, delta, expiry)?,
                None => cache.increment(key, delta)?,
            }
            .into())
        }
        "compare-and-swap" => swap(ctx, key, args),
        "update" => update(ctx, step),
        "take" => Ok(cache.take::<Value>(key)?.into()),
        "take-raw" => Ok(cache.take_raw(key)?.into()),
        "batch-get" => {
            let values = cache.get_many::<Value>(texts(&args["keys"]))?;
            Ok(json!(values).into())
        }
        "batch-set" => {
            let entries = args["entries"].as_array().into_iter().flatten();
            let entries = entries.map(|entry| (entry[0].as_str().unwrap_or_default(), &entry[1]));
            match expiry {
                Some(expiry) => cache.set_many_with_expiry(entries, expiry),
                None => cache.set_many(entries),
            }
            .map(Answer::from)
        }
        "batch-delete" => Ok(cache.delete_many(texts(&args["keys"]))?.into()),
        "ttl" => Ok(match cache.ttl(key)? {
            TimeLeft::Missing => json!("missing"),
            TimeLeft::Unlimited => json!("unlimited"),
            TimeLeft::Limited(left) => json!(left.as_secs()),
        }
        .into()),
        "expire" => Ok(cache.expire(key, expiry)?.into()),
        "keys" => {
            let mut keys =
                cache.keys(text("prefix").unwrap_or_default()).collect::<Result<Vec<_>, _>>()?;
            keys.sort();
            Ok(keys.into())
        }
        "delete-prefix" => Ok(cache.delete_prefix(text("prefix").unwrap_or_default())?.into()),
        "get-or-set" => get_or_set(ctx, step, expiry),
        _ => Ok(Answer::Skip),
    }
}

fn swap(ctx: &Context, key: &str, args: &Value) -> Result<Answer, CacheError> {
    let text = |name: &str| args[name].as_str();
    let lifetime = match (seconds(&args["lifetime"]), text("lifetime")) {
        (Some(after), _) => Lifetime::After(after),
        (None, Some("unlimited")) => Lifetime::Unlimited,
        _ => Lifetime::Keep,
    };
    let swap = ctx.cache.compare_and_swap_raw(key, text("expected"), text("wanted"), lifetime)?;
    Ok(match swap {
        Swap::Swapped => json!("swapped").into(),
        Swap::Changed(there) => json!({ "changed": there }).into(),
    })
}

/// Appends the step's value to the list under the key. With `fail`, the change function fails
/// instead.
fn update(ctx: &Context, step: &Step) -> Result<Answer, CacheError> {
    let changed = ctx.cache.update(&step.key, |list: Option<Vec<Value>>| {
        fail(step)?;
        let mut list = list.unwrap_or_default();
        list.push(step.value.clone());
        Ok(list)
    });
    answer(changed.map(Value::from))
}

/// Returns the error of the function passed to `update` or `get_or_set`, if the step has `fail`.
fn fail(step: &Step) -> Result<(), Failure> {
    if step.args["fail"] == true { Err(Failure::conflict("as the step requests")) } else { Ok(()) }
}

/// Returns the value or the kind of the failure as the step's result. Only `Unavailable` becomes a
/// cache error, because a Rust `Failure` does not keep the other kinds of cache error.
fn answer(done: Result<Value, Failure>) -> Result<Answer, CacheError> {
    match done {
        Ok(value) => Ok(value.into()),
        Err(Failure { kind: FailureKind::Unavailable, message, .. }) => {
            Err(CacheError { kind: CacheErrorKind::Unavailable, message })
        }
        Err(Failure { kind: FailureKind::Conflict, .. }) => {
            Ok(json!({ "failure": "conflict" }).into())
        }
        Err(_) => Ok(json!({ "failure": "internal" }).into()),
    }
}

/// Returns the value and whether this call computed it. The step contains the value to compute.
fn get_or_set(ctx: &Context, step: &Step, expiry: Option<Duration>) -> Result<Answer, CacheError> {
    let mut options = expiry.map_or(GetOrSet::unlimited(), GetOrSet::expiry);
    if let Some(early) = seconds(&step.args["early"]) {
        options = options.early(early);
    }
    let mut computed = false;
    let value = ctx.cache.get_or_set_with(&step.key, options, || {
        computed = true;
        fail(step)?;
        Ok(step.value.clone())
    });
    answer(value.map(|value| json!({ "value": value, "computed": computed })))
}

/// Reads an existing value with `get_or_set`.
pub fn hit(ctx: &Context, key: &str) -> Result<(), CacheError> {
    let computed = || Err(Failure::internal("no value to compute"));
    let value = ctx.cache.get_or_set::<Value>(key, Duration::from_secs(60), computed);
    value.map(drop).map_err(|Failure { message, .. }| CacheError {
        kind: CacheErrorKind::Unavailable,
        message,
    })
}

fn seconds(value: &Value) -> Option<Duration> {
    value.as_u64().map(Duration::from_secs)
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}
