//! The progress of a build, and the results of tool checks.

/// The receiver of a build's progress.
#[derive(Clone, Copy)]
pub struct Progress<'a> {
    /// Called from any thread, with each line of a tool or of the build that is meant to be shown.
    pub line: &'a (dyn Fn(&str) + Sync),
    /// Called at most once, with a description of the long step of the build, when the step begins.
    pub step: &'a (dyn Fn(&str) + Sync),
    /// Whether the lines may contain colors.
    pub colour: bool,
}

/// The result of checking for a tool that a language's build needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The tool.
    pub what: &'static str,
    /// The tool's version, path or name, if the tool was found or the first build fetches it.
    pub found: Option<String>,
    /// How the user gets the tool if it is missing.
    pub fix: &'static str,
}
