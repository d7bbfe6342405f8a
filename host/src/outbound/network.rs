//! Limits on outbound traffic, for each plugin and for the whole host.

use hostel_cache::{BudgetCharge, BudgetPart};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Maximum concurrent requests of all plugins of a host; further ones wait.
const MAX_REQUESTS: usize = 512;

/// Connections per concurrent request: one in use, and an idle one to another server.
const CONNECTIONS_PER_REQUEST: usize = 2;

/// Maximum concurrent name look-ups of all plugins, and of one plugin. The system's resolver blocks
/// a thread for each look-up, and a look-up cannot be cancelled.
const MAX_LOOK_UPS: usize = 32;
const MAX_LOOK_UPS_OF_PLUGIN: usize = 4;

/// The permits of one request, connection or look-up: the plugin's and the host's. The semaphores
/// are never closed, so both are always present.
pub(super) type Permits = [Option<OwnedSemaphorePermit>; 2];

/// Resolves a host and a port to addresses. May block.
pub(super) type Resolver = fn(&str, u16) -> io::Result<Vec<SocketAddr>>;

/// The limits of a host on outbound traffic, its resolver, and its budget for responses.
pub(crate) struct Network {
    bounds: Semaphores,
    resolver: Resolver,
    /// The part of the host's memory budget that responses are charged to.
    messages: Arc<BudgetPart>,
}

/// The limits of a plugin, and of its host.
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

    /// Creates a network with this resolver. Tests use a resolver other than the system's.
    pub(super) fn with(resolver: Resolver, messages: &Arc<BudgetPart>) -> Arc<Self> {
        let bounds = Semaphores::new(MAX_REQUESTS, MAX_LOOK_UPS);
        Arc::new(Network { bounds, resolver, messages: Arc::clone(messages) })
    }

    /// Returns a new charge on the host's memory budget, for responses that are being read.
    pub(super) fn charge(&self) -> BudgetCharge {
        BudgetCharge::new(&self.messages)
    }

    /// Returns the number of connections of all plugins that are open or being opened.
    pub(crate) fn connections(&self) -> usize {
        MAX_REQUESTS * CONNECTIONS_PER_REQUEST - self.bounds.connections.available_permits()
    }
}

impl PluginBounds {
    pub(super) fn new(requests: usize, network: Arc<Network>) -> Self {
        let requests = requests.min(MAX_REQUESTS);
        PluginBounds { own: Semaphores::new(requests, MAX_LOOK_UPS_OF_PLUGIN), network }
    }

    /// Waits for a permit to send a request. Do not wait for it in the connector: the client
    /// library also runs the connector for a request that another connection has already served.
    pub(super) async fn request(&self) -> Permits {
        both(&self.own.requests, &self.network.bounds.requests).await
    }

    /// Waits for a permit to open a connection.
    pub(super) async fn connection(&self) -> Permits {
        both(&self.own.connections, &self.network.bounds.connections).await
    }

    pub(super) fn resolver(&self) -> Resolver {
        self.network.resolver
    }

    /// Waits for a permit to look up a name.
    pub(super) async fn look_up(&self) -> Permits {
        both(&self.own.look_ups, &self.network.bounds.look_ups).await
    }
}

/// Takes the plugin's own permit first: a plugin that waits for its own permits must not hold one
/// of the host's.
async fn both(own: &Arc<Semaphore>, of_host: &Arc<Semaphore>) -> Permits {
    let own = Arc::clone(own).acquire_owned().await.ok();
    [own, Arc::clone(of_host).acquire_owned().await.ok()]
}
