//! Tests of `hostel.toml`: its meaning, and the reported faults.

use super::*;
use crate::{Access, Backend, CacheBinding, CacheLimits, Instances, Limits, Name};
use std::env::VarError;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

mod cors;
mod faults;
mod files;
mod routes;
mod sources;

const TOKEN: &str = "0123456789abcdefghij";

/// Parses a text as `/srv/hostel.toml`, with an environment of three variables.
fn parse(text: &str) -> Result<Configured, ConfigError> {
    Config::parse(Path::new("/srv/hostel.toml"), text, &variable)
}

fn variable(name: &str) -> Result<String, VarError> {
    match name {
        "TOKEN" => Ok(TOKEN.to_owned()),
        "BYTES" => Err(VarError::NotUnicode("b".into())),
        "STAFF" => Ok(format!("ann:{TOKEN}\n")),
        _ => Err(VarError::NotPresent),
    }
}

/// Returns the configuration that a folder of plugins and this text define. Panics after a fault.
#[track_caller]
fn config(text: &str) -> Config {
    match parse(&format!("folder = \".\"\n{text}")) {
        Ok(configured) => configured.config,
        Err(error) => panic!("{error}"),
    }
}

/// Checks that a text has exactly these faults, one per line: `line:column: message`, where the
/// message may be a prefix.
#[track_caller]
fn check(text: &str, faults: &[&str]) {
    let told = match parse(text) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    };
    let lines: Vec<_> = told.lines().map(|line| line.replace("/srv/hostel.toml:", "")).collect();
    let same = lines.len() == faults.len()
        && lines.iter().zip(faults).all(|(line, fault)| line.starts_with(fault));
    assert!(same, "{text}\n{lines:#?}");
}

/// Checks that a folder of plugins and this text have exactly one fault, in the last line. `fault`
/// begins with the column.
#[track_caller]
fn check_last(text: &str, fault: &str) {
    let text = format!("folder = \".\"\n{text}");
    check(&text, &[&format!("{}:{fault}", text.lines().count())]);
}

#[test]
fn an_empty_file_means_the_same_as_no_file() {
    let same = |text: &str| {
        let of_folder = Config::of_folder(Path::new("/srv"));
        assert_eq!(format!("{:?}", config(text)), format!("{of_folder:?}"), "{text}");
    };
    same("");
    same("[server]\n[admin]\n[limits]\n[admission]\n[log]\n[private-cache]");
    same("routes = []\n[caches]\n[plugins]\n[callers]");
}

#[test]
fn proxies_are_trusted_as_written() {
    let text = "[server]\ntrusted-proxies = [\"10.0.0.0/8\", \"fd00::1\"]\n\
                client-header = \"forwarded\"\nproxy-protocol = true";
    let server = config(text).server;
    assert_eq!((server.client_header, server.proxy_protocol), (ClientHeader::Forwarded, true));
    for (address, is_trusted) in [("10.1.1.1", true), ("fd00::1", true), ("127.0.0.1", false)] {
        assert_eq!(server.trusts(address.parse().unwrap()), is_trusted, "{address}");
    }
    let default = config("").server;
    assert_eq!((default.client_header, default.proxy_protocol), Default::default());
    assert!(default.trusted_proxies.is_empty());
}

#[test]
fn a_plugin_is_granted_what_is_written() {
    let config = config(
        r#"
        [limits]
        time = "2s"
        [caches.shared]
        capacity = "32MiB"
        value-limit = "2MiB"
        [plugins.users]
        path = "build/users.wasm"
        cache = "shared"
        access = "read-only"
        limits = { memory = "128MiB", handles = 7 }
        instances = "reuse"
        callers = "staff"
        calls = 3
        [plugins.orders]
        [callers.staff]
        scheme = "bearer"
        env = "STAFF"
        "#,
    );
    let [orders, users] = config.plugins.as_slice() else { panic!("{:?}", config.plugins) };
    assert_eq!(orders.path, Path::new("/srv/orders.wasm"));
    assert_eq!((orders.settings.limits.clone(), orders.callers.clone()), (None, Callers::Open));
    assert_eq!(
        (&orders.settings.grants.cache.binding, orders.settings.calls),
        (&CacheBinding::Private, None)
    );

    let limits =
        Limits { time: Duration::from_secs(2), memory: 128 << 20, handles: 7, ..Limits::default() };
    assert_eq!(users.path, Path::new("/srv/build/users.wasm"));
    assert_eq!(users.settings.limits, Some(limits));
    let shared = Name::new("shared").unwrap();
    assert_eq!(users.settings.grants.cache.binding, CacheBinding::Configured(shared.clone()));
    assert_eq!(users.settings.grants.cache.access, Access::ReadOnly);
    let Instances::Reuse { calls, .. } = users.settings.instances else { panic!("fresh") };
    assert_eq!(calls.get(), 1_000);
    assert_eq!(
        (&users.callers, users.settings.calls),
        (&Callers::Group("staff".to_owned()), Some(3))
    );
    let limits = CacheLimits::new(32 << 20, 2 << 20).unwrap();
    assert_eq!(config.caches, [CacheConfig { name: shared, limits, backend: Backend::Memory }]);
    assert_eq!(config.callers[0].credentials[0].caller, "ann");
}

#[test]
fn the_route_that_fits_best_comes_first() {
    let config = config(
        r#"
        [[routes]]
        path = "/{any}/b"
        service = "x"
        [[routes]]
        path = "/users/{id}"
        service = "x"
        [[routes]]
        path = "/users/me"
        methods = ["GET"]
        service = "x.me"
        [[routes]]
        path = "/users/me"
        methods = ["PUT", "DELETE"]
        service = "x.me"
        callers = "open"
        [[routes]]
        path = "/"
        service = "x"
        "#,
    );
    let paths: Vec<_> = config.routes.iter().map(|route| route.path.to_string()).collect();
    assert_eq!(paths, ["/", "/users/me", "/users/me", "/users/{id}", "/{any}/b"]);
    assert_eq!(config.routes[1].methods, [Method::Get]);
    assert_eq!(config.routes[1].callers, None);
    assert_eq!(config.routes[2].callers, Some(Callers::Open));
}

#[test]
fn a_plugin_has_no_more_calls_by_default_than_the_host() {
    let admission = config("[admission]\ncalls = 10").admission;
    assert_eq!((admission.calls, admission.calls_per_plugin, admission.queue), (10, 10, 1_024));
}

#[test]
fn the_admin_listener_can_be_off_or_elsewhere_with_a_token() {
    assert_eq!(config("[admin]\nenabled = false").admin, None);
    let admin = config("[admin]\nlisten = \"0.0.0.0:9\"\ntoken-env = \"TOKEN\"").admin.unwrap();
    assert_eq!(admin.listen.to_string(), "0.0.0.0:9");
    assert!(admin.token.unwrap().verify(TOKEN.as_bytes()));
}

#[test]
fn ports_that_differ_or_that_the_system_picks_are_fine() {
    config("[server]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"");
    config("[server]\nlisten = \"127.0.0.2:80\"\n[admin]\nlisten = \"127.0.0.1:80\"");
    config("[server]\nlisten = \"127.0.0.1:8081\"\n[admin]\nenabled = false");
}

#[test]
fn a_group_of_callers_has_one_source() {
    let group = "[callers.staff]\nscheme = \"bearer\"\n";
    let fault = "2:10: the group `staff` needs either `file` or `env`";
    check(&format!("folder = \".\"\n{group}"), &[fault]);
    check(&format!("folder = \".\"\n{group}file = \"a\"\nenv = \"STAFF\""), &[fault]);
    let open = "[callers.open]\nscheme = \"bearer\"\nenv = \"STAFF\"";
    check(&format!("folder = \".\"\n{open}"), &["2:10: `open` means any caller"]);
}

/// Creates a folder with these files, and checks the faults or the warnings of a configuration in
/// the folder. Of these files, other users can read only those whose names begin with `open`.
#[track_caller]
fn check_with(files: &[(&str, &str)], text: &str, faults: &[&str]) -> Option<Configured> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        let open = name.starts_with("open");
        let mode = std::fs::Permissions::from_mode(if open { 0o644 } else { 0o600 });
        std::fs::set_permissions(&file, mode).unwrap();
    }
    let file = folder.path().join("hostel.toml");
    std::fs::write(&file, format!("folder = \".\"\n{text}")).unwrap();
    let read = Config::read(&file, &variable);
    let told = match &read {
        Ok(configured) => configured.warnings.iter().map(Fault::to_string).collect(),
        Err(error) => error.to_string().lines().map(str::to_owned).collect::<Vec<_>>(),
    };
    let here = folder.path().display().to_string();
    let inside = format!("{here}/");
    let told: Vec<_> =
        told.iter().map(|line| line.replace(&inside, "").replace(&here, ".")).collect();
    let same = told.len() == faults.len()
        && told.iter().zip(faults).all(|(line, fault)| line.starts_with(fault));
    assert!(same, "{told:#?}");
    read.ok()
}

#[test]
fn secrets_come_from_files_that_are_this_users_alone() {
    let hash = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let group = |file: &str| format!("[callers.staff]\nscheme = \"bearer\"\nfile = \"{file}\"");
    let staff = format!("ann:{hash}\n");
    let read = check_with(&[("staff", &staff)], &group("staff"), &[]).unwrap();
    assert!(read.config.callers[0].credentials[0].hash.verify(b"abc"));
    let warning = "hostel.toml:4:8: open can be read by other users: run `chmod 600 open`";
    check_with(&[("open", &staff)], &group("open"), &[warning]);
    check_with(&[], &group("gone"), &["hostel.toml:4:8: cannot read gone: No such file"]);
    check_with(
        &[("staff", "# ann\n")],
        &group("staff"),
        &["hostel.toml:4:8: staff names no caller"],
    );
    let lines = format!("ann:{hash}\n\nann {hash}\nbob:hunter2\n");
    let faults = [
        "staff:3:1: the text before the colon",
        "staff:4:1: the caller `bob`: the token's hash is invalid",
    ];
    check_with(&[("staff", &lines)], &group("staff"), &faults);

    for (token, secret) in [(hash, "abc"), (&*format!("{TOKEN}\n"), TOKEN)] {
        let text = "[admin]\ntoken-file = \"token\"";
        let read = check_with(&[("token", token)], text, &[]).unwrap();
        assert!(read.config.admin.unwrap().token.unwrap().verify(secret.as_bytes()));
    }
    let short = "hostel.toml:3:14: the token has fewer than 20 characters";
    check_with(&[("token", "hunter2")], "[admin]\ntoken-file = \"token\"", &[short]);
}

#[test]
fn tls_needs_both_files() {
    let text = "[server.tls]\ncertificate = \"a.pem\"\nkey = \"open.key\"";
    let warning = "hostel.toml:4:7: open.key can be read by other users";
    let read = check_with(&[("a.pem", ""), ("open.key", "")], text, &[warning]).unwrap();
    assert!(read.config.server.tls.unwrap().key.ends_with("open.key"));
    check_with(
        &[],
        text,
        &["hostel.toml:3:15: cannot read a.pem", "hostel.toml:4:7: cannot read open.key"],
    );
    check_with(
        &[("b", "")],
        "[server.tls]\ncertificate = \".\"\nkey = \"b\"",
        &["hostel.toml:3:15: cannot read .: it is a folder, not a file"],
    );
}

#[test]
fn a_plugin_is_found_by_its_name() {
    let path = |files: &[(&str, &str)]| {
        let read = check_with(files, "[plugins.my-users]", &[]).unwrap();
        let path = &read.config.plugins[0].path;
        path.file_name().unwrap().to_str().unwrap().to_owned()
    };
    assert_eq!(path(&[("my_users.wasm", ""), ("my_users.py", "")]), "my_users.wasm");
    assert_eq!(path(&[("my_users.py", ""), ("users.wasm", "")]), "my_users.py");
    assert_eq!(path(&[]), "my-users.wasm");
}

#[test]
fn a_file_that_is_not_there_or_no_text_is_said_so() {
    let gone = Config::read(Path::new("/nonexistent/hostel.toml"), &variable).unwrap_err();
    assert_eq!(gone.to_string(), "cannot read /nonexistent/hostel.toml");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hostel.toml");
    std::fs::write(&file, [0xff, 0xfe]).unwrap();
    assert!(matches!(Config::read(&file, &variable), Err(ConfigError::Unreadable { .. })));
}

#[test]
fn a_cache_on_redis_has_its_address_login_and_names() {
    let config = config(
        "[private-cache]\nbackend = \"redis+unix:///run/r.sock\"\n[caches.a]\ncapacity = \"1MiB\"\n\
         backend = \"rediss://ann@h:1/2\"\npassword-env = \"TOKEN\"\ntimeout = \"1s\"\n\
         prefix = \"p\"\nkey-format = \"zato\"\nvalue-limit = \"8MiB\"\n[caches.b]\n\
         timeout = \"1s\"\n[server]\nready-requires = [\"cache:a\"]",
    );
    let [a, b] = config.caches.as_slice() else { panic!("{:?}", config.caches) };
    let address = crate::RedisAddress::parse("rediss://ann@h:1/2").unwrap().with_password(TOKEN);
    let Backend::Redis(backend) = &a.backend else { panic!("{a:?}") };
    assert_eq!((&backend.address, backend.timeout), (&address, Duration::from_secs(1)));
    assert_eq!((&*backend.prefix, backend.key_format), ("p", crate::KeyFormat::Zato));
    assert_eq!((a.limits.value_limit(), &b.backend), (8 << 20, &Backend::Memory));
    assert!(matches!(config.private_backend, Backend::Redis(_)));
    assert!(!format!("{config:?}").contains(TOKEN));
}
