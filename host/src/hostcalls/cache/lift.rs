//! Lifting: a string that a guest passes to an import.

use std::borrow::Cow;
use std::str;
use wasmtime::component::__internal::wasmtime_environ::component::StringEncoding;
use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext};
use wasmtime::component::{ComponentType, Lift, WasmStr};
use wasmtime::{Result, StoreContext};

/// The longest string that is copied, in bytes. Most keys are shorter.
const SHORT_BYTES: usize = 64;

/// A string that a guest passed. A short UTF-8 argument is copied, unless it begins in the last 63
/// bytes of the guest's memory. Any other string stays in the guest's memory.
///
/// Copying 64 bytes is cheaper than looking up the guest's memory a second time, as reading a
/// [`WasmStr`] does.
pub(super) enum GuestStr {
    Copied { bytes: [u8; SHORT_BYTES], len: usize },
    InPlace(WasmStr),
}

impl GuestStr {
    /// Returns the text.
    ///
    /// # Errors
    ///
    /// When the bytes are invalid in the guest's encoding, which ends the call.
    pub(super) fn to_str<'a, T: 'static>(
        &'a self,
        store: impl Into<StoreContext<'a, T>>,
    ) -> Result<Cow<'a, str>> {
        match self {
            GuestStr::Copied { bytes, len } => {
                let bytes = bytes.get(..*len).unwrap_or_default();
                Ok(Cow::Borrowed(str::from_utf8(bytes)?))
            }
            GuestStr::InPlace(text) => text.to_str(store),
        }
    }
}

// SAFETY: every item is the same as in `WasmStr`. This type forwards to `WasmStr`, unless it lifts
// a string itself.
unsafe impl ComponentType for GuestStr {
    type Lower = <WasmStr as ComponentType>::Lower;

    const ABI: CanonicalAbiInfo = WasmStr::ABI;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        WasmStr::typecheck(ty, types)
    }
}

// SAFETY: in the canonical ABI, a UTF-8 string is passed as two numbers: its address and its length
// in bytes. A string that is not forwarded is UTF-8 and is read by these numbers, only from inside
// the guest's memory.
unsafe impl Lift for GuestStr {
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        src: &Self::Lower,
    ) -> Result<Self> {
        let [place, len] = src.map(|number| number.get_u32() as usize);
        let is_utf8 = matches!(cx.options().string_encoding, StringEncoding::Utf8);
        if len <= SHORT_BYTES && is_utf8 {
            let bytes = cx.memory().get(place..).and_then(|memory| memory.first_chunk());
            if let Some(bytes) = bytes {
                cx.consume_fuel(len)?;
                return Ok(GuestStr::Copied { bytes: *bytes, len });
            }
        }
        WasmStr::linear_lift_from_flat(cx, ty, src).map(GuestStr::InPlace)
    }

    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        bytes: &[u8],
    ) -> Result<Self> {
        WasmStr::linear_lift_from_memory(cx, ty, bytes).map(GuestStr::InPlace)
    }
}
