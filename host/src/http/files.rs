//! Serves the files of configured folders.
//!
//! Files are not cached: each request opens its file on a blocking thread. For GET, a small file is
//! read when it is opened, and a larger file is read in pieces while the response is sent.

mod open;
mod path;
mod range;
mod validators;

use super::log::{ErrorLog, LogBound};
use super::problem::Problem;
use super::response::Content;
use super::router::FileEndpoint;
use super::slice::{FileSlice, ReadErrors};
use crate::blocking;
use crate::telemetry::Level;
use bytes::Bytes;
use hyper::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION,
    RANGE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use open::{FileOpenError, OpenedFile};
use range::ByteRange;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use validators::Validators;

/// Maximum number of files that are served at once. If a route serves files, the server reserves
/// this many file descriptors for them, or fewer if the limit of open files is low. Connections
/// cannot use the reserved descriptors.
pub(crate) const MAX_OPEN_FILES: usize = 1_024;

/// Maximum number of threads that open and read files.
const MAX_READERS: usize = 32;

/// Maximum time that a request waits for a thread to open its file. While a file system hangs, it
/// may occupy all threads: other requests then get 503 instead of waiting forever.
const READER_TIME: Duration = Duration::from_secs(1);

/// Serves files, with a maximum number of open files and of threads.
pub(super) struct FileServer {
    open: Arc<Semaphore>,
    readers: Arc<Semaphore>,
    /// Bounds the log lines about unreadable files, because clients can cause any number of them.
    unreadable: LogBound,
    /// Like `unreadable`, for files whose responses have begun.
    unfinished: Arc<LogBound>,
}

impl Default for FileServer {
    fn default() -> Self {
        FileServer {
            open: Arc::new(Semaphore::new(MAX_OPEN_FILES)),
            readers: Arc::new(Semaphore::new(MAX_READERS)),
            unreadable: LogBound::default(),
            unfinished: Arc::default(),
        }
    }
}

impl FileServer {
    /// Responds to GET or HEAD with a file, or with a redirect for a folder without a trailing
    /// slash. `below` has the segments of the request's path that follow the endpoint's path.
    ///
    /// # Errors
    ///
    /// 404 if the file does not exist, clients may not request it, or the server has no permission
    /// to read it; 412 if a precondition fails; 416 if the file has no byte of the range; 503 if
    /// too many files are open, no thread is free or the system lacks a resource; 500 if the file
    /// cannot be read for another reason.
    pub(super) async fn respond(
        &self,
        endpoint: &FileEndpoint,
        below: &[String],
        head: &Parts,
        log: &ErrorLog,
    ) -> Result<Response<Content>, Problem> {
        let path = path::relative(below).ok_or_else(Problem::no_file)?;
        let opened = self.open(&endpoint.folder, &path, head.method == Method::GET).await;
        let found = opened.map_err(|error| self.problem(error, &endpoint.folder, &path, log))?;
        let mut response = match found {
            None => redirect(head),
            Some((file, open)) => {
                let (path, bound) = (endpoint.folder.join(path), Arc::clone(&self.unfinished));
                self.of_file(file, open, head, ReadErrors { path, log: log.clone(), bound })?
            }
        };
        response.headers_mut().insert(CACHE_CONTROL, endpoint.cache_control.clone());
        Ok(response)
    }

    /// Opens a file. Returns the file and the permit to keep the file open, or `None` if the path
    /// is a folder with an index.
    async fn open(
        &self,
        folder: &Path,
        path: &Path,
        reads: bool,
    ) -> Result<Option<(OpenedFile, OwnedSemaphorePermit)>, FileOpenError> {
        let permit = Arc::clone(&self.open).try_acquire_owned().map_err(|_| FileOpenError::Busy)?;
        let reader = timeout(READER_TIME, Arc::clone(&self.readers).acquire_owned()).await;
        let reader = reader.map_err(|_| FileOpenError::Busy)?;
        let (folder, path) = (folder.to_owned(), path.to_owned());
        let work = move || {
            // Hold the permit for the thread until the work ends, even if the client disconnects.
            let _reader = reader;
            open::open(&folder, &path, reads)
        };
        let opened = blocking::run(work).await.map_err(|_| FileOpenError::Busy)??;
        Ok(opened.map(|file| (file, permit)))
    }

    /// Returns the problem for a file that cannot be opened. Logs the reason of a `Denied` or
    /// `Failed` error, unless `unreadable` omits the line.
    fn problem(&self, error: FileOpenError, folder: &Path, path: &Path, log: &ErrorLog) -> Problem {
        let (reason, problem) = match error {
            FileOpenError::NoFile => return Problem::no_file(),
            FileOpenError::Busy => return Problem::busy(),
            FileOpenError::Denied(reason) => (reason, Problem::no_file()),
            FileOpenError::Failed(reason) => (reason, Problem::unreadable_file()),
        };
        let (folder, path) = (folder.display(), path.display());
        let message = format_args!("cannot read {path} in the folder {folder}: {reason}");
        log.bounded(&self.unreadable, Level::Warn, message);
        problem
    }

    fn of_file(
        &self,
        opened: OpenedFile,
        open: OwnedSemaphorePermit,
        head: &Parts,
        errors: ReadErrors,
    ) -> Result<Response<Content>, Problem> {
        let OpenedFile { file, found, content } = opened;
        let length = found.len();
        let validators = Validators::new(&found, SystemTime::now());
        let mut response = Response::new(Content::from(Bytes::new()));
        validators.put(response.headers_mut());
        if !validators.are_expected(&head.headers) {
            return Err(Problem::precondition_failed());
        }
        if validators.is_known(&head.headers) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Ok(response);
        }
        let (start, length) = match range(head, &validators, length) {
            ByteRange::Whole => (0, length),
            ByteRange::Unsatisfiable => return Err(Problem::range_not_satisfiable(length)),
            ByteRange::Part { start, length: part } => {
                let last = start + part - 1;
                let range = HeaderValue::from_str(&format!("bytes {start}-{last}/{length}"));
                response.headers_mut().extend(range.ok().map(|range| (CONTENT_RANGE, range)));
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                (start, part)
            }
        };
        put_type(&errors.path, response.headers_mut());
        *response.body_mut() = match part_of(content, start, length) {
            Some(bytes) => bytes.into(),
            None => {
                let readers = Arc::clone(&self.readers);
                Content::File(FileSlice::new(file, (start, length), readers, open, errors))
            }
        };
        Ok(response)
    }
}

/// Redirects to the same path with a trailing slash, so that relative links in the folder's index
/// work. The path begins with one slash and a name, so the redirect cannot lead to another site.
fn redirect(head: &Parts) -> Response<Content> {
    let query = head.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let location = HeaderValue::from_str(&format!("{}/{query}", head.uri.path()));
    let mut response = Response::new(Content::from(Bytes::new()));
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    response.headers_mut().extend(location.ok().map(|location| (LOCATION, location)));
    response
}

/// Returns the requested range, or the whole file if the request has no range that applies. RFC
/// 9110, section 14.2: only a GET request may have a range.
fn range(head: &Parts, validators: &Validators, length: u64) -> ByteRange {
    let mut ranges = head.headers.get_all(RANGE).iter();
    match (ranges.next().and_then(|range| range.to_str().ok()), ranges.next()) {
        (Some(range), None)
            if head.method == Method::GET && validators.allow_range(&head.headers) =>
        {
            ByteRange::of(range, length)
        }
        _ => ByteRange::Whole,
    }
}

/// Adds the headers `content-type`, `x-content-type-options` and `accept-ranges`. The media type
/// depends on the extension of the file's name. Text is declared as UTF-8.
fn put_type(path: &Path, headers: &mut HeaderMap) {
    let media_type = mime_guess::from_path(path).first_raw();
    let media_type = media_type.unwrap_or("application/octet-stream");
    let value = match media_type.starts_with("text/") {
        true => HeaderValue::from_str(&format!("{media_type}; charset=utf-8")).ok(),
        false => Some(HeaderValue::from_static(media_type)),
    };
    headers.extend(value.map(|value| (CONTENT_TYPE, value)));
    // Without this header, a browser may run a file as a script although its media type is text.
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
}

/// Returns `length` bytes from the offset `start`, or `None` if the content is not in memory.
fn part_of(content: Option<Vec<u8>>, start: u64, length: u64) -> Option<Bytes> {
    let (start, length) = (usize::try_from(start).ok()?, usize::try_from(length).ok()?);
    content.map(|content| Bytes::from(content).slice(start..start + length))
}
