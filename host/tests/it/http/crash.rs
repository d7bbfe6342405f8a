//! Servers that are killed, and servers on machines with a fault.

use super::client::{eventually, post};
use super::program::{Place, after, numbered, numbered_request};
use crate::support::hostel;
use hostel::{Host, PluginName, PluginSettings, Request, Settings};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns the files in a place's folder for compiled code, or `None` if the folder does not exist.
fn code(place: &Place) -> Option<Vec<PathBuf>> {
    let folder = place.folder.path().join("cache/hostel").join(env!("CARGO_PKG_VERSION"));
    let files = fs::read_dir(folder.join("code")).ok()?;
    Some(files.map(|file| file.unwrap().path()).collect())
}

/// Returns the program, with the place's own folder for compiled code.
fn program(place: &Place) -> Command {
    let mut program = hostel();
    program.env("XDG_CACHE_HOME", place.folder.path().join("cache"));
    program
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_killed_begins_again_where_it_was() {
    let place = Place::with_guests("");
    let has_folder = |place: &Place| code(place).is_some();
    let has_file = |place: &Place| code(place).is_some_and(|files| !files.is_empty());
    // Kill the server while it compiles, and when the first file of compiled code appears.
    for (moment, is_there) in
        [("compiling", &has_folder as &dyn Fn(&Place) -> bool), ("storing", &has_file)]
    {
        let mut killed = place.begin_by(program(&place));
        while !is_there(&place) {
            killed.check_runs();
        }
        killed.kill();
        let mut serving = place.serve_by(program(&place)).0;
        serving.check_serves(moment).await;
        serving.kill();
        code(&place).unwrap().into_iter().for_each(|file| fs::remove_file(file).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_is_free_as_soon_as_its_server_was_killed() {
    let place = Place::with_guests("");
    let mut serving = place.serve();
    for _ in 0..3 {
        let address = serving.address;
        let mut busy = serving.connect().await;
        busy.send(post("spins", "", "")).await;
        let mut idle = serving.connect().await;
        idle.send(post("mirrors", "", "")).await;
        assert_eq!(idle.reply().await.unwrap().status, 200);
        serving.kill();
        assert!(busy.reply().await.is_none() && idle.rest().await.is_empty());
        serving = place.serve_at(address);
        assert_eq!(serving.address, address);
        serving.check_serves("it was killed").await;
    }
}

/// Loads and calls a component in a new host with this folder for compiled code. Returns the only
/// file in the folder.
async fn load(folder: &Path, component: &[u8]) -> PathBuf {
    let code_folder = Some(folder.to_owned());
    let host = Host::new(Settings { code_folder, ..Settings::default() }).unwrap();
    let name = PluginName::new("numbers").unwrap();
    host.load(name, component.to_vec(), PluginSettings::default()).await.unwrap();
    let request = Request { body: b"7".to_vec(), ..Request::default() };
    assert_eq!(host.call("numbers", request).await.unwrap().body, b"v 7");
    let files: Vec<_> = fs::read_dir(folder).unwrap().collect();
    let [Ok(file)] = files.as_slice() else { panic!("{files:?}") };
    file.path()
}

#[tokio::test]
async fn compiled_code_that_is_spoilt_is_made_again() {
    let (home, component) = (tempfile::tempdir().unwrap(), numbered("v"));
    let folder = home.path().join("code");
    let file = load(&folder, &component).await;
    let whole = fs::read(&file).unwrap();
    let length = whole.len();
    let cut = |length: usize| whole[..length].to_vec();
    let flipped = |place: usize| {
        let mut code = whole.clone();
        code[place] ^= 1;
        code
    };
    for (what, spoilt) in [
        ("nothing left", Vec::new()),
        ("a few bytes left", cut(7)),
        ("half of it left", cut(length / 2)),
        ("all but a byte left", cut(length - 1)),
        ("bytes too many", [&whole[..], &[0; 4_096]].concat()),
        ("only zero bytes", vec![0; length]),
        ("a bit wrong at the start", flipped(0)),
        ("a bit wrong in the first half", flipped(length / 3)),
        ("a bit wrong in the second half", flipped(length / 3 * 2)),
        ("a bit of the tag wrong", flipped(length - 1)),
    ] {
        fs::write(&file, spoilt).unwrap();
        assert_eq!(load(&folder, &component).await, file, "{what}");
        assert!(fs::read(&file).unwrap() == whole, "{what}: it is as it was");
    }
}

/// Checks that a program that cannot store all its compiled code still serves, loads another plugin
/// and stops normally.
async fn check_serves_without_code(place: &Place, program: Command, what: &str) {
    let (mut serving, _) = place.serve_by(program);
    serving.check_serves(what).await;
    place.put("numbers", &numbered("v"));
    serving.signal("HUP");
    let is_there = async || (serving.send(&numbered_request(7)).await.body == "v 7").then_some(());
    eventually("another plugin", is_there).await;
    serving.signal("TERM");
    assert_eq!(serving.ended().await, Some(0), "{what}");
    fs::remove_file(place.file("numbers")).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plugins_serve_if_compiled_code_cannot_be_stored() {
    let place = Place::with_guests("");
    let mut nowhere = hostel();
    // Not even root can create a folder here.
    nowhere.env("XDG_CACHE_HOME", "/proc/hostel");
    check_serves_without_code(&place, nowhere, "no folder").await;
    // A full disk, simulated by a file size limit below the size of the guests' compiled code.
    let mut full = after("trap '' XFSZ; ulimit -f 1000");
    full.env("XDG_CACHE_HOME", place.folder.path().join("cache"));
    check_serves_without_code(&place, full, "a full disk").await;
    assert_eq!(
        code(&place).unwrap().len(),
        2,
        "the small one and its functions, and no half of the other"
    );
}

/// Plugins that together log more than a pipe and the server's queue can hold. The log of one call
/// would be too short, because the host limits the log lines of a call.
const TALKERS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_closed_or_not_read_does_not_stop_the_server() {
    let place = Place::with_guests("");
    for talker in TALKERS {
        fs::copy(place.file("guests"), place.file(talker)).unwrap();
    }
    for is_closed in [false, true] {
        let mut serving = place.serve();
        if is_closed {
            serving.close_log();
        }
        for talker in TALKERS {
            let request = post("logs-too-much", "", "").replace("guests.", &format!("{talker}."));
            assert_eq!(serving.send(&request).await.status, 204);
        }
        serving.check_serves("a log that goes nowhere").await;
        serving.signal("TERM");
        assert_eq!(serving.ended().await, Some(0), "closed: {is_closed}");
    }
}
