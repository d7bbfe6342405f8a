//! The caches in the admin interface: requests for their counts, and requests that read or change
//! their entries.

use super::query::Query;
use crate::backend::{CacheError, CacheStats, CacheStore};
use crate::http::problem::Problem;
use crate::http::response;
use crate::plugin::Host;
use bytes::Bytes;
use hostel_cache::{CacheName, EntryInfo, TimeLeft};
use hyper::{Method, Response, StatusCode};
use serde_json::{Value, json};

/// The limit of a listing if the request has no `limit`. On Redis, a page may exceed its limit.
const DEFAULT_ENTRIES: usize = 100;

/// The highest limit of a listing. A higher `limit` is reduced to this number.
const MAX_ENTRIES: usize = 1_000;

/// Lists all caches with their counts. With `count=true`, also counts the entries and bytes of each
/// cache that is not in memory, by walking through all of its entries.
pub(super) async fn list(host: &Host, query: Option<&str>) -> Result<Response<Bytes>, Problem> {
    let is_counted = Query::parse(query)?.text("count") == Some("true");
    let mut caches = Vec::new();
    for (name, stats) in host.caches().stats().await {
        let store = host.caches().get(&name).filter(|_| is_counted && stats.memory.is_none());
        let counted = match store {
            Some(store) => Some(store.count().await.map_err(refused)?),
            None => None,
        };
        caches.push(counts(&name, &stats, counted));
    }
    Ok(response::json(&json!({ "caches": caches })))
}

/// Returns the counts of a cache as JSON. `counted` is the number of entries and bytes of a cache
/// that is not in memory, if known. Unknown counts are null.
fn counts(name: &CacheName, stats: &CacheStats, counted: Option<(u64, u64)>) -> Value {
    let memory = stats.memory;
    let (entries, bytes) = memory.map(|memory| (memory.entries, memory.bytes)).or(counted).unzip();
    json!({
        "name": name.to_string(),
        "entries": entries,
        "bytes": bytes,
        "capacity": memory.map(|memory| memory.capacity),
        "hits": stats.hits,
        "misses": stats.misses,
        "exists": stats.exists,
        "sets": stats.sets,
        "deletes": stats.deletes,
        "increments": stats.increments,
        "swaps": stats.swaps,
        "takes": stats.takes,
        "expires": stats.expires,
        "expired": memory.map(|memory| memory.expired),
        "evicted": memory.map(|memory| memory.evicted),
    })
}

/// Responds to a request about the cache `name`. `path` has the segments after the name.
pub(super) async fn respond(
    host: &Host,
    name: &str,
    method: &Method,
    path: &[&str],
    query: Option<&str>,
    body: &[u8],
) -> Result<Response<Bytes>, Problem> {
    let query = Query::parse(query)?;
    let cache = cache(host, name)?;
    match (method, path) {
        (&Method::GET, ["entries"]) => entries(&cache, &query).await,
        (&Method::DELETE, ["entries"]) => clear(&cache, &query).await,
        (&Method::DELETE, ["prefixes", prefix]) => {
            remove(&cache, prefix, query.text("after")).await
        }
        (&Method::GET, ["entries", key]) => match cache.get(key).await.map_err(refused)? {
            Some(value) => {
                let value = value.as_bytes().to_vec();
                Ok(response::new(StatusCode::OK, response::JSON, value))
            }
            None => Err(Problem::no_entry()),
        },
        (&Method::PUT, ["entries", key]) => put(&cache, key, body, &query).await,
        (&Method::DELETE, ["entries", key]) => {
            let removed = u64::from(cache.delete(key).await.map_err(refused)?);
            Ok(response::json(&json!({ "removed": removed })))
        }
        (&Method::GET, ["entries", key, "exists"]) => {
            let exists = cache.exists(key).await.map_err(refused)?;
            Ok(response::json(&json!({ "exists": exists })))
        }
        (&Method::GET, ["entries", key, "ttl"]) => {
            let (exists, ttl) = match cache.ttl(key).await.map_err(refused)? {
                TimeLeft::Missing => (false, None),
                TimeLeft::Unlimited => (true, None),
                TimeLeft::Seconds(seconds) => (true, Some(seconds)),
            };
            Ok(response::json(&json!({ "exists": exists, "ttl": ttl })))
        }
        (&Method::POST, ["entries", key, "increment"]) => {
            let (by, expiry) = (query.integer("by")?.unwrap_or(1), query.number("expiry")?);
            let value = cache.increment(key, by, expiry).await.map_err(refused)?;
            Ok(response::json(&json!({ "value": value })))
        }
        _ => Err(not_there(path)),
    }
}

/// Returns the problem for an unknown path, or for a path that does not allow the method.
fn not_there(path: &[&str]) -> Problem {
    match path {
        ["entries"] => Problem::method_not_allowed("GET, DELETE"),
        ["prefixes", _] => Problem::method_not_allowed("DELETE"),
        ["entries", _] => Problem::method_not_allowed("GET, PUT, DELETE"),
        ["entries", _, "exists" | "ttl"] => Problem::method_not_allowed("GET"),
        ["entries", _, "increment"] => Problem::method_not_allowed("POST"),
        _ => {
            let detail = "a cache has no such path: GET / lists its paths";
            Problem::not_found(detail)
        }
    }
}

async fn put(
    cache: &CacheStore,
    key: &str,
    body: &[u8],
    query: &Query<'_>,
) -> Result<Response<Bytes>, Problem> {
    let Ok(value) = std::str::from_utf8(body) else {
        return Err(Problem::bad_request("the value is not UTF-8"));
    };
    cache.set(key, value, query.number("expiry")?).await.map_err(refused)?;
    Ok(response::json(&json!({ "set": true })))
}

fn refused(error: CacheError) -> Problem {
    match error {
        CacheError::Unavailable { .. } => Problem::no_backend(error.to_string()),
        error => Problem::refused(error.to_string()),
    }
}

fn cache(host: &Host, name: &str) -> Result<CacheStore, Problem> {
    let name = match name.strip_prefix("plugin/") {
        Some(plugin) => CacheName::private(plugin),
        None => CacheName::configured(name),
    };
    let cache = name.ok().and_then(|name| host.caches().get(&name));
    cache.ok_or_else(Problem::no_cache)
}

async fn clear(cache: &CacheStore, query: &Query<'_>) -> Result<Response<Bytes>, Problem> {
    // Refuse parameters: a client that sends one, such as a prefix, does not expect the removal of
    // all entries.
    if let Some(name) = query.first_name() {
        let told = format!(
            "the removal of all entries has no parameter {name:?}: \
             DELETE /caches/<cache>/prefixes/<prefix> removes those with a prefix"
        );
        return Err(Problem::refused(told));
    }
    let removed = cache.clear().await.map_err(refused)?;
    Ok(response::json(&json!({ "removed": removed })))
}

/// Removes a page of the entries with a prefix. The prefix is in the path, because hosts of version
/// 0.1.0 ignore the query of a removal and would remove all entries.
async fn remove(
    cache: &CacheStore,
    prefix: &str,
    after: Option<&str>,
) -> Result<Response<Bytes>, Problem> {
    if prefix.is_empty() {
        let detail = "the prefix is empty: DELETE /caches/<cache>/entries removes all entries";
        return Err(Problem::bad_request(detail));
    }
    let page = cache.delete_prefix(prefix, after).await.map_err(refused)?;
    Ok(response::json(&json!({ "removed": page.removed, "next": page.cursor })))
}

/// Lists a page of a cache's entries: their keys, sizes and remaining times.
async fn entries(cache: &CacheStore, query: &Query<'_>) -> Result<Response<Bytes>, Problem> {
    let limit = query.number("limit")?.map_or(DEFAULT_ENTRIES, |limit| limit as usize);
    let limit = limit.clamp(1, MAX_ENTRIES);
    let prefix = query.text("prefix").unwrap_or_default();
    let page = cache.list(prefix, query.text("after"), limit).await.map_err(refused)?;
    let entry = |entry: &EntryInfo| {
        let expires_in = entry.remaining.map(|remaining| remaining.as_secs_f64());
        json!({ "key": entry.key, "bytes": entry.bytes, "expires_in": expires_in })
    };
    let shown: Vec<Value> = page.entries.iter().map(entry).collect();
    Ok(response::json(&json!({ "entries": shown, "next": page.next })))
}
