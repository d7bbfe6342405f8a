//! Hosts with the bench's guest in them.

use crate::{KEY, VALUE};
use anyhow::{Result, bail};
use hostel::source::{self, Location};
use hostel::toolchain::{Inputs, Progress};
use hostel::{
    Admission, Backend, Host, Instances, PluginName, PluginSettings, RedisAddress, RedisBackend,
    Request, Settings,
};
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A host whose one plugin is used again for each call, as many at once as the bench asks for.
pub struct Ours {
    host: Host,
    read: Vec<u8>,
    write: Vec<u8>,
}

impl Ours {
    /// A host whose caches are in memory, or on the server at a port of this machine.
    pub async fn new(component: &[u8], redis: Option<u16>) -> Result<Arc<Ours>> {
        let backend = match redis {
            None => Backend::Memory,
            Some(port) => {
                let address = RedisAddress::parse(&format!("redis://127.0.0.1:{port}/0"))?;
                let mut backend = RedisBackend::new(address);
                // Calls wait for their turn here, and none may fail for that.
                backend.timeout = Duration::from_secs(5);
                Backend::Redis(Arc::new(backend))
            }
        };
        let admission = Admission { calls_per_plugin: 256, ..Admission::default() };
        let host = Host::new(Settings { backend, admission, ..Settings::default() })?;
        let instances = Instances::Reuse { calls: NonZeroU32::MAX };
        let settings = PluginSettings { instances, ..PluginSettings::default() };
        host.load(PluginName::new("bench")?, component.to_vec(), settings).await?;
        let ours = Ours {
            host,
            read: serde_json::to_vec(&(1, KEY))?,
            write: serde_json::to_vec(&(1, KEY, VALUE))?,
        };
        ours.call("write").await?;
        Ok(Arc::new(ours))
    }

    /// Calls a service that calls the cache once.
    pub async fn call(&self, operation: &'static str) -> Result<()> {
        let (service, body) = match operation {
            "read" => ("bench.read", &self.read),
            "write" => ("bench.write", &self.write),
            other => bail!("there is no operation {other}"),
        };
        let request = Request { body: body.clone(), ..Request::default() };
        self.host.call(service, request).await?;
        Ok(())
    }
}

/// The bench's guest, built from its source.
pub fn component() -> Result<Vec<u8>> {
    let line = |line: &str| eprintln!("{line}");
    let progress = Progress { line: &line, step: &|_| (), colour: false };
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest");
    let file = source::component(&Location::at(&source)?, progress, &mut Inputs::default())?;
    Ok(std::fs::read(file)?)
}
