//! JavaScript and TypeScript, from source to responses, and the messages for an author's mistakes.

mod quick;
mod services;
mod sources;
mod types;
mod uses;
mod web;

use crate::source;
use crate::support::{hostel, project, stderr, stdout};
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};

fn hostel_in(folder: &Path, arguments: &[&str]) -> Output {
    hostel().current_dir(folder).args(arguments).output().unwrap()
}

#[track_caller]
fn check_new_service(language: &str) {
    let folder = tempfile::tempdir().unwrap();
    let made = hostel_in(folder.path(), &["new", "my-shop", "--lang", language]);
    assert!(made.status.success(), "{}", stderr(&made));

    let payload = ["run", "my-shop", "--payload", r#"{"name":"Ada"}"#];
    let first = hostel_in(folder.path(), &payload);
    assert_eq!(stdout(&first), "\"Hello, Ada! (1)\"\n", "{}", stderr(&first));
    let bare = hostel_in(folder.path(), &["run", "my-shop"]);
    assert_eq!(stdout(&bare), "\"Hello, world! (1)\"\n", "{}", stderr(&bare));

    let component = |output: Output| std::fs::metadata(stdout(&output).trim()).unwrap();
    let built = component(hostel_in(folder.path(), &["build", "my-shop"])).modified().unwrap();
    let again = component(hostel_in(folder.path(), &["build", "my-shop"])).modified().unwrap();
    assert_eq!(built, again, "an unchanged source was built again");

    // A clone on another machine lacks the links; a build restores them.
    let service = folder.path().join("my-shop");
    std::fs::remove_file(service.join(".hostel")).unwrap();
    std::fs::remove_dir_all(service.join("node_modules")).unwrap();
    assert!(hostel_in(folder.path(), &["build", "my-shop"]).status.success());
    let tested = Command::new("npm").arg("test").current_dir(&service).output().unwrap();
    assert!(tested.status.success(), "{}{}", stdout(&tested), stderr(&tested));
    assert!(stdout(&tested).contains("pass 2"), "{}", stdout(&tested));
}

#[test]
fn a_new_javascript_service_runs_and_passes_its_own_test() {
    check_new_service("javascript");
}

#[test]
fn a_new_typescript_service_runs_and_passes_its_own_test() {
    check_new_service("typescript");
}

#[test]
fn every_command_sees_the_same_plugin_in_a_javascript_and_a_typescript_folder() {
    source::check_new("javascript");
    source::check_new("typescript");
}

#[test]
fn a_source_is_served_by_the_path_of_its_file_and_of_its_folder() {
    let files: [(&str, &[u8]); 1] = [("shop.js", b"export default { greet: () => 1 };")];
    let (_outside, folder) = source::folder_with("shop", &files);
    for path in ["../shop/shop.js", "../shop"] {
        source::check_named(&folder, path);
    }
}

#[test]
fn whatever_a_javascript_build_has_read_is_noticed_when_it_changes() {
    let service = b"import { outside } from '../shared/util.js';
        import { cjs } from './lib/helper.cjs';
        import { jsx } from './lib/view.jsx';
        import text from './lib/text.txt';
        import dep from 'dep';
        export default { show: () => ({ outside, cjs, jsx, text, dep }) };";
    let files: [(&str, &[u8]); 8] = [
        ("svc.js", service),
        ("../shared/util.js", b"export const outside = 'one';"),
        ("lib/helper.cjs", b"module.exports = { cjs: 'two' };"),
        ("lib/view.jsx", b"export const jsx = 'three';"),
        ("lib/text.txt", b"four"),
        ("node_modules/dep/package.json", br#"{"name":"dep","main":"index.js"}"#),
        ("node_modules/dep/index.js", b"module.exports = 'five';"),
        ("node_modules/dep/other.js", b"module.exports = 'six';"),
    ];
    let (_outside, folder) = source::folder_with("svc", &files);
    let edits = [
        ("../shared/util.js", "export const outside = 'new-1';", "new-1"),
        ("lib/helper.cjs", "module.exports = { cjs: 'new-2' };", "new-2"),
        ("lib/view.jsx", "export const jsx = 'new-3';", "new-3"),
        ("lib/text.txt", "new-4", "new-4"),
        ("node_modules/dep/index.js", "module.exports = 'new-5';", "new-5"),
        ("node_modules/dep/package.json", r#"{"name":"dep","main":"other.js"}"#, "six"),
    ];
    source::check_fresh(&folder, &edits);
}

#[test]
fn whatever_a_typescript_build_has_read_is_noticed_when_it_changes() {
    let service = b"import { outside } from '../shared/util.js';
        import type { Shown } from './types.js';
        export default { show: (): Shown => outside };";
    let files: [(&str, &[u8]); 4] = [
        ("svc.ts", service),
        ("../shared/util.ts", b"export const outside = 'one';"),
        ("types.ts", b"export type Shown = string;"),
        ("tsconfig.json", br#"{"extends": "../base.json"}"#),
    ];
    let (_outside, folder) = source::folder_with("svc", &files);
    let base = r#"{"compilerOptions": {"strict": true, "target": "es2024", "lib": ["es2024"],
        "module": "esnext", "moduleResolution": "bundler"}}"#;
    std::fs::write(folder.join("../base.json"), base).unwrap();
    let edits = [("../shared/util.ts", "export const outside = 'new-1';", "new-1")];
    source::check_fresh(&folder, &edits);
    std::fs::write(folder.join("types.ts"), "export type Shown = number;").unwrap();
    let refused = hostel_in(folder.parent().unwrap(), &["run", "svc"]);
    assert!(stderr(&refused).contains("svc.ts:3:"), "{}", stderr(&refused));
}

/// Runs a file outside the project. Checks that the run fails with these words on stderr. Returns
/// the text of stderr.
#[track_caller]
fn check_reported(file: &str, source: &str, words: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(file), source).unwrap();
    let output = hostel_in(folder.path(), &["run", file]);
    assert!(!output.status.success(), "{source}");
    for word in words {
        assert!(stderr(&output).contains(word), "no {word:?} in {}", stderr(&output));
    }
    stderr(&output)
}

#[test]
fn a_source_that_does_not_build_is_reported_with_file_and_line() {
    let services = "export default { a() {} };";
    for (source, words) in [
        ("const a = ;", ["a.js:1:11:", "Unexpected"]),
        ("\nimport fs from \"node:fs\";", ["a.js:2:16:", "is a module of Node"]),
        ("import x from \"left-pad\";", ["a.js:1:15:", "npm install left-pad"]),
        ("import x from \"buffer\";", ["a.js:1:15:", "npm install buffer` installs a replacement"]),
        ("import x from \"node:crypto\";", ["a.js:1:15:", "use the global `crypto`"]),
        ("import x from \"./gone.js\";", ["a.js:1:15:", "the file does not exist"]),
        ("import x from \"./x.node\";", ["a.js:1:15:", "the file does not exist"]),
        ("await 1;", ["a.js:1:1:", "await in a service"]),
        ("\nnull.x;", ["a.js:2:1", "cannot read property"]),
        ("\nconst id = Math.random();", ["a.js:2:", "the same in every instance"]),
    ] {
        check_reported("a.js", &format!("{source}\n{services}"), &words);
    }
    check_reported("a.js", "export function a() {}", &["a.js:", "no service is exported"]);
    let typed = "import { cache } from \"hostel-sdk\";\nconst n: number = cache.get(\"n\");\n";
    check_reported("a.ts", &format!("{typed}{services}"), &["a.ts:2:7: error TS2322"]);
    let other =
        "import { cache } from \"hostel-sdk\";\nexport default { a: () => cache.incr(\"k\") };";
    check_reported(
        "a.ts",
        other,
        &["'incr'", "it has get, getInteger, getRaw, set, setRaw, delete"],
    );
    let told = check_reported("a.ts", "export default { a( { return 1; } };", &["a.ts:1:30:"]);
    assert!(!told.contains("build.js"), "the build's own stack: {told}");
}

#[test]
fn an_error_of_a_service_is_reported_with_file_and_line() {
    let mut source = "import { cache } from \"hostel-sdk\"; export default {\n".to_owned();
    let mut words = Vec::new();
    for (number, (body, told)) in [
        ("null.x", "cannot read property"),
        ("return new Promise(() => {})", "waits for a promise that is never settled"),
        (
            "(async () => { await 1; null.x })()",
            "a promise was rejected and its error is not handled",
        ),
        ("return { ok: undefined }", "response.ok is undefined"),
        ("return ({}).gone.further", "cannot read property 'further'"),
        ("new Blob([])", "QuickJS does not have it: choose SpiderMonkey"),
        ("process.exit()", "a service does not run on Node: read settings"),
        ("cache.set(\"k\", [1, NaN])", "value[1] is NaN"),
        ("cache.set(\"k\", new Map())", "value is a Map"),
        ("cache.incr(\"k\")", "cache.incr is not offered; cache has: get, getInteger"),
        ("class Own { static own = () => new Own() }; return Own.own()", "response is a Own"),
        ("cache.set(\"k\", 1, { expiry: 1.5 })", "expiry is 1.5"),
        ("cache.set(\"k\", 1, { expiry: -1 })", "expiry is -1"),
        ("cache.set(\"k\", 1, { expiry: 4294967356 })", "expiry is 4294967356"),
        ("cache.set(\"k\", 1, { expiry: \"60\" })", "expiry is \"60\""),
    ]
    .into_iter()
    .enumerate()
    {
        writeln!(source, "  async a{number}() {{ {body}; }},").unwrap();
        words.push((told, format!("a.js:{}:", number + 2)));
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.js"), format!("{source}}};")).unwrap();
    let run = hostel_in(folder.path(), &["run", "a.js", "--stats"]);
    assert_eq!(run.status.code(), Some(1), "{}", stderr(&run));
    for (told, place) in words {
        let line = stderr(&run).lines().find(|line| line.contains(told)).map(str::to_owned);
        let line = line.unwrap_or_else(|| panic!("no {told:?} in {}", stderr(&run)));
        assert!(line.contains(&place), "no {place:?} in {line}");
    }
    assert!(stderr(&run).contains("cache plugin/a: sets 0,"), "{}", stderr(&run));
}

#[test]
fn modules_types_and_async_functions_make_one_service() {
    let folder = tempfile::tempdir().unwrap();
    let shop = folder.path().join("shop");
    std::fs::create_dir_all(shop.join("node_modules/twice")).unwrap();
    let files = [
        ("shop.ts", "import { late } from \"./late.ts\";\nexport default { late };"),
        (
            "late.ts",
            "import twice from \"twice\";\n\
             export async function late(): Promise<number> { await null; return twice(21); }",
        ),
        ("node_modules/twice/package.json", "{\"main\":\"twice.js\",\"types\":\"twice.d.ts\"}"),
        ("node_modules/twice/twice.js", "module.exports = (n) => n * 2;"),
        ("node_modules/twice/twice.d.ts", "export default function twice(n: number): number;"),
    ];
    for (name, text) in files {
        std::fs::write(shop.join(name), text).unwrap();
    }
    let run = hostel_in(folder.path(), &["run", "shop"]);
    assert_eq!(stdout(&run), "42\n", "{}", stderr(&run));
}

#[test]
fn what_the_engine_lacks_is_there_and_random_in_each_instance() {
    let source = r#"
        const filled = () => crypto.getRandomValues(new Uint32Array(1))[0];
        const drawn = () => [Math.random(), crypto.randomUUID(), filled()].join();
        const bytes = (...values) => new TextDecoder().decode(new Uint8Array(values));
        export default {
            one: drawn,
            two: drawn,
            texts: () => [bytes(0xef, 0xbb, 0xbf, 97), bytes(97, 0xff, 0xc3, 0xa9), bytes(0xf0, 0x9f)],
            bytes: () => [...new TextEncoder().encode("\u00e9\ud800")],
            now: () => Date.now(),
        };"#;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.js"), source).unwrap();
    let run = hostel_in(folder.path(), &["run", "a.js"]);
    let said = stdout(&run);
    let lines: Vec<_> = said.lines().collect();
    let [one, two, texts, bytes, now] = lines.as_slice() else { panic!("{}", stderr(&run)) };
    for (one, two) in one.split(',').zip(two.split(',')) {
        assert_ne!(one, two);
    }
    assert_eq!(*texts, "[\"a\",\"a\u{fffd}é\",\"\u{fffd}\"]");
    assert_eq!(*bytes, "[195,169,239,191,189]");
    let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    assert!(real.abs_diff(now.parse().unwrap()) < 60_000, "{now} is not {real}");
}

/// Returns a folder with a service and a `package.json` that selects an engine.
fn with_engine(engine: &str, source: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("shop")).unwrap();
    let manifest = format!("{{\"hostel\": {{\"engine\": {engine}}}}}");
    std::fs::write(folder.path().join("shop/package.json"), manifest).unwrap();
    std::fs::write(folder.path().join("shop/shop.js"), source).unwrap();
    folder
}

#[test]
fn a_service_that_asks_for_spidermonkey_runs_on_it() {
    let source = r#"
        import { cache, log } from "hostel-sdk";
        const answer = () => [Math.random(), crypto.randomUUID()];
        export default {
            async a() { cache.set("k", { a: [1] }, { expiry: 60 }); await 1; return cache.get("k"); },
            b: () => new URL("http://shop/?a=1").search,
            async c() { return await new Blob(["late"]).text(); },
            d: answer,
            e: answer,
            f() { log.info("f"); console.warn("g"); },
            async h() { await 1; null.x; },
            async i() { await new Promise(() => {}); },
            j: () => new WebSocket("ws://shop/"),
        };"#;
    let folder = with_engine("\"spidermonkey\"", source);
    let run = hostel_in(folder.path(), &["run", "shop"]);
    let (said, told) = (stdout(&run), stderr(&run));
    let lines: Vec<_> = said.lines().collect();
    let [a, b, c, d, e] = lines.as_slice() else { panic!("{said}{told}") };
    assert_eq!([*a, *b, *c], ["{\"a\":[1]}", "\"?a=1\"", "\"late\""]);
    for (d, e) in d.split(',').zip(e.split(',')) {
        assert_ne!(d, e);
    }
    for words in [
        "info  shop.f f\n",
        "warn  shop.f g\n",
        "can't access property \"x\" of null at shop.js:11:34",
        "the service i waits for a promise that is never settled",
        "WebSocket is not defined: a service can open no connections: use `fetch`",
    ] {
        assert!(told.contains(words), "no {words:?} in {told}");
    }
}

#[test]
fn an_unknown_engine_is_refused_with_the_known_ones() {
    for engine in ["\"v8\"", "1", "null", "\"SpiderMonkey\""] {
        let folder = with_engine(engine, "export default { a() {} };");
        let run = hostel_in(folder.path(), &["run", "shop"]);
        assert!(!run.status.success(), "{engine}");
        let words = format!("{engine}: it must be \"quickjs\" or \"spidermonkey\"");
        for word in ["package.json", &words] {
            assert!(stderr(&run).contains(word), "no {word:?} in {}", stderr(&run));
        }
    }
}

#[test]
fn the_sdk_passes_its_own_tests() {
    let tests = project().join("guest-sdk/javascript");
    let tested = Command::new("npm").arg("test").current_dir(tests).output().unwrap();
    assert!(tested.status.success(), "{}{}", stdout(&tested), stderr(&tested));
}

mod python {
    use crate::languages::services::{ask, check_refused, served};
    use crate::support::{hostel, project, stderr, stdout};
    use serde_json::json;

    #[test]
    fn a_service_reads_what_one_in_python_wrote_types_intact() {
        let files = ["writer.py", "reader.js"];
        let files = files.map(|file| project().join("example-services/shared-cache").join(file));
        let run = hostel().arg("run").args(files).args(["--shared-cache", "users"]).output();
        let run = run.unwrap();
        assert!(run.status.success(), "{}", stderr(&run));
        // Compare the text, which also shows how each number is written: 18, not 18.0.
        let user = "{\"name\":\"Zoë 😀\",\"height\":1.75,\"visits\":9007199254740991,\
                    \"active\":true,\"banned\":false,\"manager\":null,\
                    \"shifts\":[[9,12.5],[13.5,18],[]]}\n";
        assert_eq!(stdout(&run), user);
        for line in ["name: string \"Zoë 😀\"", "height: number 1.75", "active: boolean true"] {
            assert!(stderr(&run).contains(line), "no {line:?} in {}", stderr(&run));
        }
    }

    #[tokio::test]
    async fn one_language_changes_the_profile_that_another_wrote() {
        let server = served("profiles");
        let zoe = "/profiles/7";
        let send = async |method: &str, body: &str| {
            ask(&server, &format!("{method} {zoe}"), &[], body).await
        };
        check_refused(&send("GET", "").await, 404, "no profile 7");
        let written = send("PUT", r#"{"name":"Zoë","height":1.75}"#).await;
        assert_eq!((written.status, &*written.body), (204, ""));

        let mut profile = json!({ "name": "Zoë", "height": 1.75, "points": 0, "tags": [] });
        assert_eq!(send("GET", "").await.json(), profile);
        profile["points"] = json!(1);
        profile["tags"] = json!(["admin"]);
        assert_eq!(send("PATCH", r#"{"tag":"admin"}"#).await.json(), profile);
        check_refused(&send("PATCH", r#"{"tag":1}"#).await, 400, "the tag must be a string");
        let wrong = send("PUT", r#"{"name":"Zoë","height":"tall"}"#).await;
        check_refused(&wrong, 400, "at 'height': 'tall' is not of type float");
        assert_eq!(send("GET", "").await.json(), profile);
    }
}
