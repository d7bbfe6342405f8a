//! Files that are not valid plugins: each is refused with its error. Also tests names in use,
//! failed replacements, and the cache that an unloaded plugin leaves behind.

use crate::http::client::eventually;
use crate::support::{TestHost, guests, patient};
use hostel::{CacheName, Limits, PluginName, PluginSettings, Settings};

async fn error_of(limits: Limits, component: Vec<u8>) -> String {
    let host = TestHost::with(limits);
    let name = PluginName::new("plugin").unwrap();
    let loaded = host.host.load(name, component, PluginSettings::default()).await;
    assert_eq!(host.host.plugins(), [], "nothing is loaded");
    loaded.unwrap_err().to_string()
}

async fn check(component: &[u8], message: &str) {
    assert_eq!(error_of(Limits::default(), component.to_vec()).await, message);
}

async fn check_wat(text: &str, message: &str) {
    check(&wat::parse_str(text).unwrap(), message).await;
}

#[tokio::test]
async fn files_that_are_not_components_have_different_errors() {
    check(b"", "it is not WebAssembly: it is empty").await;
    check(b"\x7fELF\x02\x01", "it is not WebAssembly: it is a native program (ELF)").await;
    check(b"PK\x03\x04", "it is not WebAssembly: it is a ZIP archive").await;
    check(b"\x1f\x8b\x08", "it is not WebAssembly: it is compressed by gzip").await;
    let unknown = "it is not WebAssembly: it does not begin with \"\\0asm\"";
    check(b"\x00\x01\x02", unknown).await;
    check(b"\0as", unknown).await;
    let core = "it is a core module, not a component: build it for wasm32-wasip2, \
                or encode it as a component of the world hostel:service/service";
    check_wat("(module)", core).await;
}

#[tokio::test]
async fn a_file_that_is_not_webassembly_is_not_quoted() {
    for secret in ["root:$6$salt$hash:19000::\n", "pass", "\u{e9}\u{e8} hunter2"] {
        check(secret.as_bytes(), "it is not WebAssembly: it is text").await;
    }
}

#[tokio::test]
async fn a_component_cut_short_or_garbled_is_refused() {
    let whole = guests();
    for length in (8..whole.len()).step_by(whole.len() / 20) {
        let message = error_of(Limits::default(), whole[..length].to_vec()).await;
        assert!(!message.is_empty() && !message.contains('\n'), "{length}: {message}");
    }
    let mut garbled = whole;
    for byte in garbled.iter_mut().skip(8).step_by(97) {
        *byte ^= 0x55;
    }
    let message = error_of(Limits::default(), garbled).await;
    assert!(message.starts_with("it cannot be compiled: "), "{message}");
}

#[tokio::test]
async fn every_import_and_export_that_does_not_fit_is_named() {
    check_wat(
        r#"(component
            (import "wasi:http/types@0.2.0" (instance))
            (import "hostel:cache/cache@0.9.0" (instance))
            (import "wasi:cli/stdout@0.2.0" (instance)))"#,
        "it does not fit the world hostel:service/service@0.1.0: \
         import wasi:http/types@0.2.0 is not offered; \
         import hostel:cache/cache has version 0.9.0; the host offers 0.1.1; \
         export hostel:service/handler@0.1.0 is missing",
    )
    .await;
    check_wat(
        r#"(component
            (component $c)
            (instance $i (instantiate $c))
            (export "hostel:service/handler@0.2.0" (instance $i)))"#,
        "it does not fit the world hostel:service/service@0.1.0: \
         export hostel:service/handler has version 0.2.0; the host requires 0.1.0",
    )
    .await;
}

#[tokio::test]
async fn an_import_of_another_type_is_refused() {
    let text = r#"(component
        (import "hostel:cache/cache@0.1.0" (instance
            (export "get" (func (param "key" u32) (result u32)))))
        (component $c)
        (instance $i (instantiate $c))
        (export "hostel:service/handler@0.1.0" (instance $i)))"#;
    let message = error_of(Limits::default(), wat::parse_str(text).unwrap()).await;
    assert!(message.contains("hostel:cache/cache@0.1.0"), "{message}");
}

#[tokio::test]
async fn a_component_over_its_limits_is_refused() {
    let limits = Limits { component: 1_000, ..Limits::default() };
    let message = "the component is larger than 1000 B: raise `limits.component`";
    assert_eq!(error_of(limits, guests()).await, message);
    let limits = Limits { instances: 1, ..Limits::default() };
    let message = "the component has more instances, memories or tables than 1: \
                   raise `limits.instances`";
    assert_eq!(error_of(limits, guests()).await, message);
    let limits = Limits { services: 3, ..Limits::default() };
    let message = "it failed to list its services: \
                   the plugin lists more services than 3: raise `limits.services`";
    assert_eq!(error_of(limits, guests()).await, message);
}

#[tokio::test]
async fn every_interface_of_wasi_that_is_offered_is_there() {
    let imports: String = [
        "cli/environment",
        "cli/exit",
        "cli/stderr",
        "cli/stdin",
        "cli/stdout",
        "cli/terminal-input",
        "cli/terminal-output",
        "cli/terminal-stderr",
        "cli/terminal-stdin",
        "cli/terminal-stdout",
        "clocks/monotonic-clock",
        "clocks/wall-clock",
        "filesystem/preopens",
        "filesystem/types",
        "io/error",
        "io/poll",
        "io/streams",
        "random/insecure",
        "random/insecure-seed",
        "random/random",
        "sockets/instance-network",
        "sockets/ip-name-lookup",
        "sockets/network",
        "sockets/tcp",
        "sockets/tcp-create-socket",
        "sockets/udp",
        "sockets/udp-create-socket",
    ]
    .iter()
    .map(|name| format!("(import \"wasi:{name}@0.2.0\" (instance))"))
    .collect();
    // With the export present, the engine checks each import against the host's functions.
    let export = r#"(component $c) (instance $i (instantiate $c))
        (export "hostel:service/handler@0.1.0" (instance $i))"#;
    let text = format!("(component {imports} {export})");
    let message = error_of(Limits::default(), wat::parse_str(text).unwrap()).await;
    assert!(!message.contains("wasi:"), "{message}");
    assert!(message.contains("services"), "{message}");
}

#[tokio::test]
async fn a_name_is_taken_once() {
    let host = TestHost::new();
    host.load("plugin", guests()).await;
    let name = PluginName::new("plugin").unwrap();
    let again = host.host.load(name, guests(), PluginSettings::default()).await.unwrap_err();
    let message = "a plugin called `plugin` is loaded already: rename one of the two files";
    assert_eq!(again.to_string(), message);
}

#[tokio::test]
async fn a_broken_replacement_changes_nothing() {
    let host = TestHost::new();
    host.load("plugin", guests()).await;
    let name = PluginName::new("plugin").unwrap();
    host.host.replace(&name, b"broken".to_vec()).await.unwrap_err();
    let call = serde_json::json!(["exists", "k"]);
    assert_eq!(TestHost::json(host.call("plugin.touches-the-cache", &call).await), false);
    let other = PluginName::new("other").unwrap();
    let unknown = host.host.replace(&other, guests()).await.unwrap_err();
    assert_eq!(unknown.to_string(), "no plugin called `other` is loaded");
}

/// Sets 64 values of 1 MiB, the default limit of a value, in a plugin's private cache. The cache
/// may evict some of them.
fn fill(host: &TestHost, cache: &CacheName) {
    let value = "1".to_owned() + &" ".repeat((1 << 20) - 1);
    let store = host.host.caches().get(cache).unwrap();
    for key in 0..64 {
        store.memory().unwrap().set(&key.to_string(), &value, None).unwrap();
    }
}

#[tokio::test]
async fn a_plugin_that_is_loaded_again_finds_its_entries_where_there_is_room() {
    let (host, name) = (TestHost::new(), CacheName::private("guest").unwrap());
    host.load("guest", guests()).await;
    fill(&host, &name);
    host.host.unload(&PluginName::new("guest").unwrap()).unwrap();
    host.load("guest", guests()).await;
    let store = host.host.caches().get(&name).unwrap();
    assert!(store.memory().unwrap().stats().entries > 4);
}

#[tokio::test]
async fn if_memory_is_short_the_cache_of_a_removed_plugin_is_dropped() {
    let settings = Settings { memory: Some(4 << 20), limits: patient(), ..Settings::default() };
    let (host, name) = (TestHost::with_settings(settings), CacheName::private("guest").unwrap());
    host.load("guest", guests()).await;
    fill(&host, &name);
    host.host.unload(&PluginName::new("guest").unwrap()).unwrap();
    let is_gone = async || host.host.caches().get(&name).is_none().then_some(());
    eventually("the end of the cache", is_gone).await;
}
