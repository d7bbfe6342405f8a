//! Hosts with the bench's guests in them.

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

/// The key of a number.
const NUMBER: &str = "number";

/// What sets and takes a token.
const TOKEN: &str = "set-and-take";

/// A host whose plugins, which share a cache, are used again for each call, as many at once as the
/// bench asks for.
pub struct Ours {
    host: Host,
    operations: Vec<Operation>,
    /// How many were set, so that each is another.
    tokens: AtomicU64,
}

/// A service, by its name in the plugin and by its full name, and the body that it gets, which is
/// the number of calls and then the rest. A token's body is made for each call.
struct Operation {
    name: &'static str,
    service: String,
    body: Vec<u8>,
}

impl Ours {
    /// A host whose caches are in memory, or on the server at a port of this machine.
    pub async fn new(guests: &Guests, redis: Option<u16>) -> Result<Arc<Ours>> {
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

    /// Calls a service that calls the cache once, or as often as its name says.
    pub async fn call(&self, name: &'static str) -> Result<()> {
        let operation = self.operations.iter().find(|operation| operation.name == name);
        let Operation { service, body, .. } =
            operation.with_context(|| format!("there is no operation {name}"))?;
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
        // The value by itself, so that all calls at the same time succeed.
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

/// Those of a batch.
fn keys() -> Vec<String> {
    (0..10).map(|number| format!("batch:{number}")).collect()
}

/// The bench's guests by their names.
pub type Guests = [(&'static str, Vec<u8>); 2];

/// The bench's guests, built from their sources.
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
