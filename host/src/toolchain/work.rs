//! A build to perform.

use super::language::Source;
use super::progress::Progress;
use std::path::PathBuf;

#[derive(Clone, Copy)]
pub(super) struct Work<'a> {
    pub(super) source: &'a Source,
    /// The files that the source may import, if known.
    pub(super) modules: Option<&'a [PathBuf]>,
    pub(super) progress: Progress<'a>,
}
