//! Python: from a file to a running service, and the messages for an author's mistakes.

mod files;
mod quick;
mod services;
mod sources;

use crate::languages::orders;
use crate::support::{TestHost, component, hostel, project, stderr, stdout};
use crate::{readme, source};
use hostel::{ComponentInfo, Level, PluginSettings};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

const CONFORMANCE: &str = "guest-sdk/python/conformance/conformance.py";

fn hostel_in(folder: &Path, arguments: &[&str]) -> Output {
    hostel().current_dir(folder).args(arguments).env_remove("VIRTUAL_ENV").output().unwrap()
}

#[test]
fn a_new_python_service_runs_and_passes_its_own_test() {
    let folder = tempfile::tempdir().unwrap();
    let made = hostel_in(folder.path(), &["new", "my-shop", "--lang", "python"]);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));

    let run = ["run", "my-shop", "--stats", "--payload", r#"{"name":"Ada"}"#];
    let first = hostel_in(folder.path(), &run);
    assert_eq!(stdout(&first).trim(), r#""Hello, Ada! (1)""#, "{}", stderr(&first));
    let stats = ["cache plugin/my-shop: sets 0,", " entries 1,"];
    assert!(stats.iter().all(|it| stderr(&first).contains(it)), "{}", stderr(&first));
    let second = hostel_in(folder.path(), &run);
    assert_eq!(stdout(&second), stdout(&first), "{}", stderr(&second));
    assert!(!stderr(&second).contains("building"), "{}", stderr(&second));

    let service = folder.path().join("my-shop");
    let mut tests = Command::new("python3");
    tests.args(["-B", "-m", "unittest"]).env_remove("PYTHONPATH");
    let tested = tests.current_dir(&service).output().unwrap();
    assert!(tested.status.success(), "{}", stderr(&tested));

    let mut names: Vec<_> = std::fs::read_dir(&service)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let made = [".gitignore", ".hostel", "README.md", "my_shop.py", "pyrightconfig.json"];
    let made = [&made[..], &["test_my_shop.py"]].concat();
    assert_eq!(names, made, "neither a build nor a run leaves anything");
}

/// Returns the source of a plugin with one service. The source has these lines after the import.
fn service(lines: &str) -> String {
    let start = "from hostel_sdk import service\n\n";
    format!("{start}{lines}\n\n@service\ndef greet(ctx):\n    return 1\n")
}

#[test]
fn the_commands_of_the_readme_for_python_print_what_it_shows() {
    readme::check_python();
}

#[test]
fn every_command_sees_the_same_plugin_in_a_python_folder() {
    source::check_new("python");
}

#[test]
fn a_projects_packages_are_installed_whatever_the_users_own_settings_are() {
    let service = b"from hostel_sdk import service
from tabulate import tabulate

@service
def show(ctx):
    return tabulate([[1, 2]], tablefmt='plain')
";
    let project =
        b"[project]\nname = \"shop\"\nversion = \"1\"\ndependencies = [\"tabulate==0.9.0\"]\n";
    for (list, text) in
        [("requirements.txt", &b"tabulate==0.9.0\n"[..]), ("pyproject.toml", project)]
    {
        let (outside, folder) = source::folder_with("shop", &[("shop.py", service), (list, text)]);
        let mut run = hostel();
        run.args(["run"]).arg(&folder).env_remove("VIRTUAL_ENV");
        run.env("PIP_REQUIRE_VIRTUALENV", "1").env("PIP_USER", "1").env("PIP_NO_BINARY", ":all:");
        run.env("PIP_PREFIX", outside.path()).env("PYTHONHOME", outside.path());
        let run = run.output().unwrap();
        assert_eq!(stdout(&run), "\"1  2\"\n", "{list}: {}", stderr(&run));
    }
}

#[test]
fn a_name_that_python_reserves_is_not_a_name_of_a_service() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["class", "json", "typing", "test-me", "hostel-sdk"] {
        let refused = hostel_in(folder.path(), &["new", name, "--lang", "python"]);
        assert_eq!(refused.status.code(), Some(2), "{name}");
        assert!(stderr(&refused).contains("-service`, for example"), "{}", stderr(&refused));
    }
}

#[test]
fn modules_beside_a_source_are_not_plugins_and_are_watched() {
    let two = service("import helper");
    let files = [("two.py", two.as_bytes()), ("helper.py", b"A = 1\n")];
    let (_outside, folder) = source::folder_with("two", &files);
    source::check(&folder, &["two"]);
    source::check_watched(&folder, "helper.py", "A = 2\n");
    std::fs::write(folder.join("hostel.toml"), "folder = \".\"\n").unwrap();
    source::check_served(&folder, &["two"]);
}

#[test]
fn whatever_a_python_build_has_read_is_noticed_when_it_changes() {
    let service = b"from importlib.resources import files
from pathlib import Path
import json
from hostel_sdk import service
import lib.helper
HERE = Path(__file__).parent
PAGE = (HERE / 'templates' / 'hello.html').read_text()
CONFIG = json.load(open(HERE / 'config.json'))
DATA = files('lib').joinpath('data.txt').read_text()
NAMES = sorted(path.name for path in (HERE / 'pages').iterdir())

@service
def show(ctx):
    return [PAGE, CONFIG, DATA, NAMES, lib.helper.WORD]
";
    let files: [(&str, &[u8]); 7] = [
        ("svc.py", service),
        ("lib/__init__.py", b""),
        ("lib/helper.py", b"WORD = 'one'\n"),
        ("lib/data.txt", b"two"),
        ("templates/hello.html", b"three"),
        ("config.json", b"4"),
        ("pages/a.txt", b""),
    ];
    let (_outside, folder) = source::folder_with("svc", &files);
    let edits = [
        ("templates/hello.html", "new-1", "new-1"),
        ("config.json", "\"new-2\"", "new-2"),
        ("lib/data.txt", "new-3", "new-3"),
        ("lib/helper.py", "WORD = 'new-4'\n", "new-4"),
        ("pages/new-5.txt", "", "new-5"),
    ];
    source::check_fresh(&folder, &edits);
}

#[test]
fn installed_packages_are_neither_plugins_nor_files_of_a_source() {
    let (_outside, folder) =
        source::folder_with("shop", &[("shop.py", service("").as_bytes()), ("venv/a", b"")]);
    for number in 0..10_050 {
        std::fs::write(folder.join(format!("venv/module_{number}.py")), "").unwrap();
    }
    source::check(&folder, &["shop"]);
}

#[test]
fn a_folder_of_several_services_is_the_same_plugins_to_every_command() {
    let (one, two) = (service("ONE = 1"), service("TWO = 2"));
    let files = [
        ("one.py", one.as_bytes()),
        ("inner/inner.py", two.as_bytes()),
        ("inner/helper.py", b""),
        (".hidden/hidden.py", b"raise 1"),
        (".venv/lib.py", b"raise 1"),
        ("test_one.py", b"raise 1"),
    ];
    let (_outside, folder) = source::folder_with("shop", &files);
    source::check(&folder, &["inner", "one"]);
}

/// Calls every service of a folder. Returns the responses of the successful calls, and the log.
fn run(folder: &Path) -> (Vec<String>, String) {
    let output = hostel_in(folder, &["run", "."]);
    (stdout(&output).lines().map(str::to_owned).collect(), stderr(&output))
}

#[test]
fn async_python_runs_to_its_end_within_the_call() {
    let text = "import asyncio
from hostel_sdk import Service, service

async def later(value):
    await asyncio.sleep(0.001)
    return value

@service
async def gathered():
    return await asyncio.gather(*map(later, range(3)))

class Listed(Service):
    async def handle(self):
        return [each async for each in self.each()]
    async def each(self):
        async with asyncio.timeout(1):
            yield await later(1)

@service
def plain():
    return asyncio.run(later(2))

@service
async def threaded():
    return await asyncio.to_thread(later, 1)

@service
async def stuck():
    await asyncio.Event().wait()

@service
async def left():
    async def endless():
        try:
            await asyncio.sleep(1000)
        finally:
            print('cancelled')
    task = asyncio.create_task(endless())
    return await later(task.done())
";
    let (_outside, folder) = source::folder_with("svc", &[("svc.py", text.as_bytes())]);
    let (lines, log) = run(&folder);
    assert_eq!(lines, ["[0,1,2]", "[1]", "2", "false"], "{log}");
    assert!(log.contains("svc.left cancelled"), "{log}");
    assert!(log.contains("run_in_executor needs a thread, which a service does not"), "{log}");
    assert!(log.contains("awaits an event that cannot occur (it waits at svc.py:29)"), "{log}");
}

#[test]
fn a_socket_is_refused_in_words_also_one_that_a_package_tries_while_it_loads() {
    let text = "import socket, urllib.request
from hostel_sdk import service

try:
    socket.socket().bind(('localhost', 0))
except OSError as error:
    early = error

@service
def tried():
    told = [early]
    for act in (socket.socket, lambda: socket.getaddrinfo('localhost', 80),
                lambda: urllib.request.urlopen('http://localhost/')):
        try:
            told.append(act())
        except OSError as error:
            told.append(error)
    return list(map(str, told))
";
    let (_outside, folder) = source::folder_with("svc", &[("svc.py", text.as_bytes())]);
    let (lines, log) = run(&folder);
    let told: Vec<String> = serde_json::from_str(&lines.concat()).expect(&log);
    assert_eq!(told.len(), 4);
    assert!(told.iter().all(|each| each.contains("a service has no network")), "{told:?}");
}

/// Checks that `hostel build` and `hostel run` refuse the first file, and that the last line on
/// stderr contains these words.
#[track_caller]
fn check_refused(files: &[(&str, &str)], words: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in files {
        let file = folder.path().join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    for command in ["build", "run"] {
        let output = hostel_in(folder.path(), &[command, files[0].0]);
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        let said = stderr(&output);
        let last = said.trim().lines().last().unwrap_or_default();
        for word in words {
            assert!(last.contains(word), "{word:?} is not in the last line of: {said}");
        }
        assert!(!said.contains("hostel_sdk/"), "a frame of the SDK: {said}");
        assert!(!said.contains("wasm backtrace"), "an internal detail: {said}");
    }
}

#[test]
fn a_syntax_error_is_reported_by_file_and_line() {
    let text = "from hostel_sdk import service\n\n@service\ndef a()\n    pass\n";
    check_refused(&[("a.py", text)], &["a.py:4: SyntaxError: expected ':'"]);
}

#[test]
fn a_missing_module_is_reported_by_the_line_that_imports_it() {
    let words = ["helper.py:2: ModuleNotFoundError: No module named 'nowhere'", "beside the file"];
    let files = [("a.py", "import helper\n"), ("helper.py", "import json\nimport nowhere\n")];
    check_refused(&files, &words);
}

#[test]
fn a_package_in_machine_code_is_distinguished_from_a_missing_one() {
    let files = [
        ("a.py", "import fast\n"),
        ("fast/__init__.py", "from . import _core\n"),
        ("fast/_core.cpython-312-x86_64-linux-gnu.so", ""),
    ];
    check_refused(&files, &["fast contains native code", "use a package of pure Python"]);
}

#[test]
fn the_error_for_a_file_without_a_service_shows_how_to_write_one() {
    check_refused(&[("a.py", "x = 1\n")], &["a.py:1: the file has no service", "@service"]);
}

async fn loaded() -> TestHost {
    let host = TestHost::new();
    host.load("conformance", std::fs::read(component(CONFORMANCE)).unwrap()).await;
    host
}

/// One module is the linked code. The other module provides the linked code with functions that
/// access the memory of that code.
#[test]
fn a_component_of_python_has_two_modules() {
    let info = ComponentInfo::read(&std::fs::read(component(CONFORMANCE)).unwrap());
    assert_eq!((info.modules, info.memories.len(), info.tables.len()), (2, 1, 2));
}

/// Builds a plugin from these files, of which the first is its source. Returns the Hostel
/// interfaces that the plugin imports, and a host that has loaded the plugin.
async fn built(files: &[(&str, &str)]) -> (Vec<String>, TestHost) {
    built_with(files, PluginSettings::default()).await
}

async fn built_with(files: &[(&str, &str)], settings: PluginSettings) -> (Vec<String>, TestHost) {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in files {
        std::fs::write(folder.path().join(file), text).unwrap();
    }
    let built = hostel_in(folder.path(), &["build", files[0].0]);
    assert!(built.status.success(), "{}", stderr(&built));
    let component = std::fs::read(stdout(&built).trim()).unwrap();
    let imports = ComponentInfo::read(&component).imports.into_iter();
    let ours = imports.filter_map(|import| {
        let name = import.name.strip_prefix("hostel:")?.split('@').next()?.to_owned();
        Some(name)
    });
    let mut ours: Vec<_> = ours.collect();
    ours.sort();
    let host = TestHost::new();
    host.load_with("svc", component, settings).await;
    (ours, host)
}

#[tokio::test]
async fn a_service_that_gets_and_sets_imports_the_cache_and_the_log_alone() {
    let text = "from hostel_sdk import cache, logger, service

@service
def plain():
    names = {'Ada': 1}
    names.update({'Joe': 2})
    cache.set('names', list(names.keys()), expiry=60)
    logger.info(cache.get('names'))

@service
def dynamic():
    return getattr(cache, 'incre' + 'ment')('visits')
";
    let (imports, host) = built(&[("svc.py", text)]).await;
    assert_eq!(imports, ["cache/cache", "log/log"]);
    host.call("svc.plain", &Value::Null).await.unwrap();
    assert_eq!(host.messages(), ["['Ada', 'Joe']"]);
    let error = host.call("svc.dynamic", &Value::Null).await.unwrap_err().to_string();
    let why = "RuntimeError: cache.increment is not in this component: the build includes only \
               what the source names: write `cache.increment` literally in it";
    assert!(error.contains(why), "{error}");
}

#[tokio::test]
async fn a_service_imports_the_interfaces_that_it_and_its_modules_use() {
    let text = "import counts
from hostel_sdk import cache, service

@service
def uses():
    return [counts.visit(), cache.get_or_set('rates', lambda: 7)]
";
    let counts =
        "from hostel_sdk import cache\n\ndef visit():\n    return cache.increment('visits')\n";
    let (imports, host) = built(&[("svc.py", text), ("counts.py", counts)]).await;
    assert_eq!(imports, ["cache/atomics", "cache/cache", "cache/lease", "log/log"]);
    let answer = TestHost::json(host.call("svc.uses", &Value::Null).await);
    assert_eq!(answer, json!([1, 7]));
}

#[tokio::test]
async fn a_service_written_for_zato_imports_the_interfaces_that_it_uses_by_zatos_names() {
    let text = "from hostel_sdk import cache
from zato.server.service import Service

class Uses(Service):
    def handle(self):
        cache.set_many({'user.1': 1, 'user.2': 2, 'order.1': 3})
        self.response.payload = [self.cache.delete_by_prefix('user.'), cache.ttl('user.1')]
";
    let (imports, host) = built(&[("svc.py", text)]).await;
    assert_eq!(imports, ["cache/batch", "cache/cache", "cache/entries", "log/log"]);
    let answer = TestHost::json(host.call("svc.uses", &Value::Null).await);
    assert_eq!(answer, json!([2, null]));
}

#[tokio::test]
async fn instances_made_from_one_image_draw_different_numbers() {
    let host = loaded().await;
    let mut seen = BTreeSet::new();
    for _ in 0..3 {
        let answer = TestHost::json(host.call("conformance", &json!({"op": "random"})).await);
        let drawn = answer["ok"].as_array().unwrap().clone();
        assert!(drawn.len() >= 8, "{drawn:?}");
        for number in drawn {
            let number = number.as_str().unwrap().to_owned();
            assert!(seen.insert(number.clone()), "{number} was drawn twice");
        }
    }
}

/// The component contains the hash seed, because it contains dictionaries that were built with this
/// seed and do not work with another.
#[tokio::test]
async fn each_build_has_its_own_seed_of_hashes_and_all_instances_of_one_share_it() {
    let folder = tempfile::tempdir().unwrap();
    let text = "from hostel_sdk import service\n\n\n@service\ndef drawn() -> int:\n    \
                return hash(\"user\") % 2**53\n";
    let mut seen = BTreeSet::new();
    for file in ["one.py", "two.py"] {
        std::fs::write(folder.path().join(file), text).unwrap();
        let built = hostel_in(folder.path(), &["build", file]);
        let host = TestHost::new();
        host.load("hashes", std::fs::read(stdout(&built).trim()).unwrap()).await;
        let [first, second] = [
            host.call("hashes.drawn", &json!(null)).await,
            host.call("hashes.drawn", &json!(null)).await,
        ];
        let number = TestHost::json(first);
        assert_eq!(number, TestHost::json(second));
        seen.insert(number.as_u64().unwrap());
    }
    assert_eq!(seen.len(), 2, "{seen:?}");
}

#[tokio::test]
async fn a_fault_is_logged_with_the_authors_file_and_line() {
    let host = loaded().await;
    let error = host.call("conformance", &json!({"op": "get"})).await.unwrap_err();
    assert!(error.to_string().contains("KeyError: 'key'"), "{error}");
    let lines = host.lines.lock().unwrap().clone();
    assert!(lines.iter().all(|(level, _)| *level == Level::Error), "{lines:?}");
    let [(_, record)] = &lines[..] else { panic!("a traceback is one record: {lines:?}") };
    let text = record.replace("\\n", "\n");
    let messages: Vec<_> = text.lines().collect();
    assert_eq!(messages[0], "Traceback (most recent call last):");
    assert!(messages[1].starts_with("  File \"conformance.py\", line "), "{messages:?}");
    assert!(!messages.iter().any(|line| line.contains("hostel_sdk")), "{messages:?}");
    assert_eq!(messages.last(), Some(&"KeyError: 'key'"));
}

#[tokio::test]
async fn an_invalid_value_or_expiry_leaves_the_cache_unchanged() {
    let host = loaded().await;
    for what in ["nan", "cycle", "set", "date", "bytes", "lone-surrogate"] {
        let step = json!({"op": "set-special", "key": "k", "what": what});
        let answer = TestHost::json(host.call("conformance", &step).await);
        assert_eq!(answer["error"], "invalid-value", "{what}");
    }
    for expiry in [json!(1.5), json!(-1), json!(4_294_967_356_u64), json!("60"), json!(true)] {
        let step = json!({"op": "set", "key": "k", "value": 1, "expiry": expiry});
        let answer = TestHost::json(host.call("conformance", &step).await);
        assert_eq!(answer["error"], "invalid-expiry", "{expiry}");
    }
    let answer = TestHost::json(host.call("conformance", &json!({"op": "get", "key": "k"})).await);
    assert_eq!(answer, json!({"ok": Value::Null}));
    let (_, stats) = host.host.caches().stats().await.into_iter().next().unwrap();
    assert_eq!(stats.sets, 0, "refused before the host is called");
}

#[test]
fn the_sdk_passes_its_own_tests() {
    let mut tests = Command::new("python3");
    tests.args(["-B", "-m", "unittest", "discover", "-s", "tests", "-t", "."]);
    let sdk = project().join("guest-sdk/python");
    let tested = tests.current_dir(sdk).env_remove("PYTHONPATH").output().unwrap();
    assert!(tested.status.success(), "{}", stderr(&tested));
}

#[test]
fn the_service_of_the_page_about_http_passes_its_tests() {
    let listings = ["orders.py", "test_orders.py"];
    let files = listings.map(|file| format!("python/tests/orders/{file}"));
    let listings = [(&*files[0], listings[0]), (&*files[1], listings[1])];
    let folder = orders::service("python", &listings);
    let mut tests = Command::new("python3");
    tests.args(["-m", "unittest"]).env_remove("PYTHONPATH");
    let tested = tests.current_dir(folder.path().join("orders")).output().unwrap();
    assert!(stderr(&tested).contains("Ran 2 tests"), "{}", stderr(&tested));
    assert!(tested.status.success(), "{}", stderr(&tested));
}
