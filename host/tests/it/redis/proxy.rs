//! A proxy that simulates network faults between a host and a server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// The faults to inject, and a count of connections.
#[derive(Default)]
pub struct Faults {
    /// Drop replies, and cut the connection once the server has sent one.
    pub cuts_replies: AtomicBool,
    /// Forward nothing in either direction.
    pub holds: AtomicBool,
    /// Forward replies byte by byte.
    pub splits: AtomicBool,
    /// Cut connections as soon as they are accepted.
    pub refuses: AtomicBool,
    /// Number of accepted connections.
    pub connections: AtomicU64,
    released: Notify,
    cut: Notify,
}

/// A proxy to one server. Dropping this value stops the proxy.
pub struct Proxy {
    pub port: u16,
    pub faults: Arc<Faults>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let faults = Arc::new(Faults::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Arc::clone(&faults), port));
        Proxy { port: own, faults, _tasks: tasks }
    }

    /// Cuts all connections.
    pub fn cut(&self) {
        self.faults.cut.notify_waiters();
    }

    pub fn set(&self, fault: impl Fn(&Faults) -> &AtomicBool, is_on: bool) {
        fault(&self.faults).store(is_on, Ordering::SeqCst);
        self.faults.released.notify_waiters();
    }
}

async fn accept(listener: TcpListener, faults: Arc<Faults>, port: u16) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        faults.connections.fetch_add(1, Ordering::SeqCst);
        let faults = Arc::clone(&faults);
        connections.spawn(async move {
            if faults.refuses.load(Ordering::SeqCst) {
                return;
            }
            let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
            server.set_nodelay(true).unwrap();
            client.set_nodelay(true).unwrap();
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            // When one direction ends, the other ends too.
            tokio::select! {
                () = pass(from_client, to_server, &faults, false) => {}
                () = pass(from_server, to_client, &faults, true) => {}
                () = faults.cut.notified() => {}
            }
        });
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, faults: &Faults, is_reply: bool) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        loop {
            let released = faults.released.notified();
            if !faults.holds.load(Ordering::SeqCst) {
                break;
            }
            released.await;
        }
        if is_reply && faults.cuts_replies.load(Ordering::SeqCst) {
            return;
        }
        let step = if is_reply && faults.splits.load(Ordering::SeqCst) { 1 } else { count };
        for part in buffer[..count].chunks(step) {
            if to.write_all(part).await.is_err() {
                return;
            }
            if step == 1 {
                tokio::task::yield_now().await;
            }
        }
    }
}
