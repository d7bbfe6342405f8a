//! What a build and a check of tools report.

/// Where a build reports its progress.
#[derive(Clone, Copy)]
pub struct Progress<'a> {
    /// Called with each line, from any thread.
    pub line: &'a (dyn Fn(&str) + Sync),
    /// Called with the step that begins and takes long: building, once.
    pub step: &'a (dyn Fn(&str) + Sync),
    /// Whether the lines may carry colours.
    pub colour: bool,
}

/// A check of something that building in a language needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What is needed.
    pub what: &'static str,
    /// What was found: its version or its place.
    pub found: Option<String>,
    /// The fix when nothing was found: a command, or where to get it.
    pub fix: &'static str,
}
