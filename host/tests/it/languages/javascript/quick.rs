//! Quick builds of JavaScript and TypeScript, made by `hostel run` and with `--watch`. A quick
//! build loads the script into a prepared base component. Its services behave like those of a
//! component from `hostel build`.

use super::hostel_in;
use crate::support::{stderr, stdout};
use serde_json::{Value, json};
use std::fs;

const SOURCE: &str = r#"
import { Failure, cache, log } from "hostel-sdk";
import { greeting } from "./helper.ts";

const AT_FIRST = new URL("https://a.example/b?c=é").searchParams.get("c");
let calls = 0;

export default {
  first: () => [AT_FIRST, greeting("☃"), (calls += 1), typeof this, typeof require],
  strict() {
    try {
      undeclared = 1;
      return "sloppy";
    } catch {
      return "strict";
    }
  },
  async waits() {
    await new Promise((done) => setTimeout(done, 1));
    return "waited";
  },
  keeps() {
    cache.set("key", { a: [1, 1.5, null] }, { expiry: 60 });
    return cache.get("key");
  },
  draws: () => new Set(Array.from({ length: 9 }, () => Math.random())).size,
  logs: () => log.info("é", { a: 1 }),
  refuses() {
    throw new Failure("conflict", "é");
  },
  fails() {
    return undefinedThing.x;
  },
  evaluates: () => new Function("return null.x")(),
};
"#;

const HELPER: &str = "export const greeting = (name: string): string => `hello ${name}`;\n";

#[test]
fn a_quick_build_calls_as_any_other() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("app.js"), SOURCE).unwrap();
    fs::write(folder.path().join("helper.ts"), HELPER).unwrap();
    let quick = hostel_in(folder.path(), &["run", "app.js", "--json"]);
    let built = hostel_in(folder.path(), &["build", "app.js"]);
    assert!(stderr(&built).contains("building app.js"), "{}", stderr(&built));
    let of_the_tool = hostel_in(folder.path(), &["run", stdout(&built).trim(), "--json"]);
    assert_eq!(stdout(&quick), stdout(&of_the_tool), "{}", stderr(&quick));
    assert_eq!(stdout(&quick).lines().count(), 9);
    // Each line without its timestamp; lines about the build are omitted.
    let log = |text: String| -> Vec<String> {
        let lines = text.lines().filter(|line| line.starts_with("20"));
        lines.filter_map(|line| Some(line.split_once(' ')?.1.to_owned())).collect()
    };
    assert_eq!(log(stderr(&quick)), log(stderr(&of_the_tool)));
    assert!(stderr(&quick).contains("at app.js:34:"), "{}", stderr(&quick));
}

/// A quick build is recognizable by the script's name in stack traces.
#[test]
fn a_component_for_use_is_the_tools_own_and_serves_to_try_it_out_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let text = "const stack = (): string => new Error().stack ?? \"\";\n\
                export default { isQuick: () => stack().includes(\"<input>\") };\n";
    for file in ["one.ts", "two.ts"] {
        fs::write(folder.path().join(file), text).unwrap();
    }
    let run = |file: &str| {
        let run = hostel_in(folder.path(), &["run", file]);
        assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
        (stdout(&run), stderr(&run).contains("building"))
    };
    assert_eq!(run("one.ts"), ("true\n".to_owned(), true));
    assert!(hostel_in(folder.path(), &["build", "one.ts"]).status.success());
    assert_eq!(run("one.ts"), ("false\n".to_owned(), false));
    assert_eq!(run("two.ts"), ("true\n".to_owned(), true));
}

#[test]
fn a_quick_build_sees_each_change_and_starts_from_the_base_again() {
    let folder = tempfile::tempdir().unwrap();
    for number in [1, 2] {
        let text = format!(
            "globalThis.seen = (globalThis.seen ?? 0) + {number};\n\
             export default {{ seen: () => globalThis.seen }};\n"
        );
        fs::write(folder.path().join("counts.js"), text).unwrap();
        let run = hostel_in(folder.path(), &["run", "counts.js", "--json"]);
        let line: Value = serde_json::from_str(stdout(&run).trim()).unwrap_or_default();
        assert_eq!(line["json"], json!(number), "{}", stderr(&run));
    }
}

#[test]
fn what_does_not_load_is_reported_in_the_words_of_the_tool() {
    let folder = tempfile::tempdir().unwrap();
    for (throws, told) in [
        ("undefinedThing.x", "fails.js:2:20 in inner: undefinedThing is not defined"),
        ("throw new RangeError(\"é\\nmore\")", "fails.js:2:30 in inner: é"),
        ("null.x", "fails.js:2:20 in inner: cannot read property 'x' of null"),
    ] {
        let text = format!("export default {{}};\nfunction inner() {{ {throws}; }}\ninner();\n");
        fs::write(folder.path().join("fails.js"), text).unwrap();
        for command in ["run", "build"] {
            let output = hostel_in(folder.path(), &[command, "fails.js"]);
            assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
            let is_told = stderr(&output).lines().any(|line| line == told);
            assert!(is_told, "{command}: no {told:?} in {}", stderr(&output));
        }
    }
}
