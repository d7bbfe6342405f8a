//! Discovers the servers: queries the Sentinels for the primary, or a cluster for its slots.

use super::address::{RedisAddress, Topology};
use super::dial::Dialer;
use super::layout::{ServerLayout, SlotRange, is_cluster_down, read_slots};
use super::node::RedisNode;
use super::place::ServerPlace;
use super::reply::{array, string, unexpected};
use redis::{Cmd, Pipeline, Value};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Time limit for connecting to one server and getting its reply.
const ASK_TIME: Duration = Duration::from_millis(500);

/// The address of the servers, and the servers known before the discovery.
pub(super) struct KnownServers<'a> {
    pub(super) address: &'a RedisAddress,
    /// The known servers. On a cluster, they are queried before the servers in the address.
    pub(super) nodes: Vec<Arc<RedisNode>>,
    /// Returns the server at a place, known or new.
    pub(super) node: &'a (dyn Fn(ServerPlace) -> Arc<RedisNode> + Sync),
}

/// Finds out which server has which slots.
///
/// # Errors
///
/// When no Sentinel names a server that confirms that it is the primary, or no server of the
/// cluster returns its slots.
pub(super) async fn layout(known: KnownServers<'_>) -> Result<ServerLayout, String> {
    let KnownServers { address, nodes, node } = known;
    match &address.topology {
        Topology::Single(place) => Ok(ServerLayout::of_one(node(place.clone()))),
        Topology::Sentinel { sentinels, master } => {
            let dialer = Dialer::for_sentinels(address);
            of_sentinels(&dialer, sentinels, master, node).await
        }
        Topology::Cluster(seeds) => {
            let seeds = seeds.iter().map(|place| node(place.clone()));
            of_cluster(nodes.into_iter().chain(seeds), node).await
        }
    }
}

/// Queries the servers in turn, and returns the layout from the first server that does not report
/// that the cluster is down. Without such a server, returns the first layout received.
async fn of_cluster(
    nodes: impl Iterator<Item = Arc<RedisNode>>,
    node: &(dyn Fn(ServerPlace) -> Arc<RedisNode> + Sync),
) -> Result<ServerLayout, String> {
    let mut commands = Pipeline::with_capacity(2);
    commands.cmd("CLUSTER").arg("SLOTS");
    commands.cmd("CLUSTER").arg("INFO");
    let (mut reasons, mut cut_off) = (Vec::new(), None);
    for asked in nodes {
        match slots(&asked, &commands).await {
            Ok((ranges, false)) => return Ok(ServerLayout::of_cluster(ranges, node)),
            Ok((ranges, true)) => cut_off = cut_off.or(Some(ranges)),
            Err(reason) => reasons.push(reason),
        }
    }
    let ranges = cut_off.ok_or_else(|| joined(reasons))?;
    Ok(ServerLayout::of_cluster(ranges, node))
}

/// Returns the slots that a server reports, and whether it reports that the cluster is down.
async fn slots(
    asked: &Arc<RedisNode>,
    commands: &Pipeline,
) -> Result<(Vec<SlotRange>, bool), String> {
    let mut replies = ask(asked, commands).await?.into_iter();
    let mut reply = || replies.next().unwrap_or(Value::Nil);
    let ranges = match reply() {
        Value::ServerError(error) if error.code() == "ERR" => Err(format!(
            "{}; if it is not a cluster, write \"redis://\"",
            unexpected(&Value::ServerError(error))
        )),
        slots => read_slots(slots, &asked.place),
    };
    let ranges = ranges.map_err(|why| format!("{}: {why}", asked.place))?;
    Ok((ranges, is_cluster_down(reply())))
}

async fn of_sentinels(
    dialer: &Dialer,
    sentinels: &[ServerPlace],
    master: &str,
    node: &(dyn Fn(ServerPlace) -> Arc<RedisNode> + Sync),
) -> Result<ServerLayout, String> {
    let mut reasons = Vec::new();
    for place in sentinels {
        let sentinel = RedisNode::new(place.clone(), dialer.clone());
        match primary(&sentinel, master, node).await {
            Ok(primary) => return Ok(ServerLayout::of_one(primary)),
            Err(reason) => reasons.push(format!("Sentinel {reason}")),
        }
    }
    Err(joined(reasons))
}

/// Returns the primary that a Sentinel names, if that server confirms its role: for a moment after
/// a failover, a Sentinel may still name the old primary.
async fn primary(
    sentinel: &Arc<RedisNode>,
    master: &str,
    node: &(dyn Fn(ServerPlace) -> Arc<RedisNode> + Sync),
) -> Result<Arc<RedisNode>, String> {
    let mut command = redis::cmd("SENTINEL");
    command.arg("GET-MASTER-ADDR-BY-NAME").arg(master);
    let at = &sentinel.place;
    let reply = ask_one(sentinel, command).await?;
    if reply == Value::Nil {
        return Err(format!(
            "{at} knows no primary {master:?}: write the name in its configuration"
        ));
    }
    let mut words = array(reply).map_err(|why| format!("{at}: {why}"))?.into_iter();
    let mut word = || words.next().and_then(|word| string(word).ok()).unwrap_or_default();
    let (host, port) = (word(), word());
    let place = port.parse().ok().and_then(|port| ServerPlace::told(&host, port, at));
    let place = place.ok_or_else(|| {
        format!("{at} returned an invalid address of the primary: {host:?}, {port:?}")
    })?;
    let primary = node(place);
    let role = array(ask_one(&primary, redis::cmd("ROLE")).await?);
    let role = role.map_err(|why| format!("{}: {why}", primary.place))?.into_iter().next();
    match role.and_then(|role| string(role).ok()).as_deref() {
        Some("master") => Ok(primary),
        _ => Err(format!("{at} returned {} as the primary, which it no longer is", primary.place)),
    }
}

async fn ask(node: &Arc<RedisNode>, commands: &Pipeline) -> Result<Vec<Value>, String> {
    let values = node.send(commands, Instant::now() + ASK_TIME).await;
    values.map_err(|error| error.reason)
}

async fn ask_one(node: &Arc<RedisNode>, command: Cmd) -> Result<Value, String> {
    let mut pipeline = Pipeline::with_capacity(1);
    pipeline.add_command(command);
    let values = ask(node, &pipeline).await?;
    values.into_iter().next().ok_or_else(|| format!("{} sent an empty reply", node.place))
}

fn joined(mut reasons: Vec<String>) -> String {
    reasons.dedup();
    reasons.join("; ")
}
