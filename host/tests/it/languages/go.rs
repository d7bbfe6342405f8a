//! Go: from an empty folder to a running service, and the messages for an author's mistakes.

mod services;

use crate::source;
use crate::support::{TestHost, component, hostel, project, stderr, stdout};
use hostel::{CallError, ComponentInfo, FailureKind, Level};
use serde_json::json;
use std::path::Path;
use std::process::{Command, Output};

/// Runs `hostel` in a folder, with its data and cache in subfolders. To be fast, the tests use the
/// user's Go cache.
fn hostel_in(folder: &Path, arguments: &[&str]) -> Output {
    let go_cache = Command::new("go").args(["env", "GOCACHE"]).output().unwrap();
    let mut command = hostel();
    command.current_dir(folder).args(arguments);
    command.env("XDG_DATA_HOME", folder.join("data")).env("XDG_CACHE_HOME", folder.join("cache"));
    command.env("GOCACHE", stdout(&go_cache).trim()).output().unwrap()
}

fn go(folder: &Path, arguments: &[&str]) -> Output {
    Command::new("go").args(arguments).current_dir(folder).output().unwrap()
}

#[track_caller]
fn run(folder: &Path, arguments: &[&str], expected: &str) {
    let run = hostel_in(folder, &[&["run"], arguments].concat());
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    assert_eq!(stdout(&run).trim(), expected);
}

#[test]
fn a_new_go_service_runs_and_passes_its_own_test() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert!(hostel_in(folder, &["new", "my-shop", "--lang", "go"]).status.success());
    let service = folder.join("my-shop");
    let mut files: Vec<_> = std::fs::read_dir(&service).unwrap().map(Result::unwrap).collect();
    files.sort_by_key(std::fs::DirEntry::file_name);
    let names: Vec<_> = files.iter().map(|file| file.file_name().into_string().unwrap()).collect();
    let made = [".gitignore", ".hostel", "README.md", "go.mod", "service.go", "service_test.go"];
    assert_eq!(names, made);

    run(folder, &["my-shop", "--payload", r#"{"name":"Ada"}"#], r#""Hello, Ada! (1)""#);
    run(folder, &["my-shop"], r#""Hello, world! (1)""#);
    let tested = go(&service, &["test", "./..."]);
    assert!(tested.status.success(), "{}{}", stdout(&tested), stderr(&tested));
    assert!(stdout(&tested).starts_with("ok"), "{}", stdout(&tested));
    let vetted = go(&service, &["vet", "./..."]);
    assert!(vetted.status.success(), "{}", stderr(&vetted));

    // A clone on another machine lacks the link; the next build restores it. The build does not
    // make the component again, because no input has changed.
    let built = || {
        let built = hostel_in(folder, &["build", "my-shop"]);
        assert_eq!((built.status.code(), &*stderr(&built)), (Some(0), ""));
        let component = stdout(&built).trim().to_owned();
        assert!(component.ends_with("/my-shop.wasm"), "{component}");
        std::fs::metadata(component).unwrap().modified().unwrap()
    };
    let first = built();
    std::fs::remove_file(service.join(".hostel")).unwrap();
    assert_eq!(built(), first);
    assert!(service.join(".hostel/guest-sdk/go/go.mod").is_file());
}

#[test]
fn whatever_a_go_build_has_read_is_noticed_when_it_changes() {
    let outside = tempfile::tempdir().unwrap();
    let folder = outside.path().join("svc");
    assert!(hostel_in(outside.path(), &["new", "svc", "--lang", "go"]).status.success());
    let service = "package main

import (
\t_ \"embed\"

\t\"hostel-sdk\"
\t\"shared\"
)

//go:embed page.html
var page string

func init() { hostel.Handle(\"show\", \"\", show) }
func main() {}

func show(ctx *hostel.Context, _ struct{}) (string, error) { return page + shared.Word, nil }
";
    let module = std::fs::read_to_string(folder.join("go.mod")).unwrap();
    let module = format!("{module}\nrequire shared v0.0.0\n\nreplace shared => ../shared\n");
    std::fs::remove_file(folder.join("service_test.go")).unwrap();
    std::fs::create_dir(outside.path().join("shared")).unwrap();
    for (file, text) in [
        ("go.mod", &*module),
        ("service.go", service),
        ("page.html", "one"),
        ("../shared/go.mod", "module shared\n\ngo 1.26\n"),
        ("../shared/shared.go", "package shared\n\nconst Word = \"two\"\n"),
    ] {
        std::fs::write(folder.join(file), text).unwrap();
    }
    let edits = [
        ("../shared/shared.go", "package shared\n\nconst Word = \"new-1\"\n", "new-1"),
        ("page.html", "new-2", "new-2"),
    ];
    source::check_fresh(&folder, &edits);
}

#[test]
fn every_command_sees_the_same_plugin_in_a_go_folder() {
    source::check_new("go");
    let template = std::fs::read(project().join("guest-sdk/go/template/service.go")).unwrap();
    let (_outside, folder) = source::folder_with("alone", &[("greeter.go", &template)]);
    source::check(&folder, &["greeter"]);
    let (_outside, folder) = source::folder_with("alone", &[("service.go", &template)]);
    source::check(&folder, &["alone"]);
}

#[test]
fn a_go_file_alone_runs_and_nothing_is_left_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let template = project().join("guest-sdk/go/template/service.go");
    std::fs::create_dir(folder.join("alone")).unwrap();
    std::fs::copy(template, folder.join("alone/greeter.go")).unwrap();
    run(folder, &["alone/greeter.go", "--service", "greeter.greet"], r#""Hello, world! (1)""#);
    let left: Vec<_> = std::fs::read_dir(folder.join("alone")).unwrap().collect();
    assert_eq!(left.len(), 1);
}

/// Builds a `service.go` with these imports, and with a handler that has this body. Checks that the
/// build fails, and that stderr contains these words.
#[track_caller]
fn check_refused(imports: &str, body: &str, words: &str) {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "package main\n\nimport \"hostel-sdk\"\n{imports}\n\
         func init() {{ hostel.Handle(\"greet\", \"\", greet) }}\nfunc main() {{}}\n\
         func greet(ctx *hostel.Context, name string) (string, error) {{\n{body}\n}}\n"
    );
    std::fs::write(folder.path().join("service.go"), text).unwrap();
    let built = hostel_in(folder.path(), &["build", "service.go"]);
    assert_ne!(built.status.code(), Some(0));
    assert!(stderr(&built).contains(words), "{}", stderr(&built));
    assert!(stderr(&built).contains("service.go does not build"), "{}", stderr(&built));
}

#[test]
fn a_go_source_that_does_not_build_is_reported_by_file_and_line() {
    check_refused(
        "",
        "_, _ = ctx.Cache.Incr(\"k\"); return 1, nil",
        "it has Get, GetRaw, Set, SetWithExpiry",
    );
    check_refused("", "return name name, nil", "service.go:8:13: syntax error");
    check_refused(
        "import \"github.com/missing/missing\"",
        "return name, nil",
        "service.go:4:8: no ",
    );
    let text = "return name, ctx.Cache.SetWithExpiry(name, 1, \"60\")";
    check_refused("", text, "service.go:8:47: cannot use \"60\"");
    check_refused("", "return name, ctx.Cache.SetWithExpiry(name, 1, 1.5)", "service.go:8:47: ");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.go"), "package main\n\nimport \"C\"\n").unwrap();
    let built = hostel_in(folder.path(), &["build", "x.go"]);
    assert!(stderr(&built).contains("x.go:3 does not build: `import \"C\"`"), "{}", stderr(&built));
    std::fs::write(folder.path().join("x.go"), "package main\n\nfunc main() {}\n").unwrap();
    let built = hostel_in(folder.path(), &["build", "x.go"]);
    assert!(stderr(&built).contains("call hostel.Handle?"), "{}", stderr(&built));
}

#[tokio::test]
async fn a_panic_is_an_internal_failure_with_the_authors_line_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let text = "package main\n\nimport \"hostel-sdk\"\n\n\
        func init() { hostel.Handle(\"greet\", \"\", greet) }\nfunc main() {}\n\
        func greet(ctx *hostel.Context, index int) (int, error) {\n\
        \tif err := ctx.Cache.Set(\"k\", index); err != nil {\n\t\treturn 0, err\n\t}\n\
        \treturn []int{1}[index], nil\n}\n";
    std::fs::write(folder.path().join("panics.go"), text).unwrap();
    let built = hostel_in(folder.path(), &["build", "panics.go"]);
    let file = stdout(&built).trim().to_owned();
    let host = TestHost::new();
    host.load("panics", std::fs::read(file).unwrap()).await;
    let answer = host.call("panics.greet", &json!(3)).await;
    let Err(CallError::Failure(failure)) = answer else { panic!("{answer:?}") };
    assert_eq!(failure.kind, FailureKind::Internal);
    assert!(failure.message.contains("index out of range [3]"), "{}", failure.message);
    let lines = host.lines.lock().unwrap().clone();
    assert!(lines.iter().all(|(level, _)| *level == Level::Error), "{lines:?}");
    assert!(lines.iter().any(|(_, line)| line.contains("panics.go:11 in main.greet")), "{lines:?}");
    assert_eq!(TestHost::json(host.call("panics.greet", &json!(0)).await), json!(1));
}

#[tokio::test]
async fn a_request_as_large_as_allowed_and_many_large_values_pass_through_go() {
    let host = TestHost::new();
    host.load("go", std::fs::read(component("guest-sdk/go/conformance")).unwrap()).await;
    let text = "x".repeat(1_000_000);
    let set = json!({ "op": "set", "key": "k", "value": text });
    assert_eq!(TestHost::json(host.call("go.conformance", &set).await), json!({ "ok": null }));
    let many = json!({ "op": "get-many", "key": "k", "value": 5 });
    assert_eq!(TestHost::json(host.call("go.conformance", &many).await), json!({ "ok": null }));
    let get = json!({ "op": "get", "key": "k" });
    assert_eq!(TestHost::json(host.call("go.conformance", &get).await), json!({ "ok": text }));
    let large = json!({ "op": "nothing", "what": "x".repeat((8 << 20) - 100) });
    let answer = TestHost::json(host.call("go.conformance", &large).await);
    assert_eq!(answer, json!({ "skip": true }));
}

#[tokio::test]
async fn a_batch_of_values_that_are_larger_than_the_arena_passes_through_go() {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"package main

import (
	"strconv"
	"strings"

	"hostel-sdk"
)

func init() { hostel.Handle("fetch", "", fetch) }
func main() {}

func fetch(ctx *hostel.Context, count int) (int, error) {
	keys := []string{}
	for number := range count {
		key := strconv.Itoa(number)
		if err := ctx.Cache.Set(key, strings.Repeat("x", 1_000_000)); err != nil {
			return 0, err
		}
		keys = append(keys, key)
	}
	sum := 0
	for range 5 {
		values, err := hostel.GetMany[string](ctx.Cache, keys...)
		if err != nil {
			return 0, err
		}
		for _, value := range values {
			sum += len(*value)
		}
	}
	return sum, nil
}
"#;
    std::fs::write(folder.path().join("large.go"), text).unwrap();
    let built = hostel_in(folder.path(), &["build", "large.go"]);
    assert!(built.status.success(), "{}", stderr(&built));
    let host = TestHost::new();
    host.load("large", std::fs::read(stdout(&built).trim()).unwrap()).await;
    let sum = TestHost::json(host.call("large.fetch", &json!(14)).await);
    assert_eq!(sum, json!(5 * 14 * 1_000_000));
}

/// Returns the Hostel interfaces that a service imports. The service's handler contains this body,
/// and also a `get`, a log line and a `set`.
fn imports(body: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "package main\n\nimport \"hostel-sdk\"\n\n\
         func init() {{ hostel.Handle(\"greet\", \"\", greet) }}\nfunc main() {{}}\n\
         func greet(ctx *hostel.Context, name string) (string, error) {{\n\
         \tlast, _, err := hostel.Get[string](ctx.Cache, \"last\")\n\
         \tif err != nil {{\n\t\treturn \"\", err\n\t}}\n\
         \tctx.Log.Infof(\"%s after %s\", name, last)\n{body}\n\
         \treturn \"Hello, \" + name, ctx.Cache.Set(\"last\", name)\n}}\n"
    );
    std::fs::write(folder.path().join("service.go"), text).unwrap();
    let built = hostel_in(folder.path(), &["build", "service.go"]);
    assert!(built.status.success(), "{}", stderr(&built));
    let component = std::fs::read(stdout(&built).trim()).unwrap();
    let imports = ComponentInfo::read(&component).imports.into_iter();
    let ours = imports.filter_map(|import| {
        let name = import.name.strip_prefix("hostel:")?.split('@').next()?.to_owned();
        Some(name)
    });
    let mut ours: Vec<_> = ours.collect();
    ours.sort();
    ours
}

#[test]
fn a_go_service_imports_the_interfaces_that_it_uses() {
    assert_eq!(imports(""), ["cache/cache", "log/log"]);
    for (interface, body) in [
        ("cache/atomics", "\t_, _ = ctx.Cache.Increment(\"greetings\", 1)"),
        ("cache/batch", "\t_, _ = ctx.Cache.DeleteMany(\"a\", \"b\")"),
        ("cache/entries", "\t_, _, _ = ctx.Cache.TTL(\"last\")"),
        (
            "cache/lease",
            "\t_, _ = hostel.GetOrSet(ctx.Cache, \"k\", hostel.Unlimited, \
             func() (int, error) { return 1, nil })",
        ),
        ("config/config", "\t_, _ = ctx.Config.Get(\"a\")"),
        ("http/client", "\t_, _ = ctx.HTTP.Get(\"https://example.com\")"),
    ] {
        let mut expected = vec!["cache/cache", interface, "log/log"];
        expected.sort_unstable();
        assert_eq!(imports(body), expected, "{body}");
    }
}

#[test]
fn the_go_sdk_passes_its_own_tests() {
    for folder in ["guest-sdk/go", "guest-sdk/go/conformance"] {
        for what in ["vet", "test"] {
            let output = go(&project().join(folder), &[what, "./..."]);
            assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
        }
    }
    let sdk = project().join("guest-sdk/go");
    let unformatted = Command::new("gofmt").args(["-l", "."]).current_dir(sdk).output().unwrap();
    assert_eq!(stdout(&unformatted), "");
}
