//! Who calls: the credentials of a request, and what a client pays for wrong ones.

pub(super) mod groups;
pub(super) mod throttle;
mod verified;
