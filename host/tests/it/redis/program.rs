//! The program with its caches on Redis: two servers that share them, their readiness and metrics,
//! TLS and sockets behind the wall.

use super::server::{RedisServer, program};
use crate::http::client::{eventually, post};
use crate::http::program::{Place, Serving};
use crate::support::{component, hostel, stderr, stdout};
use rcgen::{CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::json;
use std::fs;

/// A server whose plugin `guests` has its cache at this address.
fn serving(address: &str, more: &str) -> (Place, Serving) {
    let place = Place::with_guests(&format!(
        "[server]\nwall = \"required\"\n{more}\n[caches.shared]\nbackend = \"{address}\"\n\
         timeout = \"2s\"\n[plugins.guests]\npath = \"plugins/guests.wasm\"\ncache = \"shared\"\n"
    ));
    let serving = place.serve();
    (place, serving)
}

async fn ask(serving: &Serving, call: serde_json::Value) -> String {
    serving.send(&post("touches-the-cache", "", &call.to_string())).await.body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_share_a_cache_that_outlives_them() {
    let server = RedisServer::start();
    let address = format!("redis://{}/1", server.address());
    let (_one, first) = serving(&address, "");
    let (_two, second) = serving(&address, "");
    assert_eq!(ask(&first, json!(["set", "k", "[1.0]"])).await, "\"ok\"");
    assert_eq!(ask(&second, json!(["get", "k"])).await, "\"[1.0]\"");
    drop((first, second));
    let (_three, third) = serving(&address, "");
    assert_eq!(ask(&third, json!(["delete", "k"])).await, "true");
    assert_eq!(ask(&third, json!(["exists", "k"])).await, "false");
    let labels = "db_system_name=\"redis\",db_operation_name=\"delete\",cache=\"shared\"";
    let name =
        format!("hostel_db_client_operation_duration_seconds_count{{{labels},error_type=\"\"}}");
    assert_eq!(third.metric(&name).await, 1);
    ask(&third, json!(["set", "a", "1"])).await;
    let admin = format!("http://{}", third.admin);
    let listed = |arguments: &[&str]| {
        let mut command = hostel();
        command.args(["cache", "list", "--admin", &admin]).args(arguments);
        stdout(&command.output().unwrap())
    };
    assert!(listed(&[]).contains("unknown"), "{}", listed(&[]));
    let counted = listed(&["--count", "--json"]);
    assert!(counted.contains("\"entries\":1"), "{counted}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_starts_without_redis_says_so_and_recovers() {
    let mut redis = RedisServer::start();
    redis.kill();
    let address = format!("redis://{}", redis.address());
    let (_place, lenient) = serving(&address, "");
    let (_place, strict) = serving(&address, "ready-requires = [\"cache:shared\"]");
    let ready = lenient.get("/readyz").await;
    assert_eq!((ready.status, &*ready.body), (200, "ready\ncaches unavailable: shared\n"));
    let ready = strict.get("/readyz").await;
    assert_eq!(ready.status, 503);
    assert!(ready.body.contains("caches do not respond: shared"), "{}", ready.body);
    let told = ask(&lenient, json!(["get", "k"])).await;
    assert!(told.contains("Unavailable") && told.contains("refused"), "{told}");
    let entry = lenient.get("/caches/shared/entries/k").await;
    assert_eq!(entry.problem(), (503, "unavailable".to_owned()));
    let labels = format!("cache=\"shared\",server=\"{}\"", redis.address());
    let circuit = format!("hostel_redis_circuit_open{{{labels}}}");
    assert_eq!(lenient.metric(&circuit).await, 1);
    redis.restart();
    let is_ready = async || (strict.get("/readyz").await.status == 200).then_some(());
    eventually("readiness", is_ready).await;
    let is_ready = async || (lenient.get("/readyz").await.body == "ready\n").then_some(());
    eventually("readiness", is_ready).await;
    assert_eq!(lenient.metric(&circuit).await, 0);
    assert_eq!(ask(&lenient, json!(["set", "k", "1"])).await, "\"ok\"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_and_tls_lead_to_redis_behind_the_wall() {
    let folder = tempfile::tempdir().unwrap();
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "the test's authority");
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("ca.pem"), authority.pem()).unwrap();
    fs::write(path("cert.pem"), certificate.pem()).unwrap();
    fs::write(path("key.pem"), key.serialize_pem()).unwrap();
    let port = super::server::free_port();
    let at = folder.path().display();
    let settings = format!(
        "--tls-port {port} --tls-cert-file {at}/cert.pem --tls-key-file {at}/key.pem \
         --tls-ca-cert-file {at}/ca.pem --tls-auth-clients no --unixsocket FOLDER/r.sock"
    );
    let redis = RedisServer::with(&program(), &[&settings]);
    let socket = redis.folder.path().join("r.sock");
    let (_place, by_socket) = serving(&format!("redis+unix://{}", socket.display()), "");
    assert_eq!(ask(&by_socket, json!(["set", "k", "1"])).await, "\"ok\"");
    let place = |address: String| {
        Place::with_guests(&format!(
            "[server]\nwall = \"required\"\n[private-cache]\nbackend = \"{address}\"\n\
             timeout = \"2s\"\n"
        ))
    };
    let trusting = || {
        let mut command = hostel();
        command.env("SSL_CERT_FILE", path("ca.pem"));
        command
    };
    let by_name = place(format!("rediss://localhost:{port}"));
    let (by_tls, _) = by_name.serve_by(trusting());
    assert_eq!(ask(&by_tls, json!(["set", "k", "2"])).await, "\"ok\"");
    assert_eq!(ask(&by_tls, json!(["get", "k"])).await, "\"2\"");
    let by_address = place(format!("rediss://127.0.0.1:{port}"));
    let (wrong_name, _) = by_address.serve_by(trusting());
    let told = ask(&wrong_name, json!(["get", "k"])).await;
    assert!(told.contains("its certificate must be for 127.0.0.1"), "{told}");
    let plain = place(format!("redis://localhost:{port}")).serve();
    let told = ask(&plain, json!(["get", "k"])).await;
    assert!(told.contains("rediss://"), "{told}");
}

#[test]
fn a_run_keeps_its_caches_on_redis() {
    let server = RedisServer::start();
    let wasm = component("example-services/store-and-read");
    let run = |address: &str| {
        let mut command = hostel();
        command.arg("run").arg(&wasm).args(["--stats", "--cache", address]);
        command.output().unwrap()
    };
    let output = run(&format!("redis://{}/0", server.address()));
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("sets 1, hits 1"), "{}", stderr(&output));
    let name = server.client().names();
    assert_eq!(name, [b"hostel:v:{p/store-and-read/my-key}"]);
    let output = run("http://127.0.0.1");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("\"http\" is no backend"), "{}", stderr(&output));
}
