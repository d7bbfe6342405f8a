//! Direct calls, `POST /services/<name>`: they cannot bypass the authentication that a service's
//! routes require, and a caller learns only of services that it may call.

use super::callers::{group, of};
use super::client::{Reply, TestServer, route};
use super::program::numbered;
use crate::support::patient;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hostel::PluginName;
use hostel::config::{CallerGroup, Callers, Credential, Route, Scheme, SecretHash, Server};
use hostel::http::HttpSettings;

/// Credentials of the callers: none, a token of the group `tokens`, a token of `robots`.
const SENT: [&str; 3] = ["", "Bearer the-long-secret-of-ann", "Bearer the-long-secret-of-rob"];

const OPEN: [u16; 3] = [200, 200, 200];
const TOKENS: [u16; 3] = [401, 200, 401];
const ROBOTS: [u16; 3] = [401, 401, 200];
const CLOSED: [u16; 3] = [404, 404, 404];

fn groups() -> Vec<CallerGroup> {
    let hash = SecretHash::of_token(b"the-long-secret-of-rob").unwrap();
    let rob = Credential { caller: "rob".to_owned(), hash };
    let robots =
        CallerGroup { name: "robots".to_owned(), scheme: Scheme::Bearer, credentials: vec![rob] };
    vec![group("tokens", Scheme::Bearer), group("people", Scheme::Basic), robots]
}

fn callers(name: &str) -> Callers {
    if name == "open" { Callers::Open } else { of(name) }
}

fn statuses(name: &str) -> [u16; 3] {
    match name {
        "open" => OPEN,
        "tokens" => TOKENS,
        "robots" => ROBOTS,
        _ => [401, 401, 401],
    }
}

/// Returns the routes `/0`, `/1` and so on, each to a service. A route requires the named group of
/// callers, or is open to all callers.
fn routes(written: &[(&str, &str)]) -> Vec<Route> {
    let to = |(number, (service, name)): (usize, &(&str, &str))| Route {
        callers: Some(callers(name)),
        ..route("POST", &format!("/{number}"), service)
    };
    written.iter().enumerate().map(to).collect()
}

/// Returns settings in which the plugin `one` has its own callers, if `own` is given.
fn settings(server: Server, own: Option<&str>, written: &[(&str, &str)]) -> HttpSettings {
    let own = own.map(|name| (PluginName::new("one").unwrap(), callers(name)));
    HttpSettings {
        server,
        routes: routes(written),
        groups: groups(),
        plugins: own.into_iter().collect(),
        ..HttpSettings::default()
    }
}

/// Serves the plugin `one`, whose only service is `echo`, and a plugin `two` like it.
async fn server(settings: HttpSettings) -> TestServer {
    let plugins = [("one", numbered("1")), ("two", numbered("2"))];
    TestServer::of(&plugins, patient(), settings).await
}

async fn send(server: &TestServer, request: &str, authorization: &str) -> Reply {
    let header = match authorization {
        "" => String::new(),
        value => format!("authorization: {value}\r\n"),
    };
    let head = format!("{request} HTTP/1.1\r\nhost: a\r\n{header}content-length: 0\r\n\r\n");
    server.send(head).await.unwrap()
}

fn names(list: &Reply) -> Vec<String> {
    let services = list.json()["services"].as_array().unwrap().clone();
    services.iter().map(|service| service["name"].as_str().unwrap().to_owned()).collect()
}

/// Checks the statuses of direct calls with several spellings of `one.echo`. Also checks that each
/// route enforces its callers, and that a caller's list, unless it is refused, contains the service
/// if and only if the caller may call the service directly.
async fn check(of_server: &str, own: Option<&str>, written: &[(&str, &str)], expected: [u16; 3]) {
    let of_all = Server { callers: callers(of_server), ..Server::default() };
    let server = server(settings(of_all, own, written)).await;
    let case = format!("server {of_server}, plugin {own:?}, routes {written:?}");
    for (sent, expected) in SENT.iter().zip(expected) {
        for name in ["one", "one.echo", "one%2Eecho", "%6fne", "on%65%2eech%6F"] {
            let reply = send(&server, &format!("POST /services/{name}"), sent).await;
            assert_eq!(reply.status, expected, "{case}: {name} with {sent:?}");
        }
        let list = send(&server, "GET /services", sent).await;
        if list.status == 200 {
            let is_listed = names(&list).contains(&"one.echo".to_owned());
            assert_eq!(is_listed, expected == 200, "{case}: the list with {sent:?}: {list:?}");
        }
    }
    for (number, (service, name)) in written.iter().enumerate() {
        for (sent, expected) in SENT.iter().zip(statuses(name)) {
            let reply = send(&server, &format!("POST /{number}"), sent).await;
            let is_there = ["one", "one.echo", "two", "two.echo"].contains(service);
            let expected = if is_there { expected } else { 404 };
            assert_eq!(reply.status, expected, "{case}: the route {number} with {sent:?}");
        }
    }
}

#[tokio::test]
async fn a_direct_call_requires_the_callers_of_the_plugin_and_of_every_route() {
    check("open", None, &[], OPEN).await;
    check("tokens", None, &[], TOKENS).await;
    check("tokens", Some("open"), &[], OPEN).await;
    check("tokens", Some("robots"), &[], ROBOTS).await;
    check("open", None, &[("one", "tokens")], TOKENS).await;
    check("open", None, &[("one.echo", "tokens")], TOKENS).await;
    check("open", None, &[("one.echo", "open"), ("one", "tokens")], TOKENS).await;
    check("tokens", None, &[("one", "open")], TOKENS).await;
    check("tokens", None, &[("one", "tokens"), ("one.echo", "tokens")], TOKENS).await;
    check("tokens", Some("open"), &[("one.echo", "robots")], ROBOTS).await;
    check("open", None, &[("two", "tokens"), ("two.echo", "robots")], OPEN).await;
    check("open", None, &[("one.other", "open"), ("one.echo.echo", "open")], OPEN).await;
}

#[tokio::test]
async fn different_groups_leave_a_service_no_direct_call() {
    check("tokens", None, &[("one", "robots")], CLOSED).await;
    check("open", Some("robots"), &[("one.echo", "tokens")], CLOSED).await;
    check("open", Some("people"), &[("one", "tokens")], CLOSED).await;
    check("open", None, &[("one", "tokens"), ("one.echo", "robots")], CLOSED).await;
    check("open", None, &[("one.echo", "tokens"), ("one.echo", "robots")], CLOSED).await;
}

#[tokio::test]
async fn without_direct_calls_only_routes_lead_to_services() {
    let closed = Server { services: false, ..Server::default() };
    let server = server(settings(closed, None, &[("one", "open"), ("one", "tokens")])).await;
    for path in ["/services", "/services/one", "/services/one.echo", "/services/on%65"] {
        for method in ["GET", "POST", "PUT"] {
            let reply = send(&server, &format!("{method} {path}"), SENT[1]).await;
            assert_eq!(reply.status, 404, "{method} {path}");
            assert!(!reply.body.contains("GET /services"), "{reply:?}");
        }
    }
    assert_eq!(send(&server, "POST /0", "").await.status, 200);
    assert_eq!(send(&server, "POST /1", "").await.status, 401);
    assert_eq!(send(&server, "POST /1", SENT[1]).await.status, 200);
}

/// Checks the status of the service list for a caller, and the names in it.
async fn check_list(server: &TestServer, sent: &str, expected: Result<&[&str], u16>) {
    let list = send(server, "GET /services", sent).await;
    let found = if list.status == 200 { Ok(names(&list)) } else { Err(list.status) };
    assert_eq!(
        found,
        expected.map(|it| it.iter().map(|&name| name.to_owned()).collect()),
        "{sent}"
    );
}

#[tokio::test]
async fn the_list_of_services_has_what_the_caller_may_call() {
    let both = &["one.echo", "two.echo"][..];
    let (one, two) = (&both[..1], &both[1..]);
    let of_all = |name| Server { callers: callers(name), ..Server::default() };
    let ben = format!("Basic {}", BASE64_STANDARD.encode("ben:the-long-secret-of-ben"));

    let mixed = server(settings(of_all("open"), Some("people"), &[("two", "tokens")])).await;
    check_list(&mixed, "", Ok(&[])).await;
    check_list(&mixed, SENT[1], Ok(two)).await;
    check_list(&mixed, &ben, Ok(one)).await;
    // No service accepts this group, so its token is invalid here.
    check_list(&mixed, SENT[2], Err(401)).await;

    let half = server(settings(of_all("open"), Some("robots"), &[])).await;
    check_list(&half, "", Ok(two)).await;
    check_list(&half, SENT[2], Ok(both)).await;
    check_list(&half, "Bearer wrong", Err(401)).await;

    let known = server(settings(of_all("tokens"), Some("open"), &[])).await;
    check_list(&known, "", Err(401)).await;
    check_list(&known, SENT[1], Ok(both)).await;
    check_list(&known, "Bearer wrong", Err(401)).await;

    let open = server(settings(of_all("open"), None, &[])).await;
    check_list(&open, "", Ok(both)).await;
    check_list(&open, "Bearer of another system", Ok(both)).await;
}

#[tokio::test]
async fn guessing_by_the_list_of_services_gets_slow() {
    let server = server(settings(Server::default(), Some("tokens"), &[])).await;
    let begun = std::time::Instant::now();
    for _ in 0..7 {
        check_list(&server, "Bearer wrong", Err(401)).await;
    }
    assert!(begun.elapsed().as_millis() >= 150, "the sixth waits 50 ms, the seventh 100");
}
