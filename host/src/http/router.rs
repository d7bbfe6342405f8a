//! Routes: maps a method and a path to a service, or to a file in a folder.

use super::cors::{self, CorsPolicy, Preflight};
use super::methods;
use super::path::segments;
use crate::config::{Callers, Cors, FileRoute, Route, RouteCors, Segment};
use crate::service::ServiceName;
use crate::telemetry::RequestKind;
use hyper::Method;
use hyper::header::HeaderValue;
use hyper::http::request::Parts;
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// The methods of `/services/<name>`.
const OF_SERVICE: &[Method] = &[Method::POST];

/// The pattern for the list of services, and the pattern for direct calls, as traces name them.
const LIST_ROUTE: &str = "/services";
const SERVICE_ROUTE: &str = "/services/{service}";

/// The methods of the list of services, and of files.
const ONLY_GET: &[Method] = &[Method::GET];

/// The result of matching a method and a path.
#[derive(Debug)]
pub(super) enum Match<'a> {
    /// The list of services.
    List,
    /// `/services/<name>`: the service with this name.
    Service(ServiceName),
    /// A configured route, with its parameters as name-value pairs in the order of the path.
    Route(&'a Endpoint, Vec<(String, String)>),
    /// A route of files, with the decoded segments that follow the path of the route.
    File(&'a FileEndpoint, Vec<String>),
    /// No match.
    Nothing,
    /// The path matches, but the method does not. Contains the methods of the path as a value of
    /// `Allow`, and the CORS policy of the path.
    Methods(String, Option<&'a CorsPolicy>),
    /// `OPTIONS *`: the server itself.
    Server,
    /// A preflight to a path with CORS.
    Preflight(Preflight<'a>),
    /// The path has a malformed percent escape, or a decoded segment is not UTF-8.
    Malformed,
}

impl<'a> Match<'a> {
    /// Returns the pattern of the path, for traces, or `None` if no route handles the request. For
    /// a preflight, returns the pattern of the requested method's route.
    pub(super) fn route(&self) -> Option<&'a str> {
        match self {
            Match::List => Some(LIST_ROUTE),
            Match::Service(_) => Some(SERVICE_ROUTE),
            Match::Route(endpoint, _) => Some(&endpoint.path),
            Match::File(endpoint, _) => Some(&endpoint.path),
            Match::Preflight(preflight) => preflight.route,
            Match::Nothing | Match::Methods(..) | Match::Server | Match::Malformed => None,
        }
    }

    /// Returns the kind of the request, for the metrics.
    pub(super) fn kind(&self) -> RequestKind {
        match self {
            Match::List => RequestKind::List,
            Match::Service(_) => RequestKind::Service,
            Match::Route(..) => RequestKind::Route,
            Match::File(..) => RequestKind::File,
            Match::Server | Match::Preflight(_) => RequestKind::Options,
            Match::Nothing | Match::Methods(..) | Match::Malformed => RequestKind::Nothing,
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
    cors: Option<Arc<CorsPolicy>>,
}

/// The target of a route of files.
#[derive(Debug)]
pub(super) struct FileEndpoint {
    /// The path as configured.
    pub(super) path: String,
    /// The number of segments of the path.
    depth: usize,
    pub(super) folder: PathBuf,
    pub(super) cache_control: HeaderValue,
    pub(super) callers: Callers,
    cors: Option<Arc<CorsPolicy>>,
}

/// All configured routes, as a tree of segments.
#[derive(Default)]
pub(super) struct Router {
    root: Node,
    /// True if `/services` and `/services/<name>` are served. If false, these paths match nothing,
    /// not even a configured route.
    serves_directly: bool,
    /// The server's CORS policy. A route may have its own policy, or none.
    cors: Option<Arc<CorsPolicy>>,
}

#[derive(Default)]
struct Node {
    fixed: HashMap<String, Node>,
    parameter: Option<Box<Node>>,
    /// The routes that end at this node, in the order of the configuration.
    ends: Vec<Endpoint>,
    /// The route of files at this path. A path below this one also matches the route, unless a
    /// route below this node matches that path.
    files: Option<Arc<FileEndpoint>>,
}

impl Router {
    pub(super) fn new(
        routes: &[Route],
        files: &[FileRoute],
        serves_directly: bool,
        cors: Option<&Cors>,
    ) -> Self {
        let cors = cors.map(|cors| Arc::new(CorsPolicy::new(cors)));
        let mut router = Router { root: Node::default(), serves_directly, cors };
        // The route `/` has no segments, but the path `/` has one empty segment.
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
                cors: policy(&route.cors, router.cors.as_ref()),
            });
        }
        for route in files {
            let segments = route.path.segments();
            let endpoint =
                Arc::new(FileEndpoint::new(route, policy(&route.cors, router.cors.as_ref())));
            if segments.is_empty() {
                router.root.at(&root).files = Some(Arc::clone(&endpoint));
            }
            router.root.at(segments).files = Some(endpoint);
        }
        router
    }

    /// Returns the match of a request, and the CORS policy to apply to the response. The policy is
    /// `None` for a preflight, because [`Preflight::respond`] applies the policy itself.
    pub(super) fn of_request(&self, head: &Parts) -> (Match<'_>, Option<&CorsPolicy>) {
        let path = head.uri.path();
        if let Some(method) = cors::preflighted(head)
            && let Some(preflight) = self.preflight(method, path)
        {
            return (Match::Preflight(preflight), None);
        }
        let found = self.find(&head.method, path);
        let cors = self.cors_of(&found);
        (found, cors)
    }

    /// Returns the preflight, if the path matches and has a CORS policy.
    fn preflight(&self, method: Method, path: &str) -> Option<Preflight<'_>> {
        let found = self.find(&method, path);
        let policy = self.cors_of(&found)?;
        let route = found.route();
        let taken = match found {
            Match::Route(endpoint, _) => Some(endpoint.methods.as_slice()),
            Match::Service(_) => Some(OF_SERVICE),
            Match::List | Match::File(..) => Some(ONLY_GET),
            Match::Methods(..) => None,
            Match::Nothing | Match::Malformed | Match::Server | Match::Preflight(_) => return None,
        };
        Some(Preflight { policy, route, method, taken })
    }

    fn cors_of<'a>(&'a self, found: &Match<'a>) -> Option<&'a CorsPolicy> {
        match found {
            Match::Route(endpoint, _) => endpoint.cors.as_deref(),
            Match::File(endpoint, _) => endpoint.cors.as_deref(),
            Match::Methods(_, cors) => *cors,
            _ => self.cors.as_deref(),
        }
    }

    /// Matches a method and a path. If several routes match, their segments are compared from left
    /// to right: a fixed segment takes precedence over a parameter, and both take precedence over
    /// the end of a route of files. The method is checked last. HEAD matches where GET matches.
    pub(super) fn find(&self, method: &Method, path: &str) -> Match<'_> {
        if path == "*" && method == Method::OPTIONS {
            return Match::Server;
        }
        let own = path.strip_prefix("/services/").filter(|name| !name.contains(['/', '%']));
        if let Some(name) = own {
            return match method {
                _ if !self.serves_directly => Match::Nothing,
                &Method::POST => Match::Service(ServiceName::new(name)),
                _ => self.other_methods(OF_SERVICE),
            };
        }
        let Some(segments) = segments(path) else { return Match::Malformed };
        let of_services = segments.split_first().filter(|(first, _)| **first == "services");
        match of_services.map(|(_, rest)| rest) {
            Some([] | [_]) if !self.serves_directly => Match::Nothing,
            Some([]) => match method {
                &Method::GET | &Method::HEAD => Match::List,
                _ => self.other_methods(ONLY_GET),
            },
            Some([name]) => match method {
                &Method::POST => Match::Service(ServiceName::new(&**name)),
                _ => self.other_methods(OF_SERVICE),
            },
            _ if path.starts_with('/') => self.route(method, &segments),
            _ => Match::Nothing,
        }
    }

    /// Returns the result for one of the host's own paths if the request's method is not in
    /// `methods`.
    fn other_methods(&self, methods: &[Method]) -> Match<'_> {
        Match::Methods(methods::list(methods), self.cors.as_deref())
    }

    fn route(&self, method: &Method, segments: &[Cow<'_, str>]) -> Match<'_> {
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
                let below =
                    segments.iter().skip(files.depth).map(|segment| segment.clone().into_owned());
                Match::File(files, below.collect())
            }
            None => {
                let of_files = if files.is_some() { ONLY_GET } else { &[] };
                let methods = ends.iter().flat_map(|end| &end.methods).chain(of_files);
                let cors = ends.first().map(|end| &end.cors).or(files.map(|files| &files.cors));
                Match::Methods(methods::list(methods), cors.and_then(Option::as_deref))
            }
        }
    }
}

/// The routes that end at a path, and the route of files that covers this path.
type Ends<'a> = (&'a [Endpoint], Option<&'a FileEndpoint>);

impl Node {
    /// Returns the node of these segments, creating it if necessary.
    fn at(&mut self, segments: &[Segment]) -> &mut Node {
        segments.iter().fold(self, |node, segment| match segment {
            Segment::Fixed(text) => node.fixed.entry(text.clone()).or_default(),
            Segment::Parameter(_) => node.parameter.get_or_insert_default(),
        })
    }

    fn find<'a>(
        &self,
        segments: &'a [Cow<'_, str>],
        values: &mut Vec<&'a str>,
    ) -> Option<Ends<'_>> {
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
        rest: &'a [Cow<'_, str>],
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
        self.methods.is_empty() || methods::take(&self.methods, method)
    }
}

/// Returns the CORS policy of a route: its own policy or the server's policy. Returns `None` if
/// the route has no CORS.
fn policy(cors: &RouteCors, server: Option<&Arc<CorsPolicy>>) -> Option<Arc<CorsPolicy>> {
    match cors {
        RouteCors::Server => server.cloned(),
        RouteCors::Off => None,
        RouteCors::Own(own) => Some(Arc::new(CorsPolicy::new(own))),
    }
}

impl FileEndpoint {
    fn new(route: &FileRoute, cors: Option<Arc<CorsPolicy>>) -> Self {
        let cache_control = HeaderValue::from_str(&route.cache_control);
        FileEndpoint {
            path: route.path.to_string(),
            depth: route.path.segments().len(),
            folder: route.folder.clone(),
            cache_control: cache_control.unwrap_or(HeaderValue::from_static("no-cache")),
            callers: route.callers.clone(),
            cors,
        }
    }
}

#[cfg(test)]
mod tests;
