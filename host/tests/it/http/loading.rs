//! A server that serves while some plugins are being loaded or were refused.

use super::client::eventually;
use super::program::{Place, Serving, numbered, numbered_request};
use crate::support::hostel;
use std::process::Command;

/// Returns a component that takes several seconds to compile. All functions differ, because
/// identical functions are compiled only once.
pub fn slow() -> Vec<u8> {
    let work = "(local.set 0 (i32.mul (local.get 0) (i32.const 3)))".repeat(120);
    let function = |number| format!("(func (param i32) {work} (local.set 0 (i32.const {number})))");
    let functions: String = (0..2_500).map(function).collect();
    let text = format!(
        "{functions}
        (data (i32.const 2048) \"slow\")
        (func $handle (param $request i32) (result i32)
          (i32.store (i32.const 156) (i32.const 2048))
          (i32.store (i32.const 160) (i32.const 4))
          (call $nothing))"
    );
    crate::abi::assemble(&text, wit_component::StringEncoding::UTF8)
}

fn slow_request() -> String {
    numbered_request(1).replace("numbers", "slow")
}

/// Returns the program, with the place's own folder for compiled code.
fn program(place: &Place) -> Command {
    let mut program = hostel();
    program.env("XDG_CACHE_HOME", place.folder.path().join("cache"));
    program
}

/// Starts a server that serves its quick plugin while its slow plugin is being loaded.
async fn quick_and_slow(place: &Place) -> Serving {
    place.put("numbers", &numbered("quick"));
    place.put("slow", &slow());
    let mut serving = place.begin_by(program(place));
    let first = serving.line_with("serving ");
    assert!(first.contains("being loaded"), "{first}");
    serving.takes_addresses(&first);
    let answers =
        async || (serving.send(&numbered_request(7)).await.body == "quick 7").then_some(());
    eventually("the quick one", answers).await;
    serving
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quick_plugins_are_served_while_a_slow_one_is_being_loaded() {
    let place = Place::new("[admission]\nqueue-time = \"1ms\"\n");
    let serving = quick_and_slow(&place).await;
    let reply = serving.send(&slow_request()).await;
    assert_eq!(reply.problem(), (503, "busy".to_owned()));
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert!(reply.body.contains("is being loaded"), "{}", reply.body);
    let ready = serving.get("/readyz").await;
    assert!(ready.status == 503 && ready.body.contains("being loaded"), "{}", ready.body);
    let plugins = serving.get("/plugins").await.json();
    let states: Vec<_> =
        plugins["plugins"].as_array().unwrap().iter().map(|it| &it["state"]).collect();
    assert_eq!(states, ["serving", "loading"]);
    let metrics = serving.get("/metrics").await.body;
    assert!(metrics.contains("\nhostel_plugins_loading 1\n"), "{metrics}");
    let answers = async || (serving.send(&slow_request()).await.body == "slow").then_some(());
    eventually("the slow one", answers).await;
    assert_eq!(serving.get("/readyz").await.body, "ready\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_waits_for_a_plugin_that_is_being_loaded() {
    let place = Place::new("[admission]\nqueue-time = \"5m\"\n");
    let serving = quick_and_slow(&place).await;
    assert_eq!(serving.send(&slow_request()).await.body, "slow");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_being_loaded_when_a_server_was_killed_comes_last() {
    let place = Place::new("");
    let mut killed = quick_and_slow(&place).await;
    let code =
        place.folder.path().join("cache/hostel").join(env!("CARGO_PKG_VERSION")).join("code");
    let is_marked = async || {
        let mut files = std::fs::read_dir(&code).unwrap().filter_map(Result::ok);
        files.any(|file| file.file_name().to_string_lossy().contains("loading")).then_some(())
    };
    eventually("a mark of the load", is_marked).await;
    killed.kill();
    let mut serving = place.begin_by(program(&place));
    loop {
        let (plugin, message) = serving.any_line().unwrap();
        if plugin == "slow" && message.contains("when a server ended") {
            break;
        }
    }
    let first = serving.line_with("serving ");
    serving.takes_addresses(&first);
    let answers = async || (serving.send(&slow_request()).await.body == "slow").then_some(());
    eventually("the slow one", answers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_plugin_is_in_the_probe_and_the_metrics_and_matters_if_required() {
    let place = Place::with_guests("");
    place.put("wrong", b"no component");
    let serving = place.serve();
    assert_eq!(serving.get("/readyz").await.body, "ready\nrefused: wrong\n");
    let metrics = serving.get("/metrics").await.body;
    assert!(metrics.contains("\nhostel_plugins_refused 1\n"), "{metrics}");
    let place = Place::with_guests("[server]\nready-requires = [\"plugin:wrong\"]\n");
    place.put("wrong", b"no component");
    let serving = place.serve();
    let reply = serving.get("/readyz").await;
    assert_eq!(reply.problem(), (503, "unavailable".to_owned()));
    assert!(reply.body.contains("required plugins do not serve: wrong"), "{}", reply.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_of_a_refused_plugin_is_unavailable_until_it_loads() {
    let place = Place::new("[[routes]]\npath = \"/one\"\nservice = \"numbers\"\n");
    place.put("numbers", b"no component");
    let serving = place.serve();
    let by_route = numbered_request(1).replace("/services/numbers", "/one");
    for request in [&by_route, &numbered_request(1)] {
        let reply = serving.send(request).await;
        assert_eq!(reply.problem(), (503, "unavailable".to_owned()));
        let detail = reply.json()["detail"].take();
        assert!(detail.as_str().unwrap().contains("`numbers` is not available"), "{detail}");
    }
    let other = numbered_request(1).replace("numbers", "none");
    assert_eq!(serving.send(&other).await.problem(), (404, "not-found".to_owned()));
    place.put("numbers", &numbered("late"));
    let answers = async || (serving.send(&by_route).await.body == "late 1").then_some(());
    eventually("the plugin", answers).await;
}
