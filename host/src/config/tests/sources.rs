//! Tests of a plugin's remote servers, settings and secrets.

use super::*;
use crate::grants::Grants;
use std::time::Duration;

const CA: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

#[test]
fn what_is_written_of_servers_settings_and_secrets_is_granted() {
    let files = [("ca.pem", CA), ("key", "01234567\n")];
    let text = "[plugins.a.http]\nconnections = 3\nallow = [\"https://*.example.com/v1/\",\n\
                { url = \"http://10.0.0.5:9200\", private = true, ca = \"ca.pem\" }]\n\
                [plugins.a.config]\ncurrency = \"EUR\"\nretries = 3\nverbose = true\n\
                [plugins.a.secrets]\nkey = { file = \"key\" }\ntoken = { env = \"TOKEN\" }\n\
                [plugins.b]\n";
    let config = check_with(&files, text, &[]).unwrap().config;
    let [a, b] = &config.plugins[..] else { panic!("{:?}", config.plugins) };
    let Grants { http, config, .. } = &a.settings.grants;
    assert_eq!(http.connections, 3);
    let rows: Vec<String> = http.allow.iter().map(ToString::to_string).collect();
    assert_eq!(rows, ["https://*.example.com/v1/", "http://10.0.0.5:9200 (private)"]);
    assert_eq!(http.allow[1].authorities(), [[0, 0, 0]]);
    let settings: Vec<_> = config.settings.iter().map(|(n, v)| (&**n, &**v)).collect();
    assert_eq!(settings, [("currency", "EUR"), ("retries", "3"), ("verbose", "true")]);
    let secrets: Vec<_> = config.secrets.iter().map(|(n, v)| (&**n, v.text())).collect();
    assert_eq!(secrets, [("key", "01234567"), ("token", TOKEN)]);
    let shown = format!("{:?} {:?}", a.settings, a.settings.grants.rows(None));
    assert!(!shown.contains("01234567") && !shown.contains(TOKEN), "{shown}");
    assert_eq!(b.settings.grants, Grants::default());
}

#[test]
fn a_plugin_that_reaches_servers_has_thirty_seconds_unless_the_time_is_set() {
    let time = |text: &str| {
        let allow = "[plugins.a.http]\nallow = [\"https://a\"]\n[plugins.b]\n";
        let config = config(&format!("{allow}{text}"));
        let of_plugin = |at: usize| {
            config.plugins[at].settings.limits.as_ref().unwrap_or(&config.limits).time.as_secs()
        };
        (of_plugin(0), of_plugin(1))
    };
    assert_eq!(time(""), (30, 1));
    assert_eq!(time("[limits]\nmemory = \"32MiB\""), (30, 1));
    assert_eq!(time("[limits]\ntime = \"2s\""), (2, 2));
    assert_eq!(time("[plugins.a.limits]\ntime = \"3s\""), (3, 1));
    assert_eq!(time("[plugins.a.limits]\nmemory = \"32MiB\""), (30, 1));
    assert_eq!(config("").limits.cpu, Duration::from_secs(1));
}

#[test]
fn invalid_servers_settings_and_secrets_are_reported_with_a_fix() {
    for (text, fault) in [
        ("allow = [\"api.example.com\"]", "10: \"api.example.com\" is not an http or https URL"),
        ("allow = [\"htp://me:pass@a\"]", "10: \"htp://***@a\" is not an http or https URL"),
        ("allow = [\"https://a?b\"]", "10: the entry for \"https://a\" has a user"),
        ("allow = [\"https://me:pass@a\"]", "10: the entry for \"https://a\" has a user"),
        ("allow = [{ url = \"https://*.a\", private = true }]", "10: \"https://*.a\": `private`"),
        ("allow = [{ url = \"https://a\", ca = \"no\" }]", "10: cannot read the certificates in"),
        ("allow = [\"http://localhost:1\"]", "10: \"http://localhost:1\" is on this machine"),
        ("allow = [3]", "10: `plugins.a.http.allow` is an integer; it must be a string in"),
        ("allow = [{ private = true }]", "10: `plugins.a.http.allow` needs `url`"),
        ("allow = \"https://a\"", "9: `plugins.a.http.allow` is a string; it must be a list"),
        ("connections = 0", "15: "),
    ] {
        check_last(&format!("[plugins.a.http]\n{text}"), fault);
    }
    check_last("[plugins.a.config]\n\"a b\" = 1", "1: \"a b\" is not a valid setting name");
    let wide =
        config("[plugins.a.config]\nleast = -9223372036854775808\nmost = 9223372036854775807");
    let grant = &wide.plugins[0].settings.grants.config;
    assert_eq!(grant.settings["least"], i64::MIN.to_string());
    assert_eq!(grant.settings["most"], i64::MAX.to_string());
    check_last("[plugins.a.config]\na = 1.5", "5: `plugins.a.config.a` is a float; it must be");
    let secrets = "[plugins.a.secrets]\nkey = ";
    check_last(
        &format!("{secrets}{{ env = \"GONE\" }}"),
        "15: the environment variable `GONE` is not set",
    );
    check_last(&format!("{secrets}{{ file = \"no\" }}"), "16: cannot read");
    check_last(
        &format!("{secrets}{{}}"),
        "7: a secret must come from an environment variable or a",
    );
    check_last(&format!("{secrets}\"topsecret\""), "7: `plugins.a.secrets.key` is a string");
    let both = "[plugins.a.config]\nkey = 1\n[plugins.a.secrets]\nkey = { env = \"TOKEN\" }";
    check_last(both, "1: `key` is also the name of a setting");
    let text = format!("{secrets}{{ file = \"key\" }}");
    check_with(
        &[("key", "1234567\n")],
        &text,
        &["hostel.toml:3:16: the secret has fewer than 8 bytes"],
    );
    let warning = "hostel.toml:3:16: open-key can be read by other users";
    check_with(&[("open-key", "12345678")], &text.replace("\"key\"", "\"open-key\""), &[warning]);
}

#[test]
fn a_connection_of_zato_is_granted_to_the_plugins_that_it_names() {
    let text = "[plugins.a]\n[plugins.b]\n[zato.out.rest.crm]\nhost = \"https://crm.example.com/\"\n\
                url-path = \"/v1/customers/{id}/orders\"\nplugins = [\"a\"]\n";
    let read = config(text);
    let [a, b] = &read.plugins[..] else { panic!("{:?}", read.plugins) };
    let Grants { http, config, .. } = &a.settings.grants;
    assert_eq!(http.allow[0].to_string(), "https://crm.example.com/v1/customers");
    assert_eq!(config.settings["zato.out.rest.crm.host"], "https://crm.example.com");
    assert_eq!(config.settings["zato.out.rest.crm.url-path"], "/v1/customers/{id}/orders");
    assert_eq!(b.settings.grants, Grants::default());
    let secret = "[plugins.a.secrets]\n\"zato.out.rest.crm.host\" = { env = \"TOKEN\" }\n[zato";
    let both = text.replace("[plugins.b]\n[zato", &format!("[plugins.b]\n{secret}"));
    check_last(both.trim_end(), "12: the secret `zato.out.rest.crm.host` of the plugin `a` has");
    let wrong = text.replace("[\"a\"]", "[\"c\"]");
    check_last(wrong.trim_end(), "12: no plugin is named `c` in [plugins]; there are: a, b");
}
