//! A component from `hostel build` imports `hostel:cache/cache`, `hostel:log/log`, and of Hostel's
//! other interfaces only those that its source uses.

use super::{hostel_in, with_engine};
use crate::support::{TestHost, project, stderr, stdout};
use hostel::ComponentInfo;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// Returns a folder with these files, given by relative paths.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    folder
}

/// Builds a source. Returns the Hostel interfaces that the component imports, and a host that has
/// loaded the component.
async fn built(folder: &Path, source: &str) -> (Vec<String>, TestHost) {
    let built = hostel_in(folder, &["build", source]);
    assert!(built.status.success(), "{}", stderr(&built));
    let component = fs::read(stdout(&built).trim()).unwrap();
    let imports = ComponentInfo::read(&component).imports.into_iter();
    let ours = imports.filter_map(|import| {
        let name = import.name.strip_prefix("hostel:")?.split('@').next()?.to_owned();
        Some(name)
    });
    let mut ours: Vec<_> = ours.collect();
    ours.sort();
    let host = TestHost::new();
    host.load("svc", component).await;
    (ours, host)
}

/// A plugin that calls `get` and `set` of the cache. It also calls methods of other objects that
/// have the names of further cache methods, and `increment` by a computed name.
const PLAIN: &str = r#"
import { cache, log } from "hostel-sdk";

// No use of cache.increment, nor of "getMany".
const seen = new Map([["a", { ttl: 5 }]]);
const hash = { update: (bytes) => bytes.length, expire: () => 1 };

export default {
  plain() {
    const keys = [...seen.keys(), ...Object.keys({ b: 1 })];
    cache.set("k", [keys, seen.get("a").ttl, hash.update([1]), hash.expire()], { expiry: 60 });
    log.info(cache.get("k"));
  },
  dynamic: () => cache[["incre", "ment"].join("")]("visits"),
};
"#;

async fn check_plain(folder: &Path, source: &str) {
    let (imports, host) = built(folder, source).await;
    assert_eq!(imports, ["cache/cache", "log/log"]);
    host.call("svc.plain", &Value::Null).await.unwrap();
    assert_eq!(host.messages(), [r#"[["a","b"],5,1,1]"#]);
    let error = host.call("svc.dynamic", &Value::Null).await.unwrap_err().to_string();
    let why = "cache.increment is not in this component: the build includes only what the \
               service's files name: write cache.increment(..) in one of them";
    assert!(error.contains(why), "{error}");
}

#[tokio::test]
async fn a_service_that_gets_and_sets_imports_the_cache_and_the_log_alone() {
    check_plain(folder(&[("svc.js", PLAIN)]).path(), "svc.js").await;
}

#[tokio::test]
async fn so_does_one_on_spidermonkey() {
    check_plain(with_engine("\"spidermonkey\"", PLAIN).path(), "shop").await;
}

#[tokio::test]
async fn each_method_brings_the_interface_that_it_needs() {
    for (interface, call) in [
        ("cache/atomics", "cache.increment(\"k\")"),
        ("cache/atomics", "[cache].map(({ take }) => 1) && cache.take(\"k\") === undefined && 1"),
        ("cache/lease", "cache.getOrSet(\"k\", () => 1)"),
        ("cache/batch", "cache[\"getMany\"]([\"k\"]).length"),
        ("cache/entries", "[...cache.keys(\"\")].length + 1"),
    ] {
        let text = format!(
            "import {{ cache }} from \"hostel-sdk\";\nexport default {{ uses: () => {call} }};\n"
        );
        let folder = folder(&[("svc.js", &text)]);
        let (imports, host) = built(folder.path(), "svc.js").await;
        let mut expected = ["cache/cache", "log/log", interface];
        expected.sort_unstable();
        assert_eq!(imports, expected, "{call}");
        assert_eq!(TestHost::json(host.call("svc.uses", &Value::Null).await), json!(1), "{call}");
    }
}

#[tokio::test]
async fn modules_and_packages_that_import_the_sdk_count_and_others_do_not() {
    let service = "import { visit } from \"./counts.ts\";\n\
                   import { rate } from \"rates\";\n\
                   import { count } from \"counters\";\n\
                   export default { uses: (): unknown => [visit(), rate(), count()] };\n";
    let counts = "import { cache } from \"hostel-sdk\";\n\
                  type Counter = { getMany: number };\n\
                  export const visit = (): number => cache.increment(\"visits\");\n";
    let rates = "import { cache } from \"hostel-sdk\";\n\
                 export const rate = () => cache.getOrSet(\"rate\", () => 7);\n";
    let counters = "const own = { deleteMany: () => 5 };\n\
                    export const count = () => own.deleteMany();\n";
    let types = "export const rate: () => number; export const count: () => number;";
    let package = |name: &str| format!(r#"{{"name":"{name}","main":"index.js","types":"i.d.ts"}}"#);
    let folder = folder(&[
        ("svc/svc.ts", service),
        ("svc/counts.ts", counts),
        ("svc/node_modules/rates/package.json", &package("rates")),
        ("svc/node_modules/rates/index.js", rates),
        ("svc/node_modules/rates/i.d.ts", types),
        ("svc/node_modules/counters/package.json", &package("counters")),
        ("svc/node_modules/counters/index.js", counters),
        ("svc/node_modules/counters/i.d.ts", types),
    ]);
    let (imports, host) = built(folder.path(), "svc").await;
    assert_eq!(imports, ["cache/atomics", "cache/cache", "cache/lease", "log/log"]);
    let answer = TestHost::json(host.call("svc.uses", &Value::Null).await);
    assert_eq!(answer, json!([1, 7, 5]));
}

#[test]
fn a_quick_build_has_what_an_edit_adds() {
    let folder = tempfile::tempdir().unwrap();
    for (call, expected) in [
        ("cache.exists(\"k\")", "false\n"),
        ("cache.increment(\"k\", 5)", "5\n"),
        ("[cache.increment(\"k\"), cache.ttl(\"k\") === Infinity]", "[1,true]\n"),
        ("cache.exists(\"k\")", "false\n"),
    ] {
        let text = format!(
            "import {{ cache }} from \"hostel-sdk\";\nexport default {{ uses: () => {call} }};\n"
        );
        fs::write(folder.path().join("edited.js"), text).unwrap();
        let run = hostel_in(folder.path(), &["run", "edited.js"]);
        assert_eq!(stdout(&run), expected, "{}", stderr(&run));
    }
}

#[tokio::test]
async fn what_the_sdk_exports_brings_its_interface_where_it_is_used() {
    let sdk = |line: &str| format!("{line} from \"hostel-sdk\";\n");
    for (source, more) in [
        ("export default { uses: () => fetch(\"http://a\") };".to_owned(), vec!["http/client"]),
        (sdk("import { HttpError, log }") + "export default { uses: () => HttpError };", vec![]),
        (sdk("import { http }") + "export default { uses: () => 1 };", vec![]),
        (
            sdk("import { http as outside }") + "export default { uses: () => outside.get(\"\") };",
            vec!["http/client"],
        ),
        (
            sdk("import * as sdk") + "export default { uses: () => sdk.config.names() };",
            vec!["config/config"],
        ),
        ("export default { uses: () => new Response(\"a\").status };".to_owned(), vec![]),
    ] {
        let folder = folder(&[("svc.js", &source)]);
        let (imports, _) = built(folder.path(), "svc.js").await;
        let mut expected = vec!["cache/cache", "log/log"];
        expected.extend(more);
        expected.sort_unstable();
        assert_eq!(imports, expected, "{source}");
    }
    let cjs = "const { cache } = require(\"hostel-sdk\");\n\
               module.exports = { uses: () => cache.get(\"k\") };";
    let folder = folder(&[("svc.js", cjs)]);
    let (imports, _) = built(folder.path(), "svc.js").await;
    assert_eq!(imports, ["cache/cache", "log/log"]);
}

/// A plugin that computes values with asynchronous functions, some of which fail after a wait.
const ASYNC: &str = r#"
import { Failure, cache } from "hostel-sdk";

const late = async () => {
  await new Promise((done) => setTimeout(done, 5));
  return { a: 1 };
};
const fails = async () => {
  await late();
  throw Failure.conflict("no");
};

export default {
  async waits() {
    const first = cache.getOrSet("late", late, { expiry: 60 });
    const value = await first;
    return [first instanceof Promise, value, cache.getOrSet("late", fails), cache.ttl("late")];
  },
  async nothing() {
    const first = await cache.getOrSet("nothing", async () => {});
    return [first === undefined, cache.getOrSet("nothing", fails) === undefined];
  },
  async renews() {
    cache.set("old", 1, { expiry: 60 });
    return [await cache.getOrSet("old", fails, { expiry: 600, early: 300 }), cache.get("old")];
  },
  async refused() {
    return await cache.getOrSet("refused", fails);
  },
};
"#;

async fn check_async(folder: &Path, source: &str) {
    let (_, host) = built(folder, source).await;
    let answer = async |service| TestHost::json(host.call(service, &Value::Null).await);
    assert_eq!(answer("svc.waits").await, json!([true, { "a": 1 }, { "a": 1 }, 60]));
    assert_eq!(answer("svc.nothing").await, json!([true, true]));
    assert_eq!(host.messages(), [""; 0]);
    assert_eq!(answer("svc.renews").await, json!([1, 1]));
    let warning = "the value under \"old\" could not be refreshed: Failure: no at ";
    let messages = host.messages();
    assert!(messages.len() == 1 && messages[0].starts_with(warning), "{messages:?}");
    for _ in 0..2 {
        // The second call computes the value again, because the first call released its lease.
        let error = host.call("svc.refused", &Value::Null).await.unwrap_err().to_string();
        assert!(error.contains("conflict"), "{error}");
    }
}

#[tokio::test]
async fn a_value_is_computed_by_a_function_that_waits_on_quickjs() {
    check_async(folder(&[("svc.js", ASYNC)]).path(), "svc.js").await;
}

#[tokio::test]
async fn a_value_is_computed_by_a_function_that_waits_on_spidermonkey() {
    check_async(with_engine("\"spidermonkey\"", ASYNC).path(), "shop").await;
}

#[test]
fn the_recipes_in_typescript_are_right_in_their_types_and_in_what_they_do() {
    let run = hostel_in(project(), &["run", "guest-sdk/javascript/conformance/recipes.ts"]);
    let lines: Vec<_> = stdout(&run).lines().map(str::to_owned).collect();
    let expected = [
        r#"["too-many-requests","none"]"#,
        r#"["ada","unauthorized"]"#,
        r#"["conflict",false]"#,
        r#"["d","c","b"]"#,
        "[4,4,5]",
    ];
    assert_eq!(lines, expected, "{}", stderr(&run));
}
