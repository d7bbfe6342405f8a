//! A compiled component with the settings of its plugin.

use super::fairness::CpuShare;
use super::instance::Idle;
use super::limits::Limits;
use crate::hostcalls::ConfigValues;
use crate::telemetry::InstanceMeter;
use crate::world::Linked;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A compiled component that fits its world, with the limits of its calls. It also has the idle
/// instances, if its plugin reuses instances.
pub(crate) struct Compiled {
    pub(super) linked: Arc<Linked>,
    pub(super) limits: Limits,
    pub(super) idle: Option<Arc<Idle>>,
    /// Bytes of a fresh instance's memories and tables after it has listed its services.
    pub(super) first_memory: AtomicUsize,
    pub(super) meter: InstanceMeter,
    /// The settings and secrets of its plugin.
    pub(super) config: Arc<ConfigValues>,
    /// The recent CPU time of the component's long calls.
    pub(super) cpu_share: Arc<CpuShare>,
}

impl Compiled {
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Returns the bytes of memory that the next call needs to begin: 0 if an instance is idle.
    pub(crate) fn memory_of_call(&self) -> usize {
        match &self.idle {
            Some(idle) if idle.has_any() => 0,
            _ => self.first_memory.load(Ordering::Relaxed),
        }
    }

    /// Turns instance reuse on or off and returns the idle instances, for the caller to drop
    /// outside any lock. No effect unless the plugin reuses instances.
    #[must_use]
    pub(crate) fn keep_instances(&self, keep: bool) -> impl Sized + use<> {
        self.idle.as_ref().map(|idle| idle.set_open(keep))
    }
}
