//! Requests that a page in a real browser sends to services of another origin.

use super::client::{TestServer, route};
use crate::support::{component, patient};
use hostel::config::{Cors, CorsOrigins, Route, RouteCors, Server};
use hostel::http::HttpSettings;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// Chromium takes up to 16 seconds when other tests keep the processors busy.
const BROWSER_TIMEOUT: Duration = Duration::from_secs(60);

/// A page that writes the results of its requests as JSON into its body. Each request contains a
/// step for the conformance plugin.
const PAGE: &str = r#"<!doctype html>
<meta charset="utf-8">
<script type="module">
const ask = async (path, step, headers = {}, options = {}) => {
    const body = JSON.stringify(step);
    headers = { "content-type": "application/json", ...headers };
    try {
        const response = await fetch("SERVER" + path, { method: "POST", headers, body, ...options });
        const shown = ["retry-after", "x-request-id"].map((name) => response.headers.get(name));
        const text = await response.text();
        return { status: response.status, headers: shown, body: text && JSON.parse(text) };
    } catch (error) {
        return error.name;
    }
};
const header = { op: "read", what: "header", key: "x-page" };
const set = { op: "respond", args: { cookie: { name: "session", value: "abc123" } } };
const cookie = { op: "read", what: "cookie", key: "session" };
const fail = {
    op: "fail-with-headers", value: "too-many-requests", what: "one a minute",
    args: { headers: [["Retry-After", "60"]] },
};
const include = { credentials: "include" };
document.body.textContent = JSON.stringify({
    json: await ask("/steps", header, { "x-page": "seven" }),
    set: await ask("/steps", set, {}, include),
    with_cookie: await ask("/steps", cookie, {}, include),
    without_cookie: await ask("/steps", cookie),
    failure: await ask("/steps", fail),
    off: await ask("/off", header),
    simple_off: await ask("/off", header, { "content-type": "text/plain" }),
});
</script>
"#;

/// Serves the page to each client of a listener. The page's requests go to `server`.
async fn serve_page(listener: TcpListener, server: SocketAddr) {
    let page = PAGE.replace("SERVER", &format!("http://{server}"));
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/html\r\n";
    let response = format!("{head}content-length: {}\r\n\r\n{page}", page.len());
    while let Ok((stream, _)) = listener.accept().await {
        let response = response.clone();
        // One task per connection: a browser opens connections that it does not use.
        tokio::spawn(async move {
            let mut stream = BufReader::new(stream);
            let mut line = String::new();
            while stream.read_line(&mut line).await.is_ok_and(|length| length > 2) {
                line.clear();
            }
            let _ = stream.write_all(response.as_bytes()).await;
        });
    }
}

/// Chromium with its own profile.
struct Browser {
    child: Child,
    folder: TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Browser {
    /// Starts Chromium, which prints the page after its scripts have run.
    fn open(page: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let printed = File::create(folder.path().join("printed")).unwrap();
        let mut command = Command::new("chromium");
        command.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom"]);
        // Virtual time stops while a request is in progress.
        command.args(["--disable-dev-shm-usage", "--virtual-time-budget=10000"]);
        command.arg(format!("--user-data-dir={}", folder.path().join("profile").display()));
        command.arg(format!("http://{page}/"));
        command.stderr(printed.try_clone().unwrap()).stdout(printed);
        Browser { child: command.spawn().expect("there is no chromium"), folder }
    }

    /// Returns the body of the page once Chromium has printed it.
    async fn body(mut self) -> Value {
        let mut ticks = tokio::time::interval(Duration::from_millis(10));
        let ending = async {
            while self.child.try_wait().unwrap().is_none() {
                ticks.tick().await;
            }
        };
        tokio::time::timeout(BROWSER_TIMEOUT, ending).await.expect("Chromium takes too long");
        let printed = fs::read_to_string(self.folder.path().join("printed")).unwrap();
        let body = printed.split_once("<body>").and_then(|(_, rest)| rest.split_once("</body>"));
        let (body, _) = body.unwrap_or_else(|| panic!("no body in {printed}"));
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {printed}"))
    }
}

/// Returns settings that allow all requests of the page, except on one route.
fn settings(page: SocketAddr) -> HttpSettings {
    let cors = Cors {
        origins: CorsOrigins::Listed(vec![format!("http://{page}")]),
        methods: None,
        headers: None,
        expose_headers: vec!["retry-after".to_owned()],
        credentials: true,
        max_age: None,
    };
    let steps = route("POST", "/steps", "steps.conformance");
    let off = Route { cors: RouteCors::Off, ..route("POST", "/off", "steps.conformance") };
    HttpSettings {
        server: Server { cors: Some(cors), ..Server::default() },
        routes: vec![steps, off],
        ..HttpSettings::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_an_allowed_origin_calls_services_as_the_settings_allow() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let page = listener.local_addr().unwrap();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let access: hostel::AccessSink = {
        let requests = Arc::clone(&requests);
        Arc::new(move |line| {
            let request = format!("{} {} {}", line.method, line.path, line.status);
            requests.lock().unwrap().push(request);
        })
    };
    let settings = HttpSettings { access: Some(access), ..settings(page) };
    let steps = std::fs::read(component("guest-sdk/conformance")).unwrap();
    let server = TestServer::of(&[("steps", steps)], patient(), settings).await;
    tokio::spawn(serve_page(listener, server.address));

    let mut body = Browser::open(page).body().await;
    let problem = body.pointer_mut("/failure/body").map(Value::take).unwrap_or_default();
    let read =
        |value: Value| json!({"status": 200, "headers": [null, null], "body": {"ok": value}});
    let expected = json!({
        "json": read(json!("seven")),
        "set": {"status": 204, "headers": [null, null], "body": ""},
        "with_cookie": read(json!("abc123")),
        "without_cookie": read(Value::Null),
        "failure": {"status": 429, "headers": ["60", null], "body": null},
        "off": "TypeError",
        "simple_off": "TypeError",
    });
    assert_eq!(body, expected);
    assert_eq!(problem["code"], "too-many-requests", "{problem}");
    assert_eq!(problem["detail"], "one a minute", "{problem}");
    let requests = requests.lock().unwrap();
    assert!(requests.iter().any(|request| request == "OPTIONS /steps 204"), "{requests:?}");
    // Only the simple request reaches the service, but the browser hides its response from the
    // page.
    let off: Vec<_> = requests.iter().filter(|request| request.contains(" /off ")).collect();
    assert_eq!(off, ["OPTIONS /off 405", "POST /off 200"]);
}
