//! Routes: the paths and methods of services.

use super::callers::CallerGroup;
use super::cors::{self, RouteCors};
use super::error::{Diagnostics, Place, instead};
use super::groups::{Callers, callers};
use super::method::{Method, methods};
use super::raw::{At, RawRoute};
use crate::name::PluginName;
use crate::service::ServiceName;
use std::fmt;

/// Paths and methods that are routed to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The paths that the route matches.
    pub path: PathPattern,
    /// The methods that the route matches; empty: all.
    pub methods: Vec<Method>,
    /// `<plugin>.<service>`, or only the plugin if it has one service.
    pub service: ServiceName,
    /// The callers who may call; `None`: the plugin's callers.
    pub callers: Option<Callers>,
    /// Which pages of other origins may read responses.
    pub cors: RouteCors,
}

/// The paths that a route matches: `/`, or one pattern segment for each segment of the path.
///
/// Patterns are ordered segment by segment, with fixed text before parameters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PathPattern(Vec<Segment>);

/// One segment of a [`PathPattern`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// This text, compared with the decoded segment.
    Fixed(String),
    /// Any non-empty segment. Its decoded text is the value of the path parameter of this name.
    Parameter(String),
}

/// Why a path pattern is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// The path does not begin with a slash.
    #[error("the path {0:?} must begin with a slash")]
    NoSlash(String),
    /// The path has a segment that is not allowed in a path.
    #[error("the path {0:?} has the segment {1:?}: a segment must not be empty, `.` or `..`")]
    Segment(String, String),
    /// The path has a character that is not allowed in a pattern.
    #[error("the path {0:?} has {1:?}: write it without percent-encoding or a query")]
    Character(String, char),
    /// A parameter is not a whole segment with a valid name.
    #[error(
        "the path {0:?} has the segment {1:?}: a parameter must be a whole segment, `{{name}}`, of \
         letters, digits, hyphens and underscores"
    )]
    Parameter(String, String),
    /// Two parameters have the same name.
    #[error("the path {0:?} has the parameter `{1}` twice")]
    Twice(String, String),
}

impl PathPattern {
    /// Parses a pattern: `/users/{id}`.
    ///
    /// # Errors
    ///
    /// If the text is not a valid pattern. The error names the invalid part.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let whole = || text.to_owned();
        let inside = text.strip_prefix('/').ok_or_else(|| PatternError::NoSlash(whole()))?;
        let mut segments: Vec<Segment> = Vec::new();
        for part in inside.split('/').filter(|_| !inside.is_empty()) {
            let segment = segment(text, part)?;
            if let Segment::Parameter(name) = &segment
                && segments.contains(&segment)
            {
                return Err(PatternError::Twice(whole(), name.clone()));
            }
            segments.push(segment);
        }
        Ok(PathPattern(segments))
    }

    /// Returns the segments; empty for `/`.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Returns true if both patterns match the same paths: they differ at most in the names of
    /// parameters.
    fn is_like(&self, other: &PathPattern) -> bool {
        let like = |pair: (&Segment, &Segment)| match pair {
            (Segment::Fixed(a), Segment::Fixed(b)) => a == b,
            (Segment::Parameter(_), Segment::Parameter(_)) => true,
            _ => false,
        };
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(like)
    }
}

fn segment(whole: &str, text: &str) -> Result<Segment, PatternError> {
    if ["", ".", ".."].contains(&text) {
        return Err(PatternError::Segment(whole.to_owned(), text.to_owned()));
    }
    if let Some(name) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !name.is_empty() && name.chars().all(allowed) {
            return Ok(Segment::Parameter(name.to_owned()));
        }
    }
    if text.contains(['{', '}']) {
        return Err(PatternError::Parameter(whole.to_owned(), text.to_owned()));
    }
    let wrong = |c: char| "%?#\\".contains(c) || c.is_whitespace() || c.is_control();
    match text.chars().find(|c| wrong(*c)) {
        Some(character) => Err(PatternError::Character(whole.to_owned(), character)),
        None => Ok(Segment::Fixed(text.to_owned())),
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("/");
        }
        self.0.iter().try_for_each(|segment| match segment {
            Segment::Fixed(text) => write!(f, "/{text}"),
            Segment::Parameter(name) => write!(f, "/{{{name}}}"),
        })
    }
}

/// Validates the routes to services, and returns them, sorted by path, with the position of each
/// service.
pub(super) fn routes(
    raw: &[At<RawRoute>],
    plugins: &[&str],
    has_folder: bool,
    groups: &[CallerGroup],
    diagnostics: &mut Diagnostics<'_>,
) -> (Vec<Route>, Vec<Place>) {
    let mut routes: Vec<(Route, Place)> = Vec::new();
    for written in raw {
        let raw = written.get();
        let Some(service) = target(written, diagnostics) else { continue };
        let methods = methods(raw.methods.as_deref().unwrap_or_default(), diagnostics);
        check_service(service, plugins, has_folder, diagnostics);
        let callers = callers(raw.callers.as_ref(), groups, diagnostics);
        let cors = cors::of_route(raw.cors.as_ref(), diagnostics);
        let path = match PathPattern::new(raw.path.get()) {
            Ok(path) => path,
            Err(error) => {
                diagnostics.fault(raw.path.at(), error);
                continue;
            }
        };
        let service_at = service.at();
        let service = ServiceName::new(service.get());
        let route = Route { path, methods, service, callers, cors };
        if let Some(other) =
            routes.iter().map(|(other, _)| other).find(|other| clash(other, &route))
        {
            let (path, other) = (&route.path, &other.path);
            diagnostics.fault(
                raw.path.at(),
                format_args!(
                    "{path} matches requests that the earlier route {other} matches: change the \
                     path or the methods of one"
                ),
            );
        }
        routes.push((route, diagnostics.place(service_at)));
    }
    routes.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
    routes.into_iter().unzip()
}

/// Returns the service of a route; `None` if the route serves files or has no target.
fn target<'a>(
    route: &'a At<RawRoute>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<&'a At<String>> {
    let RawRoute { service, files, cache_control, .. } = route.get();
    if service.is_some() == files.is_some() {
        let message = "a route needs either `service` or `files`";
        diagnostics.fault(route.at(), message);
    }
    if let (Some(written), None) = (cache_control, files) {
        let message = "`cache-control` is for `files`: a service sets its own headers";
        diagnostics.fault(written.at(), message);
    }
    service.as_ref().filter(|_| files.is_none())
}

fn clash(a: &Route, b: &Route) -> bool {
    let common = a.methods.is_empty()
        || b.methods.is_empty()
        || a.methods.iter().any(|method| b.methods.contains(method));
    common && a.path.is_like(&b.path)
}

/// Checks that the plugin of a service is configured, or could come from the folder of plugins.
fn check_service(
    service: &At<String>,
    plugins: &[&str],
    has_folder: bool,
    diagnostics: &mut Diagnostics<'_>,
) {
    let name = ServiceName::new(service.get());
    let (plugin, short) = (name.plugin(), name.service());
    if plugins.contains(&plugin) && short != Some("") {
        return;
    }
    let at = service.at();
    match PluginName::new(plugin) {
        Err(_) => diagnostics.fault(
            at,
            format_args!(
                "{:?} is not a service: write `PLUGIN.SERVICE`, or only the plugin if it has one \
                 service",
                service.get()
            ),
        ),
        Ok(_) if short == Some("") => {
            diagnostics
                .fault(at, format_args!("{:?} names no service after the dot", service.get()));
        }
        Ok(_) if has_folder => {}
        Ok(_) => {
            let instead = instead(plugin, plugins.iter().copied());
            diagnostics.fault(
                at,
                format_args!("no plugin `{plugin}` is configured in [plugins]; {instead}"),
            );
        }
    }
}
