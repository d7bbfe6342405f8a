//! Three servers that share a Redis cluster restart one after another, behind HAProxy with the
//! documented configuration.

use super::cluster::Cluster;
use super::server::RedisServer;
use crate::http::client::{Client, eventually, post};
use crate::http::program::{Place, Serving};
use crate::support::{hostel, project};
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tempfile::TempDir;
use tokio::net::UnixStream;
use tokio::task::JoinSet;

/// Number of clients, each of which sends one request after another. Half of them open a new
/// connection in each step.
const CLIENTS: usize = 48;

/// Number of restarts of each host.
const ROUNDS: usize = 3;

/// HAProxy with the configuration from the documentation, except for the addresses.
struct Balancer {
    child: Child,
    socket: PathBuf,
    _folder: TempDir,
}

impl Drop for Balancer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Balancer {
    async fn before(hosts: &[Serving; 3]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (socket, file) = (folder.path().join("socket"), folder.path().join("haproxy.cfg"));
        fs::write(&file, configuration(&socket, hosts)).unwrap();
        let mut command = Command::new("haproxy");
        let child = command.arg("-f").arg(file).spawn().expect("there is no haproxy");
        let balancer = Balancer { child, socket, _folder: folder };
        eventually("HAProxy", async || UnixStream::connect(&balancer.socket).await.ok()).await;
        balancer
    }

    async fn connect(&self) -> Client<UnixStream> {
        Client::new(UnixStream::connect(&self.socket).await.unwrap())
    }
}

/// Returns the `haproxy.cfg` from the documentation with these addresses.
fn configuration(socket: &Path, hosts: &[Serving; 3]) -> String {
    let page = project().join("docs/more-than-one-machine.md");
    let page = fs::read_to_string(page).unwrap();
    let block = page.split("```haproxy\n").nth(1).unwrap().split("```").next().unwrap();
    let replace = |text: String, from: &str, to: String| {
        assert_eq!(text.matches(from).count(), 1, "{from:?} in {text}");
        text.replace(from, &to)
    };
    let text = replace(block.to_owned(), "bind :8080", format!("bind unix@{}", socket.display()));
    hosts.iter().enumerate().fold(text, |text, (number, host)| {
        let from = format!("10.0.0.{}:8080", number + 1);
        replace(text, &from, format!("{} port {}", host.address, host.admin.port()))
    })
}

/// Sends a call that uses the cache, and returns its response.
async fn ask(client: &mut Client<UnixStream>, call: Value) -> String {
    client.send(post("touches-the-cache", "", &call.to_string())).await;
    let reply = client.reply().await.unwrap_or_else(|| panic!("{call} is not answered"));
    assert_eq!(reply.status, 200, "{call}: {reply:?}");
    reply.body
}

/// The state that all clients share. They work until the test sets `stop`.
#[derive(Default)]
struct Counting {
    stop: AtomicBool,
    /// The steps of all clients together.
    steps: AtomicUsize,
}

impl Counting {
    /// In each step, sets this client's key and a new key to the step's number, then reads this
    /// client's key back. Even-numbered clients reconnect before they read.
    async fn run(&self, balancer: &Balancer, name: usize) {
        let mut client = balancer.connect().await;
        let latest = format!("latest of {name}");
        let mut number = 0;
        while !self.stop.load(Ordering::Relaxed) {
            number += 1;
            for key in [&latest, &format!("{name}: {number}")] {
                let set = ask(&mut client, json!(["set", key, number.to_string()])).await;
                assert_eq!(set, "\"ok\"", "{key}");
            }
            if name.is_multiple_of(2) {
                client = balancer.connect().await;
            }
            let found = ask(&mut client, json!(["get", latest])).await;
            assert_eq!(found, format!("\"{number}\""), "{latest}");
            self.steps.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn serve(place: &Place, listen: SocketAddr, admin: SocketAddr) -> Serving {
    let mut program = hostel();
    program.current_dir(&place.folder).arg("serve");
    program.args(["--listen", &listen.to_string(), "--admin-listen", &admin.to_string()]);
    Serving::begin(program).0
}

/// Waits until the host has handled requests that store something.
async fn until_it_stores(host: &Serving) {
    let stored = "hostel_db_client_operation_duration_seconds_count{db_system_name=\"redis\",\
                  db_operation_name=\"set\",cache=\"plugin/guests\",error_type=\"\"} ";
    let has_stored = async || {
        let metrics = host.get("/metrics").await.body;
        metrics.lines().find_map(|line| line.strip_prefix(stored)).filter(|count| *count != "0")?;
        Some(())
    };
    eventually("requests from HAProxy", has_stored).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_and_no_entry_is_lost_while_hosts_restart_one_after_another() {
    let redis = RedisServer::of_cluster(Cluster::of_primaries(&[]).await.0);
    let place = Place::with_guests(&format!(
        "[private-cache]\nbackend = \"{}\"\ntimeout = \"20s\"\n[limits]\ntime = \"30s\"\n",
        redis.backend().address
    ));
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut hosts = [(); 3].map(|()| serve(&place, anywhere, anywhere));
    let (balancer, counting) = (Balancer::before(&hosts).await, Counting::default());
    let (balancer, counting) = (Arc::new(balancer), Arc::new(counting));
    let mut clients = JoinSet::new();
    for name in 0..CLIENTS {
        let (balancer, counting) = (Arc::clone(&balancer), Arc::clone(&counting));
        clients.spawn(async move { counting.run(&balancer, name).await });
    }
    for host in &hosts {
        until_it_stores(host).await;
    }
    for host in (0..ROUNDS).flat_map(|_| 0..3) {
        let host = &mut hosts[host];
        let (listen, admin) = (host.address, host.admin);
        host.signal("TERM");
        assert_eq!(host.ended().await, Some(0));
        *host = serve(&place, listen, admin);
        until_it_stores(host).await;
    }
    counting.stop.store(true, Ordering::Relaxed);
    clients.join_all().await;
    let steps = counting.steps.load(Ordering::Relaxed);
    assert_eq!(usize::try_from(redis.size()).unwrap(), steps + CLIENTS);
}
