//! Hostel's side.

use anyhow::Result;
use hostel::{
    Cache, CacheBinding, CacheGrant, CacheLimits, CacheName, CacheStore, Grants, Host, Instances,
    Limits, Name, PluginName, PluginSettings, Request, Settings,
};
use std::num::NonZeroU32;
use std::time::Duration;

/// A host that runs the benchmark's guest as two plugins: `fresh` gets a new instance for each
/// call, and `kept` reuses one instance. The plugins share a cache.
pub struct Ours {
    host: Host,
    store: CacheStore,
}

impl Ours {
    pub async fn new(component: &[u8], cache: CacheLimits) -> Result<Ours> {
        let limits = Limits {
            time: Duration::from_secs(600),
            cpu: Duration::from_secs(600),
            ..Limits::default()
        };
        let host = Host::new(Settings { limits, ..Settings::default() })?;
        let store = host.caches().open(CacheName::configured("bench")?, cache)?;
        let kept = Instances::reuse(NonZeroU32::MAX);
        for (name, instances) in [("fresh", Instances::Fresh), ("kept", kept)] {
            let binding = CacheBinding::Configured(Name::new("bench")?);
            let grants = Grants::from(CacheGrant { binding, ..CacheGrant::default() });
            let settings = PluginSettings { grants, instances, ..PluginSettings::default() };
            host.load(PluginName::new(name)?, component.to_vec(), settings).await?;
        }
        Ok(Ours { host, store })
    }

    /// Returns the cache, for access without a guest.
    pub fn cache(&self) -> &Cache {
        self.store.memory().expect("a cache in memory")
    }

    /// Calls a service by its full name.
    pub async fn call(&self, service: &str, body: &str) -> Result<()> {
        let request = Request { body: body.as_bytes().to_vec(), ..Request::default() };
        self.host.call(service, request).await?;
        Ok(())
    }
}
