//! The configuration for users: the example, the schema, the page about Redis, and `hostel check`.

use crate::support::{component, hostel, project, stderr, stdout};
use hostel::config::{Config, schema};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::env::VarError;
use std::path::Path;
use std::process::Output;

/// A setting in `hostel.example.toml`, with its comments.
struct Setting {
    /// The table of the setting, for example `[server]`. Empty if the setting is in no table.
    table: String,
    /// `key = value`.
    line: String,
    /// The comments of the setting and of its table.
    said: String,
}

impl Setting {
    fn key(&self) -> &str {
        self.line.split(" = ").next().unwrap()
    }

    fn value(&self) -> &str {
        self.line.split_once(" = ").unwrap().1
    }

    /// Returns the path, such as `server.listen`. `*` stands for each name that the author of a
    /// configuration chooses.
    fn path(&self) -> String {
        let mut parts: Vec<&str> = self.table.trim_matches(['[', ']']).split('.').collect();
        if ["caches", "plugins", "callers"].contains(&parts[0]) {
            parts[1] = "*";
        }
        parts.push(self.key());
        parts.retain(|part| !part.is_empty());
        // The author chooses the names of a plugin's settings and secrets, and of REST connections.
        let is_value = parts.len() > 3 && ["config", "secrets"].contains(&parts[2]);
        if is_value || parts[0] == "zato" {
            parts[3] = "*";
        }
        parts.join(".")
    }
}

fn example() -> String {
    std::fs::read_to_string(project().join("hostel.example.toml")).unwrap()
}

/// Returns a line without the `#` that comments out a setting or table.
fn uncommented(line: &str) -> &str {
    let inside = line.strip_prefix('#').unwrap_or(line);
    let is_toml = inside.starts_with(|c: char| c.is_ascii_lowercase() || c == '[');
    if is_toml { inside } else { line }
}

fn settings() -> Vec<Setting> {
    let (mut table, mut said_of_table, mut said) = (String::new(), String::new(), String::new());
    let mut settings = Vec::new();
    for line in example().lines().map(uncommented) {
        if line.starts_with('#') {
            said.push_str(line);
        } else if line.starts_with('[') {
            (table, said_of_table) = (line.to_owned(), std::mem::take(&mut said));
        } else if line.is_empty() {
            said.clear();
        } else {
            let said = said_of_table.clone() + &std::mem::take(&mut said);
            settings.push(Setting { table: table.clone(), line: line.to_owned(), said });
        }
    }
    settings
}

/// Parses a configuration, with paths relative to the project's folder. Returns the debug output of
/// the result, or the error.
fn meaning(text: &str) -> Result<String, String> {
    let read = Config::parse(&project().join("hostel.toml"), text, &|_| Err(VarError::NotPresent));
    read.map(|read| format!("{:?}", read.config)).map_err(|error| error.to_string())
}

#[test]
fn the_example_as_it_stands_is_the_default() {
    assert_eq!(meaning(&example()), meaning("folder = \".\""));
}

#[test]
fn the_example_is_right_with_everything_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let hash =
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    for inner in ["tls", "public"] {
        std::fs::create_dir(folder.path().join(inner)).unwrap();
    }
    for (file, text) in [
        ("tls/certificate.pem", ""),
        ("tls/key.pem", ""),
        ("staff.callers", &*format!("ann:{hash}")),
        ("signing-key", "0123456789"),
        ("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
    ] {
        std::fs::write(folder.path().join(file), text).unwrap();
    }
    let variable = |name: &str| match name {
        "HOSTEL_ADMIN_TOKEN" => Ok("0123456789abcdefghij".to_owned()),
        "USERS_API_KEY" => Ok("0123456789".to_owned()),
        "HOSTEL_MACHINES" => Ok("till:0123456789abcdefghij".to_owned()),
        _ => Err(VarError::NotPresent),
    };
    // Keep `token-file` as a comment, because it excludes the other setting for the token.
    let text = example().replace("#token-file", "# token-file");
    // Uncomment the rows of the only list with several lines.
    let text = text.replace("#  ", "  ").replace("#]", "]");
    let text: Vec<_> = text.lines().map(uncommented).collect();
    let file = folder.path().join("hostel.toml");
    let read = Config::parse(&file, &text.join("\n"), &variable);
    let config = read.unwrap_or_else(|error| panic!("{error}")).config;
    assert_eq!((config.plugins.len(), config.routes.len(), config.callers.len()), (2, 2, 2));
    assert_eq!(config.files.len(), 1);
}

#[test]
fn a_default_in_the_example_and_the_schema_is_the_default() {
    let schema = schema();
    // If a setting appears again, it is another example of the same setting.
    let mut seen = BTreeSet::new();
    for setting in settings() {
        let (line, value) = (&setting.line, setting.value());
        if !seen.insert(setting.path()) || setting.said.contains("No default") {
            continue;
        }
        // Add another setting if the tested setting requires one.
        let beside = match setting.key() {
            "calls-per-instance" => "instances = \"reuse\"",
            "idle-time" if setting.table.contains("plugins") => "instances = \"reuse\"",
            "timeout" | "prefix" | "key-format" => "backend = \"redis://127.0.0.1\"",
            "credentials" => "origins = [\"https://app.example.com\"]",
            _ => "",
        };
        let with =
            |line: &str| meaning(&format!("folder = \".\"\n{}\n{beside}\n{line}", setting.table));
        assert!(with("").is_ok(), "{:?}", with(""));
        assert_eq!(with(line), with(""), "{line} is not the default");
        let other = line.replace(value, &another(value));
        assert_ne!(with(&other), with(""), "{other} means nothing");
        let documented = documentation(&schema, &setting.path());
        let documented = documented.replace("NAME", "users");
        let in_schema = setting.table == "[limits]"
            || documented.contains(&format!("Default: {value}."))
            || documented.contains(&format!("Default: {value}, "));
        assert!(in_schema, "{line}: the schema contains {documented:?}");
    }
    assert!(seen.len() > 30, "{seen:?}");
}

/// Returns a different value, which may be invalid.
fn another(value: &str) -> String {
    let pairs = [
        ("true", "false"),
        ("false", "true"),
        ("\"auto\"", "\"json\""),
        ("\"read-write\"", "\"read-only\""),
        ("\"fresh\"", "\"reuse\""),
        ("\"open\"", "\"others\""),
        ("\"memory\"", "\"elsewhere\""),
    ];
    let word =
        pairs.into_iter().find(|(word, _)| *word == value).map(|(_, other)| other.to_owned());
    word.unwrap_or_else(|| match value.find(|c: char| ('1'..='9').contains(&c)) {
        None => value.replacen('"', "\"other-", 1),
        Some(digit) => {
            let other = if value[digit..].starts_with('2') { "3" } else { "2" };
            format!("{}{other}{}", &value[..digit], &value[digit + 1..])
        }
    })
}

/// Returns the schema's description of a setting.
fn documentation(schema: &Value, path: &str) -> String {
    let mut place = schema;
    for part in path.split('.') {
        place = match part {
            "*" => &place["additionalProperties"],
            key => &place["properties"][key],
        };
    }
    place["description"].as_str().unwrap_or_default().replace('\n', " ")
}

#[test]
fn what_the_page_about_redis_shows_is_a_configuration() {
    let page = project().join("docs/more-than-one-machine.md");
    let page = std::fs::read_to_string(page).unwrap();
    let shown = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let text = format!("folder = \".\"\n{shown}");
    let file = project().join("hostel.toml");
    let config = Config::parse(&file, &text, &|_| Ok("secret".to_owned())).unwrap().config;
    assert_eq!((config.caches.len(), config.server.ready_requires.len()), (1, 1));
}

#[test]
fn no_setting_is_missing_in_the_example() {
    let shown: BTreeSet<String> = settings().iter().map(Setting::path).collect();
    let mut known = BTreeSet::new();
    keys(&schema(), "", &mut known);
    known.retain(|path| !path.starts_with("plugins.*.limits."));
    let missing: Vec<_> = known.difference(&shown).collect();
    assert!(missing.is_empty() && known.len() > 50, "{missing:?}");
}

/// Collects the paths of all settings in a schema.
fn keys(schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    let inner = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    if let Some(properties) = schema["properties"].as_object() {
        properties.iter().for_each(|(key, schema)| keys(schema, &inner(key), found));
    } else if schema["additionalProperties"].is_object() {
        keys(&schema["additionalProperties"], &inner("*"), found);
    } else if schema["items"]["properties"].is_object() {
        keys(&schema["items"], path, found);
    } else {
        found.insert(path.to_owned());
    }
}

#[test]
fn the_schema_is_what_the_program_reads() {
    let file = project().join("hostel.schema.json");
    let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os("HOSTEL_WRITE_DOCS").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let told = "run the test with HOSTEL_WRITE_DOCS=1 to rewrite hostel.schema.json";
    assert_eq!(std::fs::read_to_string(file).unwrap_or_default(), text, "{told}");
    assert!(example().starts_with("#:schema ./hostel.schema.json\n"));
}

/// Returns a folder with the plugins `shop` and `users`, and optionally a configuration.
fn folder(configuration: Option<&str>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["shop", "users"] {
        let wasm = component("example-services/store-and-read");
        std::fs::copy(wasm, folder.path().join(format!("{name}.wasm"))).unwrap();
    }
    if let Some(text) = configuration {
        std::fs::write(folder.path().join("hostel.toml"), text).unwrap();
    }
    folder
}

fn check(folder: &Path, arguments: &[&str]) -> Output {
    hostel().arg("check").args(arguments).current_dir(folder).output().unwrap()
}

/// Checks the output and exit code of `hostel check` in a folder.
#[track_caller]
fn check_prints(folder: &Path, code: i32, out: &[&str], err: &[&str]) {
    let output = check(folder, &[]);
    let (stdout, stderr) = (stdout(&output), stderr(&output));
    assert_eq!(stdout.lines().collect::<Vec<_>>(), out, "{stderr}");
    assert_eq!(stderr.lines().collect::<Vec<_>>(), err);
    assert_eq!(output.status.code(), Some(code));
}

const SHOP: &str = "shop: store-and-read; cache plugin/shop, read-write; callers open";

const GRANTS: &str = r#"
folder = "."
[caches.shared]
[callers.staff]
scheme = "bearer"
file = "staff"
[plugins.users]
cache = "shared"
access = "read-only"
instances = "reuse"
calls = 3
callers = "staff"
limits = { time = "5s", handles = 7 }
[[routes]]
path = "/users/{id}"
methods = ["GET"]
service = "users.store-and-read"
[[routes]]
path = "/shop"
service = "shop"
"#;

fn with_grants() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(Some(GRANTS));
    let staff = folder.path().join("staff");
    std::fs::write(&staff, format!("ann:sha256:{}\n", "ab".repeat(32))).unwrap();
    std::fs::set_permissions(&staff, std::fs::Permissions::from_mode(0o600)).unwrap();
    folder
}

#[test]
fn a_folder_alone_is_checked() {
    let users = SHOP.replace("shop", "users");
    let last = "2 plugins, 2 services, 0 routes: no errors";
    check_prints(folder(None).path(), 0, &[SHOP, &users, last], &[]);
}

#[test]
fn a_plugin_is_reported_with_its_grants() {
    let users = "users: store-and-read; cache shared, read-only; 1000 calls an instance; limits \
                 time 5s, handles 7; 3 calls at once; callers staff";
    let routes = ["any method /shop: shop", "GET /users/{id}: users.store-and-read"];
    let last = "2 plugins, 2 services, 2 routes: no errors";
    check_prints(with_grants().path(), 0, &[users, SHOP, routes[0], routes[1], last], &[]);
}

#[test]
fn the_same_is_reported_as_json() {
    let output = check(with_grants().path(), &["--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let users = &report["plugins"][0];
    assert_eq!(report["config"], "hostel.toml");
    assert_eq!((&report["faults"], &report["warnings"]), (&json!([]), &json!([])));
    assert_eq!(users["services"][0]["name"], "store-and-read");
    for (key, value) in [
        ("name", json!("users")),
        ("error", json!(null)),
        ("cache", json!("shared")),
        ("access", json!("read-only")),
        ("instances", json!("reuse")),
        ("calls_per_instance", json!(1_000)),
        ("limits", json!([{"name": "time", "value": "5s"}, {"name": "handles", "value": "7"}])),
        ("calls", json!(3)),
        ("callers", json!("staff")),
    ] {
        assert_eq!(users[key], value, "{key}");
    }
    assert_eq!(report["routes"][0]["path"], "/shop");
    assert_eq!(report["routes"][1]["methods"], json!(["GET"]));
    let faulty = folder(Some("folder = \".\"\n[sever]\n"));
    let output = check(faulty.path(), &["--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let message = "unknown setting `sever`; did you mean `server`?";
    let fault = json!({"file": "hostel.toml", "line": 2, "column": 2, "message": message});
    assert_eq!((&report["faults"], output.status.code()), (&json!([fault]), Some(2)));
}

#[test]
fn all_faults_of_a_file_are_reported_and_nothing_is_loaded() {
    let faulty = folder(Some("folder = \".\"\n[server]\nlisten = \"x\"\nidle-time = \"0s\"\n"));
    let faults = [
        "error: hostel.toml:3:10: \"x\" is not an address and port: write it as in \
         \"127.0.0.1:8080\", \"0.0.0.0:443\" or \"[::]:443\"",
        "error: hostel.toml:4:13: a time of 0 is invalid: it must be above 0",
    ];
    check_prints(faulty.path(), 2, &["2 errors: nothing was loaded"], &faults);
}

#[test]
fn a_route_to_a_missing_service_gets_a_suggestion() {
    let route = |path: &str, service: &str| {
        format!("[[routes]]\npath = \"{path}\"\nservice = \"{service}\"\n")
    };
    let routes = [route("/a", "shop.store-and-raed"), route("/b", "shops")].concat();
    let folder = folder(Some(&format!("folder = \".\"\n{routes}")));
    let users = SHOP.replace("shop", "users");
    let faults = [
        "error: hostel.toml:4:11: the route /a: the plugin `shop` has no service \
         `store-and-raed`; did you mean `store-and-read`?",
        "error: hostel.toml:7:11: the route /b: no plugin `shops` was found; did you mean `shop`?",
    ];
    let last = "2 plugins, 2 services, 2 routes: 2 errors";
    check_prints(folder.path(), 2, &[SHOP, &users, last], &faults);
}

#[test]
fn a_route_names_the_service_where_a_plugin_has_several() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(component("host/tests/guests"), folder.path().join("guests.wasm")).unwrap();
    let text = "[plugins.guests]\n[[routes]]\npath = \"/\"\nservice = \"guests\"\n";
    std::fs::write(folder.path().join("hostel.toml"), text).unwrap();
    let output = check(folder.path(), &[]);
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(2));
    let message = "the route /: `guests` has several services; name one: guests.";
    assert!(told.contains(message), "{told}");
}

#[test]
fn a_plugin_that_does_not_load_leaves_the_others_checked() {
    let folder = folder(Some("[plugins.shop]\n[plugins.users]\n[plugins.gone]\n"));
    std::fs::write(folder.path().join("users.wasm"), "no component").unwrap();
    let output = check(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(stdout(&output), format!("{SHOP}\n3 plugins, 1 service, 0 routes: 2 errors\n"));
    let told = stderr(&output);
    assert!(told.contains("error: hostel.toml:3:10: the plugin `gone` is missing: "), "{told}");
    assert!(told.contains("error: cannot load ./users.wasm: "), "{told}");
}

#[test]
fn a_configuration_that_is_not_there_is_wrong_usage() {
    let output = check(folder(None).path(), &["--config", "gone.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("cannot read gone.toml: No such file"));
}
