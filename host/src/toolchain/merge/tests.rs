//! Tests merging on minimal components. Most of the merged components run before and after the
//! merge, with the same results.

use super::merge;
use wasmparser::{Parser, Payload};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store};

/// The structure that linkers produce: modules that share a memory, a table and globals, functions
/// passed between them in both directions, and a host function that needs the memory, called
/// through a shim.
const LINKED: &str = r#"
(component
  (import "hour" (func $hour (result u32)))
  (import "note" (func $note (param "text" string)))

  (core module $shim
    (type $note (func (param i32 i32)))
    (table (export "imports") 1 funcref)
    (func (export "note") (param i32 i32)
      (call_indirect (type $note) (local.get 0) (local.get 1) (i32.const 0)))
  )
  (core instance $shim (instantiate $shim))

  (core module $main
    (type $unused (func (param f64)))
    (type $number (func (result i32)))
    (memory (export "memory") 1)
    (table (export "table") 9 funcref)
    (global $fixed (export "fixed") i32 (i32.const 4))
    (global (export "count") (mut i32) (i32.const 40))
    (elem (i32.const 1) func $seven)
    (func $seven (export "seven") (type $number) (i32.const 7))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
    (data $passive "passive of main")
    (data (i32.const 100) "main")
    (func (export "fill")
      (memory.init $passive (i32.const 200) (i32.const 0) (i32.const 7))
      (data.drop $passive))
  )
  (core instance $main (instantiate $main))
  (alias core export $main "memory" (core memory $memory))
  (core func $lowered-hour (canon lower (func $hour)))

  (core module $lib
    (type $number (func (result i32)))
    (import "env" "memory" (memory 1))
    (import "env" "table" (table $table 1 funcref))
    (import "env" "fixed" (global $fixed i32))
    (import "env" "count" (global $count (mut i32)))
    (import "host" "hour" (func $hour (result i32)))
    (import "host" "note" (func $note (param i32 i32)))
    (import "env" "fill" (func $fill))
    (global $place i32 (i32.add (global.get $fixed) (i32.const 1)))
    (global $own (mut i32) (global.get $fixed))
    (table $mine 2 funcref)
    (elem (table $table) (global.get $fixed) func $own-count $shared-count)
    (elem $later func $hour)
    (elem declare func $own-count)
    (data $passive "passive of lib")
    (data (offset (i32.mul (global.get $fixed) (i32.const 75))) "lib")
    (func $own-count (type $number)
      (global.set $own (i32.add (global.get $own) (i32.const 1)))
      (global.get $own))
    (func $shared-count (type $number)
      (global.set $count (i32.add (global.get $count) (i32.const 1)))
      (global.get $count))
    (func (export "work") (result i32)
      (call $fill)
      (memory.init $passive (i32.const 207) (i32.const 7) (i32.const 7))
      (data.drop $passive)
      (table.init $mine $later (i32.const 1) (i32.const 0) (i32.const 1))
      (call $note (i32.const 100) (i32.const 4))
      (call $note (i32.const 200) (i32.const 14))
      (call $note (i32.const 300) (i32.const 3))
      (i32.add
        (i32.mul (call_indirect $mine (type $number) (i32.const 1)) (i32.const 1000))
        (i32.load8_u (global.get $place))))
  )
  (alias core export $shim "note" (core func $indirect-note))
  (core instance $env (export "memory" (memory $memory))
    (export "table" (table $main "table")) (export "fixed" (global $main "fixed"))
    (export "count" (global $main "count")) (export "fill" (func $main "fill")))
  (core instance $lib (instantiate $lib
    (with "env" (instance $env))
    (with "host" (instance (export "hour" (func $lowered-hour)) (export "note" (func $indirect-note))))))

  (core module $top
    (type $number (func (result i32)))
    (import "main" "table" (table $table 1 funcref))
    (import "main" "count" (global $count (mut i32)))
    (import "main" "seven" (func $seven (result i32)))
    (import "lib" "work" (func $work (result i32)))
    (elem (i32.const 8) func $seven)
    (func (export "run") (param $what i32) (result i32)
      (if (i32.eqz (local.get $what)) (then (return (call $work))))
      (global.set $count (i32.add (global.get $count) (i32.const 100)))
      (call_indirect $table (type $number) (local.get $what)))
  )
  (core instance $top (instantiate $top (with "main" (instance $main)) (with "lib" (instance $lib))))

  (core func $lowered-note (canon lower (func $note) (memory $memory) string-encoding=utf8))
  (core module $fixup
    (import "" "imports" (table 1 funcref))
    (import "" "note" (func $note (param i32 i32)))
    (elem (i32.const 0) func $note)
  )
  (core instance (instantiate $fixup (with "" (instance
    (export "imports" (table $shim "imports")) (export "note" (func $lowered-note))))))
  (func (export "run") (param "what" u32) (result u32) (canon lift (core func $top "run")))
)
"#;

/// A component whose function `run` calls the first function of the table and returns its result.
/// If the table has no function, `run` returns the number at address 0 of the memory.
fn component(modules: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
          (core module $main
            (type $number (func (result i32)))
            (memory (export "memory") 1) (table $table (export "table") 1 funcref)
            (func (export "one") (result i32) (i32.const 1))
            (func (export "two") (result i32) (i32.const 2))
            (func (export "run") (param i32) (result i32)
              (if (result i32) (ref.is_null (table.get $table (i32.const 0)))
                (then (i32.load (i32.const 0)))
                (else (call_indirect $table (type $number) (i32.const 0))))))
          (core instance $main (instantiate $main))
          {modules}
          (func (export "run") (param "what" u32) (result u32) (canon lift (core func $main "run"))))"#
    );
    wat::parse_str(text).unwrap()
}

/// Calls `run` with each argument in turn; returns the results, and the notes passed to the host.
fn run(component: &[u8], arguments: &[u32]) -> (Vec<u32>, Vec<String>) {
    let engine = Engine::new(&Config::new()).unwrap();
    let component = Component::new(&engine, component).unwrap();
    let mut linker: Linker<Vec<String>> = Linker::new(&engine);
    linker.root().func_wrap("hour", |_, (): ()| Ok((13_u32,))).unwrap();
    let note = |mut store: wasmtime::StoreContextMut<'_, Vec<String>>, (text,): (String,)| {
        store.data_mut().push(text);
        Ok(())
    };
    linker.root().func_wrap("note", note).unwrap();
    let mut store = Store::new(&engine, Vec::new());
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let run = instance.get_typed_func::<(u32,), (u32,)>(&mut store, "run").unwrap();
    let results = arguments.iter().map(|it| run.call(&mut store, (*it,)).unwrap().0).collect();
    (results, store.into_data())
}

fn modules(component: &[u8]) -> usize {
    let payloads = Parser::new(0).parse_all(component);
    payloads.filter(|it| matches!(it, Ok(Payload::ModuleSection { .. }))).count()
}

#[test]
fn one_module_does_what_linked_modules_did() {
    let linked = wat::parse_str(LINKED).unwrap();
    let merged = merge(&linked).unwrap();
    // The instance that fills the shim needs a lowered function, which needs the memory of a
    // member. So this instance is not merged.
    assert_eq!((modules(&linked), modules(&merged)), (5, 2));
    let arguments = [0, 1, 4, 4, 5, 5, 8];
    let (results, notes) = run(&linked, &arguments);
    assert_eq!(results, [13_000, 7, 5, 6, 441, 542, 7]);
    assert_eq!(notes, ["main", "passive of lib", "lib"]);
    assert_eq!(run(&merged, &arguments), (results, notes));
    assert_eq!(merge(&merged), None, "there is nothing left to merge");
}

/// Returns modules around the table of a module `$other`. A module that cannot be merged fills the
/// table, and so does the module in the text `fills`, which is changed for this purpose.
fn fills_another(fills: &str) -> String {
    format!(
        r#"(core module $other (table (export "table") 1 funcref))
        (core instance (instantiate $other)) (core instance $other (instantiate $other))
        {}
        (core module $fills (import "other" "table" (table 1 funcref))
          (func $five (result i32) (i32.const 5)) (elem (i32.const 0) func $five))
        (core instance (instantiate $fills (with "other" (instance $other))))
        (core instance (instantiate $fills (with "other" (instance $other))))
        (core module $last (import "main" "memory" (memory 1)))
        (core instance (instantiate $last (with "main" (instance $main))))
        (core module $starts (type $number (func (result i32)))
          (import "main" "memory" (memory 1)) (import "other" "table" (table 1 funcref))
          (start $start) (func $start (i32.store
            (i32.const 0) (call_indirect (type $number) (i32.const 0)))))
        (core instance (instantiate $starts
          (with "main" (instance $main)) (with "other" (instance $other))))"#,
        fills
            .replace("\"main\" \"table\"", "\"other\" \"table\"")
            .replace("(with \"main\"", "(with \"other\" (instance $other)) (with \"main\"")
    )
}

#[test]
fn what_happens_as_modules_are_instantiated_keeps_its_order() {
    let starts = r#"
      (core module $starts
        (import "main" "memory" (memory 1))
        (start $start)
        (func $start (i32.store (i32.const 0) (i32.const 3))))
      (core instance (instantiate $starts (with "main" (instance $main))))"#;
    let writes = r#"
      (core module $writes (import "main" "memory" (memory 1)) (data (i32.const 0) "\05"))
      (core instance (instantiate $writes (with "main" (instance $main))))"#;
    // Instantiates the module twice, which prevents merging.
    let twice = |text: &str| {
        let (module, instance) = text.split_at(text.find("(core instance").unwrap());
        format!("{module} {instance} {instance}")
    };
    let fills = |name: &str| {
        format!(
            r#"(core module ${name}
              (import "main" "table" (table 1 funcref))
              (import "main" "{name}" (func $it (result i32)))
              (elem (i32.const 0) func $it))
            (core instance (instantiate ${name} (with "main" (instance $main))))"#
        )
    };
    let cases = [
        // A start function ends the group: the data of a later module must be written after the
        // function runs.
        (format!("{starts}{writes}"), 5, 2),
        (format!("{writes}{starts}"), 3, 1),
        // The module that is instantiated twice cannot be merged. Its writes during instantiation
        // must keep their place among the writes of the other modules.
        (format!("{}{starts}", twice(writes)), 3, 3),
        (format!("{}{writes}", twice(starts)), 5, 3),
        (format!("{}{}", twice(&fills("one")), fills("two")), 2, 3),
        (format!("{}{}", fills("one"), twice(&fills("two"))), 2, 2),
        // A non-member that needs no member writes the same table as a member. The group must end
        // before the non-member, which would otherwise write first.
        (fills_another(&fills("one")), 5, 5),
    ];
    for (modules_text, expected, left) in cases {
        let linked = component(&modules_text);
        assert_eq!(run(&linked, &[0]).0, [expected], "{modules_text}");
        match merge(&linked) {
            Some(merged) => {
                assert_eq!(modules(&merged), left, "{modules_text}");
                assert_eq!(run(&merged, &[0]).0, [expected], "{modules_text}");
            }
            None => assert_eq!(modules(&linked), left, "{modules_text}"),
        }
    }
}

#[test]
fn what_cannot_be_merged_is_left_as_it_is() {
    let passes = r#"
      (core module $passes (import "main" "one" (func $one (result i32)))
        (export "one" (func $one)))
      (core instance $passes (instantiate $passes (with "main" (instance $main))))"#;
    let again = "(core instance (instantiate $passes (with \"main\" (instance $main))))";
    let needs = |from: &str| {
        format!(
            r#"(core module $needs (import "it" "two" (func (result i32))))
            (core instance (instantiate $needs (with "it" (instance {from}))))"#
        )
    };
    let lowered = r#"
      (func $lifted (param "what" u32) (result u32) (canon lift (core func $main "run")))
      (core func $two (canon lower (func $lifted)))
      (core module $needs (import "" "two" (func (param i32) (result i32))))
      (core instance (instantiate $needs
        (with "" (instance (export "two" (func $two))))))"#;
    for (text, why) in [
        (String::new(), "there is one module"),
        (format!("{passes}{again}"), "the other is instantiated twice"),
        (lowered.to_owned(), "between them is a function of the component"),
        (format!("{}(export \"module\" (core module $main))", needs("$main")), "it is exported"),
        (
            format!("{}(component (alias outer 1 0 (core module)))", needs("$main")),
            "another component may instantiate it",
        ),
        (
            "(core module $typed (type (array i8)) (type (func)))
             (core instance (instantiate $typed))"
                .into(),
            "it has a type of another kind",
        ),
        (
            r#"(core module $a (func $f (export "f")) (global (export "g") funcref (ref.func $f)))
               (core instance $a (instantiate $a))
               (core module $b (import "a" "g" (global $g funcref))
                 (global funcref (global.get $g)))
               (core instance (instantiate $b (with "a" (instance $a))))"#
                .into(),
            "a constant would be of a global of the same module",
        ),
    ] {
        assert_eq!(merge(&component(&text)), None, "{why}");
    }
    assert!(merge(&component(&needs("$main"))).is_some());
    let ended = merge(&component(&format!("{passes}{lowered}"))).unwrap();
    assert_eq!(modules(&ended), 2, "the function ends the group, and what is before stays merged");
    for bytes in [&b"hello"[..], b"\0asm", &wat::parse_str("(module)").unwrap()] {
        assert_eq!(merge(bytes), None);
    }
}

#[test]
fn functions_keep_their_names_and_the_tools_are_named_once() {
    let tools = r#"(@producers (processed-by "linker" "1"))"#;
    let linked = component(&format!(
        r#"(core module $a (import "main" "one" (func $one (result i32)))
             (func $first (export "first")) {tools})
           (core instance $a (instantiate $a (with "main" (instance $main))))
           (core module $b (import "a" "first" (func $imported)) (func $second) {tools})
           (core instance (instantiate $b (with "a" (instance $a))))"#
    ));
    let merged = merge(&linked).unwrap();
    let (mut names, mut producers) = (Vec::new(), 0);
    for payload in Parser::new(0).parse_all(&merged) {
        let Payload::CustomSection(section) = payload.unwrap() else { continue };
        match section.as_known() {
            wasmparser::KnownCustom::Producers(_) => producers += 1,
            wasmparser::KnownCustom::Name(subsections) => {
                for subsection in subsections {
                    if let wasmparser::Name::Function(functions) = subsection.unwrap() {
                        names.extend(functions.into_iter().map(|it| it.unwrap().name.to_owned()));
                    }
                }
            }
            _ => {}
        }
    }
    assert_eq!(names, ["one", "first", "second"]);
    assert_eq!(producers, 1);
}

#[test]
fn what_an_initialisation_calls_stays_exported() {
    let linked = component(
        r#"(core module $lib
             (import "main" "memory" (memory 1))
             (func (export "__wasilibc_reset_preopens") (i32.store (i32.const 0) (i32.const 9)))
             (func (export "others")))
           (core instance (instantiate $lib (with "main" (instance $main))))"#,
    );
    let merged = merge(&linked).unwrap();
    let exports = Parser::new(0).parse_all(&merged).filter_map(|payload| match payload.unwrap() {
        Payload::ExportSection(exports) => Some(exports),
        _ => None,
    });
    let names: Vec<_> = exports.flatten().map(|export| export.unwrap().name.to_owned()).collect();
    assert_eq!(names, ["run", "__wasilibc_reset_preopens"]);
}
