//! Components that would take minutes or gigabytes to compile, or overflow the engine's stack. The
//! limits refuse these components before compilation.

use crate::support::{Random, TestHost, project};
use hostel::{Limits, PluginName, PluginSettings};

const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// Encodes a section of a component or module.
fn section(id: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![id];
    let mut length = content.len();
    while length > 127 {
        bytes.push((length & 127) as u8 | 128);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend(content);
    bytes
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

fn module(text: &str) -> Vec<u8> {
    wat(&format!("(component (core module {text}))"))
}

async fn error_of(component: Vec<u8>, limits: Limits) -> String {
    let host = TestHost::with(limits);
    let name = PluginName::new("bomb").unwrap();
    let loaded = host.host.load(name, component, PluginSettings::default()).await;
    loaded.unwrap_err().to_string()
}

/// Asserts that the component passes all limits: its only error is that it does not fit the world,
/// which is checked later.
#[track_caller]
fn assert_passes(message: &str) {
    assert!(message.starts_with("it does not fit the world"), "{message}");
}

/// Checks that with `most` as the limit, `fine` passes and `bomb` is refused.
async fn check(limit: &str, most: &str, fine: Vec<u8>, bomb: Vec<u8>) {
    let mut limits = Limits::default();
    limits.set(limit, most).unwrap();
    assert_passes(&error_of(fine, limits.clone()).await);
    let message = error_of(bomb, limits.clone()).await;
    let ending = format!(" than {}: raise `limits.{limit}`", limits.show(limit).unwrap());
    assert!(message.ends_with(&ending), "{message}");
}

/// Checks that the default of a limit refuses a component.
async fn check_default(limit: &str, bomb: Vec<u8>) {
    let message = error_of(bomb, Limits::default()).await;
    assert!(message.ends_with(&format!(": raise `limits.{limit}`")), "{message}");
}

/// Returns a component with this many levels of components inside. Each component but the innermost
/// instantiates the next inner component ten times.
fn tenfold(levels: usize) -> Vec<u8> {
    let mut text = "(component $c (core module $m) (core instance (instantiate $m)))".to_owned();
    for _ in 1..levels {
        let tenfold = "(instance (instantiate $c))".repeat(10);
        text = format!("(component $c {text} {tenfold})");
    }
    wat(&format!("(component {text} {})", "(instance (instantiate $c))".repeat(10)))
}

#[tokio::test]
async fn limits_instances_obeyed() {
    // Each instantiation of the inner component counts as two instances: one of the component, and
    // one of its module.
    check("instances", "20", tenfold(1), tenfold(2)).await;
}

#[tokio::test]
async fn limits_instances_violated_by_instances_that_multiply() {
    for levels in [2, 9, 30] {
        check_default("instances", tenfold(levels)).await;
    }
    // An instantiation through an alias counts like a direct one.
    let by_alias = |uses: usize| {
        let instances = "(instance (instantiate $alias))".repeat(uses);
        wat(&format!(
            "(component (component $c) (component (alias outer 1 $c (component $alias))
            (component $d {instances}) (instance (instantiate $d))))"
        ))
    };
    assert_passes(&error_of(by_alias(0), Limits::default()).await);
    let nested = |uses: usize| {
        let instances = "(instance (instantiate $alias))".repeat(uses);
        wat(&format!(
            "(component (component $c) (component $d
            (alias outer 1 $c (component $alias)) {instances}) (instance (instantiate $d)))"
        ))
    };
    check("instances", "3", nested(2), nested(3)).await;
}

#[tokio::test]
async fn a_component_that_is_passed_is_not_instantiated() {
    let words = "it instantiates a component that it does not contain";
    let imported = "(component (component $c (import \"c\" (component $i))
        (instance (instantiate $i))))";
    let exported = "(component (component $c (component $d) (export \"d\" (component $d)))
        (instance $i (instantiate $c)) (alias export $i \"d\" (component $e))
        (instance (instantiate $e)))";
    for text in [imported, exported] {
        let message = error_of(wat(text), Limits::default()).await;
        assert!(message.contains(words), "{message}");
    }
}

/// Returns a component inside a component and so on, `levels` in total.
fn nested(levels: usize) -> Vec<u8> {
    let mut component = COMPONENT.to_vec();
    for _ in 1..levels {
        component = [COMPONENT, &*section(4, &component)].concat();
    }
    component
}

/// Returns a component with `levels` component types, one inside another.
fn nested_types(levels: usize) -> Vec<u8> {
    let types = [b"\x01", &*b"\x41\x01\x01".repeat(levels - 1), b"\x41\x00"].concat();
    [COMPONENT, &*section(7, &types)].concat()
}

#[tokio::test]
async fn limits_nesting_obeyed() {
    check("nesting", "9", nested(9), nested(10)).await;
    check("nesting", "9", nested_types(8), nested_types(9)).await;
}

#[tokio::test]
async fn limits_nesting_violated() {
    for levels in [33, 12_000] {
        check_default("nesting", nested(levels)).await;
    }
    for levels in [32, 100_000] {
        check_default("nesting", nested_types(levels)).await;
    }
}

fn functions(count: usize) -> Vec<u8> {
    module(&"(func)".repeat(count))
}

#[tokio::test]
async fn limits_functions_obeyed() {
    check("functions", "9", functions(9), functions(10)).await;
}

#[tokio::test]
async fn limits_functions_violated() {
    check_default("functions", functions(100_000)).await;
    // The functions of two modules count together.
    let module = format!("(core module {})", "(func)".repeat(30_000));
    check_default("functions", wat(&format!("(component {module} {module})"))).await;
}

fn nops(count: usize) -> Vec<u8> {
    module(&format!("(func {})", "nop ".repeat(count)))
}

#[tokio::test]
async fn limits_function_bytes_obeyed() {
    // One byte declares that there are no locals, and one byte ends the body.
    check("function-bytes", "100B", nops(98), nops(99)).await;
}

#[tokio::test]
async fn limits_function_bytes_violated() {
    check_default("function-bytes", nops(3 << 20)).await;
}

/// Returns a component with a function that reads and writes `locals` locals inside `depth` nested
/// loops.
fn loops(depth: usize, locals: usize) -> Vec<u8> {
    let locals: Vec<_> = (1..=locals).collect();
    let declared = "(local i32)".repeat(locals.len());
    let set =
        |local: &usize| format!("(local.set {local} (i32.add (local.get {local}) (local.get 0)))");
    let set: String = locals.iter().map(set).collect();
    let (open, close) = ("loop ".repeat(depth), "local.get 0 br_if 0 end ".repeat(depth));
    module(&format!("(func (param i32) {declared} {open} {set} {close})"))
}

#[tokio::test]
async fn limits_locals_obeyed() {
    check("locals", "9", loops(1, 8), loops(1, 9)).await;
}

#[tokio::test]
async fn limits_locals_violated() {
    check_default("locals", loops(0, 40_000)).await;
    // Four billion locals, declared in six bytes.
    let body = b"\x01\x0a\x01\xff\xff\xff\xff\x0f\x7f\x0b";
    let mut body = body.to_vec();
    if let Some(length) = body.get_mut(1) {
        *length = 8;
    }
    let sections =
        [section(1, b"\x01\x60\0\0"), section(3, b"\x01\0"), section(10, &body)].concat();
    let module = [b"\0asm\x01\0\0\0", &*sections].concat();
    check_default("locals", [COMPONENT, &*section(1, &module)].concat()).await;
}

fn blocks(count: usize) -> Vec<u8> {
    module(&format!("(func {})", "block end ".repeat(count)))
}

#[tokio::test]
async fn limits_blocks_obeyed() {
    check("blocks", "9", blocks(9), blocks(10)).await;
}

#[tokio::test]
async fn limits_blocks_violated() {
    check_default("blocks", blocks(100_000)).await;
}

/// Returns a component with a function that has `locals` locals, including its parameter, and
/// `count` conditions that each set the parameter.
fn conditions(count: usize, locals: usize) -> Vec<u8> {
    let declared = "(local i32)".repeat(locals - 1);
    let set = "(if (local.get 0) (then (local.set 0 (i32.const 1))))".repeat(count);
    module(&format!("(func (param i32) {declared} {set})"))
}

#[tokio::test]
async fn limits_block_locals_obeyed() {
    check("block-locals", "1000", conditions(100, 10), conditions(100, 11)).await;
}

#[tokio::test]
async fn limits_block_locals_violated() {
    check_default("block-locals", conditions(20_000, 101)).await;
}

#[tokio::test]
async fn limits_loop_locals_obeyed() {
    // The loop at depth n counts as n loops: 1 + 2 + .. + 10, with ten locals each.
    check("loop-locals", "550", loops(10, 9), loops(10, 10)).await;
}

#[tokio::test]
async fn limits_loop_locals_violated() {
    check_default("loop-locals", loops(200, 1_000)).await;
    // A loop's parameters count too, although they are on the stack.
    let (ty, values) = ("(param i32) ".repeat(1_000), "i32.const 0 ".repeat(1_000));
    let (open, close) = ("loop (type $t) ".repeat(100), "end ".repeat(100));
    let drop = "drop ".repeat(1_000);
    let text = format!("(type $t (func {ty})) (func {values} {open} {drop} unreachable {close})");
    check_default("loop-locals", module(&text)).await;
}

fn types(count: usize) -> Vec<u8> {
    module(&"(type (func (param i32)))".repeat(count))
}

#[tokio::test]
async fn limits_types_obeyed() {
    check("types", "9", types(9), types(10)).await;
}

#[tokio::test]
async fn limits_types_violated() {
    check_default("types", types(20_000)).await;
}

fn globals(count: usize) -> Vec<u8> {
    module(&"(global i32 (i32.const 0))".repeat(count))
}

#[tokio::test]
async fn limits_definitions_obeyed() {
    // The component itself counts as one definition, and each global of its module as another.
    check("definitions", "10", globals(9), globals(10)).await;
}

#[tokio::test]
async fn limits_definitions_violated() {
    check_default("definitions", globals(300_000)).await;
    // The types of a component count again for each of its instances.
    let types = "(type (list u8))".repeat(5_000);
    let instances = "(instance (instantiate $c))".repeat(50);
    check_default("definitions", wat(&format!("(component (component $c {types}) {instances})")))
        .await;
}

/// Runs the component check on each file of the fuzzing corpus: complete, truncated, and with
/// changed bytes.
#[test]
fn no_file_of_the_corpus_harms_the_check() {
    let folder = project().join("host/fuzz/corpus/component");
    let mut random = Random(1);
    let mut files = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let whole = std::fs::read(file.unwrap().path()).unwrap();
        files += 1;
        for round in 0..500 {
            let mut bytes = whole.clone();
            for _ in 0..round % 8 {
                let at = random.below(whole.len());
                bytes[at] = random.below(256) as u8;
            }
            if round % 3 == 2 {
                bytes.truncate(random.below(whole.len()));
            }
            let _ = Limits::default().check_component(&bytes);
        }
    }
    assert!(files >= 12, "{files}");
}

/// Checks that the files of the corpus contain these bytes. If `HOSTEL_WRITE_CORPUS` is set, writes
/// the files first.
#[test]
fn the_corpus_is_what_these_tests_make() {
    let (ty, values) = ("(param i32) ".repeat(20), "i32.const 0 ".repeat(20));
    let loop_type = format!("(type $t (func {ty})) (func {values} loop (type $t) unreachable end)");
    let made = [
        ("empty", wat("(component)")),
        ("export", wat(EXPORT)),
        ("core-module", wat("(module (func (export \"run\")))")),
        ("tenfold-9", tenfold(9)),
        ("nested-12", nested(12)),
        ("nested-types-12", nested_types(12)),
        ("functions", functions(30)),
        ("loops", loops(12, 12)),
        ("blocks", blocks(30)),
        ("conditions", conditions(12, 12)),
        ("loop-type", module(&loop_type)),
        ("types", types(30)),
        ("globals", globals(30)),
        (
            "imports",
            wat("(component (import \"wasi:io/error@0.2.6\" (instance)) (import \"mine\" (func)))"),
        ),
        (
            "alias",
            wat(
                "(component (component $c) (component (alias outer 1 $c (component $d)) (instance (instantiate $d))))",
            ),
        ),
    ];
    let folder = project().join("host/fuzz/corpus/component");
    for (name, bytes) in made {
        let file = folder.join(name);
        if std::env::var_os("HOSTEL_WRITE_CORPUS").is_some() {
            std::fs::write(&file, &bytes).unwrap();
        }
        assert_eq!(std::fs::read(&file).unwrap(), bytes, "HOSTEL_WRITE_CORPUS=1 writes {name}");
    }
}

/// A component that contains only what the world's export needs.
const EXPORT: &str = "(component (component $c) (instance $i (instantiate $c))
    (export \"hostel:service/handler@0.1.0\" (instance $i)))";
