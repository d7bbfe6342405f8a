//! The routes: from a method and a path to a service, or to the files of a folder.

use super::path::segments;
use crate::config::{Callers, FileRoute, Route, Segment};
use crate::service::ServiceName;
use crate::telemetry::RequestKind;
use hyper::Method;
use hyper::header::HeaderValue;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// What a method and a path match.
#[derive(Debug)]
pub(super) enum Match<'a> {
    /// The list of services.
    List,
    /// `/services/<name>`: the service of this name.
    Service(ServiceName),
    /// A configured route, and its parameters as names and values, in the order of the path.
    Route(&'a Endpoint, Vec<(String, String)>),
    /// A route of files, and the decoded segments of the path below it.
    File(&'a FileEndpoint, Vec<String>),
    /// Nothing.
    Nothing,
    /// The path, but not the method. Holds the methods of the path, as a value of `Allow`.
    Methods(String),
    /// The path has an invalid escape.
    Malformed,
}

impl Match<'_> {
    /// The kind of the request, for the metrics.
    pub(super) fn kind(&self) -> RequestKind {
        match self {
            Match::List => RequestKind::List,
            Match::Service(_) => RequestKind::Service,
            Match::Route(..) => RequestKind::Route,
            Match::File(..) => RequestKind::File,
            Match::Nothing | Match::Methods(_) | Match::Malformed => RequestKind::Nothing,
        }
    }
}

/// The target of a configured route.
#[derive(Debug)]
pub(super) struct Endpoint {
    /// The path as configured.
    pub(super) path: String,
    methods: Vec<Method>,
    parameters: Vec<String>,
    pub(super) service: ServiceName,
    pub(super) callers: Option<Callers>,
}

/// The target of a route of files.
#[derive(Debug)]
pub(super) struct FileEndpoint {
    /// The path as configured.
    pub(super) path: String,
    /// The number of its segments.
    depth: usize,
    pub(super) folder: PathBuf,
    pub(super) cache_control: HeaderValue,
    pub(super) callers: Callers,
}

/// All configured routes, as a tree of segments.
#[derive(Default)]
pub(super) struct Router {
    root: Node,
    /// Whether `/services` and `/services/<name>` are served. They lead to no route either way.
    serves_directly: bool,
}

#[derive(Default)]
struct Node {
    fixed: HashMap<String, Node>,
    parameter: Option<Box<Node>>,
    /// The routes that end here, in the order of the configuration.
    ends: Vec<Endpoint>,
    /// The route of files at this path: it takes all paths below that no other route takes.
    files: Option<Arc<FileEndpoint>>,
}

impl Router {
    pub(super) fn new(routes: &[Route], files: &[FileRoute], serves_directly: bool) -> Self {
        let mut router = Router { serves_directly, ..Router::default() };
        // The route `/` has no segments, but the path `/` has one, which is empty.
        let root = [Segment::Fixed(String::new())];
        for route in routes {
            let segments = route.path.segments();
            let segments = if segments.is_empty() { &root } else { segments };
            let parameters = segments.iter().filter_map(|segment| match segment {
                Segment::Fixed(_) => None,
                Segment::Parameter(name) => Some(name.clone()),
            });
            let parameters = parameters.collect();
            router.root.at(segments).ends.push(Endpoint {
                path: route.path.to_string(),
                methods: route.methods.iter().filter_map(|it| it.as_str().parse().ok()).collect(),
                parameters,
                service: route.service.clone(),
                callers: route.callers.clone(),
            });
        }
        for route in files {
            let segments = route.path.segments();
            let endpoint = Arc::new(FileEndpoint::new(route));
            if segments.is_empty() {
                router.root.at(&root).files = Some(Arc::clone(&endpoint));
            }
            router.root.at(segments).files = Some(endpoint);
        }
        router
    }

    /// Matches a request. Where several routes match, a fixed segment wins over a parameter, from
    /// left to right, and both over files above; then the methods of that path decide. HEAD matches
    /// where GET does.
    pub(super) fn find(&self, method: &Method, path: &str) -> Match<'_> {
        let own = path.strip_prefix("/services/").filter(|name| !name.contains(['/', '%']));
        if let Some(name) = own {
            return match method {
                _ if !self.serves_directly => Match::Nothing,
                &Method::POST => Match::Service(ServiceName::new(name)),
                _ => Match::Methods("POST".to_owned()),
            };
        }
        let Some(segments) = segments(path) else { return Match::Malformed };
        match segments.iter().map(|segment| &**segment).collect::<Vec<_>>().as_slice() {
            ["services"] | ["services", _] if !self.serves_directly => Match::Nothing,
            ["services"] => match method {
                &Method::GET | &Method::HEAD => Match::List,
                _ => Match::Methods("GET, HEAD".to_owned()),
            },
            ["services", name] => match method {
                &Method::POST => Match::Service(ServiceName::new(*name)),
                _ => Match::Methods("POST".to_owned()),
            },
            segments if path.starts_with('/') => self.route(method, segments),
            _ => Match::Nothing,
        }
    }

    fn route(&self, method: &Method, segments: &[&str]) -> Match<'_> {
        let mut values = Vec::new();
        let Some((ends, files)) = self.root.find(segments, &mut values) else {
            return Match::Nothing;
        };
        if let Some(end) = ends.iter().find(|end| end.takes(method)) {
            let values = values.into_iter().map(str::to_owned);
            return Match::Route(end, end.parameters.iter().cloned().zip(values).collect());
        }
        match files.filter(|_| [Method::GET, Method::HEAD].contains(method)) {
            Some(files) => {
                let below = segments.iter().skip(files.depth).map(|segment| (*segment).to_owned());
                Match::File(files, below.collect())
            }
            None => Match::Methods(allowed(ends, files.is_some())),
        }
    }
}

/// The routes that end at a path, and the files that it is one of.
type Ends<'a> = (&'a [Endpoint], Option<&'a FileEndpoint>);

impl Node {
    /// The node of these segments, which is made where it is missing.
    fn at(&mut self, segments: &[Segment]) -> &mut Node {
        segments.iter().fold(self, |node, segment| match segment {
            Segment::Fixed(text) => node.fixed.entry(text.clone()).or_default(),
            Segment::Parameter(_) => node.parameter.get_or_insert_default(),
        })
    }

    fn find<'a>(&self, segments: &[&'a str], values: &mut Vec<&'a str>) -> Option<Ends<'_>> {
        let files = self.files.as_deref();
        let Some((first, rest)) = segments.split_first() else {
            let is_target = !self.ends.is_empty() || files.is_some();
            return is_target.then_some((self.ends.as_slice(), files));
        };
        let below = self.below(first, rest, values);
        below.or_else(|| files.map(|files| ([].as_slice(), Some(files))))
    }

    fn below<'a>(
        &self,
        first: &'a str,
        rest: &[&'a str],
        values: &mut Vec<&'a str>,
    ) -> Option<Ends<'_>> {
        let fixed = self.fixed.get(first).and_then(|node| node.find(rest, values));
        if fixed.is_some() || first.is_empty() {
            return fixed;
        }
        values.push(first);
        let found = self.parameter.as_ref().and_then(|node| node.find(rest, values));
        if found.is_none() {
            values.pop();
        }
        found
    }
}

impl Endpoint {
    fn takes(&self, method: &Method) -> bool {
        let has = |method| self.methods.contains(method);
        self.methods.is_empty() || has(method) || (method == Method::HEAD && has(&Method::GET))
    }
}

impl FileEndpoint {
    fn new(route: &FileRoute) -> Self {
        let cache_control = HeaderValue::from_str(&route.cache_control);
        FileEndpoint {
            path: route.path.to_string(),
            depth: route.path.segments().len(),
            folder: route.folder.clone(),
            cache_control: cache_control.unwrap_or(HeaderValue::from_static("no-cache")),
            callers: route.callers.clone(),
        }
    }
}

/// The value of `Allow` for a path with these routes, and with files or without.
fn allowed(ends: &[Endpoint], has_files: bool) -> String {
    let mut names: Vec<&str> = ends.iter().flat_map(|e| &e.methods).map(Method::as_str).collect();
    if has_files {
        names.push("GET");
    }
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Method::{Delete, Get, Put};
    use crate::config::{self, PathPattern};

    fn router(file_paths: &[&str]) -> Router {
        let route = |methods: &[config::Method], path: &str| Route {
            path: PathPattern::new(path).unwrap(),
            methods: methods.to_vec(),
            service: ServiceName::new(path),
            callers: None,
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
        });
        Router::new(&routes, &files.collect::<Vec<_>>(), true)
    }

    /// Checks a match: the route's pattern and its values, `405 ALLOW`, or a word.
    #[track_caller]
    fn check(request: &str, expected: &str) {
        check_beside(&[], request, expected);
    }

    /// Checks a match beside routes of files: their pattern and the segments below it.
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
            Match::Methods(allow) => format!("405 {allow}"),
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
        let check =
            |request, expected| check_beside(&["/", "/users", "/docs/en"], request, expected);
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
            };
            Router::new(&[Route { path, methods, service, callers: None }], &[files], true)
        };
        let puts = router(&[Put]);
        assert!(matches!(puts.find(&Method::PUT, "/"), Match::Route(..)));
        assert!(matches!(puts.find(&Method::GET, "/"), Match::File(_, below) if below == [""]));
        assert!(
            matches!(puts.find(&Method::POST, "/"), Match::Methods(it) if it == "GET, HEAD, PUT")
        );
        assert!(matches!(router(&[]).find(&Method::GET, "/"), Match::Route(..)));
    }

    #[test]
    fn an_unknown_path_matches_nothing() {
        for path in ["/users", "/users/", "/users//orders", "/users/7/", "/other", "/USERS/7"] {
            check(&format!("GET {path}"), "nothing");
        }
        check("GET *", "nothing");
        check("GET /users/%", "malformed");
        check("GET /users/%ff", "malformed");
    }
}
