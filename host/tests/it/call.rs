//! `hostel call`: its requests, its output and its exit codes.

use crate::http::client::{TestServer, route};
use crate::support::{hostel, patient, stderr, stdout};
use hostel::config::{CallerGroup, Callers, Credential, Scheme, SecretHash, Server, Tls};
use hostel::http::HttpSettings;
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

const TOKEN: &str = "the-long-secret-of-ann";

/// Returns a `hostel call` command that runs in a folder without a configuration. The command calls
/// this server unless the arguments contain a URL.
fn call(server: &TestServer, arguments: &[&str]) -> Command {
    let mut command = hostel();
    command.arg("call").args(arguments).current_dir(env!("CARGO_TARGET_TMPDIR"));
    if !arguments.iter().any(|argument| argument.contains("://")) {
        command.args(["--listen", &server.address.to_string()]);
    }
    command
}

fn output(server: &TestServer, arguments: &[&str]) -> Output {
    call(server, arguments).stdin(Stdio::null()).output().unwrap()
}

/// Checks the exit code, and that stderr is one line with these words.
#[track_caller]
fn check_error(output: &Output, code: i32, words: &[&str]) {
    let told = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    words.iter().for_each(|word| assert!(told.contains(word), "no {word:?} in {told}"));
}

/// Returns the request that the mirroring service received.
#[track_caller]
fn mirrored(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Returns the name of the caller, as the mirroring service received it.
fn caller(seen: &Value) -> Value {
    let headers = seen["http"]["headers"].as_array().unwrap();
    headers.iter().find(|header| header[0] == "x-hostel-caller").unwrap()[1].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_called_by_its_name_with_a_payload() {
    let server = TestServer::new().await;
    let seen = mirrored(&output(&server, &["guests.mirrors", "{\"a\": 1}"]));
    assert_eq!((&seen["body"], &seen["type"]), (&json!("{\"a\": 1}"), &json!("application/json")));
    assert_eq!(seen["http"]["method"], "POST");
    let nothing = mirrored(&output(&server, &["guests.mirrors"]));
    assert_eq!((&nothing["body"], &nothing["type"]), (&json!(""), &Value::Null));
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"[1]").unwrap();
    let at_file = format!("@{}", file.path().display());
    assert_eq!(mirrored(&output(&server, &["guests.mirrors", &at_file]))["body"], "[1]");
    let mut piped = call(&server, &["guests.mirrors", "-"]);
    let mut child = piped.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"[2]").unwrap();
    assert_eq!(mirrored(&child.wait_with_output().unwrap())["body"], "[2]");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_is_called_with_the_method_and_the_headers_that_are_asked_for() {
    let routes = vec![route("GET", "/users/{id}", "guests.mirrors")];
    let settings = HttpSettings { routes, ..HttpSettings::default() };
    let server = TestServer::with(patient(), settings).await;
    let url = format!("http://{}/users/7?x=%20y", server.address);
    let seen = mirrored(&output(&server, &[&url, "--method", "GET", "-H", "x-a: b c"]));
    let http = &seen["http"];
    assert_eq!((&http["method"], &http["query"]), (&json!("GET"), &json!("x=%20y")));
    assert!(http["headers"].as_array().unwrap().contains(&json!(["x-a", "b c"])), "{http}");
    let plain = ["guests.mirrors", "{no json", "--header", "content-type: text/plain"];
    assert_eq!(mirrored(&output(&server, &plain))["type"], "text/plain");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_is_printed_raw_with_its_head_or_in_an_envelope() {
    let server = TestServer::new().await;
    let fails = ["guests.fails", "\"conflict\""];
    let included = output(&server, &[&fails[..], &["--include"]].concat());
    let told = stdout(&included);
    assert!(told.starts_with("409 Conflict\ncontent-type: application/problem+json\n"), "{told}");
    assert!(told.contains("\n\n{\"type\":\"about:blank\",\"title\":\"Conflict\""), "{told}");
    let failed = output(&server, &[&fails[..], &["--json"]].concat());
    assert_eq!((failed.status.code(), &*stderr(&failed)), (Some(1), ""));
    let envelope: Value = serde_json::from_slice(&failed.stdout).unwrap();
    assert_eq!((&envelope["status"], &envelope["json"]["code"]), (&json!(409), &json!("conflict")));
    let headers = envelope["headers"].as_array().unwrap();
    assert!(headers.contains(&json!(["content-type", "application/problem+json"])), "{envelope}");
    let answered = output(&server, &["guests.mirrors", "--json"]);
    assert_eq!(answered.status.code(), Some(0));
    let envelope: Value = serde_json::from_slice(&answered.stdout).unwrap();
    assert_eq!(
        (&envelope["status"], &envelope["json"]["service"]),
        (&json!(200), &json!("mirrors"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_one_line_by_its_code_and_its_sentence() {
    let server = TestServer::new().await;
    let check = |arguments: &[&str], code, words: &[&str]| {
        let output = output(&server, arguments);
        assert_eq!(stdout(&output), "");
        check_error(&output, code, words);
    };
    check(&["guests.missing"], 1, &["error: 404 not-found: ", "GET /services", "(request "]);
    check(&["guests.fails", "\"conflict\""], 1, &["409 conflict: said\\nno"]);
    check(&["guests.mirrors", "{a: 1}"], 2, &["payload is not JSON", "column 2"]);
    check(&["guests.mirrors", "@gone.json"], 2, &["gone.json"]);
    check(&["127.0.0.1:8080/x"], 2, &["neither a service nor a URL"]);
    check(&["ftp://a.example"], 2, &["not an http or https URL"]);
    check(&["guests.mirrors", "--token-env", "NOT_SET"], 2, &["NOT_SET is not set"]);
    for secret in [&["-H", "Authorization: Bearer x"][..], &["--token-env", "A", "--user-env", "B"]]
    {
        let refused = output(&server, &[&["guests.mirrors"], secret].concat());
        assert_eq!(refused.status.code(), Some(2), "{secret:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_exist_or_respond_has_exit_code_4() {
    let server = TestServer::new().await;
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let waited = output(&server, &[&url, "--timeout", "50ms"]);
    check_error(&waited, 4, &[url.trim_end_matches('/'), "within 50ms", "--timeout"]);
    drop(silent);
    let gone = output(&server, &[&url]);
    check_error(
        &gone,
        4,
        &["no server responds at http://127.0.0.1:", "`hostel serve`", "refused"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_proves_itself_by_a_secret_from_the_environment() {
    let credential = |hash| vec![Credential { caller: "ann".to_owned(), hash }];
    let group = |name: &str, scheme, hash| {
        let credentials = credential(hash);
        CallerGroup { name: name.to_owned(), scheme, credentials }
    };
    let token = SecretHash::of_token(TOKEN.as_bytes()).unwrap();
    let password = SecretHash::of_password(TOKEN.as_bytes()).unwrap();
    let for_group = |path: &str, group: &str| {
        let mut route = route("POST", path, "guests.mirrors");
        route.callers = Some(Callers::Group(group.to_owned()));
        route
    };
    let settings = HttpSettings {
        routes: vec![for_group("/by-token", "tokens"), for_group("/by-name", "people")],
        groups: vec![
            group("tokens", Scheme::Bearer, token),
            group("people", Scheme::Basic, password),
        ],
        ..HttpSettings::default()
    };
    let server = TestServer::with(patient(), settings).await;
    let url = format!("http://{}/by-token", server.address);
    check_error(&output(&server, &[&url]), 1, &["401 unauthorized"]);
    let mut by_token = call(&server, &[&url, "--token-env", "SECRET"]);
    let seen = mirrored(&by_token.env("SECRET", TOKEN).output().unwrap());
    assert_eq!(caller(&seen), json!("ann"));
    let url = format!("http://{}/by-name", server.address);
    let mut by_name = call(&server, &[&url, "--user-env", "SECRET"]);
    let seen = mirrored(&by_name.env("SECRET", format!("ann:{TOKEN}")).output().unwrap());
    assert_eq!(caller(&seen), json!("ann"));
    let wrong = by_name.env("SECRET", "ann:wrong").output().unwrap();
    check_error(&wrong, 1, &["401 unauthorized"]);
    assert!(!stderr(&wrong).contains("wrong"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_trusts_whom_the_machine_trusts() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let tls = Some(Tls { certificate: certificate.clone(), key });
    let server = TestServer::limited(Server { tls, ..Server::default() }).await;
    let url = format!("https://localhost:{}/services/guests.mirrors", server.address.port());
    let mut trusting = call(&server, &[&url]);
    let seen = mirrored(&trusting.env("SSL_CERT_FILE", &certificate).output().unwrap());
    assert_eq!(seen["service"], "mirrors");
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&certificate, other.cert.pem()).unwrap();
    let distrusting = trusting.output().unwrap();
    check_error(&distrusting, 4, &["the TLS handshake with https://localhost:", "certificate"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_has_the_address_of_the_server() {
    let server = TestServer::new().await;
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[server]\nlisten = \"{}\"\n[callers.a]\nscheme = \"bearer\"\nenv = \"UNSET\"\n",
        server.address
    );
    std::fs::write(folder.path().join("hostel.toml"), text).unwrap();
    let mut command = hostel();
    let beside = command.args(["call", "guests.mirrors"]).current_dir(folder.path());
    assert_eq!(mirrored(&beside.output().unwrap())["service"], "mirrors");
}
