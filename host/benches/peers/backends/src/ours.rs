//! Hosts with the benchmark's guests.

use crate::{KEY, VALUE};
use anyhow::{Context, Result};
use hostel::source::{self, Location};
use hostel::toolchain::{Inputs, Progress};
use hostel::{
    Admission, Backend, CacheBinding, CacheGrant, Grants, Host, Instances, Name, PluginName,
    PluginSettings, RedisAddress, RedisBackend, Request, Settings,
};
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The key of an integer.
const NUMBER: &str = "number";

/// The operation that sets and takes a token.
const TOKEN: &str = "set-and-take";

/// A host whose plugins share a cache and reuse their instances.
pub struct Ours {
    host: Host,
    operations: Vec<Operation>,
    /// The number of tokens set so far, which makes each token's key unique.
    tokens: AtomicU64,
}

/// A service: its name in the plugin, its full name, and the body of a request, which contains the
/// number of calls and the arguments. The body of `TOKEN` is created for each call.
struct Operation {
    name: &'static str,
    service: String,
    body: Vec<u8>,
}

impl Ours {
    /// Creates a host with its caches in memory, or on the Redis server at a port of this machine.
    pub async fn new(guests: &Guests, redis: Option<u16>) -> Result<Arc<Ours>> {
        let backend = match redis {
            None => Backend::Memory,
            Some(port) => {
                let address = RedisAddress::parse(&format!("redis://127.0.0.1:{port}/0"))?;
                let mut backend = RedisBackend::new(address);
                // Calls queue at the Redis server, and a call that times out ends the benchmark.
                backend.timeout = Duration::from_secs(5);
                Backend::Redis(Arc::new(backend))
            }
        };
        let admission = Admission { calls_per_plugin: 256, ..Admission::default() };
        let host = Host::new(Settings { backend, admission, ..Settings::default() })?;
        let instances = Instances::reuse(NonZeroU32::MAX);
        for (name, component) in guests {
            let binding = CacheBinding::Configured(Name::new("bench")?);
            let grants = Grants::from(CacheGrant { binding, ..CacheGrant::default() });
            let settings = PluginSettings { grants, instances, ..PluginSettings::default() };
            host.load(PluginName::new(*name)?, component.clone(), settings).await?;
        }
        let ours = Ours { host, operations: operations()?, tokens: AtomicU64::new(0) };
        ours.call("write").await?;
        ours.call_with("guest.set", serde_json::to_vec(&(1, NUMBER, "123"))?).await?;
        ours.call_with("functions.set-many", serde_json::to_vec(&(1, keys(), VALUE))?).await?;
        Ok(Arc::new(ours))
    }

    /// Calls a service, which makes one cache call, or two if the name is `TOKEN`.
    pub async fn call(&self, name: &'static str) -> Result<()> {
        let operation = self.operations.iter().find(|operation| operation.name == name);
        let Operation { service, body, .. } =
            operation.with_context(|| format!("unknown operation {name}"))?;
        let body = if name == TOKEN {
            let number = self.tokens.fetch_add(1, Ordering::Relaxed);
            serde_json::to_vec(&(1, format!("token:{number}"), VALUE))?
        } else {
            body.clone()
        };
        self.call_with(service, body).await?;
        Ok(())
    }

    /// Calls a service by its full name, and returns the body of its response.
    pub async fn call_with(&self, service: &str, body: Vec<u8>) -> Result<Vec<u8>> {
        let request = Request { body, ..Request::default() };
        Ok(self.host.call(service, request).await?.body)
    }
}

fn operations() -> Result<Vec<Operation>> {
    let bodies = [
        ("read", serde_json::to_vec(&(1, KEY))?),
        ("write", serde_json::to_vec(&(1, KEY, VALUE))?),
        ("get-number", serde_json::to_vec(&(1, NUMBER))?),
        ("get-or-set", serde_json::to_vec(&(1, NUMBER))?),
        ("increment", serde_json::to_vec(&(1, "count"))?),
        // Swaps a value with itself, so that concurrent calls all succeed.
        ("swap", serde_json::to_vec(&(1, KEY, VALUE, VALUE))?),
        (TOKEN, Vec::new()),
        ("get-many", serde_json::to_vec(&(1, keys()))?),
    ];
    let operation = |(name, body)| {
        let plugin = if matches!(name, "read" | "write") { "guest" } else { "functions" };
        Operation { name, service: format!("{plugin}.{name}"), body }
    };
    Ok(bodies.into_iter().map(operation).collect())
}

/// Returns the keys of a batch.
fn keys() -> Vec<String> {
    (0..10).map(|number| format!("batch:{number}")).collect()
}

/// The benchmark's guests by name.
pub type Guests = [(&'static str, Vec<u8>); 2];

/// Builds the benchmark's guests from their sources.
pub fn guests() -> Result<Guests> {
    let line = |line: &str| eprintln!("{line}");
    let build = |name| {
        let progress = Progress { line: &line, step: &|_| (), colour: false };
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
        let file = source::component(&Location::at(&source)?, progress, &mut Inputs::default())?;
        anyhow::Ok((name, std::fs::read(file)?))
    };
    Ok([build("guest")?, build("functions")?])
}
