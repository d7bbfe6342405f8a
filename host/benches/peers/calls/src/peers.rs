//! Peers of other kinds: a host function of Extism, and Redis.

use anyhow::{Context, Result};
use extism::{Function, Manifest, PTR, Plugin, UserData, Wasm};
use redis::{Commands, Connection};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

type Quick = quick_cache::sync::Cache<String, String>;

extism::host_fn!(cache_get(cache: Quick; key: String) -> String {
    let cache = cache.get()?;
    let cache = cache.lock().map_err(|_| extism::Error::msg("poisoned"))?;
    Ok(cache.get(&key).unwrap_or_default())
});

/// A plugin of Extism whose host answers `get` from a quick_cache.
pub fn extism(module: Vec<u8>, key: &str, value: &str) -> Result<Plugin> {
    let cache = Quick::new(1_000);
    cache.insert(key.to_owned(), value.to_owned());
    let function = Function::new("cache_get", [PTR], [PTR], UserData::new(cache), cache_get);
    Plugin::new(Manifest::new([Wasm::data(module)]), [function], true)
}

/// A redis-server of our own on a free port of the loopback, which keeps nothing and ends with us.
pub struct Redis {
    server: Child,
    connection: Connection,
}

impl Redis {
    /// Starts it; `None` where it is not installed.
    pub fn start(key: &str, value: &str) -> Result<Option<Redis>> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1"]);
        command.args(["--save", "", "--appendonly", "no"]).stdout(Stdio::null());
        let Ok(mut server) = command.spawn() else {
            return Ok(None);
        };
        match connect(port) {
            Ok(mut connection) => {
                let () = connection.set(key, value)?;
                Ok(Some(Redis { server, connection }))
            }
            Err(error) => {
                let _ = server.kill();
                Err(error)
            }
        }
    }

    pub fn get(&mut self, key: &str) -> Result<String> {
        Ok(self.connection.get(key)?)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn connect(port: u16) -> Result<Connection> {
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}"))?;
    let start = Instant::now();
    loop {
        match client.get_connection() {
            Ok(connection) => return Ok(connection),
            Err(error) if start.elapsed() > Duration::from_secs(10) => {
                return Err(error).context("redis-server does not answer");
            }
            Err(_) => std::thread::yield_now(),
        }
    }
}
