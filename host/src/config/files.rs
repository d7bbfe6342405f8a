//! File routes: paths at which the server serves the files of a folder.

use super::callers::CallerGroup;
use super::cors::{self, RouteCors};
use super::error::Diagnostics;
use super::groups::{Callers, callers};
use super::raw::{At, RawRoute};
use super::routes::{PathPattern, Segment};
use super::values::Context;
use crate::file::explained;
use std::fs;
use std::path::{Path, PathBuf};

/// The default `cache-control` of files: clients may store a file, and must revalidate it each
/// time.
const CACHE_CONTROL: &str = "no-cache";

/// A route that serves the files of a folder, at a path and all paths below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRoute {
    /// The path at which the folder is served, without parameters.
    pub path: PathPattern,
    /// The folder. It may be a link, which each request resolves anew.
    pub folder: PathBuf,
    /// The `cache-control` of the responses. An invalid header value is replaced by `no-cache`.
    pub cache_control: String,
    /// The callers who may read the files.
    pub callers: Callers,
    /// Which pages of other origins may read the files.
    pub cors: RouteCors,
}

/// Validates the file routes. `open_to` are the callers of routes without `callers`.
pub(super) fn file_routes(
    raw: &[At<RawRoute>],
    context: &Context<'_>,
    open_to: &Callers,
    groups: &[CallerGroup],
    diagnostics: &mut Diagnostics<'_>,
) -> Vec<FileRoute> {
    let mut routes: Vec<FileRoute> = Vec::new();
    for raw in raw.iter().map(At::get) {
        let Some(files) = &raw.files else { continue };
        let folder = folder(files, context, diagnostics);
        let cache_control = cache_control(raw.cache_control.as_ref(), diagnostics);
        let callers = callers(raw.callers.as_ref(), groups, diagnostics);
        let callers = callers.unwrap_or_else(|| open_to.clone());
        let cors = cors::of_route(raw.cors.as_ref(), diagnostics);
        if let Some(method) = raw.methods.iter().flatten().next() {
            let message = "a route to files accepts only GET and HEAD: leave `methods` out";
            diagnostics.fault(method.at(), message);
        }
        let Some(path) = path(&raw.path, diagnostics) else { continue };
        if routes.iter().any(|other| other.path == path) {
            let message =
                format_args!("an earlier route leads from {path} to files: use another path");
            diagnostics.fault(raw.path.at(), message);
        }
        routes.push(FileRoute { path, folder, cache_control, callers, cors });
    }
    routes
}

fn path(written: &At<String>, diagnostics: &mut Diagnostics<'_>) -> Option<PathPattern> {
    let path = match PathPattern::new(written.get()) {
        Ok(path) => path,
        Err(error) => {
            diagnostics.fault(written.at(), error);
            return None;
        }
    };
    let parameter = path.segments().iter().find_map(|segment| match segment {
        Segment::Parameter(name) => Some(name),
        Segment::Fixed(_) => None,
    });
    if let Some(name) = parameter {
        let message = format_args!(
            "the path {path} has the parameter `{name}`: a path of files cannot have parameters, \
             since all paths below it lead to the folder"
        );
        diagnostics.fault(written.at(), message);
    }
    Some(path)
}

fn folder(
    written: &At<String>,
    context: &Context<'_>,
    diagnostics: &mut Diagnostics<'_>,
) -> PathBuf {
    let folder = context.path(written.get());
    let shown = folder.display();
    match fs::metadata(&folder) {
        Ok(found) if !found.is_dir() => {
            let message = format_args!("{shown} is not a folder: name the folder with the files");
            diagnostics.fault(written.at(), message);
        }
        // The configuration's folder may also contain secrets.
        Ok(_) if contains(&folder, context.folder) => diagnostics.fault(
            written.at(),
            format_args!(
                "{:?} contains this configuration, which clients could then read: name a folder of \
                 its own",
                written.get()
            ),
        ),
        Ok(_) => {}
        Err(error) => {
            let error = explained(&folder, error);
            let message = format_args!("cannot serve the files of {shown}: {error}");
            diagnostics.fault(written.at(), message);
        }
    }
    folder
}

/// Returns true if `inner` is the folder or below it.
fn contains(folder: &Path, inner: &Path) -> bool {
    let inner = if inner.as_os_str().is_empty() { Path::new(".") } else { inner };
    match (folder.canonicalize(), inner.canonicalize()) {
        (Ok(folder), Ok(inner)) => inner.starts_with(folder),
        _ => false,
    }
}

fn cache_control(written: Option<&At<String>>, diagnostics: &mut Diagnostics<'_>) -> String {
    let Some(written) = written else { return CACHE_CONTROL.to_owned() };
    let text = written.get();
    if text.is_empty() || !text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        let message = format_args!(
            "{text:?} is not a valid header value: write it as in \"no-cache\" or \"max-age=3600\""
        );
        diagnostics.fault(written.at(), message);
    }
    text.clone()
}
