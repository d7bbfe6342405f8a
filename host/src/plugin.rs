//! Plugins: their names, their services, the caches they are bound to, and the host that holds
//! them.

mod admission;
mod deploy;
mod error;
mod host;
mod metrics;
mod name;
mod probation;
mod reclaim;
mod settings;
mod version;

pub use admission::Admission;
pub use deploy::{Build, Deployment, NamedPlugin, PluginFolder, PluginState, Stage};
pub use error::{HostError, LoadError};
pub use host::Host;
pub use name::PluginName;
pub use probation::RolledBack;
pub use settings::{Access, Activity, CacheBinding, PluginInfo, PluginSettings, Settings};
pub use version::Digest;

use crate::hostcalls::handler::ServiceInfo;
use hostel_cache::{Cache, CacheName};
use probation::Probation;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::Semaphore;
use version::Version;

/// Longest name of a service, in bytes.
const SERVICE_NAME_BYTES: usize = 128;

/// Longest description of a service, in bytes: the host keeps it while the plugin is loaded.
const DESCRIPTION_BYTES: usize = 1_024;

/// A plugin as it is called: one version, and what it is granted. It never changes; another takes
/// its place.
struct Plugin {
    name: PluginName,
    version: Arc<Version>,
    cache: Arc<Cache>,
    cache_name: CacheName,
    settings: PluginSettings,
    /// Room for its calls, kept when it is replaced.
    room: Arc<Semaphore>,
    probation: Probation,
    rolled_back: Option<RolledBack>,
}

impl Plugin {
    /// The same plugin with another version.
    fn with(
        &self,
        version: Arc<Version>,
        probation: Probation,
        rolled_back: Option<RolledBack>,
    ) -> Self {
        Plugin {
            name: self.name.clone(),
            version,
            cache: Arc::clone(&self.cache),
            cache_name: self.cache_name.clone(),
            settings: self.settings.clone(),
            room: Arc::clone(&self.room),
            probation,
            rolled_back,
        }
    }

    fn info(&self) -> PluginInfo {
        PluginInfo {
            name: self.name.clone(),
            version: self.version.digest,
            services: self.version.services.clone(),
            cache: self.cache_name.clone(),
            rolled_back: self.rolled_back.clone(),
        }
    }

    /// The full names of the plugin's services.
    fn full_names(&self) -> impl Iterator<Item = String> {
        self.version.services.iter().map(|info| format!("{}.{}", self.name, info.name))
    }
}

/// Checks what a plugin says of its services.
fn check_services(services: &[ServiceInfo]) -> Result<(), LoadError> {
    if services.is_empty() {
        return Err(LoadError::NoServices);
    }
    let mut seen = BTreeSet::new();
    for ServiceInfo { name, description } in services {
        if !is_service_name(name) {
            return Err(LoadError::ServiceName(name.clone()));
        }
        if description.len() > DESCRIPTION_BYTES || description.chars().any(char::is_control) {
            return Err(LoadError::Description(name.clone()));
        }
        if !seen.insert(name) {
            return Err(LoadError::ServiceTwice(name.clone()));
        }
    }
    Ok(())
}

fn is_service_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    name.len() <= SERVICE_NAME_BYTES
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_one_line_and_short() {
        let described = |description: &str| {
            let (name, description) = ("a".to_owned(), description.to_owned());
            check_services(&[ServiceInfo { name, description }]).is_ok()
        };
        assert!(described("") && described("Finds a user.") && described(&"x".repeat(1_024)));
        assert!(!described("two\nlines") && !described("\u{1b}[2J"));
        assert!(!described(&"x".repeat(1_025)));
    }

    #[track_caller]
    fn check(name: &str, valid: bool) {
        assert_eq!(is_service_name(name), valid, "{name:?}");
    }

    #[test]
    fn a_service_name_is_a_short_ascii_word_that_may_hold_dots() {
        for name in ["a", "my-service", "orders.find_all", "V2"] {
            check(name, true);
        }
        for name in ["", ".a", "1a", "-a", "a b", "a/b", "ž", "a\n"] {
            check(name, false);
        }
        check(&"a".repeat(SERVICE_NAME_BYTES), true);
        check(&"a".repeat(SERVICE_NAME_BYTES + 1), false);
    }
}
