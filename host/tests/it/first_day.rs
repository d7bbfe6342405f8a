//! Documentation pages: the steps of the page about deployment work, and all pages show only
//! existing commands and settings.

use crate::support::{component, hostel, project, stderr, stdout};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns the language and text of each fenced block of a page.
fn blocks(page: &str) -> Vec<(String, String)> {
    let page = fs::read_to_string(project().join(page)).unwrap();
    let block = |text: &str| {
        let (language, text) = text.split_once('\n').unwrap();
        (language.to_owned(), text.to_owned())
    };
    page.split("```").skip(1).step_by(2).map(block).collect()
}

/// Returns the only block of a page in this language.
fn block(page: &str, language: &str) -> String {
    let mut found: Vec<_> = blocks(page).into_iter().filter(|(name, _)| name == language).collect();
    let (_, text) = found.pop().unwrap();
    assert!(found.is_empty(), "{page} has several blocks of {language}");
    text
}

/// Runs commands in a folder, with the program under test in `PATH`. Returns the text of stdout.
#[track_caller]
fn run_in(folder: &Path, commands: &str) -> String {
    let program = hostel();
    let path = Path::new(program.get_program()).parent().unwrap().to_owned();
    let mut shell = Command::new("sh");
    shell.args(["-exc", commands]).current_dir(folder).env_remove("CARGO_TARGET_DIR");
    shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.env("PATH", format!("{}:{}", path.display(), std::env::var("PATH").unwrap()));
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{commands}: {}", stderr(&output));
    stdout(&output)
}

#[test]
fn the_commands_of_the_page_about_deployment_lead_to_a_folder_that_an_image_serves() {
    let page = "docs/deploy.md";
    let folder = tempfile::tempdir().unwrap();
    let mut checked = 0;
    for (language, text) in blocks(page) {
        match &*language {
            // The page's second TOML block shows another setting of the same file.
            "toml" if checked == 0 => {
                fs::write(folder.path().join("deploy/hostel.toml"), text).unwrap();
            }
            "sh" => {
                let printed = run_in(folder.path(), &text);
                checked += usize::from(printed.contains("1 service, 1 route"));
            }
            _ => {}
        }
    }
    assert_eq!(checked, 2, "`hostel check` lists the service before and after the build of CI");

    // Run the image's command that compiles the plugins, in folders of this test.
    let image = block(page, "dockerfile");
    let kept = fs::read_to_string(project().join("packaging/Dockerfile")).unwrap();
    assert!(kept.ends_with(&image), "{page} differs from packaging/Dockerfile");
    let line = image.lines().find_map(|line| line.strip_prefix("RUN cd /etc/hostel && ")).unwrap();
    let code = folder.path().join("code");
    let line = line.replace("/srv/hostel-code", &code.display().to_string());
    let environment = format!("export HOSTEL_CODE_FOLDER='{}'; ", code.display());
    run_in(&folder.path().join("deploy"), &(environment + &line));
    assert!(fs::read_dir(code).unwrap().count() > 0, "no compiled code is in the image");
    let entry = r#"["hostel", "serve", "--config", "/etc/hostel/hostel.toml"]"#;
    assert!(image.contains(entry) && image.contains("COPY deploy/ /etc/hostel/"), "{image}");
}

#[test]
fn the_last_setting_of_the_page_about_deployment_is_valid() {
    let (_, text) = blocks("docs/deploy.md").into_iter().rfind(|(name, _)| name == "toml").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let plugin = component("host/tests/guests");
    let text = format!("{text}[plugins.guests]\npath = {plugin:?}\n");
    fs::write(folder.path().join("hostel.toml"), text).unwrap();
    let checked = hostel().current_dir(folder.path()).arg("check").output().unwrap();
    assert!(checked.status.success(), "{}", stderr(&checked));
}

#[test]
fn haproxy_accepts_the_configuration_of_the_page_about_deployment() {
    let page = "docs/deploy.md";
    let text = block(page, "haproxy");
    let kept = fs::read_to_string(project().join("packaging/haproxy.cfg")).unwrap();
    assert!(kept.ends_with(&text), "{page} differs from packaging/haproxy.cfg");
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate: PathBuf = folder.path().join("site.pem");
    fs::write(&certificate, made.cert.pem() + &made.signing_key.serialize_pem()).unwrap();
    let text = kept.replace("/etc/haproxy/site.pem", &certificate.display().to_string());
    let file = folder.path().join("haproxy.cfg");
    fs::write(&file, text).unwrap();
    let checked = Command::new("haproxy").arg("-c").arg("-f").arg(file).output().unwrap();
    assert!(checked.status.success(), "{}{}", stdout(&checked), stderr(&checked));
}

#[test]
fn the_page_about_editors_shows_the_files_of_the_templates() {
    let page = fs::read_to_string(project().join("docs/editors.md")).unwrap();
    for file in ["python/template/pyrightconfig.json", "c/template/compile_flags.txt"] {
        let text = fs::read_to_string(project().join("guest-sdk").join(file)).unwrap();
        assert!(page.contains(&text), "docs/editors.md differs from {file}");
    }
    for (language, text) in blocks("docs/editors.md") {
        let is_valid =
            language != "json" || serde_json::from_str::<serde_json::Value>(&text).is_ok();
        assert!(is_valid, "{text}");
    }
}

/// Returns the paths of the pages for users of the project.
fn pages() -> Vec<String> {
    let docs = fs::read_dir(project().join("docs")).unwrap().map(|page| page.unwrap().file_name());
    let docs = docs.map(|name| format!("docs/{}", name.into_string().unwrap()));
    let mut pages: Vec<_> = docs.filter(|page| page.ends_with(".md")).collect();
    pages.extend(["README.md", "SECURITY.md"].map(str::to_owned));
    pages
}

/// A stand-in for `hostel` that only parses arguments: `--help` is appended, so nothing is
/// executed, but an earlier invalid argument is still reported.
const ONLY_PARSE: &str = "#!/bin/sh
\"$PROGRAM\" \"$@\" --help >/dev/null 2>\"$REPORT.new\" || {
    echo \"hostel $*:\"
    /bin/cat \"$REPORT.new\"
} >>\"$REPORT\"
echo >>\"$REPORT.count\"
";

#[test]
fn the_program_has_every_command_that_a_page_shows() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (stub, report) = (folder.path().join("hostel"), folder.path().join("report"));
    fs::write(&stub, ONLY_PARSE).unwrap();
    fs::set_permissions(&stub, fs::Permissions::from_mode(0o755)).unwrap();
    for page in pages() {
        let shell = blocks(&page).into_iter().filter(|(language, _)| language == "sh");
        for (_, text) in shell {
            let text = text.replace("\\\n", " ");
            // Skip lines with a redirection, which would write files on this machine.
            let lines = text.lines().filter(|line| line.contains("hostel ") && !line.contains('>'));
            for line in lines {
                let mut shell = Command::new("/bin/sh");
                shell.args(["-c", line]).current_dir(folder.path()).env("PATH", folder.path());
                shell.env("PROGRAM", hostel().get_program()).env("REPORT", &report);
                // One of the commands takes a secret from this variable.
                shell.env("WEATHER_KEY", "no user's secret");
                shell.output().unwrap();
            }
        }
    }
    assert_eq!(fs::read_to_string(&report).unwrap_or_default(), "");
    let count = fs::read_to_string(report.with_extension("count")).unwrap().lines().count();
    assert!(count > 20, "only {count} commands");
}

#[test]
fn the_program_has_every_setting_that_a_page_shows() {
    let mut count = 0;
    for page in pages() {
        let settings = blocks(&page).into_iter().filter(|(language, _)| language == "toml");
        for (_, text) in settings.filter(|(_, text)| !text.contains("[package")) {
            count += 1;
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("hostel.toml"), &text).unwrap();
            let checked = hostel().current_dir(folder.path()).arg("check").output().unwrap();
            let told = stderr(&checked);
            // A plugin that a page names may be missing here, but every setting must exist.
            let is_wrong = ["unknown setting", "duplicate key", "expected", "invalid"];
            assert!(!is_wrong.iter().any(|words| told.contains(words)), "{page}: {text}\n{told}");
        }
    }
    assert!(count > 15, "only {count} blocks");
}
