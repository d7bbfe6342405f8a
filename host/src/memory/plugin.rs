//! The memory of a plugin's instances.

use super::HostMemory;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The total memory of a plugin's running instances.
///
/// A plugin may take at most as much as it leaves free for all others, so that room remains for one
/// more plugin: a single plugin gets half, and the next one half of the other half. There are two
/// exceptions: a plugin that has taken nothing yet may take everything that is free, and forced
/// charges are not limited.
pub(crate) struct PluginMemory {
    host: Arc<HostMemory>,
    taken: AtomicUsize,
}

impl PluginMemory {
    pub(crate) fn new(host: &Arc<HostMemory>) -> Arc<Self> {
        Arc::new(PluginMemory { host: Arc::clone(host), taken: AtomicUsize::new(0) })
    }

    /// Takes bytes that are free. Returns false if the plugin's share or the budget does not
    /// suffice.
    fn take_free(&self, bytes: usize) -> bool {
        let has_taken = self.has_share(bytes) && self.host.instances.take(bytes);
        if has_taken && bytes > 0 {
            self.taken.fetch_add(bytes, Ordering::Relaxed);
        }
        has_taken
    }

    /// Takes bytes, freeing dispensable memory if needed. Returns false if the plugin's share or
    /// the budget does not suffice.
    fn take(&self, bytes: usize) -> bool {
        loop {
            if self.take_free(bytes) {
                return true;
            }
            if !self.has_share(bytes) || !self.host.make_room() {
                return false;
            }
        }
    }

    fn has_share(&self, bytes: usize) -> bool {
        let taken = self.taken.load(Ordering::Relaxed);
        taken == 0 || taken.saturating_add(bytes) <= self.host.available().saturating_sub(bytes)
    }
}

/// The memory of one instance, charged to its plugin while the instance is not idle. Dropping this
/// value releases the memory.
pub(crate) struct InstanceCharge {
    plugin: Arc<PluginMemory>,
    bytes: usize,
    is_idle: bool,
    is_forced: bool,
}

impl InstanceCharge {
    /// Charges this many bytes, freeing dispensable memory if needed. Returns `None` if the
    /// plugin's share or the budget does not suffice.
    pub(crate) fn make(plugin: &Arc<PluginMemory>, bytes: usize) -> Option<Self> {
        plugin.take(bytes).then(|| Self::of(plugin, bytes))
    }

    /// Charges this many bytes without freeing any memory. Returns `None` if the plugin's share or
    /// the free part of the budget does not suffice.
    pub(crate) fn of_free(plugin: &Arc<PluginMemory>, bytes: usize) -> Option<Self> {
        plugin.take_free(bytes).then(|| Self::of(plugin, bytes))
    }

    /// Creates a charge whose growth is never refused, for the instance that lists the services of
    /// a plugin that is being loaded. There are only a few such instances.
    pub(crate) fn forced(host: &Arc<HostMemory>) -> Self {
        let mut charge = Self::of(&PluginMemory::new(host), 0);
        charge.is_forced = true;
        charge
    }

    fn of(plugin: &Arc<PluginMemory>, bytes: usize) -> Self {
        InstanceCharge { plugin: Arc::clone(plugin), bytes, is_idle: false, is_forced: false }
    }

    /// Grows a smaller charge to this many bytes. Returns false, and leaves the charge unchanged,
    /// if the plugin's share or the budget does not suffice.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        if self.is_forced {
            self.plugin.host.instances.force(more);
            self.plugin.taken.fetch_add(more, Ordering::Relaxed);
        } else if more > 0 && !self.plugin.take(more) {
            return false;
        }
        self.bytes += more;
        true
    }

    /// Marks the instance as idle: its bytes no longer count as the plugin's, and can be freed for
    /// other instances. Reduces the charge to at most `used` bytes.
    pub(crate) fn rest(&mut self, used: usize) {
        let unused = self.bytes.saturating_sub(used);
        self.plugin.host.instances.give_back(unused);
        self.plugin.taken.fetch_sub(self.bytes, Ordering::Relaxed);
        self.bytes -= unused;
        self.plugin.host.idle.fetch_add(self.bytes, Ordering::Relaxed);
        self.is_idle = true;
    }

    /// Marks the instance as running its next call.
    pub(crate) fn resume(&mut self) {
        self.plugin.taken.fetch_add(self.bytes, Ordering::Relaxed);
        self.plugin.host.idle.fetch_sub(self.bytes, Ordering::Relaxed);
        self.is_idle = false;
    }
}

impl Drop for InstanceCharge {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        self.plugin.host.instances.give_back(self.bytes);
        let counted = if self.is_idle { &self.plugin.host.idle } else { &self.plugin.taken };
        counted.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    fn host() -> Arc<HostMemory> {
        HostMemory::new(1_000)
    }

    /// Makes charges of 10 bytes until one is refused.
    fn fill(plugin: &Arc<PluginMemory>) -> Vec<InstanceCharge> {
        std::iter::from_fn(|| InstanceCharge::make(plugin, 10)).collect()
    }

    #[test]
    fn a_plugin_leaves_as_much_as_it_takes_and_another_finds_room() {
        let host = host();
        let [greedy, second, third] = [(); 3].map(|()| PluginMemory::new(&host));
        let one = fill(&greedy);
        let two = fill(&second);
        assert_eq!((one.len(), two.len()), (50, 25));
        let mut first = InstanceCharge::make(&third, 200).unwrap();
        assert!(!first.grow_to(201), "it has more than it leaves");
        drop((one, two, first));
        assert_eq!((host.budget().taken(), fill(&third).len()), (0, 50));
    }

    #[test]
    fn the_first_instance_may_take_all_and_no_more() {
        let host = host();
        let plugin = PluginMemory::new(&host);
        assert!(InstanceCharge::make(&plugin, 1_001).is_none());
        let all = InstanceCharge::of_free(&plugin, 1_000).unwrap();
        assert!(InstanceCharge::of_free(&PluginMemory::new(&host), 1).is_none());
        drop(all);
        let mut forced = InstanceCharge::forced(&host);
        assert!(forced.grow_to(2_000));
        assert_eq!((host.budget().taken(), host.budget().free()), (2_000, 0));
        drop(forced);
        assert_eq!(host.budget().taken(), 0);
    }

    #[test]
    fn idle_instances_make_room() {
        let host = host();
        let idle = Arc::new(Mutex::new(Vec::new()));
        let pool = Arc::clone(&idle);
        host.free_by(move || pool.lock().unwrap().pop().is_some());
        let (first, second) = (PluginMemory::new(&host), PluginMemory::new(&host));
        for mut charge in fill(&first) {
            charge.rest(8);
            idle.lock().unwrap().push(charge);
        }
        assert_eq!((host.budget().taken(), host.available()), (400, 1_000));
        let mut resumed = idle.lock().unwrap().pop().unwrap();
        resumed.resume();
        let taken = [&first, &second].map(|plugin| plugin.taken.load(Ordering::Relaxed));
        assert_eq!(taken, [8, 0]);
        let large = InstanceCharge::make(&second, 900).unwrap();
        assert!(host.budget().taken() <= 1_000 && idle.lock().unwrap().len() < 12);
        drop((large, resumed));
        idle.lock().unwrap().clear();
        assert_eq!((host.budget().taken(), host.available()), (0, 1_000));
    }

    #[test]
    fn some_is_kept_free() {
        let host = host();
        let charge = Mutex::new(InstanceCharge::make(&PluginMemory::new(&host), 960));
        host.free_by(move || charge.lock().unwrap().take().is_some());
        host.keep_some_free();
        assert_eq!(host.budget().taken(), 0);
        host.keep_some_free();
    }
}
