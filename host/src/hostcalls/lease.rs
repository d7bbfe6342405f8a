//! `hostel:cache/lease`: one of several concurrent calls computes a value.
//!
//! Grant: see `access.rs`; every function writes. A call may wait for a lease even if the cache is
//! in memory, so each function is linked asynchronously.

use super::access::{SmallError, to_write, traced};
use super::linkage::Linkage;
use super::state::{Capabilities, State};
use crate::backend::{CallLeases, LeaseFound};
use crate::bindings::hostel::cache::lease::Found;
use crate::telemetry::RedisSpan;
use std::time::Duration;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, LinkerInstance};

/// The name of the import, including its version.
pub(crate) const IMPORT: &str = "hostel:cache/lease@0.1.1";

/// Links the three functions.
pub(crate) fn add_to_linker(linker: &mut Linker<State>, linkage: Linkage) -> wasmtime::Result<()> {
    add(linker.instance(IMPORT)?, linkage == Linkage::Asynchronous)
}

fn add(mut import: LinkerInstance<'_, State>, is_on_redis: bool) -> wasmtime::Result<()> {
    let span = move |store: &StoreContextMut<'_, State>, name| -> Option<RedisSpan> {
        if is_on_redis { store.data().redis_span(name) } else { None }
    };
    import.func_wrap_async(
        "get-or-lease",
        move |mut store: StoreContextMut<'_, State>,
              (key, early, wait): (String, Option<u32>, u32)| {
            Box::new(async move {
                let span = span(&store, "get-or-lease");
                let operation = async {
                    let (leases, Capabilities { lease_waits, lease_meter, .. }) =
                        open(store.data_mut())?;
                    let wait = Duration::from_millis(wait.into());
                    let found = leases.get_or_lease(&key, early, wait, lease_waits, lease_meter);
                    Ok(Found::from(found.await?))
                };
                Ok((traced(span, operation).await,))
            })
        },
    )?;
    import.func_wrap_async(
        "fill",
        move |mut store: StoreContextMut<'_, State>,
              (key, value, expiry): (String, String, Option<u32>)| {
            Box::new(async move {
                let span = span(&store, "fill");
                let operation = async {
                    let (leases, capabilities) = open(store.data_mut())?;
                    Ok(leases.fill(&key, &value, expiry, &capabilities.lease_meter).await?)
                };
                Ok((traced(span, operation).await,))
            })
        },
    )?;
    import.func_wrap_async(
        "release",
        move |mut store: StoreContextMut<'_, State>, (key,): (String,)| {
            Box::new(async move {
                let span = span(&store, "release");
                let operation = async { Ok(open(store.data_mut())?.0.release(&key).await?) };
                Ok((traced(span, operation).await,))
            })
        },
    )
}

/// Returns the leases and the capabilities of this call, or an error if the call may not write to
/// the plugin's cache.
fn open(state: &mut State) -> Result<(&mut CallLeases, &Capabilities), SmallError> {
    to_write(state)?;
    state.leases().ok_or_else(super::access::closed)
}

impl From<LeaseFound> for Found {
    fn from(found: LeaseFound) -> Self {
        match found {
            LeaseFound::Value(value) => Found::Value(value.to_string()),
            LeaseFound::Refresh(value) => Found::Refresh(value.to_string()),
            LeaseFound::Compute => Found::Compute,
            LeaseFound::Busy => Found::Busy,
        }
    }
}
