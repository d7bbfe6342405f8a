//! Tests of routes: their services, paths and methods, and which routes conflict.

use super::*;

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
    check_last(&route("Users"), "11: \"Users\" is not a service: write `PLUGIN.SERVICE`");
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
        wrong(path, "must begin with a slash");
    }
    for path in ["//", "/a/", "/a//b", "/./a", "/a/.."] {
        wrong(path, "a segment must not be empty, `.` or `..`");
    }
    for path in ["/a%20b", "/a?b", "/a#b", "/a b", "/a\u{7}", "/a\\b"] {
        wrong(path, "write it without percent-encoding");
    }
    for path in ["/{}", "/{a", "/a}", "/x{a}", "/{a}{b}", "/{a b}", "/{*a}"] {
        wrong(path, "a parameter must be a whole segment");
    }
    wrong("/{a}/x/{a}", "the parameter `a` twice");
}

#[test]
fn two_routes_never_take_the_same_request() {
    let route = |path: &str, methods: &str| {
        format!("[[routes]]\nservice = \"x\"\nmethods = {methods}\npath = \"{path}\"\n")
    };
    let two = |a: String, b: String| format!("{a}{b}");
    let fault = "8: /a/{y} matches requests that the earlier route /a/{x} matches";
    for (a, b) in [("[]", "[]"), ("[]", "[\"GET\"]"), ("[\"PUT\", \"GET\"]", "[\"GET\"]")] {
        check_last(&two(route("/a/{x}", a), route("/a/{y}", b)), fault);
    }
    config(&two(route("/a/{x}", "[\"GET\"]"), route("/a/{y}", "[\"PUT\"]")));
    config(&two(route("/a/{x}", "[]"), route("/a/b", "[]")));
    check_last(
        "[[routes]]\nservice = \"x\"\npath = \"/\"\nmethods = [\"get\"]",
        "12: unknown method \"get\"; did you mean `GET`?",
    );
}
