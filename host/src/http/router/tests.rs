use super::*;
use crate::config::Method::{Delete, Get, Put};
use crate::config::{self, PathPattern};

fn router(file_paths: &[&str]) -> Router {
    let route = |methods: &[config::Method], path: &str| Route {
        path: PathPattern::new(path).unwrap(),
        methods: methods.to_vec(),
        service: ServiceName::new(path),
        callers: None,
        cors: RouteCors::Server,
    };
    let routes = [
        route(&[Get], "/users/{id}"),
        route(&[Put, Delete], "/users/{user}"),
        route(&[Get], "/users/me"),
        route(&[], "/users/me/{what}"),
        route(&[Get], "/users/{id}/orders"),
        route(&[Get], "/"),
    ];
    let files = file_paths.iter().map(|path| FileRoute {
        path: PathPattern::new(path).unwrap(),
        folder: path.into(),
        cache_control: String::new(),
        callers: Callers::Open,
        cors: RouteCors::Server,
    });
    Router::new(&routes, &files.collect::<Vec<_>>(), true, None)
}

/// Checks a match. `expected` is the route's service and its parameters, `405 ALLOW`, or another
/// kind of match, such as `list`.
#[track_caller]
fn check(request: &str, expected: &str) {
    check_beside(&[], request, expected);
}

/// Checks a match in a router with routes of files. For a file, `expected` is `files`, the route's
/// pattern, and the segments below the pattern.
#[track_caller]
fn check_beside(files: &[&str], request: &str, expected: &str) {
    let (method, path) = request.split_once(' ').unwrap();
    let router = router(files);
    let found = match router.find(&method.parse().unwrap(), path) {
        Match::List => "list".to_owned(),
        Match::Service(name) => format!("service {name}"),
        Match::Route(end, values) => {
            let values = values.iter().map(|(name, value)| format!(" {name}={value}"));
            format!("{}{}", end.service, values.collect::<String>())
        }
        Match::File(end, below) => format!("files {} {below:?}", end.path),
        Match::Nothing => "nothing".to_owned(),
        Match::Methods(allow, _) => format!("405 {allow}"),
        Match::Server => "server".to_owned(),
        Match::Preflight(_) => "preflight".to_owned(),
        Match::Malformed => "malformed".to_owned(),
    };
    assert_eq!(found, expected, "{request}");
}

#[test]
fn the_servers_own_paths_are_for_services() {
    check("POST /services/users.find", "service users.find");
    check("POST /services/users%2Efind", "service users.find");
    check("GET /services/users.find", "405 POST");
    check("get /services/users.find", "405 POST");
    check("GET /services", "list");
    check("HEAD /services", "list");
    check("POST /services", "405 GET, HEAD");
    check("POST /services/a/b", "nothing");
    check("POST /services/", "service ");
}

#[test]
fn a_fixed_segment_wins_over_a_parameter() {
    check("GET /users/7", "/users/{id} id=7");
    check("GET /users/a%2Fb%20c", "/users/{id} id=a/b c");
    check("GET /users/me", "/users/me");
    check("GET /users/me/x", "/users/me/{what} what=x");
    check("GET /users/me/orders", "/users/me/{what} what=orders");
    check("GET /users/you/orders", "/users/{id}/orders id=you");
    check("GET /", "/");
}

#[test]
fn methods_choose_between_routes_of_one_path() {
    check("PUT /users/7", "/users/{user} user=7");
    check("HEAD /users/7", "/users/{id} id=7");
    check("POST /users/7", "405 DELETE, GET, HEAD, PUT");
    check("DELETE /users/me", "405 GET, HEAD");
    check("BREW /users/me/x", "/users/me/{what} what=x");
}

#[test]
fn files_take_what_no_other_route_takes() {
    let check = |request, expected| check_beside(&["/", "/users", "/docs/en"], request, expected);
    check("GET /docs/en/a/b.html", r#"files /docs/en ["a", "b.html"]"#);
    check("HEAD /docs/en/", r#"files /docs/en [""]"#);
    check("GET /docs/en", "files /docs/en []");
    check("GET /docs/fr/", r#"files / ["docs", "fr", ""]"#);
    check("GET //a%2Fb", r#"files / ["", "a/b"]"#);
    check("GET /users/7", "/users/{id} id=7");
    check("GET /users/7/", r#"files /users ["7", ""]"#);
    check("GET /users/7/other", r#"files /users ["7", "other"]"#);
    check("POST /users/7", "405 DELETE, GET, HEAD, PUT");
    check("POST /docs/en/a", "405 GET, HEAD");
    check("GET /", "/");
    check("GET /services", "list");
    check("GET /docs/%", "malformed");
    check("GET *", "nothing");
}

#[test]
fn files_and_services_of_one_path_divide_its_methods() {
    let check = |request, expected| check_beside(&["/users/me"], request, expected);
    check("GET /users/me", "/users/me");
    check("POST /users/me", "405 GET, HEAD");
    let router = |methods: &[config::Method]| {
        let path = PathPattern::new("/").unwrap();
        let methods = methods.to_vec();
        let service = ServiceName::new("s");
        let files = FileRoute {
            path: path.clone(),
            folder: "".into(),
            cache_control: String::new(),
            callers: Callers::Open,
            cors: RouteCors::Server,
        };
        let cors = RouteCors::Server;
        let route = Route { path, methods, service, callers: None, cors };
        Router::new(&[route], &[files], true, None)
    };
    let puts = router(&[Put]);
    assert!(matches!(puts.find(&Method::PUT, "/"), Match::Route(..)));
    assert!(matches!(puts.find(&Method::GET, "/"), Match::File(_, below) if below == [""]));
    assert!(
        matches!(puts.find(&Method::POST, "/"), Match::Methods(it, _) if it == "GET, HEAD, PUT")
    );
    assert!(matches!(router(&[]).find(&Method::GET, "/"), Match::Route(..)));
}

#[test]
fn an_unknown_path_matches_nothing() {
    for path in ["/users", "/users/", "/users//orders", "/users/7/", "/other", "/USERS/7"] {
        check(&format!("GET {path}"), "nothing");
    }
    check("GET *", "nothing");
    check("OPTIONS *", "server");
    check("GET /users/%", "malformed");
    check("GET /users/%ff", "malformed");
}
