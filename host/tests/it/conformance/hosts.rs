//! The hosts that scenarios run in.

use crate::support::{TestHost, patient};
use hostel::{
    Access, Backend, CacheGrant, Grants, PluginSettings, RedisAddress, RedisBackend, Settings,
};
use serde::Deserialize;
use std::sync::Arc;

/// What the plugin of a scenario may do, and what it finds.
#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Situation {
    /// A cache that it may read and write.
    #[default]
    Ordinary,
    /// A cache that it may only read.
    ReadOnly,
    /// A cache that does not answer.
    Unavailable,
}

/// A host for each situation.
pub(super) struct Hosts {
    ordinary: TestHost,
    read_only: TestHost,
    unavailable: TestHost,
}

impl Hosts {
    /// Loads the plugin. Its cache is where that of the ordinary host is, or nowhere.
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

/// A server that is not there: nothing listens on the port `discard`.
fn nowhere() -> RedisBackend {
    RedisBackend::new(RedisAddress::parse("redis://127.0.0.1:9").unwrap())
}
