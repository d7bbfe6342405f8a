//! Peers that run no components: Extism, which runs core modules, and Redis.

use anyhow::Result;
use extism::{Function, Manifest, PTR, Plugin, UserData, Wasm};
use redis::{Commands, Connection};
use table::RedisServer;

type Quick = quick_cache::sync::Cache<String, String>;

extism::host_fn!(cache_get(cache: Quick; key: String) -> String {
    let cache = cache.get()?;
    let cache = cache.lock().map_err(|_| extism::Error::msg("poisoned"))?;
    Ok(cache.get(&key).unwrap_or_default())
});

/// Creates an Extism plugin whose host implements `get` with quick_cache.
pub fn extism(module: Vec<u8>, key: &str, value: &str) -> Result<Plugin> {
    let cache = Quick::new(1_000);
    cache.insert(key.to_owned(), value.to_owned());
    let function = Function::new("cache_get", [PTR], [PTR], UserData::new(cache), cache_get);
    Plugin::new(Manifest::new([Wasm::data(module)]), [function], true)
}

/// A redis-server and a connection to it.
pub struct Redis {
    connection: Connection,
    /// Dropped after the connection.
    _server: RedisServer,
}

impl Redis {
    /// Starts a redis-server and sets an entry. Returns `None` if redis-server is not installed.
    pub fn start(key: &str, value: &str) -> Result<Option<Redis>> {
        let Some(server) = RedisServer::start()? else { return Ok(None) };
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", server.port()))?;
        let mut connection = client.get_connection()?;
        let () = connection.set(key, value)?;
        Ok(Some(Redis { connection, _server: server }))
    }

    pub fn get(&mut self, key: &str) -> Result<String> {
        Ok(self.connection.get(key)?)
    }
}
