//! Web APIs and npm packages behave in a service on QuickJS as in Node. Clocks, log lines, locales
//! and timers are tested on both engines.

use super::{hostel_in, with_engine};
use crate::support::{stderr, stdout};
use std::path::Path;
use std::process::Command;

/// Checks that the service `all` of a source returns the same text in Node and in a plugin.
#[track_caller]
fn check_same_as_in_node(folder: &Path, source: &str) {
    std::fs::write(folder.join("all.mjs"), source).unwrap();
    std::fs::write(folder.join("all.js"), source).unwrap();
    // Without this timer Node would exit while only a signal's timeout is pending.
    let script = "const waiting = setInterval(() => {}, 1000); \
                  import('./all.mjs').then(async (m) => { \
                      console.log(JSON.stringify(await m.default.all())); \
                      clearInterval(waiting); \
                  })";
    let node = Command::new("node").args(["-e", script]).current_dir(folder).output().unwrap();
    assert!(stdout(&node).starts_with('{'), "{}", stderr(&node));
    let run = hostel_in(folder, &["run", "all.js", "--limit", "time=20s"]);
    assert_eq!(stdout(&run), stdout(&node), "{}", stderr(&run));
}

const WEB: &str = r#"
const caught = async (act) => { try { return await act(); } catch (error) { return error.name; } };
const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16)).join(" ");
const bytes = new TextEncoder().encode("abc");
const urls = [
    "http://User@EX\u00c4MPLE.com:80/a/../b?x=1&y=\u00e4'#f", "https://faß.de/", "http://日本語。jp/",
    "http://xn--exmple-cua.com", "http://0x7f.1/", "http://[::1]:8080/", "file:///c:/d", "a:b", "/x?y",
    "http://a b/", "http://\u00ad/", "data:text/plain,%7Ea", "HTTP://a.b:443/\t?q=\"<>'#`",
];
const encodings = ["latin1", "utf-16le", "utf-16be", "utf8"];

async function timers() {
    const order = [];
    setTimeout(() => order.push("late"), 20);
    setTimeout((word) => order.push(word), 5, "soon");
    const dropped = setTimeout(() => order.push("never"), 1);
    clearTimeout(dropped);
    const every = setInterval(() => order.push("every") > 2 && clearInterval(every), 8);
    queueMicrotask(() => order.push("first"));
    const start = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 60));
    return [order, performance.now() - start > 59];
}

async function aborts() {
    const controller = new AbortController();
    const seen = [];
    controller.signal.addEventListener("abort", ({ type }) => seen.push(type), { once: true });
    const any = AbortSignal.any([controller.signal, AbortSignal.timeout(5000)]);
    controller.abort();
    controller.abort("again");
    const late = AbortSignal.timeout(2);
    await new Promise((resolve) => late.addEventListener("abort", resolve));
    const reasons = [any, late, AbortSignal.abort(5)].map(({ reason }) => reason?.name ?? reason);
    return [seen, any.aborted, reasons, await caught(() => any.throwIfAborted())];
}

async function digests() {
    const names = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];
    const all = await Promise.all(names.map((name) => crypto.subtle.digest(name, bytes)));
    const hmac = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", bytes, hmac, false, ["sign", "verify"]);
    const signature = await crypto.subtle.sign("HMAC", key, bytes);
    const verified = await crypto.subtle.verify("HMAC", key, signature, bytes);
    const wrong = await crypto.subtle.verify("HMAC", key, signature.slice(1), bytes);
    return [all.map(hex), hex(signature), verified, wrong];
}

export default {
    async all() {
        return {
            urls: await Promise.all(urls.map((url) => caught(() => new URL(url, "http://base/c/d").href))),
            query: [...new URLSearchParams("?a=1&b=%C3%A4+&a=2")].join(), asGlobal: typeof globalThis.URL,
            headers: [...new Headers([["B", "1"], ["a", " x "], ["b", "2"]])],
            clone: JSON.stringify(structuredClone({ date: new Date(0), list: [1, , -0] })),
            texts: encodings.map((label) => new TextDecoder(label).decode(bytes)),
            timers: await timers(), aborts: await aborts(), digests: await digests(),
            clones: await caught(() => structuredClone({ f() {} })),
        };
    },
};
"#;

#[test]
fn what_services_expect_of_the_web_is_as_in_node() {
    let folder = tempfile::tempdir().unwrap();
    check_same_as_in_node(folder.path(), WEB);
}

const CALLS: &str = r#"
    const told = (act) => { try { return act(); } catch (error) { return error.message; } };
    const date = new Date(0);
    export default {
        clock() {
            const [first, origin] = [performance.now(), performance.timeOrigin];
            const next = performance.now();
            return [first >= 0 && first < 10000, next >= first, Math.abs(origin + next - Date.now()) < 1000];
        },
        lines() {
            console.log("%s is %d%%, %i %f %j %o%c", "a", 1, "2.5", "2.5", { a: 1 }, [1], "color: red", "more");
            console.error("100%", 5);
            console.warn(new Map([[1, 2]]));
        },
        locales: () => [
            () => (1234.5).toLocaleString("de-DE"), () => date.toLocaleDateString("de-DE"),
            () => date.toLocaleString(undefined, { timeZone: "UTC" }), () => "a".localeCompare("b", "de"),
            () => [1.5].toLocaleString("de"), () => 5n.toLocaleString("de"), () => "i".toLocaleUpperCase("tr"),
            () => date.toLocaleTimeString(["de"]),
        ].map((act) => /(de|tr|UTC).* needs locale data/.test(told(act))),
        plain: () => ["a".localeCompare("b"), "i".toLocaleUpperCase("en"), (1.5).toLocaleString()],
        left() { setTimeout(() => console.log("fired"), 10); return "left"; },
        async fails() { setTimeout(() => null.x, 1); await new Promise((resolve) => setTimeout(resolve, 5)); },
    };
"#;

#[track_caller]
fn check_calls(engine: &str) {
    let folder = with_engine(engine, CALLS);
    let run = hostel_in(folder.path(), &["run", "shop"]);
    let (said, told) = (stdout(&run), stderr(&run));
    let lines: Vec<_> = said.lines().collect();
    let expected = [
        "[true,true,true]",
        "[true,true,true,true,true,true,true,true]",
        "[-1,\"I\",\"1.5\"]",
        "\"left\"",
    ];
    assert_eq!(lines, expected, "{told}");
    for words in [
        "info  shop.lines a is 1%, 2 2.5 {\"a\":1} [1] more\n",
        "error shop.lines 100% 5\n",
        "warn  shop.lines Map [[1,2]]\n",
        "warn  shop.left 1 of the call's timers are dropped",
        "at shop.js:23:",
    ] {
        assert!(told.contains(words), "no {words:?} in {told}");
    }
    assert!(!told.contains("fired"), "{told}");
}

#[test]
fn clocks_lines_locales_and_timers_are_those_of_the_call_on_quickjs() {
    check_calls("\"quickjs\"");
}

#[test]
fn clocks_lines_locales_and_timers_are_those_of_the_call_on_spidermonkey() {
    check_calls("\"spidermonkey\"");
}

#[test]
fn a_service_that_sleeps_too_long_reaches_its_limit() {
    let source = "export default { a: () => new Promise((done) => setTimeout(done, 600000)) };";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.js"), source).unwrap();
    let run = hostel_in(folder.path(), &["run", "a.js", "--limit", "time=1s"]);
    assert!(stderr(&run).contains("the call ran longer than 1s"), "{}", stderr(&run));
}

#[test]
fn a_timer_while_the_module_loads_is_refused() {
    let source = "setInterval(() => {}, 5);\nexport default { a() {} };";
    let words = ["a.js:1:", "is not available while the module loads: use it inside a service"];
    super::check_reported("a.js", source, &words);
}

#[test]
fn a_plugin_has_no_part_of_the_web_that_it_does_not_mention() {
    let folder = tempfile::tempdir().unwrap();
    let size = |body: &str| {
        let source = format!("export default {{ a: () => {body} }};");
        std::fs::write(folder.path().join("a.js"), source).unwrap();
        let built = hostel_in(folder.path(), &["build", "a.js"]);
        std::fs::metadata(stdout(&built).trim()).unwrap().len()
    };
    let [plain, uuid, url] = ["1", "crypto.randomUUID()", "new URL(\"http://a\").href"].map(size);
    assert!(uuid < plain + 16 * 1024, "{uuid} and {plain}");
    assert!(plain + 512 * 1024 < url, "{plain} and {url}");
}

/// The packages in the table of `docs/packages.md`, in one service.
const PACKAGES: &str = include_str!("packages.mjs");

#[test]
fn packages_of_npm_give_what_they_give_in_node() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("package.json"), "{}").unwrap();
    let packages = PACKAGES.lines().filter_map(|line| line.strip_prefix("// npm install "));
    let mut npm = Command::new("npm");
    npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    npm.args(packages.flat_map(str::split_whitespace));
    let installed = npm.current_dir(folder.path()).output().unwrap();
    assert!(installed.status.success(), "{}", stderr(&installed));
    check_same_as_in_node(folder.path(), PACKAGES);
}
