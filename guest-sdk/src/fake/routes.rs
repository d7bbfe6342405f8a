//! The routes of a fake: they map a method and a path to a service, by the rules of a host, except
//! in rare cases. The paths `/services` and `/services/NAME` are not reserved. The path of a
//! request need not begin with a slash. If a GET and a HEAD route match a HEAD request, the route
//! that was added first is used.

use crate::service::Service;

/// The methods that a route can name.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

#[derive(Debug, Default)]
pub(super) struct Routes(Vec<ServiceRoute>);

#[derive(Debug)]
struct ServiceRoute {
    /// `None` matches any method.
    method: Option<&'static str>,
    segments: Vec<Segment>,
    service: Service,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Fixed(String),
    Parameter(String),
}

/// The result of matching a method and a path.
#[derive(Debug)]
pub(super) enum Match {
    /// A service, with the decoded parameters of the path.
    Service(Service, Vec<(String, String)>),
    /// No route matches this path.
    Nothing,
    /// The most specific routes for this path are for other methods. Contains the value of the
    /// `Allow` header.
    Methods(String),
    /// The path has an invalid escape or a segment that is not UTF-8.
    Malformed,
}

impl Routes {
    /// Adds a route such as `GET /orders/{id}`, or `/orders/{id}` for any method.
    ///
    /// # Errors
    ///
    /// The reason, if a host would refuse the route.
    pub(super) fn add(&mut self, route: &str, service: Service) -> Result<(), String> {
        let (method, path) = match route.split_once(' ') {
            Some((method, path)) => {
                let known = METHODS.into_iter().find(|known| *known == method);
                let all = METHODS.join(", ");
                (Some(known.ok_or(format!("unknown method {method:?}; there are: {all}"))?), path)
            }
            None => (None, route),
        };
        let added = ServiceRoute { method, segments: pattern(path)?, service };
        if self.0.iter().any(|route| route.clashes_with(&added)) {
            return Err("it matches requests that an earlier route matches".to_owned());
        }
        self.0.push(added);
        Ok(())
    }

    /// Finds the most specific routes for a path, and among them a route for the method. A route
    /// for GET also matches HEAD.
    pub(super) fn find(&self, method: &str, path: &str) -> Match {
        let Some(path) = decoded(path) else { return Match::Malformed };
        let matching = self.0.iter().filter(|route| route.has_path(&path));
        let Some(best) = matching.min_by_key(|route| route.rank()) else { return Match::Nothing };
        let same: Vec<_> = self.0.iter().filter(|route| route.is_like(best)).collect();
        match same.iter().find(|route| route.takes(method)) {
            Some(route) => Match::Service(route.service, route.params(path)),
            None => Match::Methods(allowed(&same)),
        }
    }
}

impl ServiceRoute {
    fn has_path(&self, path: &[String]) -> bool {
        let matches = |(segment, text): (&Segment, &String)| match segment {
            Segment::Fixed(fixed) => fixed == text,
            Segment::Parameter(_) => !text.is_empty(),
        };
        self.segments.len() == path.len() && self.segments.iter().zip(path).all(matches)
    }

    /// Returns the rank of this route among the routes that match a path; the lowest rank wins.
    /// Ranks compare segments from left to right, and fixed text ranks before a parameter.
    fn rank(&self) -> Vec<bool> {
        self.segments.iter().map(|segment| matches!(segment, Segment::Parameter(_))).collect()
    }

    /// Returns true if both routes match the same paths.
    fn is_like(&self, other: &ServiceRoute) -> bool {
        let like = |pair: (&Segment, &Segment)| match pair {
            (Segment::Fixed(a), Segment::Fixed(b)) => a == b,
            (Segment::Parameter(_), Segment::Parameter(_)) => true,
            _ => false,
        };
        let (own, others) = (&self.segments, &other.segments);
        own.len() == others.len() && own.iter().zip(others).all(like)
    }

    fn clashes_with(&self, other: &ServiceRoute) -> bool {
        let methods = (self.method, other.method);
        let common = matches!(methods, (None, _) | (_, None)) || methods.0 == methods.1;
        common && self.is_like(other)
    }

    fn takes(&self, method: &str) -> bool {
        let own = self.method;
        own.is_none_or(|own| own == method || (own == "GET" && method == "HEAD"))
    }

    fn params(&self, path: Vec<String>) -> Vec<(String, String)> {
        let pairs = self.segments.iter().zip(path);
        let params = pairs.filter_map(|(segment, value)| match segment {
            Segment::Parameter(name) => Some((name.clone(), value)),
            Segment::Fixed(_) => None,
        });
        params.collect()
    }
}

fn allowed(routes: &[&ServiceRoute]) -> String {
    let mut methods: Vec<_> = routes.iter().filter_map(|route| route.method).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.sort_unstable();
    methods.dedup();
    methods.join(", ")
}

fn pattern(path: &str) -> Result<Vec<Segment>, String> {
    let inside = path.strip_prefix('/');
    let inside = inside.ok_or(format!("the path {path:?} must begin with a slash"))?;
    let mut segments = Vec::new();
    // The path `/` has one empty segment.
    for text in inside.split('/') {
        let segment = if inside.is_empty() { Segment::Fixed(String::new()) } else { read(text)? };
        if matches!(segment, Segment::Parameter(_)) && segments.contains(&segment) {
            return Err(format!("the path has the parameter {text:?} twice"));
        }
        segments.push(segment);
    }
    Ok(segments)
}

fn read(text: &str) -> Result<Segment, String> {
    if ["", ".", ".."].contains(&text) {
        return Err(format!("the segment {text:?}: a segment must not be empty, `.` or `..`"));
    }
    if let Some(name) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !name.is_empty() && name.chars().all(allowed) {
            return Ok(Segment::Parameter(name.to_owned()));
        }
    }
    if text.contains(['{', '}']) {
        return Err(format!(
            "the segment {text:?}: a parameter must be a whole segment, `{{name}}`, of letters, \
             digits, hyphens and underscores"
        ));
    }
    let wrong = |c: char| "%?#\\".contains(c) || c.is_whitespace() || c.is_control();
    match text.chars().find(|c| wrong(*c)) {
        Some(c) => Err(format!("{c:?}: write it without percent-encoding or a query")),
        None => Ok(Segment::Fixed(text.to_owned())),
    }
}

/// Decodes the segments of a path. `None` if an escape is not `%` with two hexadecimal digits, or
/// if a decoded segment is not UTF-8.
fn decoded(path: &str) -> Option<Vec<String>> {
    path.strip_prefix('/').unwrap_or(path).split('/').map(decode).collect()
}

fn decode(segment: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
        decoded.push(match byte {
            b'%' => (digit(bytes.next()?)? << 4) | digit(bytes.next()?)?,
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}
