//! What whoever runs a server asks of it; the table is in the module's docs.

use super::path::{decode, segments};
use super::problem::Problem;
use super::response::Reply;
use crate::engine::Instances;
use crate::hostcalls::handler::ServiceInfo;
use crate::plugin::{Access, Deployment, Host, PluginState};
use hostel_cache::{Cache, CacheName, EntryInfo, Stats};
use hyper::header::{HOST, HeaderMap};
use hyper::http::uri::Authority;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

/// Entries that a listing has unless it asks for another number, and at most.
const LISTED: (usize, usize) = (100, 1_000);

const JSON: &str = "application/json";

/// The media type of OpenMetrics 1.0.
const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers for whoever runs a server.
pub(super) struct Admin {
    pub(super) life: Arc<Deployment>,
    /// Whether callers show a token.
    pub(super) has_token: bool,
}

impl Admin {
    /// Whether everybody may know: it tells no more than that the server runs.
    pub(super) fn is_open(path: &str) -> bool {
        path == "/healthz" || path == "/readyz"
    }

    /// Refuses what a page in a browser on this machine may have sent by a name that leads here:
    /// without a token only an address or `localhost` is a name for this.
    pub(super) fn check_host(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let host = headers.get(HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
        let is_here = |host: &str| {
            let address = host.trim_start_matches('[').trim_end_matches(']');
            address.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok()
        };
        match host {
            Some(host) if !self.has_token && !is_here(host.host()) => {
                Err(Problem::bad_request("without a token this is called by its address alone"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn answer(
        &self,
        host: &Host,
        method: &Method,
        path: &str,
        query: Option<&str>,
        body: &[u8],
    ) -> Result<Reply, Problem> {
        let undecoded = || Problem::bad_request("the path cannot be decoded");
        let segments = segments(path).ok_or_else(undecoded)?;
        let segments: Vec<&str> = segments.iter().map(|segment| &**segment).collect();
        if let ["caches", name, rest @ ..] = segments.as_slice() {
            let query = Query::read(query)?;
            return entries(&*cache(host, name)?, method, rest, &query, body);
        }
        let answer = match segments.as_slice() {
            ["healthz"] => Reply::json(StatusCode::OK, "text/plain", b"ok\n".to_vec()),
            ["readyz"] if self.life.ready() => {
                Reply::json(StatusCode::OK, "text/plain", b"ready\n".to_vec())
            }
            ["readyz"] => return Err(Problem::not_ready()),
            ["metrics"] => {
                let text = host.metrics().map_err(|_| Problem::not_ready())?;
                Reply::json(StatusCode::OK, METRICS, text.into_bytes())
            }
            ["plugins"] => {
                let plugins: Vec<Value> = self.life.list().iter().map(plugin).collect();
                ok(&json!({ "plugins": plugins }))
            }
            ["caches"] => {
                let caches: Vec<Value> = host.caches().list().iter().map(counts).collect();
                ok(&json!({ "caches": caches }))
            }
            _ => return Err(Problem::missing("nothing is here: see the docs of `hostel::http`")),
        };
        match *method {
            Method::GET | Method::HEAD => Ok(answer),
            _ => Err(Problem::method_not_allowed("GET, HEAD")),
        }
    }
}

fn ok(value: &Value) -> Reply {
    Reply::json(StatusCode::OK, JSON, value.to_string().into_bytes())
}

fn plugin(state: &PluginState) -> Value {
    let service =
        |info: &ServiceInfo| json!({ "name": info.name, "description": info.description });
    json!({
        "name": state.name,
        "path": state.path.to_string_lossy(),
        "version": state.version.map(|version| version.to_string()),
        "state": state.stage.as_str(),
        "since": humantime::format_rfc3339_millis(state.since).to_string(),
        "reason": state.reason,
        "load_seconds": state.took.map(|took| took.as_secs_f64()),
        "services": state.services.iter().map(service).collect::<Vec<_>>(),
        "cache": state.cache.as_ref().map(ToString::to_string),
        "access": match state.access {
            Access::ReadWrite => "read-write",
            Access::ReadOnly => "read-only",
        },
        "instances": match state.instances {
            Instances::Fresh => "fresh",
            Instances::Reuse { .. } => "reuse",
        },
    })
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

fn cache(host: &Host, name: &str) -> Result<Arc<Cache>, Problem> {
    let named = match name.strip_prefix("plugin/") {
        Some(plugin) => CacheName::private(plugin),
        None => CacheName::configured(name),
    };
    let found = named.ok().and_then(|name| host.caches().get(&name));
    found.ok_or_else(Problem::no_cache)
}

fn entries(
    cache: &Cache,
    method: &Method,
    path: &[&str],
    query: &Query<'_>,
    body: &[u8],
) -> Result<Reply, Problem> {
    let refused = |error: hostel_cache::Error| Problem::refused(error.to_string());
    match (method, path) {
        (&Method::GET, ["entries"]) => list(cache, query),
        (&Method::DELETE, ["entries"]) => Ok(ok(&json!({ "removed": cache.clear() }))),
        (&Method::GET, ["entries", key]) => match cache.get(key).map_err(refused)? {
            Some(value) => Ok(Reply::json(StatusCode::OK, JSON, value.as_bytes().to_vec())),
            None => Err(Problem::no_entry()),
        },
        (&Method::PUT, ["entries", key]) => {
            let Ok(value) = std::str::from_utf8(body) else {
                return Err(Problem::bad_request("the value is not UTF-8"));
            };
            cache.set(key, value, query.number("expiry")?).map_err(refused)?;
            Ok(ok(&json!({ "set": true })))
        }
        (&Method::DELETE, ["entries", key]) => {
            Ok(ok(&json!({ "removed": u64::from(cache.delete(key).map_err(refused)?) })))
        }
        (&Method::GET, ["entries", key, "exists"]) => {
            Ok(ok(&json!({ "exists": cache.exists(key).map_err(refused)? })))
        }
        (_, ["entries"]) => Err(Problem::method_not_allowed("GET, DELETE")),
        (_, ["entries", _]) => Err(Problem::method_not_allowed("GET, PUT, DELETE")),
        (_, ["entries", _, "exists"]) => Err(Problem::method_not_allowed("GET")),
        _ => Err(Problem::missing("a cache has /entries and /entries/<key>")),
    }
}

fn list(cache: &Cache, query: &Query<'_>) -> Result<Reply, Problem> {
    let asked = query.number("limit")?.map_or(LISTED.0, |limit| limit as usize);
    let limit = asked.clamp(1, LISTED.1);
    let prefix = query.text("prefix").unwrap_or_default();
    let entries = cache.list(prefix, query.text("after"), limit);
    let next = entries.last().filter(|_| entries.len() == limit).map(|last| &last.key);
    let entry = |entry: &EntryInfo| {
        let expires_in = entry.remaining.map(|remaining| remaining.as_secs_f64());
        json!({ "key": entry.key, "bytes": entry.bytes, "expires_in": expires_in })
    };
    let shown: Vec<Value> = entries.iter().map(entry).collect();
    Ok(ok(&json!({ "entries": shown, "next": next })))
}

/// The parameters of a query, decoded.
struct Query<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Query<'a> {
    fn read(query: Option<&'a str>) -> Result<Self, Problem> {
        let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let read = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        });
        let pairs: Option<_> = read.collect();
        pairs.map(Query).ok_or_else(|| Problem::bad_request("the query cannot be decoded"))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| &**value)
    }

    fn number(&self, name: &'static str) -> Result<Option<u32>, Problem> {
        let wrong =
            |_| Problem::refused(format!("`{name}` is no whole number of at most {}", u32::MAX));
        self.text(name).map(|text| text.parse().map_err(wrong)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_it_was_escaped() {
        let query = Query::read(Some("prefix=user%3A/a&after=&limit=7&expiry=x")).ok().unwrap();
        assert_eq!((query.text("prefix"), query.text("after")), (Some("user:/a"), Some("")));
        assert_eq!(query.text("other"), None);
        assert!(matches!(query.number("limit"), Ok(Some(7))));
        assert!(matches!(query.number("other"), Ok(None)));
        assert!(query.number("expiry").is_err() && Query::read(Some("a=%f")).is_err());
    }

    #[test]
    fn without_a_token_only_an_address_is_a_name_for_this() {
        let life = || {
            let host = Host::new(crate::Settings::default()).unwrap();
            Arc::new(Deployment::new(Arc::new(host), Vec::new(), None, None))
        };
        let refused = |has_token, host: &'static str| {
            let headers = HeaderMap::from_iter([(HOST, host.parse().unwrap())]);
            Admin { life: life(), has_token }.check_host(&headers).is_err()
        };
        for host in ["127.0.0.1:8081", "localhost:8081", "[::1]:8081", "10.0.0.1"] {
            assert!(!refused(false, host), "{host}");
        }
        assert!(refused(false, "evil.example:8081") && !refused(true, "ops.example"));
    }
}
