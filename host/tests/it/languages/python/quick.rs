//! Quick builds of Python, made by `hostel run` and with `--watch`. A quick build loads the source
//! into a prepared base component. Its services behave like those of a component from `hostel
//! build`, except for the hash seed.

use super::hostel_in;
use crate::support::{stderr, stdout};
use serde_json::{Value, json};
use std::fs;

const SOURCE: &str = r#"
import asyncio, os, random, sys
from pathlib import Path

from hostel_sdk import cache, config, http, service
from helper import greeting

AT_FIRST = sorted(name for name in sys.modules if name != "hostel_sdk.base")
WORDS = Path("words.txt").read_text()


@service
def modules():
    now = sorted(name for name in sys.modules if name != "hostel_sdk.base")
    return [AT_FIRST, now, os.getcwd(), sys.argv, __name__, __file__, greeting()]


@service
def files():
    return [WORDS, Path("words.txt").read_text(), sorted(os.listdir("."))]


@service
async def waits():
    return await asyncio.gather(*[asyncio.sleep(0, number) for number in range(3)])


@service
def keeps() -> str:
    cache.set("key", {"a": [1, 1.5, None]}, expiry=60)
    return str(cache.get("key"))


@service
def draws():
    return len({random.random() for _ in range(9)})


@service
def prints():
    print("to stdout")
    print("to stderr", file=sys.stderr)


@service
def fails():
    return {}["gone"]


@service
def changes():
    cache.set_many({"a": 1, "b": 2}, expiry=60)
    got = cache.get_or_set("c", lambda: cache.get_many(["a", "none"]), expiry=60)
    return [got, cache.increment("a"), cache.ttl("a"), sorted(cache.keys(""))]
"#;

#[test]
fn a_quick_build_calls_as_any_other() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("app.py"), SOURCE).unwrap();
    fs::write(folder.path().join("helper.py"), "def greeting():\n    return 'hello'\n").unwrap();
    fs::write(folder.path().join("words.txt"), "some words").unwrap();
    let quick = hostel_in(folder.path(), &["run", "app.py", "--json"]);
    let built = hostel_in(folder.path(), &["build", "app.py"]);
    assert!(stderr(&built).contains("building app.py"), "{}", stderr(&built));
    let of_the_tool = hostel_in(folder.path(), &["run", stdout(&built).trim(), "--json"]);
    assert_eq!(stdout(&quick), stdout(&of_the_tool), "{}", stderr(&quick));
    assert_eq!(stdout(&quick).lines().count(), 8);
    // Each line without its timestamp; the line about the build is omitted.
    let log = |text: String| -> Vec<String> {
        let lines = text.lines().filter(|line| line.starts_with("20"));
        lines.filter_map(|line| Some(line.split_once(' ')?.1.to_owned())).collect()
    };
    assert_eq!(log(stderr(&quick)), log(stderr(&of_the_tool)));
    assert!(stderr(&quick).contains("File \"app.py\", line 47, in fails"), "{}", stderr(&quick));
}

/// Only a quick build has the hash seed of the base, as the security page states.
#[test]
fn a_component_for_use_is_the_tools_own_and_serves_to_try_it_out_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let text = "from hostel_sdk import service\n\n\n@service\ndef drawn() -> int:\n    \
                return hash(\"user\")\n";
    for file in ["one.py", "two.py"] {
        fs::write(folder.path().join(file), text).unwrap();
    }
    let run = |file: &str| {
        let run = hostel_in(folder.path(), &["run", file]);
        assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
        (stdout(&run), stderr(&run).contains("building"))
    };
    let (quick, is_built) = run("one.py");
    assert!(is_built && !quick.trim().is_empty());
    assert!(hostel_in(folder.path(), &["build", "one.py"]).status.success());
    let (of_the_tool, is_built) = run("one.py");
    assert!(!is_built);
    assert_ne!(of_the_tool, quick);
    assert_eq!(run("two.py"), (quick, true));
}

#[test]
fn a_quick_build_sees_each_change_and_starts_from_the_base_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("counts.py");
    for number in [1, 2] {
        let text = format!(
            "import builtins\nfrom hostel_sdk import service\n\n\
             builtins.seen = getattr(builtins, \"seen\", 0) + {number}\n\n\n\
             @service\ndef seen():\n    return builtins.seen\n"
        );
        fs::write(&file, text).unwrap();
        let run = hostel_in(folder.path(), &["run", "counts.py", "--json"]);
        let line: Value = serde_json::from_str(stdout(&run).trim()).unwrap_or_default();
        assert_eq!(line["json"], json!(number), "{}", stderr(&run));
    }
}

/// `os.abort` kills the interpreter without an error message.
#[test]
fn what_a_base_does_not_survive_is_reported_in_the_words_of_the_tool() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("aborts.py"), "import os\nos.abort()\n").unwrap();
    let said = ["build", "run"].map(|command| {
        let output = hostel_in(folder.path(), &[command, "aborts.py"]);
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        stderr(&output).trim().lines().last().unwrap_or_default().to_owned()
    });
    assert!(said[0].contains("aborts.py does not build: "), "{said:?}");
    assert_eq!(said[0], said[1]);
}

#[test]
fn a_module_of_an_author_cannot_change_the_base() {
    let folder = tempfile::tempdir().unwrap();
    let text = "import json\nopen(json.__file__, \"a\").write(\"spoilt\")\n";
    fs::write(folder.path().join("spoils.py"), text).unwrap();
    let run = hostel_in(folder.path(), &["run", "spoils.py"]);
    assert_eq!(run.status.code(), Some(3));
    assert!(stderr(&run).contains("spoils.py:2: "), "{}", stderr(&run));
}
