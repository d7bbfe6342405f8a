//! Bounds of what the plugins of a host do to reach servers elsewhere: each for itself, and all
//! together.

use hostel_cache::{BudgetCharge, BudgetPart};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests of all plugins of a host under way at once; further ones wait.
const MAX_REQUESTS: usize = 512;

/// Connections for each request that may be under way: one in use, and one that is kept for later, to
/// another server.
const CONNECTIONS_PER_REQUEST: usize = 2;

/// Names that are looked up at once, by all plugins and by one. The system's resolver holds a thread
/// for each, which it cannot be made to give back.
const MAX_LOOK_UPS: usize = 32;
const MAX_LOOK_UPS_OF_PLUGIN: usize = 4;

/// The permits of one connection or look-up: the plugin's and the host's. The semaphores are never
/// closed, so that there are always both.
pub(super) type Permits = [Option<OwnedSemaphorePermit>; 2];

/// Finds the addresses of a host and a port. It may block.
pub(super) type Resolver = fn(&str, u16) -> io::Result<Vec<SocketAddr>>;

/// The bounds of a host, and how it finds addresses.
pub(crate) struct Network {
    bounds: Semaphores,
    resolver: Resolver,
    /// Where responses take their bytes from.
    messages: Arc<BudgetPart>,
}

/// The bounds of a plugin, and of its host.
pub(super) struct PluginBounds {
    own: Semaphores,
    network: Arc<Network>,
}

struct Semaphores {
    requests: Arc<Semaphore>,
    connections: Arc<Semaphore>,
    look_ups: Arc<Semaphore>,
}

impl Semaphores {
    fn new(requests: usize, look_ups: usize) -> Self {
        let semaphore = |permits: usize| Arc::new(Semaphore::new(permits));
        Semaphores {
            requests: semaphore(requests),
            connections: semaphore(requests * CONNECTIONS_PER_REQUEST),
            look_ups: semaphore(look_ups),
        }
    }
}

impl Network {
    pub(crate) fn new(messages: &Arc<BudgetPart>) -> Arc<Self> {
        let of_system: Resolver = |host, port| (host, port).to_socket_addrs().map(Vec::from_iter);
        Network::with(of_system, messages)
    }

    /// One that finds addresses in another way than by the system's resolver.
    pub(super) fn with(resolver: Resolver, messages: &Arc<BudgetPart>) -> Arc<Self> {
        let bounds = Semaphores::new(MAX_REQUESTS, MAX_LOOK_UPS);
        Arc::new(Network { bounds, resolver, messages: Arc::clone(messages) })
    }

    /// Bytes of responses that are being read, of the host's budget.
    pub(super) fn charge(&self) -> BudgetCharge {
        BudgetCharge::new(&self.messages)
    }

    /// Connections of all plugins that are open.
    pub(crate) fn connections(&self) -> usize {
        MAX_REQUESTS * CONNECTIONS_PER_REQUEST - self.bounds.connections.available_permits()
    }
}

impl PluginBounds {
    pub(super) fn new(requests: usize, network: Arc<Network>) -> Self {
        let requests = requests.min(MAX_REQUESTS);
        PluginBounds { own: Semaphores::new(requests, MAX_LOOK_UPS_OF_PLUGIN), network }
    }

    /// Waits for a request that may be sent. Not while it connects: the client library connects also
    /// for a request that another connection has served meanwhile.
    pub(super) async fn request(&self) -> Permits {
        both(&self.own.requests, &self.network.bounds.requests).await
    }

    /// Waits for a connection that may be opened.
    pub(super) async fn connection(&self) -> Permits {
        both(&self.own.connections, &self.network.bounds.connections).await
    }

    pub(super) fn resolver(&self) -> Resolver {
        self.network.resolver
    }

    /// Waits for a look-up that may begin.
    pub(super) async fn look_up(&self) -> Permits {
        both(&self.own.look_ups, &self.network.bounds.look_ups).await
    }
}

/// First the plugin's own: a plugin that waits for itself takes nothing of the host's.
async fn both(own: &Arc<Semaphore>, of_host: &Arc<Semaphore>) -> Permits {
    let own = Arc::clone(own).acquire_owned().await.ok();
    [own, Arc::clone(of_host).acquire_owned().await.ok()]
}
