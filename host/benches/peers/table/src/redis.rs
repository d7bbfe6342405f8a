//! A redis-server for a benchmark.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The maximum time until the first response of a redis-server.
const START: Duration = Duration::from_secs(10);

/// A redis-server on a free loopback port. It saves nothing and is killed when dropped.
pub struct RedisServer {
    child: Child,
    port: u16,
}

impl RedisServer {
    /// Starts a redis-server. Returns `None` if it is not installed.
    ///
    /// # Errors
    ///
    /// If there is no free port, or if the redis-server does not respond.
    pub fn start() -> io::Result<Option<RedisServer>> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1"]);
        command.args(["--save", "", "--appendonly", "no"]).stdout(Stdio::null());
        let Ok(child) = command.spawn() else {
            return Ok(None);
        };
        // Dropping `server` kills the process, even if this function returns an error.
        let server = RedisServer { child, port };
        let start = Instant::now();
        while let Err(error) = server.answers() {
            if start.elapsed() > START {
                return Err(io::Error::new(error.kind(), "redis-server does not respond"));
            }
            std::thread::yield_now();
        }
        Ok(Some(server))
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    fn answers(&self) -> io::Result<()> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.write_all(b"PING\r\n")?;
        let mut answer = [0; 7];
        stream.read_exact(&mut answer)?;
        if &answer == b"+PONG\r\n" { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
