//! The program with caches on Redis: two servers that share a cache, readiness and metrics, TLS,
//! and Unix sockets with the Landlock sandbox.

use super::cluster::{self, Cluster};
use super::proxy::Proxy;
use super::server::{RedisServer, program};
use crate::http::client::{eventually, post};
use crate::http::program::{Place, Serving};
use crate::support::{component, hostel, stderr, stdout};
use rcgen::{CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::fs;
use std::process::Command;
use std::sync::atomic::Ordering;
use tempfile::TempDir;
use tokio::task::JoinSet;

/// Starts a server whose plugin `guests` has its cache at this address.
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

/// Creates the place of a server whose private caches are at this address.
fn place(address: String) -> Place {
    Place::with_guests(&format!(
        "[server]\nwall = \"required\"\n[private-cache]\nbackend = \"{address}\"\n\
         timeout = \"2s\"\n"
    ))
}

/// A folder with a certificate, its key, and the certificate of its authority.
struct Certified(TempDir);

impl Certified {
    /// Creates a certificate for `host` that is valid until 1 January of `year`.
    fn new(host: &str, year: i32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "the test's authority");
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let certificate = params.signed_by(&key, &authority).unwrap();
        let texts = [authority.pem(), certificate.pem(), key.serialize_pem()];
        for (name, text) in ["ca.pem", "cert.pem", "key.pem"].into_iter().zip(texts) {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Certified(folder)
    }

    /// Returns the settings of a Redis server with this certificate.
    fn settings(&self, port: u16) -> String {
        let at = self.0.path().display();
        format!(
            "--tls-port {port} --tls-cert-file {at}/cert.pem --tls-key-file {at}/key.pem \
             --tls-ca-cert-file {at}/ca.pem --tls-auth-clients no"
        )
    }

    /// Returns the program, configured to trust the authority.
    fn trusting(&self) -> Command {
        let mut command = hostel();
        command.env("SSL_CERT_FILE", self.0.path().join("ca.pem"));
        command
    }
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
async fn a_server_starts_without_redis_reports_it_and_recovers() {
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
    let certified = Certified::new("localhost", 2999);
    let port = super::server::free_port();
    let settings = certified.settings(port);
    let redis = RedisServer::with(&program(), &[&settings, "--unixsocket FOLDER/r.sock"]);
    let socket = redis.folder.path().join("r.sock");
    let (_place, by_socket) = serving(&format!("redis+unix://{}", socket.display()), "");
    assert_eq!(ask(&by_socket, json!(["set", "k", "1"])).await, "\"ok\"");
    let by_name = place(format!("rediss://localhost:{port}"));
    let (by_tls, _) = by_name.serve_by(certified.trusting());
    assert_eq!(ask(&by_tls, json!(["set", "k", "2"])).await, "\"ok\"");
    assert_eq!(ask(&by_tls, json!(["get", "k"])).await, "\"2\"");
    let by_address = place(format!("rediss://127.0.0.1:{port}"));
    let (wrong_name, _) = by_address.serve_by(certified.trusting());
    let told = ask(&wrong_name, json!(["get", "k"])).await;
    assert!(told.contains("its certificate must be for 127.0.0.1"), "{told}");
    let plain = place(format!("redis://localhost:{port}")).serve();
    let told = ask(&plain, json!(["get", "k"])).await;
    assert!(told.contains("rediss://"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_is_used_by_tls_and_with_a_login() {
    let certified = Certified::new("127.0.0.1", 2999);
    let (servers, ports): (Vec<_>, Vec<_>) = (0..3).map(|_| by_tls(&certified)).unzip();
    let cluster = Cluster::meet(servers, &ports);
    cluster.until_ready().await;
    for server in &cluster.0 {
        let mut client = server.client();
        client.say("ACL SETUSER ann on >p@ss ~* +@all");
        client.say("ACL SETUSER default off");
    }
    let hosts = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect::<Vec<_>>();
    let place = Place::with_guests(&format!(
        "[private-cache]\nbackend = \"rediss+cluster://ann@{}\"\npassword-env = \"PASSWORD\"\n\
         timeout = \"2s\"\n",
        hosts.join(",")
    ));
    let with_password = |password| {
        let mut command = certified.trusting();
        command.env("PASSWORD", password);
        place.serve_by(command).0
    };
    let (right, wrong) = (with_password("p@ss"), with_password("other"));
    for key in (0..20).map(|key: u32| key.to_string()) {
        assert_eq!(ask(&right, json!(["set", key, "1"])).await, "\"ok\"");
        assert_eq!(ask(&right, json!(["get", key])).await, "\"1\"");
    }
    let told = ask(&wrong, json!(["get", "1"])).await;
    assert!(told.contains("it refuses the login"), "{told}");
}

/// Starts a cluster server with TLS, and returns it with its TLS port. This port is below 50,000,
/// because the cluster bus uses the port 10,000 above it.
fn by_tls(certified: &Certified) -> (RedisServer, u16) {
    let port =
        std::iter::repeat_with(super::server::free_port).find(|port| *port < 50_000).unwrap();
    let settings = format!("--tls-cluster yes {}", certified.settings(port));
    (RedisServer::with(&program(), &[cluster::SETTINGS, &settings]), port)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_has_expired_is_named_in_one_line() {
    let certified = Certified::new("localhost", 2001);
    let port = super::server::free_port();
    let _redis = RedisServer::with(&program(), &[&certified.settings(port)]);
    let place = place(format!("rediss://localhost:{port}"));
    let (serving, _) = place.serve_by(certified.trusting());
    let told: Value = serde_json::from_str(&ask(&serving, json!(["get", "k"])).await).unwrap();
    let message = told["message"].as_str().unwrap();
    assert_eq!(told["kind"], "ErrorKind::Unavailable");
    assert!(message.contains("TLS failed") && message.contains("expired"), "{message}");
    assert!(!message.contains('\n'), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_count_what_is_under_way_and_connections_that_were_made_again() {
    let redis = RedisServer::start();
    let place = Place::with_guests(&format!(
        "[caches.shared]\nbackend = \"redis://{}\"\ntimeout = \"20s\"\n[limits]\ntime = \"30s\"\n\
         [plugins.guests]\npath = \"plugins/guests.wasm\"\ncache = \"shared\"\n",
        redis.address()
    ));
    let serving = place.serve();
    assert_eq!(ask(&serving, json!(["set", "k", "1"])).await, "\"ok\"");
    let labels = format!("cache=\"shared\",server=\"{}\"", redis.address());
    let reconnects = format!("hostel_redis_reconnects_total{{{labels}}}");
    assert_eq!(serving.metric(&reconnects).await, 0);
    for count in 1..=3 {
        redis.client().say("CLIENT KILL TYPE normal SKIPME yes");
        assert_eq!(ask(&serving, json!(["get", "k"])).await, "\"1\"");
        assert_eq!(serving.metric(&reconnects).await, count);
    }
    let in_flight = "hostel_redis_in_flight{cache=\"shared\"}";
    assert_eq!(serving.metric(in_flight).await, 0);
    redis.signal(Signal::STOP);
    let mut calls = JoinSet::new();
    for _ in 0..2 {
        let mut client = serving.connect().await;
        let call = json!(["get", "k"]).to_string();
        calls.spawn(async move {
            client.send(post("touches-the-cache", "", &call)).await;
            client.reply().await.unwrap().body
        });
    }
    serving.until_metric(in_flight, 2).await;
    assert_eq!(serving.metric(in_flight).await, 2);
    redis.signal(Signal::CONT);
    assert_eq!(calls.join_all().await, ["\"1\"", "\"1\""]);
    serving.until_metric(in_flight, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_cut_leave_no_descriptor_and_no_memory_behind() {
    let redis = RedisServer::start();
    let proxy = Proxy::to(redis.port).await;
    // On a busy machine, connecting again may take longer than a call may take by default.
    let limits = "[limits]\ntime = \"30s\"\n";
    let (_place, serving) = serving(&format!("redis://127.0.0.1:{}", proxy.port), limits);
    let mut client = serving.connect().await;
    let call = json!(["exists", "k"]).to_string();
    let mut use_and_cut = async |count: usize| {
        for _ in 0..count {
            client.send(post("touches-the-cache", "", &call)).await;
            assert_eq!(client.reply().await.unwrap().body, "false");
            proxy.cut();
        }
    };
    use_and_cut(50).await;
    let (files, memory) = (serving.files(), serving.memory());
    use_and_cut(200).await;
    let made = proxy.faults.connections.load(Ordering::SeqCst);
    assert!(made > 200, "{made} connections were made");
    println!("200 connections: {memory} MiB, then {} MiB", serving.memory());
    serving.until_files(files).await;
    assert!(serving.memory() <= memory + 8, "{memory} MiB, then {}", serving.memory());
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
    assert!(stderr(&output).contains("\"http\" is not a backend"), "{}", stderr(&output));
}
