//! Tests of `[server.cors]` and `cors` of a route, valid and invalid.

use super::*;

const ORIGIN: &str = "https://app.example.com";

fn listed() -> Cors {
    Cors {
        origins: CorsOrigins::Listed(vec![ORIGIN.to_owned()]),
        methods: None,
        headers: None,
        expose_headers: Vec::new(),
        credentials: false,
        max_age: None,
    }
}

#[test]
fn cors_is_read_with_its_defaults() {
    assert_eq!(config("").server.cors, None);
    let cors = |text: &str| config(&format!("[server.cors]\n{text}")).server.cors.unwrap();
    assert_eq!(cors(&format!("origins = [\"{ORIGIN}\"]")), listed());
    assert_eq!(cors(&format!("origins = \"{ORIGIN}\"\ncredentials = false")), listed());
    for any in ["\"*\"", "[\"*\"]"] {
        let cors = cors(&format!("origins = {any}\nexpose-headers = [\"*\"]"));
        assert_eq!((cors.origins, &*cors.expose_headers[0]), (CorsOrigins::Any, "*"));
    }
    let full = cors(&format!(
        "origins = [\"{ORIGIN}\", \"http://[::1]:3000\", \"capacitor://localhost\"]\n\
         methods = [\"GET\", \"PUT\"]\nheaders = [\"Content-Type\"]\n\
         expose-headers = [\"X-Total\"]\ncredentials = true\nmax-age = \"10m\""
    ));
    let origins = [ORIGIN, "http://[::1]:3000", "capacitor://localhost"];
    let expected = Cors {
        origins: CorsOrigins::Listed(origins.map(str::to_owned).into()),
        methods: Some(vec![Method::Get, Method::Put]),
        headers: Some(vec!["content-type".to_owned()]),
        expose_headers: vec!["x-total".to_owned()],
        credentials: true,
        max_age: Some(Duration::from_secs(600)),
    };
    assert_eq!(full, expected);
}

#[test]
fn a_route_has_the_cors_of_the_server_its_own_or_none() {
    let route = |line: &str| {
        let text = format!("[[routes]]\npath = \"/\"\nservice = \"x\"\n{line}");
        config(&text).routes.remove(0).cors
    };
    assert_eq!(route(""), RouteCors::Server);
    assert_eq!(route("cors = false"), RouteCors::Off);
    let own = RouteCors::Own(listed());
    assert_eq!(route(&format!("cors = {{ origins = [\"{ORIGIN}\"] }}")), own);
    assert_eq!(route(&format!("[routes.cors]\norigins = [\"{ORIGIN}\"]")), own);
    let check = |line: &str, fault: &str| {
        check_last(&format!("[[routes]]\npath = \"/\"\nservice = \"x\"\n{line}"), fault);
    };
    check("cors = true", "8: `cors` of a route must be `false` or a table");
    check("cors = \"*\"", "8: `routes.cors` is a string; it must be true or false, or a table");
    check("cors = {}", "8: `routes.cors` needs `origins`");
    check("cors = { origins = \"*\", max-age = 5 }", "35: `routes.cors.max-age` is an integer");
    check("cors = { origins = \"*\", max-age = \"5\" }", "35: \"5\" is not a duration");
    check("cors = { origins = \"*\", headrs = [] }", "25: unknown setting `routes.cors.headrs`");
}

#[test]
fn an_origin_is_written_as_browsers_send_it() {
    let check = |origin: &str, fault: &str| {
        check_last(&format!("[server.cors]\norigins = [\"{origin}\"]"), &format!("11: {fault}"));
    };
    for (written, sent) in [
        ("https://app.example.com/", ORIGIN),
        ("https://app.example.com:443", ORIGIN),
        ("HTTPS://App.Example.com", ORIGIN),
        ("https://app.example.com/path", ORIGIN),
        ("https://me@app.example.com", ORIGIN),
        ("http://žluť.example", "http://xn--lu-yta1h.example"),
    ] {
        check(
            written,
            &format!(
                "browsers never send the origin \"{written}\": write it as they do, \"{sent}\""
            ),
        );
    }
    for malformed in ["", "app.example.com", "localhost:3000", "https://", "file:///"] {
        check(malformed, &format!("\"{malformed}\" is not an origin: write it as in"));
    }
    check(
        "https://*.example.com",
        "\"https://*.example.com\" has a `*`: write each origin in full",
    );
    check("null", "\"null\" is the origin of every page in a sandbox");
    check_last(
        &format!("[server.cors]\norigins = [\"*\", \"{ORIGIN}\"]"),
        "11: \"*\" stands for all origins: write only",
    );
    check_last("[server.cors]\norigins = []", "11: `origins` is empty");
}

#[test]
fn cors_is_checked_with_the_reason() {
    let check = |line: &str, fault: &str| {
        check_last(&format!("[server.cors]\norigins = [\"{ORIGIN}\"]\n{line}"), fault);
    };
    check("headers = [\"*\"]", "12: leave `headers` out to allow any header");
    check("headers = [\"a b\"]", "12: \"a b\" is not a header name");
    check("methods = [\"get\"]", "12: unknown method \"get\"; did you mean `GET`?");
    check("max-age = \"1500ms\"", "11: \"1500ms\" must be a number of whole seconds");
    check("max-age = \"25h\"", "11: \"25h\" is too long");
    check("credentials = true\nexpose-headers = [\"*\"]", "19: with `credentials` browsers take");
    check_last(
        "[server.cors]\norigins = \"*\"\ncredentials = true",
        "15: `credentials` needs a list of `origins`: with \"*\" the pages of every site could act",
    );
    check("colour = 1", "1: unknown setting `server.cors.colour`");
}
