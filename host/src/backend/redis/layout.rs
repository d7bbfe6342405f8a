//! The assignment of slots to servers.

use super::node::RedisNode;
use super::place::ServerPlace;
use super::reply::{array, integer, string};
use super::slot::SLOTS;
use redis::Value;
use std::sync::Arc;

/// The ranges of slots with their servers, sorted by last slot.
#[derive(Clone, Debug, Default)]
pub(super) struct ServerLayout(Vec<Range>);

/// The first and the last slot of a range, and the address of its primary.
pub(super) type SlotRange = (u16, u16, ServerPlace);

#[derive(Clone, Debug)]
struct Range {
    first: u16,
    last: u16,
    node: Arc<RedisNode>,
}

impl ServerLayout {
    /// Creates the layout of a single server.
    pub(super) fn of_one(node: Arc<RedisNode>) -> Self {
        ServerLayout(vec![Range { first: 0, last: SLOTS - 1, node }])
    }

    /// Creates the layout of a cluster from its ranges, each with its primary.
    pub(super) fn of_cluster(
        ranges: Vec<SlotRange>,
        node: impl Fn(ServerPlace) -> Arc<RedisNode>,
    ) -> Self {
        let range = |(first, last, place)| Range { first, last, node: node(place) };
        let mut ranges: Vec<_> = ranges.into_iter().map(range).collect();
        ranges.sort_by_key(|range| range.last);
        ServerLayout(ranges)
    }

    /// Returns the server that has a slot, or `None` if no server has it.
    pub(super) fn node(&self, slot: u16) -> Option<&Arc<RedisNode>> {
        let range = self.0.get(self.0.partition_point(|range| range.last < slot))?;
        (range.first <= slot).then_some(&range.node)
    }

    /// Returns each server once with its first slot, sorted by that slot.
    pub(super) fn nodes(&self) -> Vec<(u16, Arc<RedisNode>)> {
        let mut nodes: Vec<(u16, Arc<RedisNode>)> = Vec::new();
        for range in &self.0 {
            if !nodes.iter().any(|(_, node)| Arc::ptr_eq(node, &range.node)) {
                nodes.push((range.first, Arc::clone(&range.node)));
            }
        }
        nodes
    }
}

/// Parses the reply to `CLUSTER SLOTS`: ranges of slots, each with its primary.
///
/// # Errors
///
/// When the reply is malformed, or no server has any slot.
pub(super) fn read_slots(reply: Value, asked: &ServerPlace) -> Result<Vec<SlotRange>, String> {
    let range = |range: Value| {
        let mut fields = array(range)?.into_iter();
        let mut next = || fields.next().ok_or_else(|| "a range of slots is incomplete".to_owned());
        let slot = |value: Value| {
            let number = integer(&value)?;
            let slot = u16::try_from(number).ok().filter(|slot| *slot < SLOTS);
            slot.ok_or_else(|| format!("{number} is not a slot"))
        };
        let (first, last) = (slot(next()?)?, slot(next()?)?);
        let mut primary = array(next()?)?.into_iter();
        let host = primary.next().filter(|host| *host != Value::Nil);
        let host = host.map_or(Ok(String::new()), string)?;
        let port = primary.next().map_or(Ok(0), |port| integer(&port))?;
        let place = u16::try_from(port).ok().and_then(|port| ServerPlace::told(&host, port, asked));
        let place =
            place.ok_or_else(|| format!("{host:?} and {port} are not a valid host and port"))?;
        Ok((first, last, place))
    };
    let ranges: Vec<_> = array(reply)?.into_iter().map(range).collect::<Result<_, String>>()?;
    if ranges.is_empty() {
        return Err("no server of the cluster has slots".to_owned());
    }
    Ok(ranges)
}

/// Returns true if a reply to `CLUSTER INFO` reports that the cluster is down, for example because
/// the server is cut off from the others. If the reply reports no state, the cluster counts as up.
pub(super) fn is_cluster_down(reply: Value) -> bool {
    string(reply).is_ok_and(|info| info.contains("cluster_state:fail"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn range(first: i64, last: i64, host: Value, port: i64) -> Value {
        let primary = Value::Array(vec![host, Value::Int(port), text("id")]);
        Value::Array(vec![Value::Int(first), Value::Int(last), primary])
    }

    #[test]
    fn ranges_are_read_with_their_primaries() {
        let asked = ServerPlace::parse("10.0.0.1:1", 0).unwrap();
        let reply = Value::Array(vec![
            range(8192, 16383, text("10.0.0.2"), 2),
            range(0, 8191, Value::Nil, 3),
        ]);
        let ranges = read_slots(reply, &asked).unwrap();
        let shown: Vec<_> = ranges.iter().map(|(a, b, place)| format!("{a}-{b} {place}")).collect();
        assert_eq!(shown, ["8192-16383 10.0.0.2:2", "0-8191 10.0.0.1:3"]);
        for wrong in [
            Value::Int(1),
            Value::Array(Vec::new()),
            Value::Array(vec![range(0, 16384, text("h"), 1)]),
            Value::Array(vec![range(0, 1, text("a b"), 1)]),
            Value::Array(vec![range(0, 1, text("h"), 0)]),
            Value::Array(vec![Value::Array(vec![Value::Int(0)])]),
        ] {
            assert!(read_slots(wrong.clone(), &asked).is_err(), "{wrong:?}");
        }
    }
}
