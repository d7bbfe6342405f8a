//! Admission: how many calls a host takes on at once, and how many wait.

use crate::backend::LeaseWaits;
use crate::engine::CallError;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many calls run at once. Further calls wait in a queue; a call that finds the queue full, or
/// waits for too long, ends with [`CallError::Busy`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Calls under way in the host. 256: enough to keep every processor busy while some wait for
    /// a clock or a backend, few enough that their memory is bounded.
    pub calls: usize,
    /// Calls under way in one plugin. 64: one plugin that hangs leaves the others their share.
    pub calls_per_plugin: usize,
    /// Calls that wait, in all plugins. 1,024: a burst is served late, a flood is refused at once.
    pub queue: usize,
    /// The longest that a call waits. 1 second: a client that waited longer has given up.
    pub queue_time: Duration,
}

impl Default for Admission {
    fn default() -> Self {
        let queue_time = Duration::from_secs(1);
        Admission { calls: 256, calls_per_plugin: 64, queue: 1_024, queue_time }
    }
}

/// Admits calls to a host.
pub(super) struct Gate {
    admission: Admission,
    calls: Arc<Semaphore>,
    lease_waits: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// The permits that a call holds while it runs.
pub(super) struct Admitted(
    #[expect(dead_code, reason = "held, not read")] [OwnedSemaphorePermit; 2],
);

impl Gate {
    /// The gate of a host with so many slots for instances, 0 where instances have none. It admits no
    /// more calls than have a slot, since a call without one would fail.
    pub(super) fn new(mut admission: Admission, slots: u32) -> Self {
        if slots > 0 {
            // The rest is for idle instances.
            admission.calls = admission.calls.min(slots as usize / 4 * 3);
        }
        let calls = semaphore(admission.calls);
        let lease_waits = semaphore(most_waits(admission.calls));
        Gate { admission, calls, lease_waits, waiting: AtomicUsize::new(0) }
    }

    /// The permits of one plugin, kept when the plugin is replaced.
    pub(super) fn permits(&self, calls: Option<usize>) -> Arc<Semaphore> {
        semaphore(calls.unwrap_or(self.admission.calls_per_plugin))
    }

    /// How many calls of one plugin may wait for leases, kept when the plugin is replaced.
    pub(super) fn lease_waits(&self, calls: Option<usize>) -> LeaseWaits {
        let of_plugin = semaphore(most_waits(calls.unwrap_or(self.admission.calls_per_plugin)));
        LeaseWaits::new(of_plugin, Arc::clone(&self.lease_waits))
    }

    /// Calls that are taken on at once.
    pub(super) fn most(&self) -> usize {
        self.admission.calls
    }

    /// Calls that wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Calls under way.
    pub(super) fn under_way(&self) -> usize {
        self.admission.calls.saturating_sub(self.calls.available_permits())
    }

    /// True when calls may be waiting for a processor: as many run as there are processors, or some
    /// wait to begin.
    pub(super) fn is_busy(&self) -> bool {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        self.waiting() > 0 || self.under_way() >= processors
    }

    /// Admits a call, by its plugin's permits first: so calls that wait for a busy plugin hold none of
    /// the host's permits.
    ///
    /// # Errors
    ///
    /// [`CallError::Busy`] when too many wait, or this one has waited for too long.
    pub(super) async fn admit(&self, permits: &Arc<Semaphore>) -> Result<Admitted, CallError> {
        let try_enter = |place: &Arc<Semaphore>| Arc::clone(place).try_acquire_owned();
        if let Ok(in_plugin) = try_enter(permits)
            && let Ok(in_host) = try_enter(&self.calls)
        {
            return Ok(Admitted([in_plugin, in_host]));
        }
        let Admission { calls, queue_time, .. } = &self.admission;
        let reason =
            || format!("{calls} calls are under way, or as many of this plugin as it may have,");
        let _place = self.wait(reason)?;
        let enter = async {
            let in_plugin = Arc::clone(permits).acquire_owned().await.ok()?;
            let in_host = Arc::clone(&self.calls).acquire_owned().await.ok()?;
            Some(Admitted([in_plugin, in_host]))
        };
        let admitted = tokio::time::timeout(*queue_time, enter).await;
        admitted.ok().flatten().ok_or_else(|| {
            let waited = humantime::format_duration(*queue_time);
            CallError::Busy(format!("the call waited {waited} for others to end: come back later"))
        })
    }
}

impl Gate {
    /// Waits, as a call that waits to begin, until a plugin is loaded.
    ///
    /// # Errors
    ///
    /// As [`Gate::admit`].
    pub(super) async fn await_load(
        &self,
        plugin: &str,
        loaded: impl Future<Output = ()>,
    ) -> Result<(), CallError> {
        let _place = self.wait(|| format!("the plugin `{plugin}` is being loaded,"))?;
        let queue_time = self.admission.queue_time;
        tokio::time::timeout(queue_time, loaded).await.map_err(|_| {
            let waited = humantime::format_duration(queue_time);
            CallError::Busy(format!(
                "the call waited {waited} for the plugin `{plugin}` to be loaded: come back later"
            ))
        })
    }

    fn wait(&self, reason: impl FnOnce() -> String) -> Result<Waiting<'_>, CallError> {
        let queue = self.admission.queue;
        Waiting::enter(&self.waiting, queue).ok_or_else(|| {
            let reason = reason();
            CallError::Busy(format!(
                "{reason} and {queue} wait: come back later, or raise `admission.queue`"
            ))
        })
    }
}

/// A place in the queue, given back when it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn enter(waiting: &'a AtomicUsize, most: usize) -> Option<Self> {
        let place = Waiting(waiting);
        (waiting.fetch_add(1, Ordering::Relaxed) < most).then_some(place)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Of so many calls, how many may wait for a lease: some places are always left for the calls that
/// compute what the others wait for.
fn most_waits(calls: usize) -> usize {
    calls / 4 * 3 + calls % 4 * 3 / 4
}

fn semaphore(most: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(calls: usize, calls_per_plugin: usize, queue: usize) -> Gate {
        let queue_time = Duration::from_millis(10);
        Gate::new(Admission { calls, calls_per_plugin, queue, queue_time }, 0)
    }

    #[track_caller]
    fn check_busy(admitted: Result<Admitted, CallError>, words: &str) {
        let Err(CallError::Busy(reason)) = admitted else { panic!("it was admitted") };
        assert!(reason.contains(words), "{reason}");
    }

    #[test]
    fn no_more_calls_are_taken_on_than_have_a_slot() {
        for (calls, slots, most) in [(256, 0, 256), (256, 1_024, 256), (256, 64, 48), (9, 16, 9)] {
            let gate = Gate::new(Admission { calls, ..Admission::default() }, slots);
            assert_eq!((gate.most(), gate.calls.available_permits()), (most, most));
        }
    }

    #[tokio::test]
    async fn a_call_over_the_bound_waits_until_another_ends() {
        let gate = gate(1, 1, 1);
        let permits = gate.permits(None);
        let first = gate.admit(&permits).await.unwrap();
        assert_eq!((gate.under_way(), gate.waiting()), (1, 0));
        let second = async {
            let admitted = gate.admit(&permits).await;
            assert_eq!(gate.waiting(), 0);
            admitted
        };
        let end_first = async {
            assert_eq!(gate.waiting(), 1);
            drop(first);
        };
        assert!(tokio::join!(second, end_first).0.is_ok());
    }

    #[tokio::test]
    async fn a_call_that_waits_for_too_long_is_told_to_come_back() {
        let gate = gate(1, 1, 1);
        let permits = gate.permits(None);
        let _first = gate.admit(&permits).await.unwrap();
        check_busy(gate.admit(&permits).await, "waited 10ms");
        assert_eq!(gate.waiting(), 0);
    }

    #[tokio::test]
    async fn a_call_that_finds_the_queue_full_is_told_at_once() {
        let gate = gate(1, 1, 0);
        let permits = gate.permits(None);
        let _first = gate.admit(&permits).await.unwrap();
        check_busy(gate.admit(&permits).await, "raise `admission.queue`");
        assert_eq!(gate.waiting(), 0);
    }

    #[tokio::test]
    async fn a_full_plugin_leaves_the_others_their_share() {
        let gate = gate(3, 1, 8);
        let (busy, other) = (gate.permits(None), gate.permits(None));
        let _first = gate.admit(&busy).await.unwrap();
        let waiting = async { check_busy(gate.admit(&busy).await, "waited") };
        let served = async {
            for _ in 0..3 {
                gate.admit(&other).await.unwrap();
            }
        };
        tokio::join!(waiting, served);
    }
}
