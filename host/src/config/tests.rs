//! What a text of `hostel.toml` means, and what is told of one that is wrong.

use super::*;
use crate::{Access, CacheBinding, Instances};
use std::os::unix::fs::PermissionsExt;

const TOKEN: &str = "0123456789abcdefghij";

/// Reads a text as `/srv/hostel.toml`, with an environment of two variables.
fn parse(text: &str) -> Result<Configured, ConfigError> {
    Config::parse(Path::new("/srv/hostel.toml"), text, &variable)
}

fn variable(name: &str) -> Option<String> {
    match name {
        "TOKEN" => Some(TOKEN.to_owned()),
        "STAFF" => Some(format!("ann:{TOKEN}\n")),
        _ => None,
    }
}

/// The configuration of a folder with this text beside it.
#[track_caller]
fn config(text: &str) -> Config {
    match parse(&format!("folder = \".\"\n{text}")) {
        Ok(configured) => configured.config,
        Err(error) => panic!("{error}"),
    }
}

/// Checks that a text has these faults, one a line, and no others: `line:column: message`, whose
/// message may be the beginning.
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

/// Checks what is wrong with the last line of a folder's configuration: `column: message`.
#[track_caller]
fn check_last(text: &str, fault: &str) {
    let text = format!("folder = \".\"\n{text}");
    check(&text, &[&format!("{}:{fault}", text.lines().count())]);
}

#[test]
fn a_file_that_says_nothing_means_what_no_file_means() {
    let same = |text: &str| {
        let of_folder = Config::of_folder(Path::new("/srv"));
        assert_eq!(format!("{:?}", config(text)), format!("{of_folder:?}"), "{text}");
    };
    same("");
    same("[server]\n[admin]\n[limits]\n[admission]\n[log]\n[private-cache]");
    same("routes = []\n[caches]\n[plugins]\n[callers]");
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
    assert_eq!((&orders.settings.cache, orders.settings.calls), (&CacheBinding::Private, None));

    let limits =
        Limits { time: Duration::from_secs(2), memory: 128 << 20, handles: 7, ..Limits::default() };
    assert_eq!(users.path, Path::new("/srv/build/users.wasm"));
    assert_eq!(users.settings.limits, Some(limits));
    let shared = Name::new("shared").unwrap();
    assert_eq!(users.settings.cache, CacheBinding::Configured(shared.clone()));
    assert_eq!(users.settings.access, Access::ReadOnly);
    let Instances::Reuse { calls } = users.settings.instances else { panic!("fresh") };
    assert_eq!(calls.get(), 1_000);
    assert_eq!(
        (&users.callers, users.settings.calls),
        (&Callers::Group("staff".to_owned()), Some(3))
    );
    let limits = CacheLimits::new(32 << 20, 2 << 20).unwrap();
    assert_eq!(config.caches, [CacheConfig { name: shared, limits }]);
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
fn all_faults_are_told_at_once_in_the_order_of_lines() {
    check(
        "[server]\nlisten = \"here\"\nidle-time = \"5\"\n[plugins.a]\ncache = \"b\"\n",
        &[
            "2:10: \"here\" is no address and port: write it as in \"127.0.0.1:8080\"",
            "3:13: \"5\" is no duration: write it as in \"5s\"",
            "5:9: no cache `b` is configured in [caches]; there is none",
        ],
    );
    check(
        "sever = 1\n[server]\nlisen = \"x\"\nheaders = \"x\"\n[limits]\ntime = 5\n[routes]\n",
        &[
            "1:1: there is no setting `sever`; did you mean `server`?",
            "3:1: there is no setting `server.lisen`; did you mean `listen`?",
            "4:11: `server.headers` is a string; it has to be a whole number, as in 1000",
            "6:8: `limits.time` is an integer; it has to be a text in quotation marks",
            "7:1: `routes` is a table; it has to be a list",
        ],
    );
    check(
        "folder = \".\"\n[server]\nlisen = \"x\"\nidle-time = \"5\"\n",
        &[
            "3:1: there is no setting `server.lisen`; did you mean `listen`?",
            "4:13: \"5\" is no duration",
        ],
    );
    check(
        "[plugin.users]\n[[routes]]\npath = \"/\"\nservice = \"users\"\n",
        &["1:2: there is no setting `plugin`; did you mean `plugins`?"],
    );
    check("a = \nb = ]\n", &["1:5: ", "2:5: "]);
    check("[server]\n[server]\n", &["2:2: duplicate key"]);
}

#[test]
fn the_shape_is_checked_with_what_is_allowed() {
    check_last("folder-name = 1", "1: there is no setting `folder-name`; there are: admin,");
    check_last(
        "[log]\nformat = \"xml\"",
        "10: `log.format` is \"xml\"; what is offered is \"auto\" or \"text\" or \"json\"",
    );
    check_last(
        "[caches.a]\nbackend = \"redis\"",
        "11: `caches.a.backend` is \"redis\"; what is offered is \"memory\"",
    );
    check_last(
        "[server]\nheaders = 0",
        "11: `server.headers` is 0; it has to be from 1 to 4294967295",
    );
    check_last(
        "[server]\nheaders = 4294967296",
        "11: `server.headers` is 4294967296; it has to be",
    );
    check_last("[admission]\nqueue = -1", "9: `admission.queue` is -1; it has to be from 0");
    check_last(
        "[admin]\nenabled = 1",
        "11: `admin.enabled` is an integer; it has to be true or false",
    );
    check_last(
        "[plugins]\nusers = \"users.wasm\"",
        "9: `plugins.users` is a string; it has to be a table",
    );
    check_last("[server]\ntls = { key = \"k\" }", "7: `server.tls` needs `certificate`");
    check("folder = \".\"\n[[routes]]\npath = \"/\"\n", &["2:1: `routes` needs `service`"]);
    check_last(
        "[plugins.a.limits]\nmemori = \"1MiB\"",
        "1: there is no setting `plugins.a.limits.memori`; did you mean `memory`?",
    );
    check_last(
        "[admin]\ntoken = \"0123456789abcdefghij\"",
        "1: there is no setting `admin.token`; did you mean `token-env`?",
    );
}

#[test]
fn a_value_is_checked_with_the_reason() {
    check_last("[server]\nlisten = \"8080\"", "10: \"8080\" is no address and port");
    check_last("[server]\nidle-time = \"0s\"", "13: a time of 0 lets nothing happen");
    check_last("[server]\nidle-time = \"25h\"", "13: \"25h\" is too long: at most a day");
    check_last("[server]\nheader-bytes = \"0\"", "16: a size of 0 leaves no room");
    check_last(
        "[limits]\nmemory = \"lots\"",
        "10: `limits.memory`: \"lots\" is no size: write it as in \"64MiB\"",
    );
    check_last("[limits]\ntime = \"0s\"", "8: `limits.time`: a limit of 0 lets nothing run");
    check_last("[log]\notlp = \"collector\"", "8: \"collector\" is no address of a collector");
    check_last("[caches.A]", "9: invalid name \"A\": a name is 1 to 64 lower-case letters");
    check_last("[plugins.a_b]", "10: invalid name \"a_b\"");
    check_last(
        "[private-cache]\ncapacity = \"1MiB\"",
        "12: capacity of 1048576 bytes is too small for a value limit of 1048576 bytes",
    );
    check_last(
        "[caches.a]\nvalue-limit = \"8MiB\"",
        "15: capacity of 67108864 bytes is too small for a value limit of 8388608 bytes",
    );
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let nothing =
        "1:1: there is nothing to serve: name plugins in [plugins], or set `folder = \".\"`";
    check("", &[nothing]);
    check_last(
        "[admission]\ncalls = 2\ncalls-per-plugin = 3",
        "20: `calls-per-plugin` is 3, and `calls` is 2",
    );
    check_last("[plugins.a]\ncalls = 257", "9: `calls` is 257, and the host takes 256 in all");
    check_last(
        "[plugins.a]\nlimits.stack = \"1MiB\"",
        "8: `stack` is one for all plugins of a host",
    );
    check_last(
        "[plugins.a]\ncalls-per-instance = 5",
        "22: `calls-per-instance` is for `instances = \"reuse\"`",
    );
    check_last(
        "[caches.users]\n[plugins.a]\ncache = \"user\"",
        "9: no cache `user` is configured in [caches]; did you mean `users`?",
    );
    check_last(
        "[server]\ncallers = \"opne\"",
        "11: no group of callers `opne` is configured in [callers]; did you mean `open`?",
    );
    check_last(
        "[admin]\nlisten = \"0.0.0.0:81\"",
        "10: 0.0.0.0:81 can be reached from elsewhere: set `token-env`",
    );
    check_last(
        "[admin]\nlisten = \"127.0.0.1:8080\"",
        "10: [server] listens on 127.0.0.1:8080 and [admin] on 127.0.0.1:8080: give",
    );
    check_last(
        "[server]\nlisten = \"0.0.0.0:8081\"",
        "10: [server] listens on 0.0.0.0:8081 and [admin]",
    );
    check_last(
        "[admin]\ntoken-env = \"TOKEN\"\ntoken-file = \"x\"",
        "14: a token comes from `token-env` or from `token-file`",
    );
    check_last("[admin]\ntoken-env = \"GONE\"", "13: the environment has no variable `GONE`");
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
    let fault = "2:10: the group `staff` needs `file` or `env`, and one of them alone";
    check(&format!("folder = \".\"\n{group}"), &[fault]);
    check(&format!("folder = \".\"\n{group}file = \"a\"\nenv = \"STAFF\""), &[fault]);
    let open = "[callers.open]\nscheme = \"bearer\"\nenv = \"STAFF\"";
    check(&format!("folder = \".\"\n{open}"), &["2:10: `open` means everybody"]);
}

#[test]
fn a_route_leads_to_a_plugin_that_may_be_there() {
    let route = |service: &str| format!("[[routes]]\npath = \"/\"\nservice = \"{service}\"");
    let named = |service: &str| format!("[plugins.users]\n{}", route(service));
    config(&route("anything.at-all"));
    for service in ["users", "users.find", "users.find.all"] {
        assert!(parse(&named(service)).is_ok(), "{service}");
    }
    let unknown = "4:11: no plugin `user` is configured in [plugins]; did you mean `users`?";
    check(&named("user.find"), &[unknown]);
    check_last(&route("Users"), "11: \"Users\" is no service: write `PLUGIN.SERVICE`");
    check_last(&route("users."), "11: \"users.\" names no service after the dot");
}

#[test]
fn a_path_is_slashes_between_texts_and_parameters() {
    for path in ["/", "/a", "/a/{b}/c-d_e.f~g", "/{a}/{b}", "/žluť", "/a:b@c"] {
        assert_eq!(PathPattern::new(path).unwrap().to_string(), path);
    }
    let wrong = |path: &str, words: &str| {
        let error = PathPattern::new(path).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    for path in ["", "users", "{id}"] {
        wrong(path, "has to begin with a slash");
    }
    for path in ["//", "/a/", "/a//b", "/./a", "/a/.."] {
        wrong(path, "a segment is not empty, `.` or `..`");
    }
    for path in ["/a%20b", "/a?b", "/a#b", "/a b", "/a\u{7}", "/a\\b"] {
        wrong(path, "write the text as it is");
    }
    for path in ["/{}", "/{a", "/a}", "/x{a}", "/{a}{b}", "/{a b}", "/{*a}"] {
        wrong(path, "a parameter is a whole segment");
    }
    wrong("/{a}/x/{a}", "the parameter `a` twice");
}

#[test]
fn two_routes_never_take_the_same_request() {
    let route = |path: &str, methods: &str| {
        format!("[[routes]]\nservice = \"x\"\nmethods = {methods}\npath = \"{path}\"\n")
    };
    let two = |a: String, b: String| format!("{a}{b}");
    let fault = "8: /a/{y} takes requests that the route /a/{x} above takes";
    for (a, b) in [("[]", "[]"), ("[]", "[\"GET\"]"), ("[\"PUT\", \"GET\"]", "[\"GET\"]")] {
        check_last(&two(route("/a/{x}", a), route("/a/{y}", b)), fault);
    }
    config(&two(route("/a/{x}", "[\"GET\"]"), route("/a/{y}", "[\"PUT\"]")));
    config(&two(route("/a/{x}", "[]"), route("/a/b", "[]")));
    check_last(
        "[[routes]]\nservice = \"x\"\npath = \"/\"\nmethods = [\"get\"]",
        "12: no method \"get\"; did you mean `GET`?",
    );
}

/// A folder with these files, each this user's alone, and what is told of a configuration in it.
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
    let faults = ["staff:3:1: before the colon", "staff:4:1: the caller `bob`: that is no hash"];
    let faults = [faults[0].replace("before", "what stands before"), faults[1].to_owned()];
    check_with(&[("staff", &lines)], &group("staff"), &[&faults[0], &faults[1]]);

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
        &["hostel.toml:3:15: . is no file"],
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
