//! Limits on the services that a plugin lists.

/// Longest name of a service, in bytes: names appear in log lines, paths and metrics.
pub(super) const MAX_SERVICE_NAME_BYTES: usize = 128;

/// Longest description of a service, in bytes: the host keeps descriptions while the plugin is
/// loaded.
pub(super) const MAX_DESCRIPTION_BYTES: usize = 1_024;
