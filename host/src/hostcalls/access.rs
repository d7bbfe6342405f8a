//! Access to the plugin's cache, for every interface of `hostel:cache`.
//!
//! Grant: `cache` of [`Grants`](crate::grants::Grants), which every plugin has. Its `access` may
//! forbid writes. A plugin cannot use its cache while it lists its services.

use super::linkage::Linkage;
use super::state::{Capabilities, State};
use crate::backend::{CacheError, CacheStore};
use crate::bindings::hostel::cache::cache::{Error, ErrorKind};
use crate::grants::Access;
use crate::telemetry::RedisSpan;
use hostel_cache::Cache;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentNamedList, Lift, LinkerInstance, Lower};

/// An error in a box, so that a `Result` with this error is small.
pub(super) type SmallError = Box<Error>;

/// A function that returns the plugin's cache, or an error if this call may not use the cache.
pub(super) type CacheAccess = fn(&State) -> Result<&CacheStore, SmallError>;

/// Links a function that uses the plugin's cache.
///
/// The function's arguments are copied first, because nothing can be borrowed from a suspended
/// guest. If the entries are in memory, the operation never waits.
pub(super) fn offer<Arguments, Output, Operation>(
    import: &mut LinkerInstance<'_, State>,
    linkage: Linkage,
    name: &'static str,
    access: CacheAccess,
    operate: impl Fn(CacheStore, Arguments) -> Operation + Copy + Send + Sync + 'static,
) -> wasmtime::Result<()>
where
    Arguments: ComponentNamedList + Lift + Send + 'static,
    Output: Lower + Send + 'static,
    Operation: Future<Output = Result<Output, SmallError>> + Send,
    (Result<Output, SmallError>,): ComponentNamedList + Lower,
{
    match linkage {
        Linkage::Synchronous => import.func_wrap(
            name,
            move |store: StoreContextMut<'_, State>, arguments: Arguments| {
                let cache = access(store.data()).cloned();
                Ok((cache.and_then(|cache| at_once(operate(cache, arguments))),))
            },
        ),
        Linkage::Asynchronous => import.func_wrap_async(
            name,
            move |store: StoreContextMut<'_, State>, arguments: Arguments| {
                let (cache, span) = (access(store.data()).cloned(), store.data().redis_span(name));
                let operation = async move { operate(cache?, arguments).await };
                Box::new(async move { Ok((traced(span, operation).await,)) })
            },
        ),
    }
}

/// Polls an operation that never waits, and returns the result; an error if the operation waits.
fn at_once<T>(operation: impl Future<Output = Result<T, SmallError>>) -> Result<T, SmallError> {
    match pin!(operation).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(unlinked()),
    }
}

/// Runs an operation, and ends its span, if any.
pub(super) async fn traced<T>(
    span: Option<RedisSpan>,
    operation: impl Future<Output = Result<T, SmallError>>,
) -> Result<T, SmallError> {
    let result = operation.await;
    if let Some(span) = span {
        span.end(!matches!(&result, Err(error) if error.kind == ErrorKind::Unavailable));
    }
    result
}

/// Returns the plugin's cache, or an error if this call may not read it.
pub(super) fn to_read(state: &State) -> Result<&CacheStore, SmallError> {
    Ok(&capabilities(state)?.cache)
}

/// Returns the plugin's cache, or an error if this call may not write to it.
pub(super) fn to_write(state: &State) -> Result<&CacheStore, SmallError> {
    let capabilities = capabilities(state)?;
    match capabilities.grants.cache.access {
        Access::ReadWrite => Ok(&capabilities.cache),
        Access::ReadOnly => Err(error(ErrorKind::Denied, READ_ONLY)),
    }
}

fn capabilities(state: &State) -> Result<&Capabilities, SmallError> {
    let capabilities = state.capabilities.as_deref();
    capabilities.ok_or_else(closed)
}

/// Returns the error for using the cache while the plugin lists its services.
pub(super) fn closed() -> SmallError {
    error(ErrorKind::Denied, CLOSED)
}

const READ_ONLY: &str =
    "the plugin may only read its cache: set `access = \"read-write\"` to let it write";
const CLOSED: &str = "the cache is closed while a plugin lists its services: call it from `handle`";

/// Returns the cache in the host's memory, for the synchronous linkage. A plugin whose cache is on
/// Redis is linked asynchronously.
pub(super) fn in_memory(store: &CacheStore) -> Result<&Cache, SmallError> {
    store.memory().ok_or_else(unlinked)
}

fn unlinked() -> SmallError {
    let unlinked = "its entries are not in the host's memory, for which this plugin was linked";
    error(ErrorKind::Unavailable, unlinked)
}

/// Creates an error that the host itself raises.
pub(super) fn error(kind: ErrorKind, message: &str) -> SmallError {
    Box::new(Error { kind, message: message.to_owned() })
}

impl From<CacheError> for SmallError {
    fn from(error: CacheError) -> Self {
        match error {
            CacheError::Invalid(error) => error.into(),
            CacheError::NoLease { .. } => {
                Box::new(Error { kind: ErrorKind::Denied, message: error.to_string() })
            }
            error => {
                let kind = error.kind().map_or(ErrorKind::Unavailable, kind_of);
                Box::new(Error { kind, message: error.to_string() })
            }
        }
    }
}

impl From<hostel_cache::Error> for SmallError {
    fn from(error: hostel_cache::Error) -> Self {
        Box::new(Error { kind: kind_of(error.kind()), message: error.to_string() })
    }
}

fn kind_of(kind: hostel_cache::ErrorKind) -> ErrorKind {
    match kind {
        hostel_cache::ErrorKind::InvalidKey => ErrorKind::InvalidKey,
        hostel_cache::ErrorKind::InvalidValue => ErrorKind::InvalidValue,
        hostel_cache::ErrorKind::InvalidExpiry => ErrorKind::InvalidExpiry,
        hostel_cache::ErrorKind::TooLarge => ErrorKind::TooLarge,
    }
}
