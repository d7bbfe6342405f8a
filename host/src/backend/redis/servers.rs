//! The servers of one address: routes each operation to the server with its slot.

use super::address::{RedisAddress, Topology};
use super::batch::{Batch, Next};
use super::dial::Dialer;
use super::discover::{self, KnownServers};
use super::joint::{self, Joint};
use super::layout::{ServerLayout, is_cluster_down};
use super::node::{NoReply, RedisNode};
use super::place::ServerPlace;
use super::reply;
use redis::{Cmd, Pipeline, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

/// Maximum number of concurrent operations of one [`Servers`]; further operations wait. The maximum
/// equals the default number of concurrent calls of a host: more operations would only wait in the
/// server's queue, with their values in memory.
const MAX_IN_FLIGHT: usize = 256;

/// Delay before a retry, for example when a server cannot run a command yet.
const PAUSE: Duration = Duration::from_millis(20);

/// Maximum number of redirections in a row. After these, the operation is retried with a delay.
const MAX_HOPS: u32 = 8;

/// How long operations get the error of a failed discovery instead of starting the next one. Also
/// the minimum time between two calls of [`Servers::search`] that start a discovery.
const SEARCH_INTERVAL: Duration = Duration::from_millis(100);

/// Maximum duration of a check, even if the operation timeout is longer: the client that requests
/// the readiness of the host waits for the checks of all servers.
const CHECK_TIME: Duration = Duration::from_millis(500);

/// The servers of one address, shared by the caches with this address and this timeout.
#[derive(Debug)]
pub(in crate::backend) struct Servers {
    address: RedisAddress,
    timeout: Duration,
    permits: Semaphore,
    dialer: Dialer,
    nodes: Mutex<BTreeMap<ServerPlace, Arc<RedisNode>>>,
    layout: Mutex<Option<ServerLayout>>,
    search: Joint<Result<(), String>>,
    searched: Mutex<Option<Instant>>,
    /// When and why the last discovery failed; `None` if it succeeded or before the first one.
    search_failed: Mutex<Option<(Instant, String)>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerState {
    /// The server's address.
    pub(crate) server: String,
    /// Whether the circuit refuses operations because the server does not respond.
    pub(crate) is_circuit_open: bool,
    /// Number of connections after the first.
    pub(crate) reconnects: u64,
}

impl Servers {
    pub(in crate::backend) fn new(address: RedisAddress, timeout: Duration) -> Arc<Self> {
        let dialer = Dialer::new(&address);
        let servers = Servers {
            timeout,
            permits: Semaphore::new(MAX_IN_FLIGHT),
            dialer,
            nodes: Mutex::default(),
            layout: Mutex::default(),
            search: Joint::default(),
            searched: Mutex::default(),
            search_failed: Mutex::default(),
            address,
        };
        if let Topology::Single(place) = &servers.address.topology {
            let layout = ServerLayout::of_one(servers.node(place.clone()));
            servers.set_layout(layout);
        }
        Arc::new(servers)
    }

    pub(super) fn address(&self) -> &RedisAddress {
        &self.address
    }

    /// Returns the deadline of an operation that begins now.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.timeout
    }

    /// Runs a batch by the deadline and returns the replies to its commands.
    ///
    /// A command is sent again if the connection could not be opened, or a reply proves that the
    /// command was not run. A read is also sent again if the connection is lost. **A write that may
    /// have run is never sent again.**
    ///
    /// # Errors
    ///
    /// When a command has no reply by the deadline, cannot be sent, or must not be sent again. The
    /// error includes the servers' last refusal, if any.
    pub(super) async fn run(
        self: &Arc<Self>,
        batch: Batch,
        deadline: Instant,
    ) -> Result<Vec<Value>, String> {
        let mut refused = None;
        let result = self.try_until(deadline, batch, &mut refused).await;
        result.map_err(|reason| match refused {
            Some(refused) if refused != reason => format!("{reason}; before that, {refused}"),
            _ => reason,
        })
    }

    /// Retries until the deadline, and stores the servers' last refusal in `refused`.
    async fn try_until(
        self: &Arc<Self>,
        deadline: Instant,
        mut batch: Batch,
        refused: &mut Option<String>,
    ) -> Result<Vec<Value>, String> {
        let mut target = None;
        let mut hops = 0;
        loop {
            // Hold the permit during an attempt but not between attempts, so that operations that
            // wait for one server do not block operations on others.
            let permit = self.permit(deadline).await?;
            let (node, is_asking) = match target.take() {
                Some(target) => target,
                None => (self.node_of(batch.slot(), deadline).await?, false),
            };
            let again = match node.send(&batch.pending(is_asking), deadline).await {
                Ok(values) => match batch.take(values, is_asking, &node.place) {
                    Next::Done => return Ok(batch.replies()),
                    Next::Here => {
                        target = Some((Arc::clone(&node), is_asking));
                        continue;
                    }
                    Next::Elsewhere { place, is_asking } if self.address.is_cluster() => {
                        // MOVED means that the layout is outdated. ASK applies only to these
                        // commands.
                        if !is_asking {
                            self.search();
                        }
                        target = Some((self.node(place), is_asking));
                        hops += 1;
                        if hops < MAX_HOPS {
                            continue;
                        }
                        "its servers redirect the command to each other without end".to_owned()
                    }
                    Next::Elsewhere { .. } => return Err(self.is_a_cluster()),
                    Next::Again { reason, is_elsewhere } => {
                        if is_elsewhere {
                            self.search();
                        }
                        refused.insert(format!("{}: {reason}", node.place)).clone()
                    }
                },
                Err(failed) => {
                    self.search();
                    retriable(failed, batch.is_write())?
                }
            };
            drop(permit);
            // The next attempt looks up the slot again: the layout may have changed.
            (target, hops) = (None, 0);
            sleep_until(deadline.min(Instant::now() + PAUSE)).await;
            if Instant::now() >= deadline {
                return Err(again);
            }
        }
    }

    /// Sends one command to this server once, without following redirections.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached or does not reply in time.
    pub(super) async fn ask(
        &self,
        node: &Arc<RedisNode>,
        command: Cmd,
        deadline: Instant,
    ) -> Result<Value, String> {
        let mut pipeline = Pipeline::with_capacity(1);
        pipeline.add_command(command);
        let values = self.ask_all(node, &pipeline, deadline).await?;
        values.into_iter().next().ok_or_else(|| format!("{} sent an empty reply", node.place))
    }

    /// Sends several commands to one server, as [`Servers::ask`] does.
    pub(super) async fn ask_all(
        &self,
        node: &Arc<RedisNode>,
        commands: &Pipeline,
        deadline: Instant,
    ) -> Result<Vec<Value>, String> {
        let _permit = self.permit(deadline).await?;
        node.send(commands, deadline).await.map_err(|error| error.reason)
    }

    /// Returns the primaries, each with the first of its slots.
    ///
    /// # Errors
    ///
    /// If the servers cannot be found in time.
    pub(super) async fn primaries(
        self: &Arc<Self>,
        deadline: Instant,
    ) -> Result<Vec<(u16, Arc<RedisNode>)>, String> {
        Ok(self.layout(deadline).await?.nodes())
    }

    /// Checks that every server with slots responds, and that its cluster is up.
    ///
    /// # Errors
    ///
    /// For the first server that does not pass: its address and the reason. Also if the servers
    /// cannot be found, or the check takes longer than [`CHECK_TIME`].
    pub(in crate::backend) async fn check(self: &Arc<Self>) -> Result<(), String> {
        let late = || Err(format!("{} does not respond at once", self.address));
        timeout(CHECK_TIME, self.check_all()).await.unwrap_or_else(|_| late())
    }

    async fn check_all(self: &Arc<Self>) -> Result<(), String> {
        let mut commands = Pipeline::with_capacity(2);
        commands.cmd("PING");
        if self.address.is_cluster() {
            commands.cmd("CLUSTER").arg("INFO");
        }
        for (_, node) in self.primaries(self.deadline()).await? {
            let replies = self
                .ask_all(&node, &commands, self.deadline())
                .await
                .inspect_err(|_| self.search())?;
            let mut replies = replies.into_iter();
            if let Some(Value::ServerError(error)) = replies.next() {
                return Err(format!("{}: {}", node.place, reply::text(&error)));
            }
            if replies.next().is_some_and(is_cluster_down) {
                self.search();
                return Err(format!("{}: its cluster is down (cluster_state:fail)", node.place));
            }
        }
        Ok(())
    }

    /// Returns the number of operations that hold a permit. An operation that waits for its next
    /// attempt holds no permit.
    pub(in crate::backend) fn in_flight(&self) -> usize {
        MAX_IN_FLIGHT.saturating_sub(self.permits.available_permits())
    }

    /// Returns the state of every known server.
    pub(in crate::backend) fn states(&self) -> Vec<ServerState> {
        let nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        let state = |node: &Arc<RedisNode>| ServerState {
            server: node.place.to_string(),
            is_circuit_open: node.is_circuit_open(),
            reconnects: node.connects().saturating_sub(1),
        };
        nodes.values().map(state).collect()
    }

    async fn permit(&self, deadline: Instant) -> Result<tokio::sync::SemaphorePermit<'_>, String> {
        let busy = || format!("{MAX_IN_FLIGHT} operations are active, and none ended in time");
        match timeout_at(deadline, self.permits.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(busy()),
        }
    }

    /// Returns the server at this place, known or new.
    fn node(&self, place: ServerPlace) -> Arc<RedisNode> {
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        let new = |place: &ServerPlace| RedisNode::new(place.clone(), self.dialer.clone());
        Arc::clone(nodes.entry(place).or_insert_with_key(new))
    }

    async fn node_of(
        self: &Arc<Self>,
        slot: u16,
        deadline: Instant,
    ) -> Result<Arc<RedisNode>, String> {
        let layout = self.layout(deadline).await?;
        let node = layout.node(slot).cloned();
        node.ok_or_else(|| {
            self.search();
            format!("no server of the cluster has slot {slot}")
        })
    }

    async fn layout(self: &Arc<Self>, deadline: Instant) -> Result<ServerLayout, String> {
        loop {
            let known = self.layout.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(layout) = known {
                return Ok(layout);
            }
            if let Some(reason) = self.just_failed() {
                return Err(reason);
            }
            let late = || Err(format!("{} was not found in time", self.address));
            joint::result(self.searching(), deadline).await.unwrap_or_else(late)?;
        }
    }

    /// Returns why the last discovery failed, if it is too early for the next one.
    fn just_failed(&self) -> Option<String> {
        let failed = self.search_failed.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, reason) = failed.as_ref()?;
        (at.elapsed() < SEARCH_INTERVAL).then(|| reason.clone())
    }

    fn set_layout(&self, layout: ServerLayout) {
        let nodes = layout.nodes();
        *self.layout.lock().unwrap_or_else(PoisonError::into_inner) = Some(layout);
        // Drop the servers that have no slots, with their connections.
        let is_used = |node: &Arc<RedisNode>| nodes.iter().any(|(_, used)| Arc::ptr_eq(used, node));
        let mut known = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, node| is_used(node));
    }

    /// Starts or joins a discovery of the servers and their slots, unless another call of this
    /// function did so within [`SEARCH_INTERVAL`]. Does nothing for a single server.
    fn search(self: &Arc<Self>) {
        if matches!(self.address.topology, Topology::Single(_)) {
            return;
        }
        let mut searched = self.searched.lock().unwrap_or_else(PoisonError::into_inner);
        if searched.is_none_or(|at| at.elapsed() >= SEARCH_INTERVAL) {
            *searched = Some(Instant::now());
            drop(self.searching());
        }
    }

    fn searching(self: &Arc<Self>) -> tokio::sync::watch::Receiver<Option<Result<(), String>>> {
        self.search.join(|| {
            let servers = Arc::clone(self);
            async move {
                let known = KnownServers {
                    address: &servers.address,
                    nodes: servers.known(),
                    node: &|place| servers.node(place),
                };
                let layout = discover::layout(known).await;
                let failed = layout.as_ref().err().map(|reason| (Instant::now(), reason.clone()));
                *servers.search_failed.lock().unwrap_or_else(PoisonError::into_inner) = failed;
                servers.set_layout(layout?);
                Ok(())
            }
        })
    }

    /// Returns the known servers to query, those with a closed circuit first.
    fn known(&self) -> Vec<Arc<RedisNode>> {
        let nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut nodes: Vec<_> = nodes.values().cloned().collect();
        nodes.sort_by_key(|node| node.is_circuit_open());
        nodes
    }

    fn is_a_cluster(&self) -> String {
        format!("{} is part of a cluster: write \"redis+cluster://\"", self.address)
    }
}

/// Returns why there is no reply, if the commands can be sent again.
///
/// # Errors
///
/// The reason, if the commands cannot be sent again: the circuit refused them, or a write may have
/// left the host.
fn retriable(failed: NoReply, is_write: bool) -> Result<String, String> {
    let NoReply { reason, was_sent, is_refused } = failed;
    if is_refused {
        return Err(reason);
    }
    if was_sent && is_write {
        return Err(format!("{reason}; the write may have happened"));
    }
    Ok(reason)
}
