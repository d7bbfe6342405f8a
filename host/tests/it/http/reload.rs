//! Plugins that are replaced while clients call their services over HTTP.

use super::client::{Client, eventually};
use super::program::{Place, Serving, numbered, numbered_request};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Number of swaps, unless `HOSTEL_SWAPS` sets another number, which is raised to [`WARM_UP`] if it
/// is lower. 10,000 swaps reveal a slow leak.
const SWAPS: usize = 200;

/// Number of swaps before the first measurement: enough to fill all caches and pools.
const WARM_UP: usize = 20;

/// Number of connections on which requests are sent without a pause.
const SENDERS: usize = 4;

/// Distance between the number ranges of the senders.
const APART: usize = 1_000_000_000;

/// The two versions begin their responses with these texts.
const VERSIONS: [&str; 2] = ["even", "odd"];

/// The numbers of swaps that were begun, of swaps that `GET /plugins` has reported, and of
/// responses.
#[derive(Default)]
struct Swaps {
    begun: AtomicUsize,
    told: AtomicUsize,
    answers: AtomicUsize,
}

impl Swaps {
    /// Sends a request and checks that the response is from a version that was current meanwhile.
    async fn send(&self, client: &mut Client<TcpStream>, number: usize) {
        let oldest = self.told.load(Ordering::SeqCst);
        client.send(numbered_request(number)).await;
        let reply = client.reply().await.unwrap_or_else(|| panic!("{number} is lost"));
        let newest = self.begun.load(Ordering::SeqCst);
        let version = reply.body.strip_suffix(&format!(" {number}")).unwrap_or("another number's");
        let current = (oldest..=newest).any(|swap| version == VERSIONS[swap % 2]);
        assert!(reply.status == 200 && current, "{oldest}..={newest}: {number}: {reply:?}");
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    /// Sends requests on one connection until all swaps are reported.
    async fn send_on(&self, address: SocketAddr, first: usize, last_swap: usize) {
        let mut client = Client::new(TcpStream::connect(address).await.unwrap());
        for number in first.. {
            self.send(&mut client, number).await;
            if self.told.load(Ordering::SeqCst) == last_swap {
                return;
            }
        }
    }
}

/// Returns the version that `GET /plugins` reports.
async fn version(serving: &Serving) -> String {
    let mut plugins = serving.get("/plugins").await.json();
    let version = plugins["plugins"][0]["version"].take();
    version.as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_request_is_served_by_one_current_version_while_a_file_is_swapped() {
    let asked = std::env::var("HOSTEL_SWAPS").ok().and_then(|swaps| swaps.parse().ok());
    let last_swap = asked.unwrap_or(SWAPS).max(WARM_UP);
    let place = Place::new("");
    let components = VERSIONS.map(numbered);
    place.put("numbers", &components[0]);
    let serving = place.serve();
    let swaps = Arc::new(Swaps::default());
    let mut senders = JoinSet::new();
    for sender in 1..=SENDERS {
        let (swaps, address) = (Arc::clone(&swaps), serving.address);
        senders.spawn(async move { swaps.send_on(address, sender * APART, last_swap).await });
    }
    let mut own = serving.connect().await;
    let mut before = (0, 0, 0);
    let mut was = version(&serving).await;
    for swap in 1..=last_swap {
        swaps.begun.store(swap, Ordering::SeqCst);
        place.put("numbers", &components[swap % 2]);
        serving.signal("HUP");
        let is_other = async || Some(version(&serving).await).filter(|version| *version != was);
        was = eventually("the other version", is_other).await;
        swaps.told.store(swap, Ordering::SeqCst);
        swaps.send(&mut own, swap).await;
        if swap == WARM_UP {
            before = (serving.memory(), serving.files(), serving.mappings());
        }
    }
    senders.join_all().await;
    serving.until_metric("hostel_versions", 1).await;
    serving.until_metric("hostel_calls_under_way", 0).await;
    let after = (serving.memory(), serving.files(), serving.mappings());
    let answers = swaps.answers.load(Ordering::Relaxed);
    println!(
        "{last_swap} swaps, {answers} responses: {before:?}, then {after:?}: MiB, files, mappings"
    );
    assert!(answers > last_swap, "the senders had their turns");
    assert!(after.0 < before.0 + 32, "{before:?}, {after:?} MiB");
    assert!(after.1 < before.1 + 16 && after.2 < before.2 + 100, "{before:?}, {after:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_written_over_without_pause_ends_as_the_last_one() {
    let place = Place::new("");
    let components = VERSIONS.map(numbered);
    place.put("numbers", &components[0]);
    let mut serving = place.serve();
    let mut client = serving.connect().await;
    for number in 0..400 {
        // Write the file non-atomically, so that the server may read a part of it.
        std::fs::write(place.file("numbers"), &components[number % 2]).unwrap();
        if number % 10 == 0 {
            serving.signal("HUP");
        }
        client.send(numbered_request(number)).await;
        let reply = client.reply().await.unwrap();
        let answers = VERSIONS.map(|version| format!("{version} {number}"));
        assert!(reply.status == 200 && answers.contains(&reply.body), "{reply:?}");
    }
    serving.signal("HUP");
    let is_last = async || (serving.send(&numbered_request(7)).await.body == "odd 7").then_some(());
    eventually("the last version", is_last).await;
    serving.check_runs();
}
