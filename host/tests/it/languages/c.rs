//! C, C++ and Zig: from source to a running service, with the compiler that `hostel` downloads.

mod services;

use crate::source;
use crate::support::{TestHost, hostel, project, stderr, stdout};
use hostel::{CallError, ComponentInfo};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn hostel_in(folder: &Path, arguments: &[&str]) -> Output {
    hostel().current_dir(folder).args(arguments).output().unwrap()
}

/// Returns a folder that persists between test runs, so that build results are reused.
fn kept_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c").join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Returns the component built from a file with this name and text.
fn built(file: &str, text: &str) -> Vec<u8> {
    let folder = kept_folder(file);
    fs::write(folder.join(file), text).unwrap();
    let output = hostel_in(&folder, &["build", file]);
    assert!(output.status.success(), "{}", stderr(&output));
    fs::read(stdout(&output).trim()).unwrap()
}

#[test]
fn whatever_a_c_build_has_read_is_noticed_when_it_changes() {
    let service = b"#include <hostel.h>
#include \"../inc/v.h\"
static hostel_result show(hostel_ctx *ctx, const hostel_request *req, hostel_response *res) {
  int width =
#include \"table.inc\"
  ;
  (void)req;
  return hostel_respond_json(ctx, res, hostel_json_of_integer(ctx, V * 10 + width));
}
HOSTEL_SERVICES({\"show\", \"\", show})
";
    let files: [(&str, &[u8]); 3] =
        [("calc.c", service), ("../inc/v.h", b"#define V 1\n"), ("table.inc", b"1\n")];
    let (_outside, folder) = source::folder_with("calc", &files);
    let edits = [("../inc/v.h", "#define V 4\n", "41"), ("table.inc", "7\n", "47")];
    source::check_fresh(&folder, &edits);
}

/// Compiles with the system's compiler and sanitizers, which detect leaks and out-of-bounds writes,
/// and runs the program.
fn compiled_and_run(folder: &Path, arguments: &str) {
    let program = tempfile::tempdir().unwrap();
    let program = program.path().join("tests");
    let checks = "-Wall -Wextra -Werror -g -fsanitize=address,undefined";
    let line = format!("cc {checks} {arguments} -o '{0}' && '{0}'", program.display());
    let output = Command::new("sh").args(["-c", &line]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn a_new_service_runs_and_passes_its_own_test() {
    let folder = tempfile::tempdir().unwrap();
    let made = hostel_in(folder.path(), &["new", "my-shop", "--lang", "c"]);
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    let payload = r#"{"name":"Ada"}"#;
    let run = hostel_in(folder.path(), &["run", "my-shop", "--stats", "--payload", payload]);
    assert!(stdout(&run).contains(r#""Hello, Ada! (1)""#), "{}", stderr(&run));
    let stats = ["cache plugin/my-shop: sets 0,", " entries 1,"];
    assert!(stats.iter().all(|it| stderr(&run).contains(it)), "{}", stderr(&run));

    let service = folder.path().join("my-shop");
    // Compile the service with the flags that clangd reads.
    compiled_and_run(&service, "@compile_flags.txt *.c .hostel/guest-sdk/c/hostel.c");
    let mut files: Vec<_> =
        fs::read_dir(&service).unwrap().map(|f| f.unwrap().file_name()).collect();
    files.sort();
    let made = [".gitignore", ".hostel", "README.md", "compile_flags.txt", "my_shop.c"];
    assert_eq!(files, [&made[..], &["test_my_shop.c"]].concat());

    let build = || {
        let output = hostel_in(folder.path(), &["build", "my-shop"]);
        assert!(output.status.success(), "{}", stderr(&output));
        PathBuf::from(stdout(&output).trim())
    };
    // A clone on another machine lacks the link; the next build restores it.
    fs::remove_file(service.join(".hostel")).unwrap();
    let modified = |file: &Path| fs::metadata(file).unwrap().modified().unwrap();
    let first = build();
    let built = modified(&first);
    assert!(service.join(".hostel").is_symlink());
    let second = build();
    assert_eq!((&second, modified(&second)), (&first, built));
    assert!(first.ends_with("my_shop.wasm"));
    assert!(fs::metadata(&first).unwrap().len() < 100_000, "debugging sections were left in");
}

#[test]
fn every_command_sees_the_same_plugin_in_a_c_folder() {
    source::check_new("c");
}

#[test]
fn the_sdk_passes_its_own_tests_without_a_leak() {
    compiled_and_run(&project().join("guest-sdk/c/tests"), "-std=c11 -I.. *.c ../hostel.c");
}

#[test]
fn the_sdk_calls_a_host_no_more_than_it_needs_and_refuses_wrong_results() {
    compiled_and_run(&project().join("guest-sdk/c/tests/host"), "-std=c11 -I../.. *.c");
}

#[test]
fn a_service_sees_the_clock_of_a_fake() {
    let folder = project().join("guest-sdk/c/tests/clock");
    compiled_and_run(&folder, "-include hostel_fake_clock.h -I../.. *.c ../../hostel.c");
}

#[test]
fn the_service_of_the_page_about_http_passes_its_tests() {
    let folder = project().join("guest-sdk/c/tests/orders");
    for tests in ["test_orders.c", "test_page.c"] {
        compiled_and_run(&folder, &format!("-I../.. orders.c {tests} ../../hostel.c"));
    }
}

#[test]
fn every_scenario_passes_on_the_fake_without_a_leak() {
    let plugin = project().join("guest-sdk/c/conformance");
    compiled_and_run(&plugin, "-I.. *.c ../hostel.c");
}

/// Returns the source of a small service whose handler has this body.
fn service(body: &str) -> String {
    format!(
        "#include <hostel.h>\n\
         static hostel_result serve(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)\n\
         {{\n    (void)ctx, (void)req, (void)res;\n    {body}\n}}\n\
         HOSTEL_SERVICES({{\"serve\", \"Serves.\", serve}})\n"
    )
}

/// Returns the Hostel interfaces that a service imports. The service's handler contains this body,
/// and also a `get`, a log line and a `set`.
fn imports(body: &str) -> Vec<String> {
    let body = format!(
        "hostel_json last;\n\
         HOSTEL_TRY(hostel_cache_get(ctx, HOSTEL_STR(\"last\"), &last));\n\
         hostel_log(ctx, HOSTEL_INFO, \"%.*s\", HOSTEL_ARG(last.text));\n{body}\n\
         return hostel_cache_set(ctx, HOSTEL_STR(\"last\"), HOSTEL_STR(\"1\"), 60);"
    );
    let component = built("imports.c", &service(&body));
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
fn a_c_service_imports_the_interfaces_that_it_uses() {
    assert_eq!(imports(""), ["cache/cache", "log/log"]);
    for (interface, body) in [
        (
            "cache/atomics",
            "HOSTEL_TRY(hostel_cache_increment(ctx, req->id, 1, HOSTEL_NO_EXPIRY, NULL));",
        ),
        ("cache/batch", "HOSTEL_TRY(hostel_cache_delete_many(ctx, &req->id, 1, NULL));"),
        ("cache/entries", "HOSTEL_TRY(hostel_cache_expire(ctx, req->id, 60, NULL));"),
        (
            "cache/lease",
            "HOSTEL_TRY(hostel_cache_get_or_set(ctx, req->id, 60, NULL, NULL, &last));",
        ),
        ("config/config", "hostel_config_get(ctx, \"a\");"),
        (
            "http/client",
            "hostel_http_response response;\n\
             HOSTEL_TRY(hostel_http_get(ctx, req->id, &response));",
        ),
    ] {
        let mut expected = vec!["cache/cache", interface, "log/log"];
        expected.sort_unstable();
        assert_eq!(imports(body), expected, "{body}");
    }
}

const LARGE: &str = r#"
#include <hostel.h>
#include <string.h>

#define VALUES 14

/* Stores many large values, and returns how many bytes they have when they are read at once. */
static hostel_result fetch(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    static char text[1000000];
    hostel_str keys[VALUES];
    hostel_json values[VALUES];
    int64_t sum = 0;
    (void)req;
    memset(text, 'x', sizeof text);
    text[0] = text[sizeof text - 1] = '"';
    for (int i = 0; i < VALUES; i++) {
        keys[i] = hostel_format(ctx, "%d", i);
        hostel_str json = {text, sizeof text};
        HOSTEL_TRY(hostel_cache_set(ctx, keys[i], json, HOSTEL_NO_EXPIRY));
    }
    HOSTEL_TRY(hostel_cache_get_many(ctx, keys, VALUES, values));
    for (int i = 0; i < VALUES; i++)
        sum += memcmp(values[i].text.ptr, text, sizeof text) == 0 ? values[i].text.len : 0;
    return hostel_respond_json(ctx, res, hostel_json_of_integer(ctx, sum));
}

HOSTEL_SERVICES({"fetch", "", fetch})
"#;

#[tokio::test]
async fn a_batch_of_large_values_passes_through_c() {
    let host = TestHost::new();
    host.load("large", built("large.c", LARGE)).await;
    let sum = TestHost::json(host.call("large.fetch", &Value::Null).await);
    assert_eq!(sum, json!(14 * 1_000_000));
}

#[test]
fn a_source_that_does_not_build_is_reported_by_file_and_line() {
    let cases = [
        (service("return 0"), "wrong.c:5:13: error: expected ';' after return statement"),
        (service("return nothing(1);"), "wrong.c:5:12: error: "),
        (service("return hostel_cache_incr(ctx, req->id);"), "it has hostel_cache_get, _get_raw"),
        (
            service("return hostel_cache_set(ctx, req->id, req->body, \"60\");"),
            "wrong.c:5:54: error: passing 'char[3]' to parameter of incompatible type 'double'",
        ),
        ("#include \"missing.h\"\n".to_owned(), "wrong.c:1:10: fatal error: 'missing.h' file"),
        ("int helper(void) { return 1; }\n".to_owned(), "a plugin lists its services once"),
        (
            "#include <hostel.h>\nstatic int serve(int i) { return i; }\n\
             HOSTEL_SERVICES({\"serve\", \"\", serve})\n"
                .to_owned(),
            "wrong.c:3:31: error: incompatible function pointer types",
        ),
    ];
    let folder = kept_folder("wrong");
    for (text, words) in cases {
        fs::write(folder.join("wrong.c"), text).unwrap();
        let output = hostel_in(&folder, &["build", "wrong.c"]);
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        assert!(stderr(&output).contains(words), "wanted {words}, got {}", stderr(&output));
    }
}

#[test]
fn a_mistake_that_the_compiler_sees_is_a_warning() {
    let text = service("hostel_log(ctx, HOSTEL_INFO, \"%s\", 7); return HOSTEL_OK;");
    let folder = tempfile::tempdir().unwrap();
    // With an absolute path in a new folder, the source counts as never built, so the compiler
    // runs.
    let file = folder.path().join("odd.c");
    fs::write(&file, text).unwrap();
    let output = hostel_in(folder.path(), &["build", file.to_str().unwrap()]);
    let said = stderr(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("odd.c:5:40: warning: format specifies type"), "{said}");
}

const MISBEHAVING: &str = r#"
#include <hostel.h>
#include <stdio.h>
#include <stdlib.h>

static bool asked(hostel_str what, const char *name)
{
    return hostel_str_equal(what, hostel_str_of(name));
}

static hostel_result misbehave(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    hostel_json body;
    hostel_str what, one = HOSTEL_STR("1");
    HOSTEL_TRY(hostel_request_json(ctx, req, &body));
    HOSTEL_TRY(hostel_json_string(ctx, body, "", &what));
    HOSTEL_TRY(hostel_cache_set(ctx, what, one, HOSTEL_NO_EXPIRY));
    if (asked(what, "pointer"))
        res->body = (hostel_str){(const char *)0x7fffff00, 5000};
    if (asked(what, "wild write"))
        *(volatile int *)0xffffff00 = 1;
    if (asked(what, "abort"))
        abort();
    if (asked(what, "memory"))
        for (;;)
            hostel_alloc(ctx, 1 << 20);
    if (asked(what, "bytes"))
        return hostel_fail(ctx, HOSTEL_CONFLICT, "said \xFF");
    if (asked(what, "key"))
        return hostel_cache_set(ctx, HOSTEL_STR("a\xFF"), one, HOSTEL_NO_EXPIRY);
    if (asked(what, "value"))
        return hostel_cache_set(ctx, what, HOSTEL_STR("\"\xFF\""), HOSTEL_NO_EXPIRY);
    if (asked(what, "level"))
        hostel_log(ctx, (hostel_level)9, "said \xFF");
    if (asked(what, "print"))
        printf("printed");
    return HOSTEL_OK;
}

HOSTEL_SERVICES({"misbehave", "Does what it is told.", misbehave})
"#;

#[tokio::test]
async fn a_guest_that_fails_gets_a_response_with_a_sentence() {
    let host = TestHost::new();
    host.load("c", built("misbehave.c", MISBEHAVING)).await;
    for (what, words) in [
        ("pointer", "pointer/length out of bounds of memory"),
        ("wild write", "out of bounds memory access"),
        ("abort", "unreachable"),
        ("memory", "raise `limits.memory`"),
        ("bytes", "said \u{fffd}"),
        ("key", "the key \"a\u{fffd}\" is not UTF-8 from byte 1 on"),
        ("value", "the value for \"value\" is not UTF-8 from byte 1 on"),
    ] {
        let error = host.call("c.misbehave", &json!(what)).await.unwrap_err();
        assert!(error.to_string().contains(words), "{what}: {error}");
        if let CallError::Trap { frames, .. } = error {
            let named = frames.iter().any(|frame| frame.contains("misbehave"));
            assert!(named, "{what}: {frames:?}");
        }
    }
    host.messages();
    for (what, line) in [("level", "said \u{fffd}"), ("print", "printed")] {
        assert!(host.call("c.misbehave", &json!(what)).await.is_ok(), "{what}");
        assert_eq!(host.messages(), [line]);
    }
}

const SHOUT_CPP: &str = r#"
#include <hostel.h>
#include <string>

static hostel_result shout(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    std::string text(req->body.ptr, req->body.len);
    for (char &letter : text)
        letter = letter >= 'a' && letter <= 'z' ? letter - 'a' + 'A' : letter;
    hostel_str loud = {text.data(), text.size()};
    HOSTEL_TRY(hostel_cache_set(ctx, HOSTEL_STR("last"), loud, 60));
    hostel_str quiet = HOSTEL_STR("\"quiet\"");
    hostel_swap swap;
    HOSTEL_TRY(hostel_cache_compare_and_swap_raw(ctx, HOSTEL_STR("last"), &quiet, nullptr,
                                                 HOSTEL_KEEP_EXPIRY, &swap));
    return hostel_respond_json(ctx, res, swap.swapped ? quiet : swap.current);
}

HOSTEL_SERVICES({"shout", "Shouts.", shout})
"#;

#[tokio::test]
async fn the_same_header_serves_cpp() {
    let host = TestHost::new();
    host.load("shout", built("shout.cpp", SHOUT_CPP)).await;
    let answer: Value = TestHost::json(host.call("shout.shout", &json!("hey")).await);
    assert_eq!(answer, "HEY");
}

const SHOUT_ZIG: &str = r#"
const std = @import("std");
const hostel = @import("hostel");

fn text(literal: [:0]const u8) hostel.hostel_str {
    return .{ .ptr = literal.ptr, .len = literal.len };
}

fn shout(
    ctx: ?*hostel.hostel_ctx,
    req: [*c]const hostel.hostel_request,
    res: [*c]hostel.hostel_response,
) callconv(.c) hostel.hostel_result {
    const body = req.*.body;
    const loud = hostel.hostel_copy(ctx, body);
    const letters = @constCast(loud.ptr[0..loud.len]);
    for (letters) |*letter| letter.* = std.ascii.toUpper(letter.*);
    const stored = hostel.hostel_cache_set(ctx, text("last"), loud, 60);
    if (stored != hostel.HOSTEL_OK) return stored;
    var shouts: i64 = 0;
    const counted = hostel.hostel_cache_increment(ctx, text("shouts"), 1, 60, &shouts);
    if (counted != hostel.HOSTEL_OK or shouts != 1) return hostel.HOSTEL_INTERNAL;
    const most = hostel.hostel_json_of_unsigned(ctx, std.math.maxInt(u64));
    const least = hostel.hostel_json_of_integer(ctx, std.math.minInt(i64));
    if (most.len != 20 or least.len != 20) return hostel.HOSTEL_INTERNAL;
    return hostel.hostel_respond_json(ctx, res, loud);
}

export const hostel_services = [_]hostel.hostel_service{
    .{ .name = "shout", .description = "Shouts.", .handle = shout },
};
export const hostel_service_count: usize = hostel_services.len;
"#;

#[tokio::test]
async fn the_same_header_serves_zig() {
    let host = TestHost::new();
    host.load("shout", built("shout.zig", SHOUT_ZIG)).await;
    let answer: Value = TestHost::json(host.call("shout.shout", &json!("hey")).await);
    assert_eq!(answer, "HEY");
}
