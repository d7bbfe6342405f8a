//! Lifting and lowering with wasmtime's public API only. With the feature `public-wasmtime-api`,
//! this module replaces `lift` and `lower`. It copies the value of each hit one more time.

use crate::bindings::hostel::cache::cache::Error;
use hostel_cache::Value;
use std::sync::Arc;
pub(super) use wasmtime::component::WasmStr as GuestStr;

/// The WIT result of `get`: `result<option<json>, error>`.
pub(super) type GetResult = Result<Option<Arc<str>>, Error>;

/// Converts the result of `get` to a type that wasmtime can lower.
pub(super) fn get_result(result: Result<Option<Value>, Error>) -> GetResult {
    result.map(|value| value.map(|value| Arc::from(&*value)))
}
