//! Tests of the faults that are reported for an invalid configuration.

use super::*;

#[test]
fn all_faults_are_reported_at_once_in_the_order_of_lines() {
    check(
        "[server]\nlisten = \"here\"\nidle-time = \"5\"\n[plugins.a]\ncache = \"b\"\n",
        &[
            "2:10: \"here\" is not an address and port: write it as in \"127.0.0.1:8080\"",
            "3:13: \"5\" is not a duration: write it as in \"5s\"",
            "5:9: no cache `b` is configured in [caches]; none is defined",
        ],
    );
    check(
        "sever = 1\n[server]\nlisen = \"x\"\nheaders = \"x\"\n[limits]\ntime = 5\n[routes]\n",
        &[
            "1:1: unknown setting `sever`; did you mean `server`?",
            "3:1: unknown setting `server.lisen`; did you mean `listen`?",
            "4:11: `server.headers` is a string; it must be a whole number, as in 1000",
            "6:8: `limits.time` is an integer; it must be a string in quotation marks",
            "7:1: `routes` is a table; it must be a list",
        ],
    );
    check(
        "folder = \".\"\n[server]\nlisen = \"x\"\nidle-time = \"5\"\n",
        &[
            "3:1: unknown setting `server.lisen`; did you mean `listen`?",
            "4:13: \"5\" is not a duration",
        ],
    );
    check(
        "[plugin.users]\n[[routes]]\npath = \"/\"\nservice = \"users\"\n",
        &["1:2: unknown setting `plugin`; did you mean `plugins`?"],
    );
    check("a = \nb = ]\n", &["1:5: ", "2:5: "]);
    let told = parse("[server]\nlisten = 0.0.0.0:8080 # x\n").unwrap_err().to_string();
    assert!(told.lines().all(|line| line.ends_with("; a string must be in quotation marks")));
    for text in ["a = \"b", "a = [1", "a b = c"] {
        let told = parse(text).unwrap_err().to_string();
        assert!(!told.contains("quotation marks"), "{told}");
    }
    check("[server]\n[server]\n", &["2:2: duplicate key"]);
}

#[test]
fn the_shape_is_checked_with_what_is_allowed() {
    check_last("folder-name = 1", "1: unknown setting `folder-name`; there are: admin,");
    check_last(
        "[log]\nformat = \"xml\"",
        "10: `log.format` is \"xml\"; it must be \"auto\" or \"text\" or \"json\"",
    );
    check_last(
        "[caches.a]\nbackend = \"redis\"",
        "11: \"redis\" is not a backend: write \"memory\", \"redis://HOST:6379/0\"",
    );
    check_last(
        "[server]\nheaders = 0",
        "11: `server.headers` is 0; it must be from 1 to 4294967295",
    );
    check_last("[server]\nheaders = 4294967296", "11: `server.headers` is 4294967296; it must be");
    check_last("[admission]\nqueue = -1", "9: `admission.queue` is -1; it must be from 0");
    check_last(
        "[admin]\nenabled = 1",
        "11: `admin.enabled` is an integer; it must be true or false",
    );
    check_last(
        "[plugins]\nusers = \"users.wasm\"",
        "9: `plugins.users` is a string; it must be a table",
    );
    check_last(
        "[server]\nbodies = \"1MiB\"",
        "10: `server.bodies` is 1048576 bytes, of which one client can use a quarter, 262144, but \
         `limits.request` is 8388608: a body of that size would always be refused",
    );
    check_last(
        "[plugins.a.limits]\nrequest = \"80MiB\"",
        "11: `server.bodies` is 268435456 bytes, of which one client can use a quarter, 67108864",
    );
    check_last("[server]\ntls = { key = \"k\" }", "7: `server.tls` needs `certificate`");
    check("folder = \".\"\n[[routes]]\nservice = \"a\"\n", &["2:1: `routes` needs `path`"]);
    check_last(
        "[plugins.a.limits]\nmemori = \"1MiB\"",
        "1: unknown setting `plugins.a.limits.memori`; did you mean `memory`?",
    );
    check_last(
        "[admin]\ntoken = \"0123456789abcdefghij\"",
        "1: unknown setting `admin.token`; did you mean `token-env`?",
    );
}

#[test]
fn a_proxy_is_trusted_by_its_address_or_network() {
    let check = |written: &str, fault: &str| {
        let text = format!("[server]\ntrusted-proxies = [\"10.0.0.1\", \"{written}\"]");
        check_last(&text, &format!("32: \"{written}\" {fault}"));
    };
    for malformed in
        ["", "proxy", "10.0.0", "10.0.0.1/", "10.0.0.1/+8", "10.0.0.1:80", "[::1]", "::/-1", "*"]
    {
        check(
            malformed,
            "is not an address or network: write it as in \"10.0.0.7\", \"10.0.0.0/8\"",
        );
    }
    check("10.0.0.0/33", "has a prefix of too many bits: at most 32 for IPv4 and 128 for IPv6");
    check("fd00::/129", "has a prefix of too many bits");
    check(
        "10.0.0.1/8",
        "has bits after its prefix: write the network, \"10.0.0.0/8\", or a single",
    );
    check("fd00::1/64", "has bits after its prefix: write the network, \"fd00::/64\", or a single");
    check("::ffff:10.0.0.0/104", "is IPv4 written as IPv6: write it as IPv4");
    for everything in ["0.0.0.0/0", "10.0.0.0/0", "::/0"] {
        check(everything, "contains every address, also those of clients");
    }
    check_last(
        "[server]\nclient-header = \"x-real-ip\"",
        "17: `server.client-header` is \"x-real-ip\"; it must be \"x-forwarded-for\" or \
         \"forwarded\"",
    );
    for none in ["", "trusted-proxies = []\n"] {
        check_last(
            &format!("[server]\n{none}proxy-protocol = true"),
            "18: `proxy-protocol` is true, but no proxy is trusted, so every connection",
        );
    }
}

#[test]
fn a_value_is_checked_with_the_reason() {
    check_last("[server]\nlisten = \"8080\"", "10: \"8080\" is not an address and port");
    check_last("[server]\nidle-time = \"0s\"", "13: a time of 0 is invalid");
    check_last("[server]\nidle-time = \"25h\"", "13: \"25h\" is too long: at most a day");
    check_last("[server]\nstop-delay = \"25h\"", "14: \"25h\" is too long: at most a day");
    assert_eq!(config("[server]\nstop-delay = \"0s\"").server, crate::config::Server::default());
    check_last("[server]\nheader-bytes = \"0\"", "16: a size of 0 is invalid");
    check_last(
        "[limits]\nmemory = \"lots\"",
        "10: `limits.memory`: \"lots\" is not a size: write it as in \"64MiB\"",
    );
    check_last("[limits]\ntime = \"0s\"", "8: `limits.time`: a limit of 0 is invalid");
    check_last(
        "[traces]\nendpoint = \"collector\"",
        "12: \"collector\" is not the address of a collector",
    );
    check_last(
        "[traces]\nendpoint = \"ftp://me:pass@a\"",
        "12: \"ftp://***@a\" is not the address of a collector",
    );
    check_last("[traces]\nratio = 1.5", "9: `traces.ratio` is 1.5: it must be from 0 to 1");
    check_last("[traces]\nratio = \"all\"", "9: `traces.ratio` is a string; it must be a number");
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
    let nothing = "1:1: there is nothing to serve: name plugins in [plugins], set `folder = \".\"`, \
                   or give a route `files`";
    check("", &[nothing]);
    check_last(
        "[admission]\ncalls = 2\ncalls-per-plugin = 3",
        "20: `calls-per-plugin` is 3, but `calls` is 2",
    );
    check_last(
        "[plugins.a]\ncalls = 257",
        "9: `calls` is 257, more than the 256 calls of the host",
    );
    check_last("[plugins.a]\nlimits.stack = \"1MiB\"", "8: `stack` is the same for all plugins");
    check_last(
        "[plugins.a]\ncalls-per-instance = 5",
        "22: `calls-per-instance` needs `instances = \"reuse\"`",
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
        "10: 0.0.0.0:81 can be reached from other machines: set `token-env`",
    );
    check_last(
        "[admin]\nlisten = \"127.0.0.1:8080\"",
        "10: [server] listens on 127.0.0.1:8080 and [admin] on 127.0.0.1:8080: use",
    );
    check_last(
        "[server]\nlisten = \"0.0.0.0:8081\"",
        "10: [server] listens on 0.0.0.0:8081 and [admin]",
    );
    check_last(
        "[admin]\ntoken-env = \"TOKEN\"\ntoken-file = \"x\"",
        "14: the token must come from `token-env` or `token-file`",
    );
    check_last(
        "[admin]\ntoken-env = \"BYTES\"",
        "13: the environment variable `BYTES` is not UTF-8 text",
    );
    check_last("[admin]\ntoken-env = \"GONE\"", "13: the environment variable `GONE` is not set");
}

#[test]
fn an_invalid_backend_is_reported_with_the_setting_to_change() {
    let redis = |line: &str| format!("[caches.a]\nbackend = \"redis://h\"\n{line}");
    check_last(
        "[caches.a]\nbackend = \"http://h\"",
        "11: \"http\" is not a backend: write \"memory\"",
    );
    check_last("[private-cache]\nbackend = \"redis://h/x\"", "11: \"x\" is not a database");
    check_last(
        "[caches.a]\nbackend = \"redis+cluster://h/1\"",
        "11: a Redis cluster has only database 0",
    );
    check_last(&redis("password-env = \"NONE\""), "16: the environment variable `NONE` is not set");
    check_last(&redis("password-file = \"gone\""), "17: cannot read /srv/gone: No such file");
    check_last(&redis("timeout = \"0s\""), "11: a time of 0 is invalid");
    check_last(&redis("prefix = \"a{b\""), "10: \"a{b\" is not a valid prefix");
    check_last(&redis("prefix = \"\""), "10: \"\" is not a valid prefix");
    check_last(
        &redis("key-format = \"other\""),
        "14: `caches.a.key-format` is \"other\"; it must be \"hostel\" or \"zato\"",
    );
    check_last(
        "[private-cache]\nbackend = \"redis://h\"\nkey-format = \"zato\"",
        "14: with \"zato\" all plugins would share one cache",
    );
    check_last(
        "[caches.a]\nbackend = \"redis://:secret@h\"\npassword-env = \"TOKEN\"",
        "16: the address has a password already",
    );
    check_last(
        "[caches.a]\nbackend = \"redis://ann@h\"",
        "11: the user has no password: set `password-env`",
    );
    check_last(
        "[caches.a]\nbackend = \"redis://h\"\npassword-env = \"TOKEN\"\npassword-file = \"f\"",
        "17: the password must come from `password-env` or `password-file`, not both",
    );
    check_last(
        "[caches.a]\nbackend = \"redis://h\"\nsentinel-password-env = \"TOKEN\"",
        "25: the address has no Sentinels",
    );
    check_last(
        "[server]\nready-requires = [\"cache:a\"]",
        "19: no cache `a` is configured; none is defined",
    );
    check_last(
        "[server]\nready-requires = [\"a\"]",
        "19: \"a\" cannot be required: write \"plugin:NAME\" or \"cache:NAME\"",
    );
}
