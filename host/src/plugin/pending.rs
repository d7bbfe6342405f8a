//! Plugins that are being loaded for the first time. Calls to them wait, because their services are
//! not known yet.

use crate::name::PluginName;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use tokio::sync::watch;

/// The names of the plugins that are being loaded for the first time, and of the refused plugins.
#[derive(Default)]
pub(super) struct Pending {
    names: watch::Sender<BTreeSet<PluginName>>,
    /// True if `names` is not empty. While this flag is false, looking for a name takes no lock.
    has_any: AtomicBool,
    /// The names of the plugins that do not serve, because they were refused or their files are
    /// gone. May contain duplicates.
    refused: RwLock<Vec<String>>,
}

impl Pending {
    /// Replaces `names`, and wakes all waiters if `names` has changed.
    pub(super) fn set(&self, names: BTreeSet<PluginName>) {
        self.names.send_if_modified(|before| {
            // Set the flag under the lock of the names, so that it always matches them.
            self.has_any.store(!names.is_empty(), Ordering::Release);
            let is_changed = *before != names;
            *before = names;
            is_changed
        });
    }

    pub(super) fn set_refused(&self, names: Vec<String>) {
        *self.refused.write().unwrap_or_else(PoisonError::into_inner) = names;
    }

    pub(super) fn is_refused(&self, plugin: &str) -> bool {
        let refused = self.refused.read().unwrap_or_else(PoisonError::into_inner);
        refused.iter().any(|name| name == plugin)
    }

    /// The number of plugins that are being loaded for the first time, and the number of refused
    /// plugins.
    pub(super) fn counts(&self) -> (usize, usize) {
        let refused = self.refused.read().unwrap_or_else(PoisonError::into_inner);
        (self.names.borrow().len(), refused.len())
    }

    pub(super) fn has(&self, plugin: &str) -> bool {
        self.has_any.load(Ordering::Acquire) && has(&self.names.borrow(), plugin)
    }

    /// Waits until a plugin is no longer being loaded for the first time.
    pub(super) async fn until_settled(&self, plugin: &str) {
        self.until(|names| !has(names, plugin)).await;
    }

    /// Waits until no plugins other than `these` are being loaded for the first time.
    pub(super) async fn until_only(&self, these: &BTreeSet<PluginName>) {
        self.until(|names| names.is_subset(these)).await;
    }

    async fn until(&self, holds: impl FnMut(&BTreeSet<PluginName>) -> bool) {
        // This fails only if the sender is dropped, but `self` owns the sender.
        let _ = self.names.subscribe().wait_for(holds).await;
    }
}

fn has(names: &BTreeSet<PluginName>, plugin: &str) -> bool {
    names.iter().any(|name| name.as_str() == plugin)
}
