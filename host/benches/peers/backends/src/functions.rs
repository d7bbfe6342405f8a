//! The cache functions on Redis, called by a guest, compared with redis-py, which runs the same
//! scripts for `increment` and `swap`, and plain Redis commands for the other functions.

use crate::load::{self, Load};
use crate::ours::Ours;
use crate::python::Python;
use anyhow::Result;
use std::sync::Arc;
use table::{Row, Wanted};
use tokio::runtime::Runtime;

const GET: &str = "get-number";
const GET_OR_SET: &str = "get-or-set";

/// The functions by name, each with the Redis commands or script that redis-py calls for it.
const FUNCTIONS: [(&str, &str); 6] = [
    (GET, "GET"),
    (GET_OR_SET, "GET"),
    ("increment", "the same script"),
    ("swap", "the same script"),
    ("set-and-take", "SET, GETDEL"),
    ("get-many", "MGET"),
];

/// The numbers of concurrent calls.
const AT_ONCE: [usize; 2] = [1, 32];

/// One load per round, for each function and each number of concurrent calls.
type Loads = [[Vec<Load>; AT_ONCE.len()]; FUNCTIONS.len()];

/// The measurements so far.
#[derive(Default)]
pub struct Functions {
    ours: Loads,
    theirs: Loads,
}

impl Functions {
    pub fn turn(&mut self, runtime: &Runtime, host: &Arc<Ours>, python: &Python) -> Result<()> {
        let hosts = std::slice::from_ref(host);
        let sides = self.ours.iter_mut().zip(&mut self.theirs);
        for ((function, _), (ours, theirs)) in FUNCTIONS.into_iter().zip(sides) {
            for (at_once, (ours, theirs)) in AT_ONCE.into_iter().zip(ours.iter_mut().zip(theirs)) {
                ours.push(runtime.block_on(load::run(hosts, function, at_once))?);
                theirs.push(python.run(function, at_once)?);
            }
        }
        Ok(())
    }

    /// Prints the rows of a table.
    pub fn print(&self) {
        let rate = |loads: &Vec<Load>| loads.iter().map(|load| load.rate).collect();
        for ((function, call), (ours, theirs)) in
            FUNCTIONS.into_iter().zip(self.ours.iter().zip(&self.theirs))
        {
            for (at_once, (ours, theirs)) in AT_ONCE.into_iter().zip(ours.iter().zip(theirs)) {
                let what = format!("{function} on Redis, {at_once} at once");
                let peer = format!("redis-py, {call}");
                print(&what, &peer, "/s", rate(ours), rate(theirs), Wanted::Nothing);
            }
        }
        self.print_get_or_set();
    }

    /// Prints the median latency of a `get-or-set` hit compared with `get`.
    fn print_get_or_set(&self) {
        let of =
            |name| FUNCTIONS.into_iter().zip(&self.ours).find(|((known, _), _)| *known == name);
        let (Some((_, get_or_set)), Some((_, get))) = (of(GET_OR_SET), of(GET)) else { return };
        let p50 = |loads: &Vec<Load>| loads.iter().map(|load| load.p50).collect();
        for (at_once, (ours, theirs)) in AT_ONCE.into_iter().zip(get_or_set.iter().zip(get)) {
            let what = format!("p50 of get-or-set of a hit on Redis, {at_once} at once");
            print(&what, "p50 of get", "µs", p50(ours), p50(theirs), Wanted::AtMost(1.3));
        }
    }
}

fn print(what: &str, peer: &str, unit: &str, ours: Vec<f64>, theirs: Vec<f64>, wanted: Wanted) {
    println!("{}", Row { target: "F", what, peer, unit, ours, theirs, wanted });
}
