//! Tests of file routes.

use super::*;
use std::fs;

/// A folder that contains the folder `public`, the file `page.html` and a configuration.
struct Site(tempfile::TempDir);

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("public")).unwrap();
        fs::write(folder.path().join("page.html"), "").unwrap();
        fs::write(folder.path().join("hostel.toml"), "").unwrap();
        Site(folder)
    }

    fn read(&self, text: &str) -> Result<Config, String> {
        let read = Config::parse(&self.0.path().join("hostel.toml"), text, &variable);
        read.map(|read| read.config).map_err(|error| error.to_string())
    }

    /// Checks that a text has one fault, which begins with `fault`: `line:column: message`, with
    /// `SITE` for the site's folder.
    #[track_caller]
    fn check(&self, text: &str, fault: &str) {
        let site = self.0.path().display().to_string();
        let told = self.read(text).unwrap_err().replace(&site, "SITE");
        let told = told.strip_prefix("SITE/hostel.toml:").unwrap();
        assert!(told.starts_with(fault) && told.lines().count() == 1, "{told}");
    }
}

fn route(files: &str, lines: &str) -> String {
    format!("[[routes]]\npath = \"/\"\nfiles = \"{files}\"\n{lines}")
}

#[test]
fn files_need_no_plugin() {
    let site = Site::new();
    let config = site.read(&route("public", "")).unwrap();
    let expected = FileRoute {
        path: PathPattern::new("/").unwrap(),
        folder: site.0.path().join("public"),
        cache_control: "no-cache".to_owned(),
        callers: Callers::Open,
        cors: RouteCors::Server,
    };
    assert_eq!((config.files, config.routes), (vec![expected], vec![]));
}

#[test]
fn files_have_the_callers_of_their_route_or_of_the_server() {
    let site = Site::new();
    let group = "[callers.staff]\nscheme = \"bearer\"\nenv = \"STAFF\"\n";
    let callers =
        |text: &str| site.read(&format!("{text}\n{group}")).unwrap().files.remove(0).callers;
    let staff = Callers::Group("staff".to_owned());
    let of_server = route("public", "[server]\ncallers = \"staff\"");
    assert_eq!(callers(&of_server), staff);
    assert_eq!(callers(&route("public", "callers = \"staff\"")), staff);
    let open = route("public", "callers = \"open\"\n[server]\ncallers = \"staff\"");
    assert_eq!(callers(&open), Callers::Open);
}

#[test]
fn a_folder_that_cannot_be_served_is_reported_with_the_nearest_one() {
    let site = Site::new();
    site.check(
        &route("publik", ""),
        "3:9: cannot serve the files of SITE/publik: No such file or directory; did you mean \
         `SITE/public`?",
    );
    site.check(
        &route("deploy/pubic", ""),
        "3:9: cannot serve the files of SITE/deploy/pubic: No such file or directory; the folder \
         SITE holds: ",
    );
    site.check(&route("page.html", ""), "3:9: SITE/page.html is not a folder: name the folder");
    for above in [".", "..", "", "public/..", "/"] {
        site.check(
            &route(above, ""),
            &format!("3:9: {above:?} contains this configuration, which clients could then read"),
        );
    }
}

#[test]
fn a_route_leads_to_a_service_or_to_files() {
    let site = Site::new();
    let both = format!("[plugins.a]\n{}", route("public", "service = \"a\""));
    site.check(&both, "2:1: a route needs either `service` or `files`");
    site.check(
        "folder = \"public\"\n[[routes]]\npath = \"/\"",
        "2:1: a route needs either `service` or `files`",
    );
    site.check(
        &route("public", "methods = [\"GET\"]"),
        "4:12: a route to files accepts only GET and HEAD: leave `methods` out",
    );
    site.check(
        "folder = \"public\"\n[[routes]]\npath = \"/\"\nservice = \"a\"\ncache-control = \"x\"",
        "5:17: `cache-control` is for `files`: a service sets its own headers",
    );
    site.check(
        &route("public", "").replace("\"/\"", "\"/a/{b}\""),
        "2:8: the path /a/{b} has the parameter `b`: a path of files cannot have parameters",
    );
    site.check(
        &route("public", &route("public", "")),
        "5:8: an earlier route leads from / to files: use another path",
    );
    site.check(&route("public", "").replace("\"/\"", "\"a\""), "2:8: the path \"a\" must begin");
}

#[test]
fn a_cache_control_is_a_value_of_a_header() {
    let site = Site::new();
    let value = |value: &str| route("public", &format!("cache-control = \"{value}\""));
    let config = site.read(&value("public, max-age=31536000, immutable")).unwrap();
    assert_eq!(config.files[0].cache_control, "public, max-age=31536000, immutable");
    for wrong in ["", "a\\nb", "ž"] {
        site.check(&value(wrong), "4:17: ");
    }
}
