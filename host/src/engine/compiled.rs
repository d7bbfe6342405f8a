//! A compiled component with the settings of its plugin.

use super::fairness::CpuShare;
use super::instance::Idle;
use super::limits::Limits;
use crate::hostcalls::ConfigValues;
use crate::telemetry::InstanceMeter;
use crate::world::Linked;
use std::sync::Arc;

/// A component that is compiled and fits its world, with the limits of its calls and, where its
/// plugin reuses instances, those that are idle.
pub(crate) struct Compiled {
    pub(super) linked: Arc<Linked>,
    pub(super) limits: Limits,
    pub(super) idle: Option<Idle>,
    pub(super) meter: InstanceMeter,
    /// The settings and secrets of its plugin.
    pub(super) config: Arc<ConfigValues>,
    /// What its calls have computed of late.
    pub(super) cpu_share: Arc<CpuShare>,
}

impl Compiled {
    /// The limits of its calls.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Turns instance reuse on or off and returns the idle instances, for the caller to drop
    /// outside any lock. No effect unless the plugin reuses instances.
    #[must_use]
    pub(crate) fn keep_instances(&self, keep: bool) -> impl Sized + use<> {
        self.idle.as_ref().map(|idle| idle.set_open(keep))
    }
}
