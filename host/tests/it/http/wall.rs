//! The Landlock sandbox of a server (`server.wall`), observed from outside: the files that the
//! server opens, and the files that it can no longer open.

use super::client::eventually;
use super::program::{Place, Serving, numbered, numbered_request};
use crate::support::hostel;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::process::Command;

/// System files that a server may open, as beginnings of their paths.
const SYSTEM: [&str; 4] = ["/proc/self", "/sys/fs/cgroup", "/sys/devices/system/cpu", "/etc/"];

/// The system calls of a traced server, each with the id of its thread or process.
struct Traced<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Traced<'a> {
    fn read(text: &'a str) -> Self {
        let parts = text.lines().filter_map(|line| line.split_once(char::is_whitespace));
        // strace pads short ids with several spaces.
        Traced(parts.map(|(id, call)| (id, call.trim_start())).collect())
    }

    /// Returns the ids of the server's own threads, without the threads of the programs that it
    /// started.
    fn server(&self) -> BTreeSet<&'a str> {
        let executes = |id: &str| {
            self.0.iter().skip(1).any(|(by, call)| *by == id && call.contains("execve("))
        };
        let first = self.0.first().unwrap().0;
        let mut server = BTreeSet::from([first]);
        for (by, call) in &self.0 {
            let starts = call.contains("clone") || call.contains("fork");
            let child = call.rsplit_once("= ").map_or("", |(_, child)| child);
            if starts && server.contains(by) && !executes(child) {
                server.insert(child);
            }
        }
        server
    }

    /// Returns the files that the server tried to open after the sandbox was active, with the
    /// results.
    fn opened(&self) -> Vec<(&'a str, &'a str)> {
        let server = self.server();
        let is_before = |(_, call): &&(&str, &str)| !call.contains("landlock_restrict_self");
        let calls: Vec<_> = self.0.iter().skip_while(is_before).collect();
        let own = calls.iter().enumerate();
        let own = own.filter(|(_, (by, call))| server.contains(by) && call.starts_with("open"));
        own.filter_map(|(at, (by, call))| {
            let path = call.split('"').nth(1)?;
            // If another thread's call interrupts the line, the result is in this thread's next
            // line.
            let mut rest = calls[at..].iter().filter(|(other, _)| other == by);
            let result = rest.find_map(|(_, call)| Some(call.rsplit_once("= ")?.1))?;
            Some((path, result))
        })
        .collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_opens_is_in_the_table_of_its_wall() {
    let place = Place::new("");
    let cache = place.folder.path().join("cache");
    place.put("numbers", &numbered("one"));
    let log = place.folder.path().join("trace");
    let mut strace = Command::new("strace");
    strace.args([
        // Let strace run as a separate process, so that the server is the test's own child.
        "-D",
        "-f",
        "-e",
        "trace=openat,open,execve,clone,clone3,vfork,fork,landlock_restrict_self",
    ]);
    strace.arg("-o").arg(&log).arg(hostel().get_program());
    strace.envs(hostel().get_envs().filter_map(|(name, value)| Some((name, value?))));
    strace.env("XDG_CACHE_HOME", &cache);
    let (mut serving, _) = place.serve_by(strace);
    // The server's ordinary work: it handles requests, is monitored, and loads a plugin's new
    // version.
    assert_eq!(serving.send(&numbered_request(1)).await.body, "one 1");
    for path in ["/metrics", "/plugins", "/readyz", "/caches"] {
        assert_eq!(serving.get(path).await.status, 200);
    }
    place.put("numbers", &numbered("two"));
    let is_swapped =
        async || (serving.send(&numbered_request(1)).await.body == "two 1").then_some(());
    eventually("the new version", is_swapped).await;
    serving.kill();
    let is_whole = async || {
        let text = fs::read_to_string(&log).unwrap();
        text.contains("+++ killed by SIGKILL").then_some(text)
    };
    let text = eventually("the end of the trace", is_whole).await;
    let opened = Traced::read(&text).opened();
    let is_known = |path: &str| {
        Path::new(path).starts_with(place.folder.path())
            || SYSTEM.iter().any(|known| path.starts_with(known))
            || ["plugins", "/dev/null"].iter().any(|known| path.starts_with(known))
    };
    for (path, result) in &opened {
        assert!(is_known(path), "it opened {path}");
        assert!(!result.contains("EACCES") && !result.contains("EPERM"), "{path}: {result}");
    }
    for part in ["numbers.wasm", "cache/hostel", "/proc/self/status"] {
        assert!(opened.iter().any(|(path, _)| path.contains(part)), "{part}: {opened:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_that_leads_elsewhere_than_at_the_start_is_refused() {
    let place = Place::with_guests("[server]\nwall = \"required\"\n");
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("numbers.wasm"), numbered("one")).unwrap();
    let mut serving = place.serve();
    symlink(elsewhere.path().join("numbers.wasm"), place.file("numbers")).unwrap();
    let is_refused = async || {
        let plugins = serving.get("/plugins").await.body;
        plugins.contains("Permission denied").then_some(())
    };
    eventually("the reason", is_refused).await;
    serving.check_serves("a link to another folder").await;
    serving.kill();
    // A symbolic link that existed at the start is followed, even if it later points to another
    // file beside its first target.
    let mut serving = place.serve();
    assert_eq!(serving.send(&numbered_request(1)).await.body, "one 1");
    fs::write(elsewhere.path().join("next.wasm"), numbered("two")).unwrap();
    symlink(elsewhere.path().join("next.wasm"), place.folder.path().join("link")).unwrap();
    fs::rename(place.folder.path().join("link"), place.file("numbers")).unwrap();
    let is_swapped =
        async || (serving.send(&numbered_request(1)).await.body == "two 1").then_some(());
    eventually("the new version", is_swapped).await;
    serving.check_serves("a link that was turned").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_served_below_a_link_that_is_turned() {
    let place = Place::with_guests(
        "[server]\nwall = \"required\"\n[[routes]]\npath = \"/\"\nfiles = \"current/public\"\n",
    );
    let releases = tempfile::tempdir().unwrap();
    for version in ["one", "two"] {
        let public = releases.path().join(version).join("public");
        fs::create_dir_all(&public).unwrap();
        fs::write(public.join("index.html"), version).unwrap();
    }
    let link = |name: &str| place.folder.path().join(name);
    symlink(releases.path().join("one"), link("current")).unwrap();
    let serving = place.serve();
    let request = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    assert_eq!(serving.send(request).await.body, "one");
    symlink(releases.path().join("two"), link("next")).unwrap();
    fs::rename(link("next"), link("current")).unwrap();
    assert_eq!(serving.send(request).await.body, "two");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_folders_of_plugins_are_watched_behind_the_wall_also_new_ones() {
    let place = Place::with_guests("[server]\nwall = \"required\"\n");
    let serving = place.serve();
    let plugins = place.folder.path().join("plugins");
    let until_watched = async |folder: &Path| {
        let inode = fs::metadata(folder).unwrap().ino();
        let is_watched = async || serving.watched().contains(&inode).then_some(());
        eventually("a watched folder", is_watched).await;
    };
    until_watched(&plugins).await;
    // Replace the folder with another one.
    let next = place.folder.path().join("next");
    fs::create_dir(&next).unwrap();
    fs::rename(&plugins, place.folder.path().join("before")).unwrap();
    fs::rename(&next, &plugins).unwrap();
    until_watched(&plugins).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_helper_that_ends_is_replaced_behind_the_wall() {
    let place = Place::with_guests("");
    let mut serving = place.serve();
    for version in ["one", "two", "three"] {
        let helper = Serving::helpers(place.folder.path()).into_iter().next().unwrap();
        assert!(Command::new("kill").args(["-9", &helper]).status().unwrap().success());
        serving.line_with("a helper process ended; a new one replaces it");
        place.put("numbers", &numbered(version));
        let answer = format!("{version} 1");
        let is_there =
            async || (serving.send(&numbered_request(1)).await.body == answer).then_some(());
        eventually("a component that was compiled", is_there).await;
    }
    let helpers = async || (Serving::helpers(place.folder.path()).len() == 2).then_some(());
    eventually("two helpers", helpers).await;
}
