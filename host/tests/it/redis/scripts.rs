//! Scripts on servers that have not loaded them, with many concurrent callers, and while slots
//! move.

use super::cluster::{Cluster, SLOTS};
use super::server::{RedisServer, programs};
use super::{PATIENT, at, cache, until};
use hostel::{CacheError, CacheStore};
use hostel_cache::{Lifetime, Swap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[tokio::test]
async fn a_server_that_has_forgotten_its_scripts_learns_them_again() {
    for program in programs() {
        let server = RedisServer::with(&program, &[]);
        let (cache, mut client) = (cache(at(&server)), server.client());
        for round in 1..=3 {
            assert_eq!(cache.increment("k", 1, None).await, Ok(2 * round - 1));
            client.say("CONFIG RESETSTAT");
            assert_eq!(cache.increment("k", 1, None).await, Ok(2 * round));
            let calls = client.info("INFO commandstats");
            let is_known = calls.contains("cmdstat_evalsha") && !calls.contains("cmdstat_eval:");
            assert!(is_known, "the digest is that of the script: {calls}");
            client.say("SCRIPT FLUSH");
        }
        let swap = cache.compare_and_swap("k", Some("6"), Some("7"), Lifetime::Keep).await;
        assert!(matches!(swap, Ok(Swap::Swapped)));
        client.say("SCRIPT FLUSH");
        assert_eq!(cache.take("k").await.unwrap().as_deref(), Some("7"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_step_of_many_callers_is_lost() {
    let cluster = Cluster::of_primaries(&[]).await;
    let server = RedisServer::start();
    for address in [at(&server), at(&RedisServer::of_cluster(cluster.0))] {
        // Two independent hosts.
        let hosts = [cache(address.clone()), cache(address)];
        let callers: Vec<_> = (0..50)
            .map(|caller| {
                let cache = hosts[caller % 2].clone();
                tokio::spawn(async move {
                    for _ in 0..100 {
                        cache.increment("sum", 1, None).await.unwrap();
                    }
                    add_by_swaps(&cache).await;
                    let first = cache.set_if_absent("first", &caller.to_string(), None).await;
                    let taken = cache.take("token").await;
                    (first.unwrap(), taken.unwrap().is_some())
                })
            })
            .collect();
        hosts[0].set("token", "1", None).await.unwrap();
        let (mut firsts, mut takers) = (0, 0);
        for caller in callers {
            let (is_first, took) = caller.await.unwrap();
            firsts += u32::from(is_first);
            takers += u32::from(took);
        }
        assert_eq!(hosts[0].get("sum").await.unwrap().as_deref(), Some("5000"));
        assert_eq!(hosts[1].get("swaps").await.unwrap().as_deref(), Some("50"));
        assert_eq!(firsts, 1);
        let left = hosts[0].take("token").await.unwrap();
        assert_eq!(takers + u32::from(left.is_some()), 1);
    }
}

/// Increments a number by reading and swapping it.
async fn add_by_swaps(cache: &CacheStore) {
    let mut expected = cache.get("swaps").await.unwrap();
    loop {
        let number: u32 = expected.as_deref().map_or(0, |text| text.parse().unwrap());
        let wanted = (number + 1).to_string();
        let swap =
            cache.compare_and_swap("swaps", expected.as_deref(), Some(&wanted), Lifetime::Keep);
        match swap.await.unwrap() {
            Swap::Swapped => return,
            Swap::Changed(found) => expected = found,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_are_exact_while_their_slots_move() {
    let cluster = Cluster::of_primaries(&[]).await;
    let stop = Arc::new(AtomicBool::new(false));
    let counters: Vec<_> = (0..12)
        .map(|key| {
            let (cache, stop) = (cluster.cache(PATIENT), Arc::clone(&stop));
            tokio::spawn(async move {
                let (key, mut sum) = (format!("count:{key}"), 0);
                while !stop.load(Ordering::Relaxed) {
                    match cache.increment(&key, 1, None).await {
                        Ok(found) => {
                            sum += 1;
                            assert_eq!(found, sum, "{key}");
                        }
                        // The increment may have been applied, so a retry could count twice.
                        Err(CacheError::Unavailable { reason }) => panic!("{key}: {reason}"),
                        Err(other) => panic!("{other}"),
                    }
                }
                sum
            })
        })
        .collect();
    // Move the counters' slots to one server. Once all servers agree on the owners, continue with
    // the next server.
    let slots: Vec<_> =
        (0..12).map(|key| cluster.slot(&format!("hostel:v:{{c/c/count:{key}}}"))).collect();
    let mut owners: Vec<_> = slots.iter().map(|slot| slot * 3 / SLOTS).collect();
    let mut moves = 0;
    let cluster = Arc::new(cluster);
    for target in [0, 1, 2, 0] {
        for (slot, owner) in slots.iter().copied().zip(&mut owners) {
            let from = std::mem::replace(owner, target);
            if from != target {
                let cluster = Arc::clone(&cluster);
                let moving = move || cluster.move_slot(slot, from, target);
                tokio::task::spawn_blocking(moving).await.unwrap();
                moves += 1;
            }
        }
        until(|| cluster.is_settled()).await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut sums = Vec::new();
    for counter in counters {
        sums.push(counter.await.unwrap());
    }
    assert!(moves > 36, "{moves}");
    assert!(sums.iter().all(|sum| *sum > 0), "{sums:?}");
}
