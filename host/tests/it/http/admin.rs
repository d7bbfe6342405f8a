//! The admin listener, for operators.

use super::client::{Client, Reply};
use crate::support::component;
use hostel::config::SecretHash;
use hostel::http::run_admin;
use hostel::{Deployment, Host, NamedPlugin, PluginName, PluginSettings, Request, Settings};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

pub struct Operated {
    pub host: Arc<Host>,
    deployment: Arc<Deployment>,
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Operated {
    /// Starts an admin listener. Its host has a plugin `guests`, whose file at `path` is not yet
    /// loaded.
    async fn new(path: PathBuf, token: Option<&str>) -> Self {
        let code_folder = Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("code"));
        let host = Arc::new(Host::new(Settings { code_folder, ..Settings::default() }).unwrap());
        let (name, settings) = (PluginName::new("guests").unwrap(), PluginSettings::default());
        let named = vec![NamedPlugin { name, path, settings }];
        let deployment = Arc::new(Deployment::new(Arc::clone(&host), named, None, None));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let token = token.map(|token| SecretHash::of_token(token.as_bytes()).unwrap());
        let mut tasks = JoinSet::new();
        let (of_host, of_deployment) = (Arc::clone(&host), Arc::clone(&deployment));
        tasks.spawn(run_admin(listener, of_host, of_deployment, token, Arc::new(|_| {})));
        Operated { host, deployment, address, _tasks: tasks }
    }

    pub async fn loaded() -> Self {
        let operated = Operated::new(component("host/tests/guests"), None).await;
        operated.load().await;
        operated
    }

    async fn load(&self) {
        self.deployment.scan().await;
        self.deployment.scan().await;
        self.deployment.settle().await;
    }

    async fn ask(&self, request: &str, headers: &str, body: &str) -> Reply {
        let mut client = Client::new(TcpStream::connect(self.address).await.unwrap());
        let (host, length) = (self.address, body.len());
        let head = format!("{request} HTTP/1.1\r\nhost: {host}\r\n{headers}");
        client.send(format!("{head}content-length: {length}\r\n\r\n{body}")).await;
        client.reply().await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.ask(&format!("GET {path}"), "", "").await
    }

    pub async fn touch(&self, call: Value) -> Value {
        let request = Request { body: call.to_string().into_bytes(), ..Request::default() };
        let response = self.host.call("guests.touches-the-cache", request).await.unwrap();
        serde_json::from_slice(&response.body).unwrap()
    }
}

#[tokio::test]
async fn it_is_ready_once_all_named_plugins_serve_or_were_refused() {
    let operated = Operated::new(component("host/tests/guests"), None).await;
    assert_eq!(operated.get("/healthz").await.status, 200);
    assert_eq!(operated.get("/readyz").await.problem(), (503, "unavailable".to_owned()));
    operated.load().await;
    assert_eq!(operated.get("/readyz").await.status, 200);
    let plugins = operated.get("/plugins").await.json();
    assert_eq!(plugins["plugins"][0]["name"], "guests");
    assert_eq!(plugins["plugins"][0]["state"], "serving");
    assert_eq!(plugins["plugins"][0]["cache"], "plugin/guests");
}

#[tokio::test]
async fn a_plugin_that_does_not_load_is_reported_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("guests.wasm");
    std::fs::write(&file, "no component").unwrap();
    let operated = Operated::new(file, None).await;
    operated.load().await;
    let ready = operated.get("/readyz").await;
    assert_eq!((ready.status, &*ready.body), (200, "ready\nrefused: guests\n"));
    let plugin = operated.get("/plugins").await.json()["plugins"][0].take();
    assert_eq!(plugin["state"], "failed");
    assert!(plugin["reason"].as_str().unwrap().contains("not WebAssembly"), "{plugin}");
}

#[tokio::test]
async fn entries_are_listed_read_set_and_removed() {
    let operated = Operated::loaded().await;
    let cache = "/caches/plugin%2Fguests/entries";
    for number in 0..5 {
        operated.touch(json!(["set", format!("user:{number}"), "[1]", 60])).await;
    }
    operated.touch(json!(["set", "other/key", "null"])).await;
    let page = operated.get(&format!("{cache}?prefix=user:&limit=3")).await.json();
    let keys: Vec<_> = page["entries"].as_array().unwrap().iter().map(|it| &it["key"]).collect();
    assert_eq!(keys, ["user:0", "user:1", "user:2"]);
    assert_eq!((&page["next"], &page["entries"][0]["bytes"]), (&json!("user:2"), &json!(9)));
    let left = page["entries"][0]["expires_in"].as_f64().unwrap();
    assert!((50.0..=60.0).contains(&left), "{left}");
    let rest = operated.get(&format!("{cache}?prefix=user:&limit=3&after=user%3A2")).await.json();
    assert_eq!((rest["entries"].as_array().unwrap().len(), &rest["next"]), (2, &Value::Null));

    let key = format!("{cache}/other%2Fkey");
    assert_eq!(operated.get(&key).await.body, "null");
    assert_eq!(operated.ask(&format!("PUT {key}?expiry=60"), "", "{\"a\":1}").await.status, 200);
    assert_eq!(operated.touch(json!(["get", "other/key"])).await, "{\"a\":1}");
    let wrong = operated.ask(&format!("PUT {key}"), "", "{").await;
    assert_eq!(wrong.problem(), (400, "bad-request".to_owned()));
    assert_eq!(operated.ask(&format!("PUT {key}?expiry=0"), "", "1").await.status, 400);
    assert_eq!(operated.get(&key).await.body, "{\"a\":1}", "as it was before what was refused");
    assert_eq!(operated.ask(&format!("DELETE {key}"), "", "").await.json()["removed"], 1);
    assert_eq!(operated.get(&key).await.status, 404);
    assert_eq!(operated.ask(&format!("DELETE {cache}"), "", "").await.json()["removed"], 5);
    let counts = operated.get("/caches").await.json()["caches"][0].take();
    assert_eq!((&counts["name"], &counts["entries"]), (&json!("plugin/guests"), &json!(0)));
    assert_eq!(operated.get("/caches/none/entries").await.status, 404);
    assert_eq!(operated.ask(&format!("POST {cache}"), "", "").await.status, 405);
}

#[tokio::test]
async fn entries_are_incremented_timed_and_removed_by_prefix() {
    let operated = Operated::loaded().await;
    let cache = "/caches/plugin%2Fguests/entries";
    let (increment, ttl) = (format!("{cache}/a%2F1/increment"), format!("{cache}/a%2F1/ttl"));
    let none = json!({"exists": false, "ttl": null});
    assert_eq!(operated.get(&ttl).await.json(), none);
    let by = async |query: &str| operated.ask(&format!("POST {increment}{query}"), "", "").await;
    assert_eq!(by("").await.json(), json!({"value": 1}));
    assert_eq!(operated.get(&ttl).await.json(), json!({"exists": true, "ttl": null}));
    assert_eq!(by("?by=-3&expiry=60").await.json(), json!({"value": -2}));
    for wrong in ["?by=1.5", "?by=", "?by=9007199254740992", "?expiry=-1"] {
        assert_eq!(by(wrong).await.status, 400, "{wrong}");
    }
    assert_eq!(operated.get(&format!("{cache}/a%2F1")).await.body, "-2");
    assert_eq!(operated.get(&increment).await.header("allow"), Some("POST"));
    assert_eq!(operated.ask(&format!("POST {ttl}"), "", "").await.header("allow"), Some("GET"));

    operated.touch(json!(["set", "b", "1"])).await;
    let remove = async |path: &str| operated.ask(&format!("DELETE {path}"), "", "").await;
    let prefixes = "/caches/plugin%2Fguests/prefixes";
    let all = format!("{prefixes}/");
    for wrong in [&format!("{cache}?prefix=a"), &all, &format!("{prefixes}/a?after=nonsense")] {
        assert_eq!(remove(wrong).await.status, 400, "{wrong}");
    }
    assert_eq!(remove(prefixes).await.status, 404);
    assert_eq!(operated.get(&format!("{prefixes}/a")).await.header("allow"), Some("DELETE"));
    let removed = remove(&format!("{prefixes}/a%2F")).await.json();
    assert_eq!(removed, json!({"removed": 1, "next": null}));
    assert_eq!(remove(cache).await.json(), json!({"removed": 1}));
}

#[tokio::test]
async fn with_a_token_all_but_health_requires_it() {
    let token = "a-token-of-enough-characters";
    let operated = Operated::new(component("host/tests/guests"), Some(token)).await;
    assert_eq!(operated.get("/healthz").await.status, 200);
    let reply = operated.get("/metrics").await;
    assert_eq!((reply.status, reply.header("www-authenticate")), (401, Some("Bearer")));
    let header = format!("authorization: Bearer {token}\r\n");
    assert_eq!(operated.ask("GET /metrics", &header, "").await.status, 200);
}

#[tokio::test]
async fn the_root_lists_the_paths_and_an_unknown_one_names_the_root() {
    let operated = Operated::loaded().await;
    let root = operated.get("/").await;
    assert_eq!((root.status, root.header("content-type")), (200, Some("application/json")));
    let endpoints = root.json()["endpoints"].take();
    let endpoints = endpoints.as_array().unwrap();
    assert_eq!(root.body.lines().count(), endpoints.len() + 4, "a line each");
    for endpoint in endpoints {
        let path = endpoint["path"].as_str().unwrap();
        let path = path.replace("{cache}", "plugin%2Fguests").replace("{prefix}", "none");
        let path = path.replace("{key}", "1");
        let methods = endpoint["methods"].as_array().unwrap().iter();
        for method in methods.map(|method| method.as_str().unwrap()) {
            let reply = operated.ask(&format!("{method} {path}"), "", "1").await;
            assert_ne!(reply.status, 405, "{method} {path}");
            let is_known = reply.status != 404 || reply.json()["code"] == "no-entry";
            assert!(is_known && !endpoint["what"].as_str().unwrap().is_empty(), "{method} {path}");
        }
    }
    for unknown in ["/gone", "/caches/plugin%2Fguests/gone"] {
        let reply = operated.get(unknown).await;
        let detail = reply.json()["detail"].take();
        assert!(detail.as_str().unwrap().contains("GET / lists"), "{detail}");
    }
    assert_eq!(operated.ask("POST /", "", "").await.header("allow"), Some("GET, HEAD"));
    assert_eq!(
        Operated::new("gone.wasm".into(), Some("a-token-of-enough-characters"))
            .await
            .get("/")
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn services_are_not_called_here_nor_entries_read_there() {
    let operated = Operated::loaded().await;
    assert_eq!(operated.ask("POST /services/guests.counts", "", "").await.status, 404);
    let named = "GET /caches HTTP/1.1\r\nhost: page.example\r\n\r\n";
    let mut client = Client::new(TcpStream::connect(operated.address).await.unwrap());
    client.send(named).await;
    assert_eq!(client.reply().await.unwrap().status, 400);
}

#[tokio::test]
async fn pages_of_other_sites_are_refused_with_a_token_and_without() {
    for token in [None, Some("a-token-of-enough-characters")] {
        let operated = Operated::new(component("host/tests/guests"), token).await;
        let token = token.map(|token| format!("authorization: Bearer {token}\r\n"));
        let token = token.unwrap_or_default();
        let own = format!("origin: http://{}\r\nsec-fetch-site: same-origin\r\n", operated.address);
        let headers = format!("{token}{own}");
        assert_eq!(operated.ask("GET /metrics", &headers, "").await.status, 200, "{headers}");
        for other in [
            "origin: http://page.example",
            "origin: null",
            "sec-fetch-site: cross-site",
            "sec-fetch-site: same-site",
        ] {
            let headers = format!("{token}{other}\r\n");
            for request in ["GET /metrics", "DELETE /caches/plugin%2Fguests/entries"] {
                let refused = operated.ask(request, &headers, "").await;
                assert_eq!(refused.problem(), (403, "forbidden".to_owned()), "{headers}");
            }
            assert_eq!(operated.ask("GET /healthz", &headers, "").await.status, 200, "{headers}");
        }
    }
}
