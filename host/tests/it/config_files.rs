//! Configurations, and files that a configuration names. A pipe, a device, a folder or a huge file
//! is refused at once, and the error names the file.

use crate::support::{hostel, stderr, stdout};
use hostel::Host;
use hostel::config::{Server, Tls};
use hostel::http::{HttpSettings, run};
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// The kinds of unfit files, and the resulting errors.
const UNFIT: [(&str, &str); 4] = [
    ("pipe", "it is a named pipe, not a file"),
    ("device", "it is a device, not a file"),
    ("folder", "it is a folder, not a file"),
    ("huge", "it is larger than 16 MiB"),
];

fn make(kind: &str, path: &Path) {
    match kind {
        "pipe" => assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
        "device" => symlink("/dev/null", path).unwrap(),
        "folder" => fs::create_dir(path).unwrap(),
        _ => {
            let file = File::create(path).unwrap();
            file.set_len((16 << 20) + 1).unwrap();
            file.set_permissions(fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

/// Runs the program in a folder. If the program has not ended after 20 seconds, it is killed, and
/// the returned exit code is 124.
fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    let program = hostel();
    let mut command = Command::new("timeout");
    command.arg("20").arg(program.get_program()).args(arguments).current_dir(folder);
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.output().unwrap()
}

/// Replaces the file `name` by an unfit file of each kind, and checks the error of `hostel check`.
fn check(name: &str, text: &str, place: &str) {
    for (kind, reason) in UNFIT {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("hostel.toml"), text).unwrap();
        for other in ["certificate", "key"] {
            fs::write(folder.path().join(other), "").unwrap();
        }
        let _ = fs::remove_file(folder.path().join(name));
        make(kind, &folder.path().join(name));
        let output = run_in(folder.path(), &["check"]);
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{kind}: {told}{}", stdout(&output));
        assert!(told.contains(&format!("{place}cannot read {name}: {reason}")), "{kind}: {told}");
    }
}

#[test]
fn a_configuration_that_is_not_a_text_file_is_an_error() {
    check("hostel.toml", "", "error: ");
}

#[test]
fn a_named_file_that_is_not_a_text_file_is_an_error() {
    let group = "folder = \".\"\n[callers.staff]\nscheme = \"bearer\"\nfile = \"staff\"\n";
    check("staff", group, "hostel.toml:4:8: ");
    let token = "folder = \".\"\n[admin]\ntoken-file = \"token\"\n";
    check("token", token, "hostel.toml:3:14: ");
    let tls = "folder = \".\"\n[server.tls]\ncertificate = \"certificate\"\nkey = \"key\"\n";
    check("certificate", tls, "hostel.toml:3:15: ");
    check("key", tls, "hostel.toml:4:7: ");
}

#[test]
fn a_client_does_not_read_its_token_from_what_is_not_a_file() {
    for (kind, reason) in UNFIT {
        let folder = tempfile::tempdir().unwrap();
        let text = "folder = \".\"\n[admin]\nlisten = \"127.0.0.1:1\"\ntoken-file = \"token\"\n";
        fs::write(folder.path().join("hostel.toml"), text).unwrap();
        make(kind, &folder.path().join("token"));
        let told = stderr(&run_in(folder.path(), &["cache", "list"]));
        assert!(told.contains("token") && told.contains(reason), "{kind}: {told}");
    }
}

#[test]
fn a_server_does_not_read_a_key_from_what_is_not_a_file() {
    for (kind, reason) in UNFIT {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key");
        make(kind, &key);
        let tls = Some(Tls { certificate: key.clone(), key });
        let server = Server { tls, ..Server::default() };
        let settings = HttpSettings { server, ..HttpSettings::default() };
        let (tell, told) = mpsc::channel();
        // Without the expected error this thread would hang, so it is detached.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let error = runtime.unwrap().block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                let host = Arc::new(Host::new(hostel::Settings::default()).unwrap());
                run(listener, host, settings, std::future::pending()).await.unwrap_err()
            });
            tell.send(whole(&error)).unwrap();
        });
        let error = told.recv_timeout(Duration::from_secs(20)).unwrap_or_default();
        assert!(error.contains("key") && error.contains(reason), "{kind}: {error:?}");
    }
}

/// Returns an error message with its causes.
fn whole(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", whole(cause)),
        None => error.to_string(),
    }
}
