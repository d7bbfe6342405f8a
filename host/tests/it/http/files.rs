//! Static files: which files of a folder a client can get, and in which form.

use super::client::{Reply, TestServer};
use super::program::Serving;
use crate::support::{hostel, patient, stdout};
use hostel::config::{Callers, FileRoute, PathPattern, RouteCors, Server};
use hostel::http::HttpSettings;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

mod large;

/// Size of a file that takes several reads.
const LARGE: usize = 1_000_000;

/// Creates a folder with files in `public`, and with a secret file beside `public`.
fn site() -> TempDir {
    let site = tempfile::tempdir().unwrap();
    let public = site.path().join("public");
    for folder in ["docs", ".git", ".well-known", "empty"] {
        fs::create_dir_all(public.join(folder)).unwrap();
    }
    for (path, text) in [
        ("index.html", "<p>home"),
        ("docs/index.html", "<p>docs"),
        ("docs/a b.txt", "spaces"),
        ("app.js", "let a;"),
        ("data", "0123456789"),
        ("nothing.css", ""),
        (".env", "SECRET"),
        (".git/config", "SECRET"),
        (".well-known/security.txt", "contact"),
        ("../secret", "SECRET"),
    ] {
        fs::write(public.join(path), text).unwrap();
    }
    let large: Vec<u8> = (0..LARGE).map(|at| b'a' + (at / 7 % 26) as u8).collect();
    fs::write(public.join("large.bin"), large).unwrap();
    symlink("app.js", public.join("inside.js")).unwrap();
    symlink("../secret", public.join("outside")).unwrap();
    symlink(site.path().join("secret"), public.join("absolute")).unwrap();
    symlink("..", public.join("up")).unwrap();
    for pipe in ["pipe", "pipe.html"] {
        assert!(Command::new("mkfifo").arg(public.join(pipe)).status().unwrap().success());
    }
    site
}

fn route(path: &str, folder: &Path) -> FileRoute {
    FileRoute {
        path: PathPattern::new(path).unwrap(),
        folder: folder.to_owned(),
        cache_control: "no-cache".to_owned(),
        callers: Callers::Open,
        cors: RouteCors::Server,
    }
}

async fn serve(routes: Vec<FileRoute>, server: Server) -> TestServer {
    let settings = HttpSettings { files: routes, server, ..HttpSettings::default() };
    TestServer::of(&[], patient(), settings).await
}

async fn server() -> (TestServer, TempDir) {
    let site = site();
    let server = serve(vec![route("/", &site.path().join("public"))], Server::default()).await;
    (server, site)
}

async fn ask(server: &TestServer, method: &str, path: &str, headers: &str) -> Reply {
    let mut client = server.connect().await;
    client.send(format!("{method} {path} HTTP/1.1\r\nhost: a\r\n{headers}\r\n")).await;
    let reply = if method == "HEAD" { client.head_reply().await } else { client.reply().await };
    reply.unwrap_or_else(|| panic!("no response to {method} {path}"))
}

async fn get(server: &TestServer, path: &str, headers: &str) -> Reply {
    ask(server, "GET", path, headers).await
}

#[tokio::test]
async fn a_file_is_sent_with_its_type_and_its_version() {
    let (server, _site) = server().await;
    for (path, media_type, body) in [
        ("/", "text/html; charset=utf-8", "<p>home"),
        ("/index.html?a=b", "text/html; charset=utf-8", "<p>home"),
        ("/docs/", "text/html; charset=utf-8", "<p>docs"),
        ("/docs/a%20b.txt", "text/plain; charset=utf-8", "spaces"),
        ("/app.js", "text/javascript; charset=utf-8", "let a;"),
        ("/inside.js", "text/javascript; charset=utf-8", "let a;"),
        ("/data", "application/octet-stream", "0123456789"),
        ("/nothing.css", "text/css; charset=utf-8", ""),
        ("/.well-known/security.txt", "text/plain; charset=utf-8", "contact"),
    ] {
        let reply = get(&server, path, "").await;
        assert_eq!((reply.status, &*reply.body), (200, body), "{path}");
        assert_eq!(reply.header("content-type"), Some(media_type), "{path}");
        assert_eq!(reply.header("content-length"), Some(&*body.len().to_string()));
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-cache"),
            ("accept-ranges", "bytes"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{path}");
        }
        assert!(reply.header("etag").is_some() && reply.header("last-modified").is_some());
        let head = ask(&server, "HEAD", path, "").await;
        assert_eq!((head.status, &*head.body), (200, ""));
        for name in ["content-length", "content-type"] {
            assert_eq!(head.header(name), reply.header(name), "{path}");
        }
    }
}

#[tokio::test]
async fn a_folder_is_redirected_to_its_index_on_this_site_alone() {
    let (server, _site) = server().await;
    for (path, location) in [("/docs", "/docs/"), ("/docs?a=/b", "/docs/?a=/b")] {
        let reply = get(&server, path, "").await;
        assert_eq!((reply.status, reply.header("location")), (308, Some(location)));
    }
    let without = ["/empty", "/empty/", "//docs", "//evil.example", "//evil.example/", "/%5Cevil"];
    for path in without {
        let reply = get(&server, path, "").await;
        assert_eq!(reply.problem(), (404, "not-found".to_owned()), "{path}");
        assert!(reply.body.contains("neither a route nor a file has this path"), "{reply:?}");
        assert_eq!(reply.header("location"), None);
    }
}

#[tokio::test]
async fn nothing_outside_of_the_folder_and_nothing_hidden_is_sent() {
    let (server, _site) = server().await;
    for path in [
        "/../secret",
        "/%2e%2e/secret",
        "/.%2E/secret",
        "/docs/../../secret",
        "/docs/%2e%2e/%2e%2e/secret",
        "/..%2fsecret",
        "/%2e%2e%2fsecret",
        "/docs%2Findex.html",
        "/..%5csecret",
        "/..\\secret",
        "/%252e%252e/secret",
        "/..;/secret",
        "/%2Fetc%2Fpasswd",
        "//etc/passwd",
        "/app.js%00.html",
        "/%00",
        "/.env",
        "/%2eenv",
        "/.git/config",
        "/.",
        "/./app.js",
        "/docs/.",
        "/outside",
        "/absolute",
        "/up/secret",
        "/up",
        "/pipe",
        "/pipe.html",
        "/app.js/",
        "/app.js/x",
        "/none",
        "/docs//index.html",
        "/proc/self/environ",
    ] {
        for method in ["GET", "HEAD"] {
            let reply = ask(&server, method, path, "").await;
            assert_eq!(reply.status, 404, "{method} {path}: {reply:?}");
            assert!(!reply.body.contains("SECRET"), "{path}");
        }
    }
    let long = format!("/{}", "x".repeat(5_000));
    assert_eq!(get(&server, &long, "").await.status, 404);
    for malformed in ["/%c0%ae%c0%ae/secret", "/%u002e%u002e/secret", "/%"] {
        assert_eq!(get(&server, malformed, "").await.status, 400, "{malformed}");
    }
    assert_eq!(get(&server, "/app.js", "").await.status, 200);
}

#[tokio::test]
async fn files_are_read_and_never_written() {
    let (server, site) = server().await;
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get"] {
        let reply = ask(&server, method, "/app.js", "content-length: 0\r\n").await;
        assert_eq!(reply.problem(), (405, "method-not-allowed".to_owned()), "{method}");
        assert_eq!(reply.header("allow"), Some("GET, HEAD"));
    }
    assert_eq!(fs::read_to_string(site.path().join("public/app.js")).unwrap(), "let a;");
}

#[tokio::test]
async fn a_version_that_the_client_has_is_not_sent_again() {
    let (server, site) = server().await;
    let first = get(&server, "/app.js", "").await;
    let tag = first.header("etag").unwrap().to_owned();
    let time = first.header("last-modified").unwrap().to_owned();
    for condition in [
        format!("if-none-match: {tag}\r\n"),
        format!("if-none-match: \"a\", {tag}\r\n"),
        "if-none-match: *\r\n".to_owned(),
        format!("if-modified-since: {time}\r\n"),
    ] {
        for method in ["GET", "HEAD"] {
            let reply = ask(&server, method, "/app.js", &condition).await;
            assert_eq!((reply.status, &*reply.body), (304, ""), "{condition}");
            assert_eq!(reply.header("content-length"), None);
            for name in ["etag", "last-modified", "cache-control"] {
                assert!(reply.header(name).is_some(), "{name}");
            }
        }
    }
    let condition = format!("if-none-match: \"a\"\r\nif-modified-since: {time}\r\n");
    assert_eq!(get(&server, "/app.js", &condition).await.status, 200);
    fs::write(site.path().join("public/app.js"), "let longer;").unwrap();
    let changed = get(&server, "/app.js", &format!("if-none-match: {tag}\r\n")).await;
    assert_eq!((changed.status, &*changed.body), (200, "let longer;"));
    assert_ne!(changed.header("etag"), Some(&*tag));
}

#[tokio::test]
async fn another_version_than_the_expected_one_is_not_sent() {
    let (server, _site) = server().await;
    let first = get(&server, "/app.js", "").await;
    let time = first.header("last-modified").unwrap().to_owned();
    let old = "Thu, 01 Jan 1970 00:00:00 GMT";
    let tag = first.header("etag").unwrap();
    for (conditions, expected) in [
        ("if-match: *\r\n".to_owned(), 200),
        ("if-match: \"a\"\r\n".to_owned(), 412),
        (format!("if-unmodified-since: {time}\r\n"), 200),
        (format!("if-unmodified-since: {old}\r\n"), 412),
        // RFC 9110, section 13.2.2: precedence of preconditions.
        (format!("if-match: *\r\nif-unmodified-since: {old}\r\n"), 200),
        (format!("if-match: \"a\"\r\nif-unmodified-since: {time}\r\n"), 412),
        (format!("if-match: \"a\"\r\nif-none-match: {tag}\r\n"), 412),
        (format!("if-match: *\r\nif-none-match: {tag}\r\n"), 304),
        (format!("if-unmodified-since: {old}\r\nif-modified-since: {time}\r\n"), 412),
        ("if-match: \"a\"\r\nrange: bytes=99-\r\n".to_owned(), 412),
    ] {
        let reply = get(&server, "/app.js", &conditions).await;
        assert_eq!(reply.status, expected, "{conditions}");
        if expected == 412 {
            assert_eq!(reply.problem().1, "precondition-failed");
            let head = ask(&server, "HEAD", "/app.js", &conditions).await;
            assert_eq!((head.status, &*head.body), (412, ""), "{conditions}");
        }
    }
    // RFC 9110, section 13.2.1: preconditions are ignored if the response without them would be a
    // redirect or an error.
    for (path, status) in [("/docs", 308), ("/none", 404)] {
        assert_eq!(get(&server, path, "if-match: \"a\"\r\n").await.status, status, "{path}");
    }
}

#[tokio::test]
async fn a_range_is_sent_alone() {
    let (server, site) = server().await;
    let large = fs::read_to_string(site.path().join("public/large.bin")).unwrap();
    for (path, range, content_range, body) in [
        ("/data", "bytes=2-4", "bytes 2-4/10", "234"),
        ("/data", "bytes=7-", "bytes 7-9/10", "789"),
        ("/data", "bytes=-2", "bytes 8-9/10", "89"),
        ("/data", "bytes=5-99999999999999999999", "bytes 5-9/10", "56789"),
        (
            "/large.bin",
            "bytes=500000-500009",
            "bytes 500000-500009/1000000",
            &large[500_000..500_010],
        ),
        ("/large.bin", "bytes=1-", "bytes 1-999999/1000000", &large[1..]),
    ] {
        let reply = get(&server, path, &format!("range: {range}\r\n")).await;
        assert_eq!((reply.status, reply.header("content-range")), (206, Some(content_range)));
        assert!(reply.body == body, "{path} {range}");
    }
    for range in ["bytes=10-", "bytes=99999999999999999999-", "bytes=-0"] {
        let reply = get(&server, "/data", &format!("range: {range}\r\n")).await;
        assert_eq!(reply.problem(), (416, "range-not-satisfiable".to_owned()), "{range}");
        assert_eq!(reply.header("content-range"), Some("bytes */10"));
    }
    let others = ["range: bytes=0-1,4-5\r\n", "range: lines=1-2\r\n", "range: bytes=5-2\r\n"];
    let conditions =
        ["range: bytes=0-1\r\nif-range: \"a\"\r\n", "range: bytes=0-1\r\nrange: bytes=0-1\r\n"];
    for headers in others.into_iter().chain(conditions) {
        let reply = get(&server, "/data", headers).await;
        assert_eq!((reply.status, &*reply.body), (200, "0123456789"), "{headers}");
    }
    let head = ask(&server, "HEAD", "/data", "range: bytes=0-1\r\n").await;
    assert_eq!((head.status, head.header("content-length")), (200, Some("10")));
}

#[tokio::test]
async fn a_folder_may_be_a_link_that_is_turned() {
    let site = tempfile::tempdir().unwrap();
    for version in ["one", "two"] {
        fs::create_dir(site.path().join(version)).unwrap();
        fs::write(site.path().join(version).join("index.html"), version).unwrap();
    }
    let link = site.path().join("current");
    symlink("one", &link).unwrap();
    let server = serve(vec![route("/site", &link)], Server::default()).await;
    assert_eq!(get(&server, "/site/", "").await.body, "one");
    symlink("two", site.path().join("next")).unwrap();
    fs::rename(site.path().join("next"), &link).unwrap();
    assert_eq!(get(&server, "/site/", "").await.body, "two");
    assert_eq!(get(&server, "/site", "").await.header("location"), Some("/site/"));
    assert_eq!(get(&server, "/", "").await.status, 404);
    fs::remove_file(&link).unwrap();
    assert_eq!(get(&server, "/site/", "").await.problem(), (500, "internal".to_owned()));
}

/// Runs `hostel serve` in a folder. The configuration has no plugins. Its only route has these
/// lines, and leads to static files.
fn program(site: &Path, lines: &str) -> Serving {
    let text = format!(
        "[[routes]]\npath = \"/\"\nfiles = \"public\"\n{lines}\n[server]\nwall = \"available\"\n\
         [log]\naccess = true\n[callers.staff]\nscheme = \"bearer\"\nenv = \"STAFF\"\n"
    );
    fs::write(site.join("hostel.toml"), text).unwrap();
    let mut serve = hostel();
    serve.current_dir(site).arg("serve").env("STAFF", "ann:0123456789abcdefghij");
    Serving::begin(serve).0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_serves_files_without_a_plugin_behind_its_wall() {
    let site = site();
    let mut serving = program(site.path(), "callers = \"staff\"\ncache-control = \"max-age=60\"");
    let request =
        |path: &str, headers: &str| format!("GET {path} HTTP/1.1\r\nhost: a\r\n{headers}\r\n");
    for path in ["/app.js", "/none", "/../secret"] {
        assert_eq!(serving.send(&request(path, "")).await.status, 401, "{path}");
    }
    let known = "authorization: Bearer 0123456789abcdefghij\r\n";
    let reply = serving.send(&request("/app.js", known)).await;
    assert_eq!((reply.status, &*reply.body), (200, "let a;"));
    assert_eq!(reply.header("cache-control"), Some("max-age=60"));
    assert_eq!(serving.send(&request("/outside", known)).await.status, 404);
    assert_eq!(serving.get("/readyz").await.status, 200);
    let files = "hostel_http_requests_total{listener=\"services\",kind=\"file\",status=\"2xx\"}";
    assert_eq!(serving.metric(files).await, 1);
    serving.signal("TERM");
    assert_eq!(serving.ended().await, Some(0));
    let check = hostel()
        .arg("check")
        .current_dir(site.path())
        .env("STAFF", "ann:0123456789abcdefghij")
        .output();
    let check = check.unwrap();
    assert_eq!(check.status.code(), Some(0));
    let route = "GET, HEAD /: files of public; callers staff";
    let last = "0 plugins, 0 services, 1 route: no errors";
    assert_eq!(stdout(&check), format!("{route}\n{last}\n"));
}
