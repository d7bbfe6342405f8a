//! A string that a guest gives to an import.

use std::borrow::Cow;
use std::str;
use wasmtime::component::__internal::wasmtime_environ::component::StringEncoding;
use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext};
use wasmtime::component::{ComponentType, Lift, WasmStr};
use wasmtime::{Result, StoreContext};

/// The longest string that is copied, in bytes: most keys are no longer.
const SHORT_BYTES: usize = 64;

/// A string of the guest's: copied where it is short, in UTF-8 and not at the very end of the
/// memory, and left where it is otherwise.
///
/// Copying so little takes less than finding the guest's memory a second time, which [`WasmStr`]
/// does when it is read.
pub(super) enum Given {
    Copied { bytes: [u8; SHORT_BYTES], len: usize },
    InPlace(WasmStr),
}

impl Given {
    /// The text; an error, which ends the guest, when it is none in the guest's encoding.
    pub(super) fn to_str<'a, T: 'static>(
        &'a self,
        store: impl Into<StoreContext<'a, T>>,
    ) -> Result<Cow<'a, str>> {
        match self {
            Given::Copied { bytes, len } => {
                let bytes = bytes.get(..*len).unwrap_or_default();
                Ok(Cow::Borrowed(str::from_utf8(bytes)?))
            }
            Given::InPlace(text) => text.to_str(store),
        }
    }
}

// SAFETY: every item is that of `WasmStr`, which lifts what this does not.
unsafe impl ComponentType for Given {
    type Lower = <WasmStr as ComponentType>::Lower;

    const ABI: CanonicalAbiInfo = WasmStr::ABI;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        WasmStr::typecheck(ty, types)
    }
}

// SAFETY: what is not forwarded reads the canonical ABI's two numbers of a string, where it is and
// how many bytes it has, and nothing that is not in the guest's memory.
unsafe impl Lift for Given {
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
                return Ok(Given::Copied { bytes: *bytes, len });
            }
        }
        WasmStr::linear_lift_from_flat(cx, ty, src).map(Given::InPlace)
    }

    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        bytes: &[u8],
    ) -> Result<Self> {
        WasmStr::linear_lift_from_memory(cx, ty, bytes).map(Given::InPlace)
    }
}
