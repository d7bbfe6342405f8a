//! The hosts that run the scenarios.

use crate::support::{TestHost, patient};
use hostel::{
    Access, Backend, CacheGrant, Grants, PluginSettings, RedisAddress, RedisBackend, Settings,
};
use serde::Deserialize;
use std::sync::Arc;

/// The permissions and the environment of a scenario's plugin.
#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Situation {
    /// A cache that the plugin may read and write.
    #[default]
    Ordinary,
    /// A cache that the plugin may only read.
    ReadOnly,
    /// A cache whose backend is unreachable.
    Unavailable,
}

/// One host for each situation.
pub(super) struct Hosts {
    ordinary: TestHost,
    read_only: TestHost,
    unavailable: TestHost,
}

impl Hosts {
    /// Loads the plugin on the ordinary host, on a host where it may only read its cache, and on a
    /// host whose backend is unreachable.
    pub(super) async fn new(ordinary: TestHost, component: &[u8]) -> Self {
        let hosts = Hosts {
            ordinary,
            read_only: TestHost::with(patient()),
            unavailable: TestHost::with_settings(Settings {
                limits: patient(),
                backend: Backend::Redis(Arc::new(nowhere())),
                ..Settings::default()
            }),
        };
        hosts.ordinary.load("plugin", component.to_owned()).await;
        let grants = Grants::from(CacheGrant { access: Access::ReadOnly, ..CacheGrant::default() });
        let settings = PluginSettings { grants, ..PluginSettings::default() };
        hosts.read_only.load_with("plugin", component.to_owned(), settings).await;
        hosts.unavailable.load("plugin", component.to_owned()).await;
        hosts
    }

    pub(super) fn of(&self, situation: Situation) -> &TestHost {
        match situation {
            Situation::Ordinary => &self.ordinary,
            Situation::ReadOnly => &self.read_only,
            Situation::Unavailable => &self.unavailable,
        }
    }
}

/// Returns a backend without a server: nothing listens on the `discard` port.
fn nowhere() -> RedisBackend {
    RedisBackend::new(RedisAddress::parse("redis://127.0.0.1:9").unwrap())
}
