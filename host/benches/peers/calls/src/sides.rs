//! The hosts that run the same guest.

use crate::bare::{Answers, Bare};
use crate::ours::Ours;
use crate::rounds::{Side, nanoseconds};
use crate::{KEY, VALUE, guests};
use anyhow::{Error, Result};
use hostel::CacheLimits;
use tokio::runtime::{Builder, Runtime};

/// Cache calls per call of the guest, in a reused instance: enough to make the cost of the guest
/// call itself negligible.
pub const CALLS: u32 = 5_000;

pub struct Sides {
    pub runtime: Runtime,
    pub ours: Ours,
    pub floor: Bare,
}

impl Sides {
    /// Builds the guest of this name and the hosts, and sets the entry of `KEY`.
    pub fn new(guest: &str) -> Result<Sides> {
        let component = guests::component(guest)?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let ours = runtime.block_on(Ours::new(&component, CacheLimits::default()))?;
        let answers = Answers { value: Some(VALUE), keys: &[] };
        let floor = runtime.block_on(Bare::floor(&component, answers)).map_err(Error::msg)?;
        ours.cache().set(KEY, VALUE, None)?;
        Ok(Sides { runtime, ours, floor })
    }

    /// Returns a side that makes cache calls in Hostel with `KEY`.
    pub fn ours<'a>(&'a self, call: &str) -> Side<'a> {
        self.ours_of(call, KEY)
    }

    /// Returns a side that makes cache calls in Hostel with this key.
    pub fn ours_of<'a>(&'a self, call: &str, key: &str) -> Side<'a> {
        self.ours_with(call, &arguments(call, key))
    }

    /// Returns a side that makes cache calls in Hostel with these arguments.
    pub fn ours_with<'a>(&'a self, call: &str, arguments: &str) -> Side<'a> {
        let service = format!("kept.{call}");
        let body = body_of(CALLS, arguments);
        Box::new(move || {
            nanoseconds(CALLS, || self.runtime.block_on(self.ours.call(&service, &body)))
        })
    }

    /// Returns a side that makes cache calls in a hand-written host with `KEY`.
    pub fn bare<'a>(&'a self, host: &'a Bare, call: &'a str) -> Side<'a> {
        self.bare_with(host, call, &arguments(call, KEY))
    }

    /// Returns a side that makes cache calls in a hand-written host with these arguments.
    pub fn bare_with<'a>(&'a self, host: &'a Bare, call: &'a str, arguments: &str) -> Side<'a> {
        let body = body_of(CALLS, arguments);
        Box::new(move || {
            nanoseconds(CALLS, || host.call(&self.runtime, call, &body).map_err(Error::msg))
        })
    }
}

/// Returns the body of a request to the guest: a JSON text with the number of calls and the
/// arguments.
pub fn body(call: &str, calls: u32) -> String {
    body_of(calls, &arguments(call, KEY))
}

fn body_of(calls: u32, arguments: &str) -> String {
    format!("[{calls},{arguments}]")
}

/// Returns the arguments after the number of calls. The key and the value are printable ASCII, so
/// Rust's debug format is valid JSON.
fn arguments(call: &str, key: &str) -> String {
    match call {
        "set" => format!("{key:?},{VALUE:?}"),
        _ => format!("{key:?}"),
    }
}
