//! Lifting and lowering by wasmtime's public API alone: what the feature `public-wasmtime-api`
//! uses in place of `lift` and `lower`. A hit is copied once more.

use crate::bindings::hostel::cache::cache::Error;
use hostel_cache::Value;
use std::sync::Arc;
pub(super) use wasmtime::component::WasmStr as GuestStr;

/// The contract's `result<option<json>, error>`.
pub(super) type GetResult = Result<Option<Arc<str>>, Error>;

/// The result of `get` as wasmtime lowers it.
pub(super) fn get_result(result: Result<Option<Value>, Error>) -> GetResult {
    result.map(|value| value.map(|value| Arc::from(&*value)))
}
