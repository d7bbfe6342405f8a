//! Lowering: writes the value that `get` returns into the guest without an intermediate copy.

use crate::bindings::hostel::cache::cache::Error;
use hostel_cache::Value;
use std::mem::MaybeUninit;
use wasmtime::component::__internal::wasmtime_environ::component::StringEncoding;
use wasmtime::component::__internal::{
    CanonicalAbiInfo, InstanceType, InterfaceType, LowerContext,
};
use wasmtime::component::{ComponentType, Lower};
use wasmtime::{Result, bail};

/// The WIT result of `get`, `result<option<json>, error>`. If the entry is in memory, the value
/// shares its allocation.
///
/// wasmtime's derived implementations write a result field by field and look up the guest's memory
/// for each field. Most calls are hits, so this type writes a hit in only two steps: the text, and
/// then the record that points to the text, with zeroed padding. Other results, and hits in guests
/// whose strings are not UTF-8, use wasmtime's implementation.
pub(super) struct GetResult(std::result::Result<Option<Value>, Error>);

/// Wraps the result of `get` for lowering.
pub(super) fn get_result(result: std::result::Result<Option<Value>, Error>) -> GetResult {
    GetResult(result)
}

/// The type whose lowering wasmtime implements.
type Plain<'a> = std::result::Result<Option<&'a str>, &'a Error>;

/// The longest string of the component model, in bytes.
const MAX_TEXT_BYTES: usize = (1 << 31) - 1;

/// Bytes of [`Plain`] in the canonical ABI. In a hit, the byte at offset 0 is 0 (no error) and the
/// byte at offset 4 is 1 (a value). The address of the value's text is at offset 8, and the text's
/// length in bytes at offset 12.
const BYTES: usize = 16;

const _: () = assert!(Plain::ABI.size32 as usize == BYTES && Plain::ABI.align32 == 4);

impl GetResult {
    fn plain(&self) -> Plain<'_> {
        self.0.as_ref().map(|value| value.as_deref())
    }
}

// SAFETY: every item is the same as in `Plain`, to which this type forwards.
unsafe impl ComponentType for GetResult {
    type Lower = <Plain<'static> as ComponentType>::Lower;

    const ABI: CanonicalAbiInfo = Plain::ABI;
    const MAY_REQUIRE_REALLOC: bool = Plain::MAY_REQUIRE_REALLOC;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        Plain::typecheck(ty, types)
    }
}

// SAFETY: forwarded results are lowered as `Plain`, which has the same layout. Hits are written in
// that layout, into the guest's own memory.
unsafe impl Lower for GetResult {
    fn linear_lower_to_flat<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        dst: &mut MaybeUninit<Self::Lower>,
    ) -> Result<()> {
        self.plain().linear_lower_to_flat(cx, ty, dst)
    }

    fn linear_lower_to_memory<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        offset: usize,
    ) -> Result<()> {
        let is_utf8 = matches!(cx.options().string_encoding, StringEncoding::Utf8);
        match &self.0 {
            Ok(Some(value)) if is_utf8 && value.len() <= MAX_TEXT_BYTES => {
                lower_hit(cx, value, offset)
            }
            _ => self.plain().linear_lower_to_memory(cx, ty, offset),
        }
    }
}

/// Writes a hit. wasmtime has checked that the ranges of the text and of the record are inside the
/// memory, which never shrinks. This function checks them again, because it must not panic.
fn lower_hit<T>(cx: &mut LowerContext<'_, T>, text: &str, offset: usize) -> Result<()> {
    let place = cx.realloc(0, 0, 1, text.len())?;
    let memory = cx.as_slice_mut();
    let copy = memory.get_mut(place..).and_then(|memory| memory.get_mut(..text.len()));
    let Some(copy) = copy else {
        bail!("the guest's `realloc` returned an address outside its memory");
    };
    copy.copy_from_slice(text.as_bytes());
    let written = memory.get_mut(offset..).and_then(|memory| memory.first_chunk_mut::<BYTES>());
    let Some(written) = written else {
        bail!("the guest requested the result at an address outside its memory");
    };
    *written = (1 << 32 | (place as u128) << 64 | (text.len() as u128) << 96).to_le_bytes();
    Ok(())
}
