//! Guests written in WebAssembly text. Most misbehave: in the canonical ABI, during instantiation,
//! or by demanding too much of the engine.
//!
//! Each guest is a file in `guests/wat`, and has a test with the same name.

use crate::support::{TestHost, guests, patient, project};
use hostel::{
    CacheName, CallError, ComponentError, Failure, FailureKind, Host, Limit, Limits, LoadError,
    PluginName, PluginSettings, Request, Response, Settings,
};
use serde_json::{Value, json};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;
use wit_component::{StringEncoding, embed_component_metadata};

/// Includes the guests. Does not compile if a guest has no test.
macro_rules! each_has_a_test {
    ($($guest:ident)*) => {
        const GUESTS: &[(&str, &str)] = &[$(
            (
                stringify!($guest),
                include_str!(concat!("../guests/wat/", stringify!($guest), ".wat")),
            ),
        )*];
        $(#[allow(unused_imports)] use self::$guest as _;)*
    };
}

each_has_a_test! {
    behaves
    calls_the_cache_in_services
    calls_the_host_in_post_return
    calls_the_host_in_realloc
    declares_a_huge_table
    declares_a_large_table
    declares_many_memories
    declares_many_tables
    declares_too_much_memory
    fills_memory_endlessly
    leaves_a_secret
    lists_a_huge_name
    lists_a_malformed_name
    lists_a_million_aliases
    lists_at_a_wild_pointer
    lists_at_an_odd_pointer
    lists_invalid_utf8
    lists_nothing
    lists_one_name_twice
    lists_out_of_bounds
    lists_two_billion
    loops_in_post_return
    loops_in_realloc
    loops_in_services
    loops_in_start
    loops_over_host_calls
    passes_its_body_as_text
    passes_wild_arguments
    reallocates_at_null
    reallocates_for_a_hit
    reallocates_out_of_bounds
    reallocates_unaligned
    returns_a_million_headers
    returns_a_wild_pointer
    returns_its_body
    speaks_latin1
    speaks_utf16
    traps_in_post_return
    traps_in_realloc
    traps_in_services
    traps_in_start
    uses_atomics
    uses_custom_page_sizes
    uses_exceptions
    uses_gc
    uses_memory64
    uses_shared_memory
}

/// The beginning of every guest: imports, exports, and two functions that return a result. The
/// result is at address 128; its body's address is at 156, and the body's length at 160. The text
/// at 1024 serves as a key and as a JSON value.
const PRELUDE: &str = r#"
(import "hostel:cache/cache@0.1.1" "get" (func $get (param i32 i32 i32)))
(import "hostel:cache/cache@0.1.1" "set" (func $set (param i32 i32 i32 i32 i32 i32 i32)))
(import "hostel:cache/cache@0.1.1" "exists" (func $exists (param i32 i32 i32)))
(import "hostel:log/log@0.1.0" "log" (func $log (param i32 i32 i32)))
(export "hostel:service/handler@0.1.0#services" (func $services))
(export "hostel:service/handler@0.1.0#handle" (func $handle))
(export "cabi_post_hostel:service/handler@0.1.0#handle" (func $post_return))
(export "cabi_realloc" (func $realloc))
(data (i32.const 1024) "\22text\22")
(func $nothing (result i32)
  (i32.store16 (i32.const 132) (i32.const 200))
  (i32.const 128))
(func $echo (param $request i32) (result i32)
  (i32.store (i32.const 156) (i32.load offset=28 (local.get $request)))
  (i32.store (i32.const 160) (i32.load offset=32 (local.get $request)))
  (call $nothing))
"#;

/// Default definitions: the beginning of a memory or function, and the whole text. A guest that
/// contains the beginning has its own definition.
const DEFAULTS: &[(&str, &str)] = &[
    ("(memory $memory", r#"(memory $memory (export "memory") 16)"#),
    (
        "(func $services",
        r#"(data (i32.const 8) "\10\00\00\00\01\00\00\00\40\00\00\00\04\00\00\00\40\00\00\00")
        (data (i32.const 64) "{echo}")
        (func $services (result i32) (i32.const 8))"#,
    ),
    (
        "(func $handle",
        "(func $handle (param $request i32) (result i32) (call $echo (local.get $request)))",
    ),
    ("(func $post_return", "(func $post_return (param i32))"),
    (
        "(func $realloc",
        r#"(global $free (mut i32) (i32.const 65536))
        (func $realloc
          (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
          (local $new i32)
          (local.set $new (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
          (global.set $free (i32.add (local.get $new) (local.get $size)))
          (memory.copy (local.get $new) (local.get $old) (local.get $old_size))
          (local.get $new))"#,
    ),
];

/// Returns a guest as a component with this string encoding.
fn component_in(guest: &str, encoding: StringEncoding) -> Vec<u8> {
    let (_, own) = GUESTS.iter().find(|(name, _)| *name == guest).unwrap();
    assemble(own, encoding)
}

/// Assembles the guest's own definitions, and the defaults for the others, into a component with
/// this string encoding.
pub fn assemble(own: &str, encoding: StringEncoding) -> Vec<u8> {
    let missing = DEFAULTS.iter().filter(|(start, _)| !own.contains(start));
    let rest: String = missing.map(|(_, part)| *part).collect();
    let echo = if encoding == StringEncoding::UTF16 { r"e\00c\00h\00o\00" } else { "echo" };
    let text = format!("(module {PRELUDE} {} {own})", rest.replace("{echo}", echo));
    let mut module = wat::parse_str(text).unwrap();
    let mut wit = wit_parser::Resolve::default();
    let (package, _) = wit.push_dir(project().join("wit")).unwrap();
    let world = wit.select_world(&[package], Some("service")).unwrap();
    embed_component_metadata(&mut module, &wit, world, encoding).unwrap();
    hostel::toolchain::componentize(&module).unwrap()
}

fn component(guest: &str) -> Vec<u8> {
    component_in(guest, StringEncoding::UTF8)
}

/// A host with a well-behaved plugin `good`. Tests load their guest as the plugin `bad`.
struct Hotel(TestHost);

impl Hotel {
    async fn new(limits: Limits) -> Self {
        let host = TestHost::with(limits);
        host.load("good", component("behaves")).await;
        Hotel(host)
    }

    /// Creates a host and loads the guest.
    async fn with(limits: Limits, guest: &str) -> Self {
        let hotel = Hotel::new(limits).await;
        hotel.0.load("bad", component(guest)).await;
        hotel
    }

    async fn send(&self, service: &str, body: &[u8]) -> Result<Response, CallError> {
        let request = Request { id: "1".to_owned(), body: body.to_vec(), ..Request::default() };
        self.0.host.call(service, request).await
    }

    /// Calls the guest and returns the outcome. Also checks that the plugin `good` still responds.
    async fn call(&self, body: &[u8]) -> Result<Response, CallError> {
        let answer = self.send("bad", body).await;
        self.check_serves("good").await;
        answer
    }

    async fn error(&self, body: &[u8]) -> CallError {
        let error = self.call(body).await.unwrap_err();
        check_is_one_line(&error.to_string());
        error
    }

    async fn check_serves(&self, service: &str) {
        assert_eq!(self.send(service, b"next").await.unwrap().body, b"next");
    }

    /// Checks that the guest violates the contract in this call, and that the message contains
    /// `words`.
    async fn check_violation(&self, body: &[u8], words: &str) {
        let error = self.error(body).await;
        assert!(
            matches!(&error, CallError::ContractViolation(why) if why.contains(words)),
            "{error}"
        );
    }
}

#[track_caller]
fn check_is_one_line(message: &str) {
    assert!(!message.chars().any(char::is_control), "{message:?}");
    assert!((10..9_000).contains(&message.len()), "{} bytes: {message:.100}", message.len());
}

async fn error_of(limits: Limits, guest: &str) -> CallError {
    Hotel::with(limits, guest).await.error(b"body").await
}

/// Returns why a component is refused. Also checks that the host keeps serving, and that the
/// plugin's name stays free.
async fn refusal_of(limits: Limits, component: Vec<u8>) -> LoadError {
    let hotel = Hotel::new(limits).await;
    let bad = PluginName::new("bad").unwrap();
    let refused = hotel.0.host.load(bad, component, PluginSettings::default()).await.unwrap_err();
    check_is_one_line(&refused.to_string());
    hotel.check_serves("good").await;
    hotel.0.load("bad", self::component("behaves")).await;
    hotel.check_serves("bad").await;
    refused
}

async fn check_refused(guest: &str, message: &str) {
    let refused = refusal_of(patient(), component(guest)).await;
    assert_eq!(refused.to_string(), message);
}

#[track_caller]
fn check_limit(error: &CallError, limit: Limit) {
    assert!(matches!(error, CallError::Limit(reached) if reached.limit == limit), "{error}");
}

/// Checks that a limit stops the guest before or while it lists its services.
async fn check_refused_at(limits: Limits, guest: &str, limit: Limit) {
    match refusal_of(limits, component(guest)).await {
        LoadError::Services(error) => check_limit(&error, limit),
        LoadError::Component(ComponentError::Limit(reached)) => assert_eq!(reached.limit, limit),
        other => panic!("{other}"),
    }
}

#[track_caller]
fn check_trap(error: &CallError) {
    let CallError::Trap { reason, .. } = error else { panic!("{error}") };
    assert_eq!(reason, "wasm `unreachable` instruction executed");
}

#[track_caller]
fn check_may_not_leave(error: &CallError) {
    assert!(error.to_string().contains("cannot leave component instance"), "{error}");
}

/// Returns limits that soon stop an endless guest.
fn short() -> Limits {
    Limits { time: Duration::from_millis(100), ..Limits::default() }
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

#[test]
fn every_file_of_a_guest_is_in_the_list() {
    let folder = std::fs::read_dir(project().join("host/tests/guests/wat")).unwrap();
    let mut files: Vec<_> =
        folder.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    let listed: Vec<_> = GUESTS.iter().map(|(name, _)| format!("{name}.wat")).collect();
    assert_eq!(files, listed);
}

#[tokio::test]
async fn behaves() {
    let hotel = Hotel::with(patient(), "behaves").await;
    hotel.check_serves("bad").await;
}

#[tokio::test]
async fn loops_in_start() {
    check_refused_at(short(), "loops_in_start", Limit::Time).await;
}

#[tokio::test]
async fn traps_in_start() {
    let message = "it failed to list its services: \
                   the guest trapped: wasm `unreachable` instruction executed";
    check_refused("traps_in_start", message).await;
}

#[tokio::test]
async fn loops_in_services() {
    check_refused_at(short(), "loops_in_services", Limit::Time).await;
}

#[tokio::test]
async fn traps_in_services() {
    let message = "it failed to list its services: \
                   the guest trapped: wasm `unreachable` instruction executed";
    check_refused("traps_in_services", message).await;
}

#[tokio::test]
async fn loops_in_realloc() {
    check_limit(&error_of(short(), "loops_in_realloc").await, Limit::Time);
}

#[tokio::test]
async fn loops_in_post_return() {
    check_limit(&error_of(short(), "loops_in_post_return").await, Limit::Time);
}

#[tokio::test]
async fn loops_over_host_calls() {
    check_limit(&error_of(short(), "loops_over_host_calls").await, Limit::Time);
}

#[tokio::test]
async fn fills_memory_endlessly() {
    check_limit(&error_of(short(), "fills_memory_endlessly").await, Limit::Time);
}

#[tokio::test]
async fn traps_in_realloc() {
    check_trap(&error_of(patient(), "traps_in_realloc").await);
}

#[tokio::test]
async fn traps_in_post_return() {
    check_trap(&error_of(patient(), "traps_in_post_return").await);
}

#[tokio::test]
async fn calls_the_host_in_realloc() {
    check_may_not_leave(&error_of(patient(), "calls_the_host_in_realloc").await);
}

#[tokio::test]
async fn calls_the_host_in_post_return() {
    check_may_not_leave(&error_of(patient(), "calls_the_host_in_post_return").await);
}

/// Address 0 is valid: a guest whose `realloc` returns 0 can only harm its own call.
#[tokio::test]
async fn reallocates_at_null() {
    let hotel = Hotel::with(patient(), "reallocates_at_null").await;
    assert_eq!(hotel.call(b"body").await.unwrap().status, 200);
}

#[tokio::test]
async fn reallocates_unaligned() {
    let hotel = Hotel::with(patient(), "reallocates_unaligned").await;
    hotel.check_violation(b"", "realloc return: result not aligned").await;
}

#[tokio::test]
async fn reallocates_out_of_bounds() {
    let hotel = Hotel::with(patient(), "reallocates_out_of_bounds").await;
    hotel.check_violation(b"", "realloc return: beyond end of memory").await;
}

#[tokio::test]
async fn reallocates_for_a_hit() {
    let hotel = Hotel::with(patient(), "reallocates_for_a_hit").await;
    // With 2, `realloc` places the text at the address of the result. The host writes the result
    // last, and so overwrites the text.
    for (how, body) in
        [(0, b"\"text\""), (1, b"\"text\""), (2, b"\0\0\0\0\x01\0"), (5, b"\"text\"")]
    {
        assert_eq!(hotel.call(&[how]).await.unwrap().body, body, "{how}");
    }
    hotel.check_violation(&[3], "realloc return: beyond end of memory").await;
    check_trap(&hotel.error(&[4]).await);
}

#[tokio::test]
async fn leaves_a_secret() {
    let hotel = Hotel::with(patient(), "leaves_a_secret").await;
    for _ in 0..50 {
        assert_eq!(hotel.call(b"").await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn passes_wild_arguments() {
    const KEY: u32 = 1024;
    const OUTSIDE: u32 = 16 << 16;
    let text = "string pointer/length out of bounds of memory";
    let discriminant = "discriminant";
    let hotel = Hotel::with(patient(), "passes_wild_arguments").await;
    for (arguments, words) in [
        // Keys, values and messages that are not wholly inside the memory. Some of their ends
        // overflow 32 bits.
        (&[OUTSIDE - 5, 6, KEY, 6, 0, 0, 512][..], text),
        (&[OUTSIDE, 1, KEY, 6, 0, 0, 512], text),
        (&[u32::MAX, 1, KEY, 6, 0, 0, 512], text),
        (&[u32::MAX, u32::MAX, KEY, 6, 0, 0, 512], text),
        (&[KEY, u32::MAX, KEY, 6, 0, 0, 512], text),
        (&[OUTSIDE - 63, 64, KEY, 6, 0, 0, 512], text),
        (&[OUTSIDE + 1, 0, KEY, 6, 0, 0, 512], text),
        (&[KEY, 6, KEY, u32::MAX, 0, 0, 512], text),
        (&[KEY, 6, KEY, 1 << 31, 0, 0, 512], text),
        (&[KEY, 6, OUTSIDE - 5, 6, 0, 0, 512], text),
        (&[1, OUTSIDE, 1], text),
        (&[1, KEY, u32::MAX], text),
        // An expiry that is neither `none` nor `some`; a log level beyond the last.
        (&[KEY, 6, KEY, 6, 2, 60, 512], discriminant),
        (&[KEY, 6, KEY, 6, 256, 60, 512], discriminant),
        (&[KEY, 6, KEY, 6, u32::MAX, 60, 512], discriminant),
        (&[4, KEY, 6], discriminant),
        (&[u32::MAX, KEY, 6], discriminant),
        // A result pointer that is out of bounds or unaligned.
        (&[KEY, 6, KEY, 6, 0, 0, OUTSIDE], "pointer out of bounds"),
        (&[KEY, 6, KEY, 6, 0, 0, OUTSIDE - 4], "pointer out of bounds"),
        (&[KEY, 6, KEY, 6, 0, 0, u32::MAX - 3], "pointer out of bounds"),
        (&[KEY, 6, KEY, 6, 0, 0, 513], "pointer not aligned"),
    ] {
        hotel.check_violation(&numbers(arguments), words).await;
    }
    hotel.call(&numbers(&[KEY, 6, KEY, 6, 1, 60, 512])).await.unwrap();
    hotel.call(&numbers(&[3, KEY, 6])).await.unwrap();
    assert_eq!(hotel.0.messages(), ["\"text\""]);
    // Keys that the host copies, and keys that it reads in place, because they are long or begin
    // near the end of the memory. Some keys end at the last byte of the memory.
    const ZEROS: u32 = 2048;
    let keys = [(OUTSIDE - 1, 1), (OUTSIDE - 65, 65), (OUTSIDE - 64, 64), (ZEROS, 63), (ZEROS, 66)];
    for (place, bytes) in keys {
        hotel.call(&numbers(&[place, bytes, KEY, 6, 0, 0, 512])).await.unwrap();
    }
    let cache = hotel.0.host.caches().get(&CacheName::private("bad").unwrap()).unwrap();
    let held: Vec<_> =
        cache.memory().unwrap().list("\0", None, 10).iter().map(|entry| entry.key.len()).collect();
    assert_eq!(held, [1, 63, 64, 65, 66]);
}

#[tokio::test]
async fn passes_its_body_as_text() {
    let hotel = Hotel::with(patient(), "passes_its_body_as_text").await;
    for which in 0..3 {
        for (text, words) in [
            (&b"\xff"[..], "invalid utf-8"),
            (b"a\x80", "invalid utf-8"),
            // Overlong encodings of `/`, NUL and U+FFFF.
            (b"\xc0\xaf", "invalid utf-8"),
            (b"\xc0\x80", "invalid utf-8"),
            (b"\xf0\x8f\xbf\xbf", "invalid utf-8"),
            // Surrogates, single and as a pair; a value beyond the last scalar value; a character
            // without its last byte.
            (b"\xed\xa0\x80", "invalid utf-8"),
            (b"\xed\xa0\xbd\xed\xb0\x8e", "invalid utf-8"),
            (b"\xf4\x90\x80\x80", "invalid utf-8"),
            (b"\"\xf0\x9f\x90", "incomplete utf-8"),
        ] {
            hotel.check_violation(&[&[which], text].concat(), words).await;
        }
        hotel.call(&[&[which], "\"🐎\"".as_bytes()].concat()).await.unwrap();
    }
    assert_eq!(hotel.0.messages(), ["\"🐎\""]);
}

/// Encodes a successful result with these fields. Lists and texts are pairs of address and length.
/// The media type is an option: a discriminant before the pair.
fn success(status: u32, media_type: [u32; 3], headers: [u32; 2], body: [u32; 2]) -> Vec<u8> {
    numbers(&[&[0, status], &media_type[..], &headers, &body].concat())
}

#[tokio::test]
async fn returns_its_body() {
    const TEXT: [u32; 2] = [1024, 6];
    const NONE: [u32; 3] = [0, 0, 0];
    let list = "list pointer/length out of bounds of memory";
    let text = "string pointer/length out of bounds of memory";
    let hotel = Hotel::with(patient(), "returns_its_body").await;
    let answer = hotel.call(&success(200, NONE, [0, 0], TEXT)).await;
    assert_eq!(answer.unwrap().body, b"\"text\"");
    for (result, words) in [
        (numbers(&[2; 9]), "discriminant"),
        (numbers(&[0xff; 9]), "discriminant"),
        (success(200, [2, 1024, 6], [0, 0], TEXT), "discriminant"),
        (success(200, [1, 1024, 1 << 20], [0, 0], TEXT), text),
        (success(200, NONE, [0, 0], [1024, 1 << 20]), list),
        (success(200, NONE, [0, 0], [1024, u32::MAX]), list),
        (success(200, NONE, [0, 0], [u32::MAX, u32::MAX]), list),
        (success(200, NONE, [0, 1 << 28], TEXT), list),
        (success(200, NONE, [2, 1], TEXT), "list pointer is not aligned"),
        (success(200, NONE, [u32::MAX - 3, 1], TEXT), list),
        (success(65_535, NONE, [0, 0], TEXT), "status 65535 is not within 200 to 599"),
        // A media type of 100,000 NUL bytes.
        (success(200, [1, 1 << 17, 100_000], [0, 0], TEXT), "is not a valid header value"),
        // A header in zeroed memory, whose name is therefore empty.
        (success(200, NONE, [1032, 1], TEXT), "is invalid"),
        (numbers(&[1, 9, 1024, 6, 0, 0, 0, 0, 0]), "discriminant"),
        (numbers(&[1, 255, 1024, 6, 0, 0, 0, 0, 0]), "discriminant"),
        (numbers(&[1, 0, 1024, 1 << 20, 0, 0, 0, 0, 0]), text),
    ] {
        hotel.check_violation(&result, words).await;
    }
    let failure = Failure { kind: FailureKind::Unavailable, message: "\"text\"".to_owned() };
    let answer = hotel.error(&numbers(&[1, 8, 1024, 6, 0, 0, 0, 0, 0])).await;
    assert!(matches!(&answer, CallError::Failure(said) if *said == failure), "{answer}");
}

#[tokio::test]
async fn returns_a_wild_pointer() {
    let hotel = Hotel::with(patient(), "returns_a_wild_pointer").await;
    for pointer in [16 << 16, (16 << 16) - 4, u32::MAX - 3] {
        hotel.check_violation(&numbers(&[pointer]), "pointer out of bounds of memory").await;
    }
    hotel.check_violation(&numbers(&[129]), "return pointer not aligned").await;
}

#[tokio::test]
async fn returns_a_million_headers() {
    let hotel = Hotel::with(patient(), "returns_a_million_headers").await;
    check_limit(&hotel.error(&numbers(&[1_000])).await, Limit::HostcallBytes);
    check_limit(&hotel.error(&numbers(&[10])).await, Limit::Response);
    check_limit(&hotel.error(&numbers(&[1])).await, Limit::Headers);
}

#[tokio::test]
async fn calls_the_cache_in_services() {
    let hotel = Hotel::with(patient(), "calls_the_cache_in_services").await;
    let message = "the cache is closed while a plugin lists its services: call it from `handle`";
    assert_eq!(hotel.0.messages(), [message]);
    hotel.check_serves("bad").await;
}

async fn check_list_refused(guest: &str, words: &str) {
    let message = format!("it failed to list its services: the guest broke the contract: {words}");
    check_refused(guest, &message).await;
}

#[tokio::test]
async fn lists_out_of_bounds() {
    check_list_refused("lists_out_of_bounds", "list pointer/length out of bounds of memory").await;
}

#[tokio::test]
async fn lists_at_a_wild_pointer() {
    check_list_refused("lists_at_a_wild_pointer", "pointer out of bounds of memory").await;
}

#[tokio::test]
async fn lists_at_an_odd_pointer() {
    check_list_refused("lists_at_an_odd_pointer", "return pointer not aligned").await;
}

#[tokio::test]
async fn lists_two_billion() {
    check_list_refused("lists_two_billion", "list pointer/length out of bounds of memory").await;
}

#[tokio::test]
async fn lists_invalid_utf8() {
    let words = "invalid utf-8 sequence of 1 bytes from index 0";
    check_list_refused("lists_invalid_utf8", words).await;
}

#[tokio::test]
async fn lists_a_million_aliases() {
    check_refused_at(patient(), "lists_a_million_aliases", Limit::HostcallBytes).await;
}

#[tokio::test]
async fn lists_nothing() {
    check_refused("lists_nothing", "it lists no service: declare at least one").await;
}

#[tokio::test]
async fn lists_one_name_twice() {
    check_refused("lists_one_name_twice", "it lists two services called `ab`").await;
}

#[tokio::test]
async fn lists_a_malformed_name() {
    let message = "it lists a service called \"a\\nb\": a name has 1 to 128 ASCII letters, \
                   digits, dots, hyphens and underscores, a letter first";
    check_refused("lists_a_malformed_name", message).await;
}

#[tokio::test]
async fn lists_a_huge_name() {
    let refused = refusal_of(patient(), component("lists_a_huge_name")).await;
    assert!(matches!(refused, LoadError::ServiceName(_)), "{refused:.100}");
}

#[tokio::test]
async fn declares_too_much_memory() {
    check_refused_at(patient(), "declares_too_much_memory", Limit::Memory).await;
    let one_page_more = Limits { memory: 1_026 << 16, ..patient() };
    Hotel::with(one_page_more, "declares_too_much_memory").await.check_serves("bad").await;
}

#[tokio::test]
async fn declares_a_large_table() {
    check_refused_at(patient(), "declares_a_large_table", Limit::Memory).await;
}

#[tokio::test]
async fn declares_a_huge_table() {
    check_refused_at(patient(), "declares_a_huge_table", Limit::Memory).await;
}

/// Checks that a guest with more than 60 memories or tables is refused if the limit is 50, and
/// loaded with the default limit.
async fn check_has_too_many(guest: &str) {
    let limits = Limits { instances: 50, ..patient() };
    let refused = refusal_of(limits, component(guest)).await.to_string();
    let message = "the component has more instances, memories or tables than 50: \
                   raise `limits.instances`";
    assert_eq!(refused, message);
    Hotel::with(patient(), guest).await.check_serves("bad").await;
}

#[tokio::test]
async fn a_component_with_too_many_instances_is_refused() {
    // The component contains four instances: three of core modules, and one of the nested component
    // that exports the handler.
    let with = |instances| Limits { instances, ..patient() };
    let (host, good) = (TestHost::with(with(3)).host, PluginName::new("good").unwrap());
    let refused = host.load(good, component("behaves"), PluginSettings::default()).await;
    let refused = refused.unwrap_err().to_string();
    let words = "the component has more instances, memories or tables than 3";
    assert!(refused.starts_with(words), "{refused}");
    TestHost::with(with(4)).load("good", component("behaves")).await;
}

#[tokio::test]
async fn declares_many_memories() {
    check_has_too_many("declares_many_memories").await;
}

#[tokio::test]
async fn declares_many_tables() {
    check_has_too_many("declares_many_tables").await;
}

/// Checks that the engine cannot compile a guest, and checks the message.
async fn check_invalid(guest: &str, words: &str) {
    let refused = refusal_of(patient(), component(guest)).await.to_string();
    assert!(refused.starts_with("it cannot be compiled: "), "{refused}");
    assert!(refused.contains(words), "{refused}");
}

#[tokio::test]
async fn uses_memory64() {
    check_invalid("uses_memory64", "memory64").await;
}

#[tokio::test]
async fn uses_shared_memory() {
    check_invalid("uses_shared_memory", "shared").await;
}

#[tokio::test]
async fn uses_atomics() {
    check_invalid("uses_atomics", "threads").await;
}

#[tokio::test]
async fn uses_exceptions() {
    check_invalid("uses_exceptions", "exceptions").await;
}

#[tokio::test]
async fn uses_gc() {
    check_invalid("uses_gc", "gc").await;
}

#[tokio::test]
async fn uses_custom_page_sizes() {
    check_invalid("uses_custom_page_sizes", "custom").await;
}

/// The export that the world requires: a component without the export is refused before
/// compilation.
const EXPORT: &str = r#"(component $c) (instance $i (instantiate $c))
    (export "hostel:service/handler@0.1.0" (instance $i))"#;

#[tokio::test]
async fn a_component_that_uses_async_is_refused() {
    for part in ["(core func (canon task.cancel))", "(type (stream u8))"] {
        let component = wat::parse_str(format!("(component {part} {EXPORT})")).unwrap();
        let refused = refusal_of(patient(), component).await.to_string();
        assert!(refused.contains("requires the component model async feature"), "{refused}");
    }
}

/// Error messages quote names from the component, which may be long or contain line breaks.
#[tokio::test]
async fn a_refusal_is_one_short_line_whatever_the_component_holds() {
    let name = format!("a\\n{}", "b".repeat(20_000));
    let export = format!(r#"(export "{name}" (func $f))"#);
    let twice = format!("(component (core module (func $f) {export} {export}) {EXPORT})");
    let url = r#"(component (import "url=<http://a\nb>" (func)))"#.to_owned();
    let imports = (0..50).map(|i| format!(r#"(import "{}-a{i}" (func))"#, "b".repeat(20_000)));
    let imports = format!("(component {})", imports.collect::<String>());
    for (text, words) in [
        (&twice, "duplicate export name `a\\nb"),
        (&url, "import url=<http://a\\nb> is not offered"),
        (&imports, "... is not offered; 31 more"),
    ] {
        let refused = refusal_of(patient(), wat::parse_str(text).unwrap()).await;
        assert!(refused.to_string().contains(words), "{refused}");
    }
}

/// Creates a host and loads the guest with this string encoding.
async fn guest_in(encoding: StringEncoding, guest: &str) -> Hotel {
    let hotel = Hotel::new(patient()).await;
    hotel.0.load("bad", component_in(guest, encoding)).await;
    hotel
}

#[tokio::test]
async fn speaks_utf16() {
    let hotel = guest_in(StringEncoding::UTF16, "speaks_utf16").await;
    let body = hotel.call(b"").await.unwrap().body;
    assert_eq!(body, numbers_of_16(&"\"🐎\"".encode_utf16().collect::<Vec<_>>()));
    assert_eq!(hotel.0.messages(), ["kľúč🐎"]);
    let hotel = guest_in(StringEncoding::UTF16, "passes_wild_arguments").await;
    for (message, words) in [
        ([1, 1025, 2], "string pointer not aligned to 2"),
        ([1, 1024, 1 << 31], "string pointer/length out of bounds of memory"),
        ([1, 1024, u32::MAX], "string pointer/length out of bounds of memory"),
        ([1, (16 << 16) - 2, 2], "string pointer/length out of bounds of memory"),
        // A high surrogate at the end, and one before another character.
        ([1, 1040, 1], "unpaired surrogate"),
        ([1, 1040, 2], "unpaired surrogate"),
    ] {
        hotel.check_violation(&numbers(&message), words).await;
    }
}

#[tokio::test]
async fn speaks_latin1() {
    let hotel = guest_in(StringEncoding::CompactUTF16, "speaks_latin1").await;
    let body = hotel.call(b"").await.unwrap().body;
    assert_eq!(body, numbers_of_16(&"\"🐎\"".encode_utf16().collect::<Vec<_>>()));
    assert_eq!(hotel.0.messages(), ["kéÿ"]);
    let hotel = guest_in(StringEncoding::CompactUTF16, "passes_wild_arguments").await;
    let tag = 1 << 31;
    for (message, words) in [
        ([1, 1025, 2], "string pointer not aligned to 2"),
        ([1, 1024, tag | (1 << 30)], "string pointer/length out of bounds of memory"),
        ([1, 1024, u32::MAX], "string pointer/length out of bounds of memory"),
        ([1, 1040, tag | 1], "unpaired surrogate"),
    ] {
        hotel.check_violation(&numbers(&message), words).await;
    }
}

fn numbers_of_16(units: &[u16]) -> Vec<u8> {
    units.iter().flat_map(|unit| unit.to_le_bytes()).collect()
}

/// Polls a future at most `times` times. Returns its output if it completes by then.
fn poll<T>(times: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..times).find_map(|_| match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(answer) => Some(answer),
        std::task::Poll::Pending => None,
    })
}

#[tokio::test]
async fn a_call_may_be_dropped_at_any_point() {
    let hotel = Hotel::with(patient(), "loops_over_host_calls").await;
    hotel.0.load("guests", guests()).await;
    for times in 0..30 {
        assert!(poll(times, hotel.send("bad", b"")).is_none());
        assert!(poll(times, hotel.0.call("guests.sleeps", &Value::Null)).is_none());
        hotel.check_serves("good").await;
    }
    let set_then_dropped = hotel.0.call("guests.sets-then-spins", &Value::Null);
    assert!(poll(10, set_then_dropped).is_none());
    let kept = hotel.0.call("guests.touches-the-cache", &json!(["get", "first"])).await;
    assert_eq!(TestHost::json(kept), "1");
}

#[tokio::test]
async fn a_load_may_be_dropped_at_any_point() {
    let hotel = Hotel::new(patient()).await;
    let name = || PluginName::new("bad").unwrap();
    let looping = component("loops_in_services");
    for times in 0..30 {
        let load = hotel.0.host.load(name(), looping.clone(), PluginSettings::default());
        assert!(poll(times, load).is_none());
        hotel.check_serves("good").await;
    }
    hotel.0.load("bad", component("behaves")).await;
    hotel.check_serves("bad").await;
}

/// Each call's store keeps the log sink alive, so a leaked call shows in the reference count after
/// the host is dropped.
#[tokio::test]
async fn thousands_of_calls_leave_nothing_behind() {
    let log: hostel::LogSink = Arc::new(|_| {});
    let settings = Settings { log: Arc::clone(&log), limits: patient(), ..Settings::default() };
    let host = Host::new(settings).unwrap();
    for guest in ["behaves", "traps_in_realloc", "traps_in_post_return", "loops_over_host_calls"] {
        let name = PluginName::new(&guest.replace('_', "-")).unwrap();
        host.load(name, component(guest), PluginSettings::default()).await.unwrap();
    }
    let holders = Arc::strong_count(&log);
    for round in 0..3_000 {
        host.call("behaves", Request::default()).await.unwrap();
        host.call("traps-in-realloc", Request::default()).await.unwrap_err();
        host.call("traps-in-post-return", Request::default()).await.unwrap_err();
        if round % 100 == 0 {
            assert!(poll(2, host.call("loops-over-host-calls", Request::default())).is_none());
        }
    }
    assert_eq!(Arc::strong_count(&log), holders);
    drop(host);
    assert_eq!(Arc::strong_count(&log), 1);
}

/// Compiles only if a host is `Send` and `Sync`, and its futures are `Send`.
#[test]
fn what_a_host_does_may_move_between_threads() {
    fn moves<T: Send>(_: T) {}
    fn is_shared<T: Send + Sync>(_: &T) {}
    let host = Host::new(Settings::default()).unwrap();
    let name = || PluginName::new("name").unwrap();
    is_shared(&host);
    moves(host.call("service", Request::default()));
    moves(host.load(name(), Vec::new(), PluginSettings::default()));
    moves(host.replace(&name(), Vec::new()));
}
