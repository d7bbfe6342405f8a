//! The caches as the operator sees them: their counts, and their entries to inspect and edit.

use super::query::Query;
use crate::http::problem::Problem;
use crate::http::response;
use crate::plugin::Host;
use bytes::Bytes;
use hostel_cache::{Cache, CacheName, EntryInfo, Stats};
use hyper::{Method, Response, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;

/// Entries of a listing without a `limit`.
const DEFAULT_ENTRIES: usize = 100;

/// Entries of a listing, whatever its `limit`.
const MAX_ENTRIES: usize = 1_000;

/// The list of all caches with their counts.
pub(super) fn list(host: &Host) -> Response<Bytes> {
    let caches: Vec<Value> = host.caches().list().iter().map(counts).collect();
    response::json(&json!({ "caches": caches }))
}

fn counts((name, stats): &(CacheName, Stats)) -> Value {
    json!({
        "name": name.to_string(),
        "entries": stats.entries,
        "bytes": stats.bytes,
        "capacity": stats.capacity,
        "hits": stats.hits,
        "misses": stats.misses,
        "exists": stats.exists,
        "sets": stats.sets,
        "deletes": stats.deletes,
        "expired": stats.expired,
        "evicted": stats.evicted,
    })
}

/// Responds to a request for the cache `name`; `path` has the segments after the name.
pub(super) fn respond(
    host: &Host,
    name: &str,
    method: &Method,
    path: &[&str],
    query: Option<&str>,
    body: &[u8],
) -> Result<Response<Bytes>, Problem> {
    let query = Query::parse(query)?;
    let cache = cache(host, name)?;
    let refused = |error: hostel_cache::Error| Problem::refused(error.to_string());
    match (method, path) {
        (&Method::GET, ["entries"]) => entries(&cache, &query),
        (&Method::DELETE, ["entries"]) => Ok(response::json(&json!({ "removed": cache.clear() }))),
        (&Method::GET, ["entries", key]) => match cache.get(key).map_err(refused)? {
            Some(value) => {
                let value = value.as_bytes().to_vec();
                Ok(response::new(StatusCode::OK, response::JSON, value))
            }
            None => Err(Problem::no_entry()),
        },
        (&Method::PUT, ["entries", key]) => {
            let Ok(value) = std::str::from_utf8(body) else {
                return Err(Problem::bad_request("the value is not UTF-8"));
            };
            cache.set(key, value, query.number("expiry")?).map_err(refused)?;
            Ok(response::json(&json!({ "set": true })))
        }
        (&Method::DELETE, ["entries", key]) => {
            let removed = u64::from(cache.delete(key).map_err(refused)?);
            Ok(response::json(&json!({ "removed": removed })))
        }
        (&Method::GET, ["entries", key, "exists"]) => {
            let exists = cache.exists(key).map_err(refused)?;
            Ok(response::json(&json!({ "exists": exists })))
        }
        (_, ["entries"]) => Err(Problem::method_not_allowed("GET, DELETE")),
        (_, ["entries", _]) => Err(Problem::method_not_allowed("GET, PUT, DELETE")),
        (_, ["entries", _, "exists"]) => Err(Problem::method_not_allowed("GET")),
        _ => Err(Problem::not_found("a cache has the paths /entries and /entries/<key>")),
    }
}

fn cache(host: &Host, name: &str) -> Result<Arc<Cache>, Problem> {
    let name = match name.strip_prefix("plugin/") {
        Some(plugin) => CacheName::private(plugin),
        None => CacheName::configured(name),
    };
    let cache = name.ok().and_then(|name| host.caches().get(&name));
    cache.ok_or_else(Problem::no_cache)
}

/// A page of a cache's entries.
fn entries(cache: &Cache, query: &Query<'_>) -> Result<Response<Bytes>, Problem> {
    let limit = query.number("limit")?.map_or(DEFAULT_ENTRIES, |limit| limit as usize);
    let limit = limit.clamp(1, MAX_ENTRIES);
    let prefix = query.text("prefix").unwrap_or_default();
    let entries = cache.list(prefix, query.text("after"), limit);
    let next = entries.last().filter(|_| entries.len() == limit).map(|last| &last.key);
    let entry = |entry: &EntryInfo| {
        let expires_in = entry.remaining.map(|remaining| remaining.as_secs_f64());
        json!({ "key": entry.key, "bytes": entry.bytes, "expires_in": expires_in })
    };
    let shown: Vec<Value> = entries.iter().map(entry).collect();
    Ok(response::json(&json!({ "entries": shown, "next": next })))
}
