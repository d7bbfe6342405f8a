//! Admission: limits how many calls run at once and how many wait.

mod places;

pub(super) use places::PluginCalls;

use crate::backend::LeaseWaits;
use crate::engine::{CallError, NO_MEMORY};
use crate::memory::{HostMemory, PluginMemory};
use places::{CallPlace, Entered, Places};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Limits on concurrent calls. Further calls wait in a queue. A call fails with [`CallError::Busy`]
/// if it waits for too long, or if the full queue refuses or evicts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Maximum running calls in the host. If the host has instance slots, at most three quarters of
    /// them. With the default of 256, processors stay busy while some calls sleep or wait for a
    /// backend, and the memory of the calls is still bounded.
    pub calls: usize,
    /// Maximum running calls in one plugin, unless the plugin's settings have their own maximum.
    /// With the default of 64, a plugin that hangs leaves capacity to the others.
    pub calls_per_plugin: usize,
    /// Maximum queued calls of all plugins together. Calls that wait until their plugins are loaded
    /// have the same maximum, and are counted separately. With the default of 1,024, a burst is
    /// served late, and most calls of a flood are refused at once.
    pub queue: usize,
    /// The longest time that a call waits in the queue. A call's earlier wait for its plugin's load
    /// has the same limit. The default is 1 second.
    pub queue_time: Duration,
}

impl Default for Admission {
    fn default() -> Self {
        let queue_time = Duration::from_secs(1);
        Admission { calls: 256, calls_per_plugin: 64, queue: 1_024, queue_time }
    }
}

/// The interval at which each waiting call makes the host try to admit the next call. Otherwise the
/// host would try this only when a call ends, and not when a body or a cache frees memory.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// Admits calls to a host.
pub(super) struct Gate {
    admission: Admission,
    places: Arc<Places>,
    memory: Arc<HostMemory>,
    lease_waits: Arc<Semaphore>,
    /// Number of calls that wait until their plugin is loaded.
    loading: AtomicUsize,
}

impl Gate {
    /// Creates the gate of a host. `slots` is the number of instance slots, or 0 if instances do
    /// not use slots. With slots, the gate admits fewer calls than there are slots, because a call
    /// without a slot fails.
    pub(super) fn new(mut admission: Admission, slots: u32, memory: &Arc<HostMemory>) -> Self {
        if slots > 0 {
            // The remaining slots are for idle instances.
            admission.calls = admission.calls.min(slots as usize / 4 * 3);
        }
        let places = Places::new(admission.calls);
        let lease_waits = semaphore(most_waits(admission.calls));
        let (memory, loading) = (Arc::clone(memory), AtomicUsize::new(0));
        Gate { admission, places, memory, lease_waits, loading }
    }

    /// Creates the limits on a plugin's running calls and memory. All versions of the plugin share
    /// these limits. If `most` is `None`, the default maximum of calls applies.
    pub(super) fn calls(&self, most: Option<usize>) -> Arc<PluginCalls> {
        let most = most.unwrap_or(self.admission.calls_per_plugin);
        PluginCalls::new(&self.places, most, PluginMemory::new(&self.memory))
    }

    /// Creates the limit on a plugin's lease waits. It includes the host's limit, and all versions
    /// of the plugin share it. `calls` is the plugin's maximum of running calls; if `calls` is
    /// `None`, the default maximum applies.
    pub(super) fn lease_waits(&self, calls: Option<usize>) -> LeaseWaits {
        let of_plugin = semaphore(most_waits(calls.unwrap_or(self.admission.calls_per_plugin)));
        LeaseWaits::new(of_plugin, Arc::clone(&self.lease_waits))
    }

    /// The maximum number of calls that run at once.
    pub(super) fn most(&self) -> usize {
        self.admission.calls
    }

    /// The number of calls that are queued, or that wait for their plugin to be loaded.
    pub(super) fn waiting(&self) -> usize {
        self.places.waiting() + self.loading.load(Ordering::Relaxed)
    }

    /// The number of running calls.
    pub(super) fn under_way(&self) -> usize {
        self.admission.calls.saturating_sub(self.places.free())
    }

    /// True if calls may be waiting for a processor: at least as many calls run as there are
    /// processors, or some calls are not admitted yet.
    pub(super) fn is_busy(&self) -> bool {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        self.waiting() > 0 || self.under_way() >= processors
    }

    /// Admits a call, and reserves `memory` bytes for it.
    ///
    /// # Errors
    ///
    /// [`CallError::Busy`] if the full queue refuses or evicts the call, or its wait is too long.
    pub(super) async fn admit(
        &self,
        calls: &Arc<PluginCalls>,
        memory: usize,
    ) -> Result<CallPlace, CallError> {
        let Admission { calls: most, queue, queue_time, .. } = &self.admission;
        let full = || {
            CallError::Busy(format!(
                "{most} calls, or the plugin's maximum, are active, and {queue} wait: try again \
                 later, or raise `admission.queue`"
            ))
        };
        let mut ticket = match self.places.enter(calls, memory, *queue) {
            Entered::Place(place) => return Ok(place),
            Entered::Queue(ticket) => ticket,
            Entered::Full => return Err(full()),
        };
        let waiting = async {
            loop {
                match tokio::time::timeout(LOOK_INTERVAL, ticket.place()).await {
                    Ok(place) => return place,
                    Err(_elapsed) => self.places.look_again(),
                }
            }
        };
        match tokio::time::timeout(*queue_time, waiting).await {
            Ok(place) => place.ok_or_else(full),
            Err(_elapsed) => {
                let waited = humantime::format_duration(*queue_time);
                // This charge only tests whether memory is short; it is released at once.
                Err(CallError::Busy(match calls.charge(memory) {
                    Some(_) => {
                        format!("the call waited {waited} for others to end: try again later")
                    }
                    None => format!("the call waited {waited} for memory: {NO_MEMORY}"),
                }))
            }
        }
    }

    /// Waits for `loaded`, a future that ends with the first load of a plugin. Meanwhile the call
    /// counts as waiting.
    ///
    /// # Errors
    ///
    /// [`CallError::Busy`] if too many calls wait for plugins, or the load takes too long.
    pub(super) async fn await_load(
        &self,
        plugin: &str,
        loaded: impl Future<Output = ()>,
    ) -> Result<(), CallError> {
        let Admission { queue, queue_time, .. } = &self.admission;
        let _place = Loading::enter(&self.loading, *queue).ok_or_else(|| {
            CallError::Busy(format!(
                "the plugin `{plugin}` is being loaded, and {queue} wait: try again later, or raise \
                 `admission.queue`"
            ))
        })?;
        tokio::time::timeout(*queue_time, loaded).await.map_err(|_| {
            let waited = humantime::format_duration(*queue_time);
            CallError::Busy(format!(
                "the call waited {waited} for the plugin `{plugin}` to be loaded: try again later"
            ))
        })
    }
}

/// Counts a call as waiting for the load of its plugin, until this value is dropped.
struct Loading<'a>(&'a AtomicUsize);

impl<'a> Loading<'a> {
    fn enter(loading: &'a AtomicUsize, most: usize) -> Option<Self> {
        let place = Loading(loading);
        (loading.fetch_add(1, Ordering::Relaxed) < most).then_some(place)
    }
}

impl Drop for Loading<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Returns how many of `calls` concurrent calls may wait for a lease: three quarters, rounded down.
/// The other calls can then compute the values that the waiting calls need.
fn most_waits(calls: usize) -> usize {
    calls / 4 * 3 + calls % 4 * 3 / 4
}

fn semaphore(most: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    fn gate(calls: usize, calls_per_plugin: usize, queue: usize) -> Gate {
        let queue_time = Duration::from_millis(10);
        Gate::new(
            Admission { calls, calls_per_plugin, queue, queue_time },
            0,
            &HostMemory::new(1_000),
        )
    }

    #[track_caller]
    fn check_busy(admitted: Result<CallPlace, CallError>, words: &str) {
        let Err(CallError::Busy(reason)) = admitted else { panic!("it was admitted") };
        assert!(reason.contains(words), "{reason}");
    }

    #[test]
    fn no_more_calls_are_taken_on_than_have_a_slot() {
        for (calls, slots, most) in [(256, 0, 256), (256, 1_024, 256), (256, 64, 48), (9, 16, 9)] {
            let gate =
                Gate::new(Admission { calls, ..Admission::default() }, slots, &HostMemory::new(0));
            assert_eq!((gate.most(), gate.places.free()), (most, most));
        }
    }

    #[tokio::test]
    async fn a_call_over_the_bound_waits_until_another_ends() {
        let gate = gate(1, 1, 1);
        let calls = gate.calls(None);
        let first = gate.admit(&calls, 0).await.unwrap();
        assert_eq!((gate.under_way(), gate.waiting()), (1, 0));
        let second = async {
            let admitted = gate.admit(&calls, 0).await;
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
    async fn a_call_that_waits_for_too_long_is_refused() {
        let gate = gate(1, 1, 1);
        let calls = gate.calls(None);
        let _first = gate.admit(&calls, 0).await.unwrap();
        check_busy(gate.admit(&calls, 0).await, "waited 10ms");
        assert_eq!(gate.waiting(), 0);
    }

    #[tokio::test]
    async fn a_call_that_finds_the_queue_full_is_refused_at_once() {
        let gate = gate(1, 1, 0);
        let calls = gate.calls(None);
        let _first = gate.admit(&calls, 0).await.unwrap();
        check_busy(gate.admit(&calls, 0).await, "raise `admission.queue`");
        assert_eq!(gate.waiting(), 0);
    }

    #[tokio::test]
    async fn a_full_plugin_leaves_the_others_their_share() {
        let gate = gate(3, 1, 8);
        let (busy, other) = (gate.calls(None), gate.calls(None));
        let _first = gate.admit(&busy, 0).await.unwrap();
        let waiting = async { check_busy(gate.admit(&busy, 0).await, "waited") };
        let served = async {
            for _ in 0..3 {
                gate.admit(&other, 0).await.unwrap();
            }
        };
        tokio::join!(waiting, served);
    }

    /// Waits for a place, then appends `name` to `order`, or `-` if the call was refused.
    async fn named(gate: &Gate, calls: &Arc<PluginCalls>, name: char, order: &Mutex<String>) {
        let admitted = gate.admit(calls, 0).await;
        order.lock().unwrap().push(if admitted.is_ok() { name } else { '-' });
    }

    #[tokio::test]
    async fn a_plugin_with_few_calls_does_not_wait_behind_one_with_many() {
        let gate = gate(3, 3, 99);
        let (greedy, modest, other) = (gate.calls(None), gate.calls(None), gate.calls(None));
        let mut held = Vec::new();
        for calls in [&greedy, &greedy, &modest] {
            held.push(gate.admit(calls, 0).await.unwrap());
        }
        let order = Mutex::new(String::new());
        let waiting = async {
            let greedy = || named(&gate, &greedy, 'g', &order);
            let (a, b, c) = (greedy(), greedy(), greedy());
            let modest = named(&gate, &modest, 'm', &order);
            let other = named(&gate, &other, 'o', &order);
            tokio::join!(a, b, c, modest, other);
        };
        let ends = async {
            assert_eq!(gate.waiting(), 5);
            held.clear();
        };
        tokio::join!(waiting, ends);
        assert!(order.lock().unwrap().starts_with("mo"), "{order:?}");
        assert_eq!((gate.under_way(), gate.waiting()), (0, 0));
    }

    #[tokio::test]
    async fn in_a_full_queue_the_plugin_with_the_most_makes_way() {
        let gate = gate(1, 1, 4);
        let (greedy, modest) = (gate.calls(None), gate.calls(None));
        let first = gate.admit(&greedy, 0).await.unwrap();
        let order = Mutex::new(String::new());
        let waiting = async {
            let greedy = || named(&gate, &greedy, 'g', &order);
            let modest = || named(&gate, &modest, 'm', &order);
            // The fifth greedy call is refused, and two others are evicted for the modest plugin.
            tokio::join!(greedy(), greedy(), greedy(), greedy(), greedy(), modest(), modest());
        };
        let ends = async {
            assert_eq!((gate.waiting(), order.lock().unwrap().as_str()), (4, "-"));
            drop(first);
        };
        tokio::join!(waiting, ends);
        let order = order.into_inner().unwrap();
        assert_eq!(order.matches('m').count(), 2, "{order}");
        assert_eq!(order.matches('g').count(), 2, "{order}");
    }

    #[tokio::test]
    async fn a_place_is_lost_by_no_call_that_gives_up() {
        let gate = Arc::new(gate(2, 2, 9_999));
        let calls = gate.calls(None);
        for round in 0..200 {
            let running: Vec<_> = (0..20)
                .map(|_| {
                    let (gate, calls) = (Arc::clone(&gate), Arc::clone(&calls));
                    tokio::spawn(async move {
                        let _place = gate.admit(&calls, 0).await;
                        tokio::task::yield_now().await;
                    })
                })
                .collect();
            for (at, call) in running.iter().enumerate() {
                if at % 3 == round % 3 {
                    call.abort();
                }
                if at % 5 == 0 {
                    tokio::task::yield_now().await;
                }
            }
            for call in running {
                let _ = call.await;
            }
            assert_eq!((gate.under_way(), gate.waiting()), (0, 0));
        }
    }

    #[tokio::test]
    async fn a_call_without_memory_waits_and_others_go_first() {
        let gate = gate(9, 9, 9);
        let (greedy, modest) = (gate.calls(None), gate.calls(None));
        let first = gate.admit(&greedy, 400).await.unwrap();
        let waiting = async { gate.admit(&greedy, 200).await.is_ok() };
        let others = async {
            assert_eq!((gate.under_way(), gate.waiting()), (1, 1));
            drop(gate.admit(&modest, 200).await.unwrap());
            assert_eq!(gate.waiting(), 1, "its plugin would have more than it leaves");
            drop(first);
        };
        assert!(tokio::join!(waiting, others).0);
        let held = gate.admit(&greedy, 600).await.unwrap();
        check_busy(gate.admit(&greedy, 600).await, "raise `server.memory`");
        drop(held);
        assert_eq!((gate.under_way(), gate.memory.budget().taken()), (0, 0));
    }

    #[tokio::test]
    async fn memory_that_no_call_gave_back_is_found() {
        let mut gate = gate(9, 9, 9);
        gate.admission.queue_time = Duration::from_secs(20);
        let calls = gate.calls(None);
        let messages = gate.memory.messages();
        messages.force(1_000);
        let given_back = async {
            assert_eq!(gate.waiting(), 1);
            messages.give_back(1_000);
        };
        assert!(tokio::join!(gate.admit(&calls, 100), given_back).0.is_ok());
    }
}
