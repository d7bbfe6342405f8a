//! The effect of writing a plugin's file. These deployments scan at intervals of an hour. A change
//! is noticed earlier only through the file watch, or when a test triggers a scan.

use super::{House, Stage, build, component, fs, inputs, symlink};
use crate::http::client::eventually;
use hostel::{Build, Built};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

impl House {
    /// Runs the deployment while `test` runs.
    async fn while_watching(&self, test: impl Future<Output = ()>) {
        self.deployment.run(HOUR, test).await;
    }

    /// Waits until `count` log lines contain `words`.
    async fn until_lines(&self, words: &str, count: usize) {
        let are_there = async || {
            let lines = self.lines.lock().unwrap();
            let found = lines.iter().map(|(level, message)| format!("{level} {message}"));
            (found.filter(|line| line.contains(words)).count() == count).then_some(())
        };
        eventually(words, are_there).await;
    }

    async fn until_served(&self, plugin: &str, version: &str) {
        let is_served = async || {
            let answer = self.call(plugin, "").await.ok()?;
            (answer.body == version.as_bytes()).then_some(())
        };
        eventually(&format!("version {version} of {plugin}"), is_served).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_is_served_when_it_is_written_in_place_renamed_or_new() {
    let house = House::new();
    house.put("users.wasm", &component("one"));
    house
        .while_watching(async {
            house.until_served("users", "one").await;
            house.put("users.wasm", &component("two"));
            house.until_served("users", "two").await;
            house.write("users.wasm", &component("three"));
            house.until_served("users", "three").await;
            house.put("orders.wasm", &component("four"));
            house.until_served("orders", "four").await;
        })
        .await;
    let lines = house.lines();
    assert!(lines.len() == 4 && lines.iter().all(|line| line.starts_with("info ")), "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_that_is_linked_is_served_when_it_is_written() {
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("users.wasm");
    fs::write(&target, component("one")).unwrap();
    let house = House::with(vec![("renamed", "link.wasm")]);
    symlink(&target, house.path("link.wasm")).unwrap();
    house
        .while_watching(async {
            house.until_served("renamed", "one").await;
            fs::write(&target, component("two")).unwrap();
            house.until_served("renamed", "two").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_that_is_copied_slowly_is_not_tried_before_it_is_whole() {
    let house = House::new();
    house.put("users.wasm", &component("one"));
    house
        .while_watching(async {
            house.until_served("users", "one").await;
            house.lines();
            let whole = component("two");
            let (first, rest) = whole.split_at(whole.len() / 2);
            let mut copy = fs::File::create(house.path("users.wasm")).unwrap();
            copy.write_all(first).unwrap();
            house.put("orders.wasm", &component("three"));
            house.until_served("orders", "three").await;
            house.deployment.settle().await;
            house.check_state("users", Stage::Serving, "");
            house.check_line("serves 1 service");
            copy.write_all(rest).unwrap();
            drop(copy);
            house.until_served("users", "two").await;
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_is_built_when_anything_that_was_read_is_written_wherever_it_is() {
    let (built, runs) = (tempfile::tempdir().unwrap(), Arc::default());
    let house = House::that_builds(Vec::new(), Some(build(&built, &runs)));
    fs::create_dir(house.path("shop")).unwrap();
    house.write("shop/shop.js", b"one");
    house.write("shared.txt", b"");
    house.scan_twice().await;
    house
        .while_watching(async {
            house.until_lines("1 service, loaded in ", 1).await;
            house.put("shared.txt", b"other");
            house.until_lines(", and nothing has changed", 1).await;
            house.write("shop/new.js", b"a module");
            house.until_lines(", and nothing has changed", 2).await;
            house.put("shop/shop.js", b"mistake");
            house.until_lines("warn kept the version that serves, since ", 1).await;
            house.check("shop", "one").await;
            house.write("shop/shop.js", b"two");
            house.until_served("shop", "two").await;
        })
        .await;
    let lines = house.lines();
    let is_live =
        |line: &&String| line.contains(" s (built in ") && line.contains(" s, compiled in ");
    assert_eq!(lines.iter().filter(is_live).count(), 2, "{lines:#?}");
    assert_eq!((lines.len(), runs.load(Ordering::Relaxed)), (5, 5), "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_is_written_while_it_is_built_is_built_again() {
    let built = tempfile::tempdir().unwrap();
    let file = built.path().join("built.wasm");
    let ((begin, begun), (end, ended)) = (channel(), channel::<()>());
    let ended = std::sync::Mutex::new(ended);
    let build: Build = Arc::new(move |source| {
        let version = fs::read_to_string(&source.file).unwrap();
        if version == "slow" {
            begin.send(()).unwrap();
            // The test sends nothing: `recv` returns an error when the test drops `end`.
            let _ = ended.lock().unwrap().recv();
        }
        fs::write(&file, component(&version)).unwrap();
        Built { component: Ok(fs::File::open(&file).unwrap()), inputs: inputs([&source.file]) }
    });
    let house = House::that_builds(Vec::new(), Some(build));
    house.put("users.py", b"one");
    house.scan_twice().await;
    house
        .while_watching(async {
            house.until_served("users", "one").await;
            house.put("users.py", b"slow");
            let is_begun = async || begun.try_recv().ok();
            eventually("a build", is_begun).await;
            house.put("users.py", b"two");
            house.until_served("users", "two").await;
        })
        .await;
    drop(end);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_folders_than_can_be_watched_are_scanned_and_that_is_logged_once() {
    let others = tempfile::tempdir().unwrap();
    let files: Vec<_> =
        (0..1_100).map(|n| others.path().join(n.to_string()).join("file")).collect();
    for file in &files {
        fs::create_dir(file.parent().unwrap()).unwrap();
        fs::write(file, "").unwrap();
    }
    let built = tempfile::tempdir().unwrap();
    fs::write(built.path().join("built.wasm"), component("one")).unwrap();
    let (runs, last) = (Arc::new(AtomicUsize::new(0)), files[999].clone());
    let build: Build = {
        let (runs, file) = (Arc::clone(&runs), built.path().join("built.wasm"));
        Arc::new(move |source| {
            runs.fetch_add(1, Ordering::Relaxed);
            let inputs = inputs(files.iter().chain([&source.file]));
            Built { component: Ok(fs::File::open(&file).unwrap()), inputs }
        })
    };
    let house = House::that_builds(Vec::new(), Some(build));
    house.put("users.py", b"");
    house
        .while_watching(async {
            house.until_served("users", "one").await;
            house.scan_twice().await;
            house.put("users.py", b"other");
            let is_built = async || (runs.load(Ordering::Relaxed) == 2).then_some(());
            eventually("a build", is_built).await;
            house.deployment.settle().await;
            fs::write(&last, "other").unwrap();
            house.scan_twice().await;
            assert_eq!(runs.load(Ordering::Relaxed), 3);
        })
        .await;
    let lines = house.lines();
    let late = lines.iter().filter(|line| line.contains("too many folders are watched"));
    let late: Vec<_> = late.collect();
    assert!(late.len() == 1 && late[0].starts_with("debug "), "{lines:#?}");
}
