//! What is to be built.

use super::language::Source;
use super::progress::Progress;
use std::path::PathBuf;

/// What is to be built.
#[derive(Clone, Copy)]
pub(super) struct Work<'a> {
    pub(super) source: &'a Source,
    /// The files that it may import, where they are known.
    pub(super) modules: Option<&'a [PathBuf]>,
    pub(super) progress: Progress<'a>,
}
