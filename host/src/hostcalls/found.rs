//! What `get` answers: lowered into the guest from where the cache holds the value, with no copy in
//! between.

use crate::bindings::hostel::cache::cache::Error;
use hostel_cache::Value;
use std::mem::MaybeUninit;
use wasmtime::component::__internal::wasmtime_environ::component::StringEncoding;
use wasmtime::component::__internal::{
    CanonicalAbiInfo, InstanceType, InterfaceType, LowerContext,
};
use wasmtime::component::{ComponentType, Lower};
use wasmtime::{Result, bail};

/// The contract's `result<option<json>, error>`, of a value that shares its entry's allocation.
///
/// wasmtime means these traits to be derived, and a derived answer is written field by field, with
/// a look-up of the guest's memory for each. A hit is what most calls are, so it is written here in
/// two goes, the text and then what says where it is, the bytes between the fields cleared;
/// whatever else is forwarded.
pub(super) struct Found(pub(super) std::result::Result<Option<Value>, Error>);

/// What wasmtime lowers by itself.
type Plain<'a> = std::result::Result<Option<&'a str>, &'a Error>;

/// The longest text that the component model's strings can be, in bytes.
const MAX_TEXT_BYTES: usize = (1 << 31) - 1;

/// The canonical ABI's layout of the type: a byte that says whether it is an error, at 4 one that
/// says whether there is a value, at 8 where its text is, at 12 how many bytes that has.
const BYTES: usize = 16;

const _: () = assert!(Plain::ABI.size32 as usize == BYTES && Plain::ABI.align32 == 4);

impl Found {
    fn plain(&self) -> Plain<'_> {
        self.0.as_ref().map(|value| value.as_deref())
    }
}

// SAFETY: every item is that of the type to which all is forwarded.
unsafe impl ComponentType for Found {
    type Lower = <Plain<'static> as ComponentType>::Lower;

    const ABI: CanonicalAbiInfo = Plain::ABI;
    const MAY_REQUIRE_REALLOC: bool = Plain::MAY_REQUIRE_REALLOC;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        Plain::typecheck(ty, types)
    }
}

// SAFETY: what is forwarded fills what it is given by the same type and the same layout, and what
// is not writes that layout, into memory that is the guest's own.
unsafe impl Lower for Found {
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

/// wasmtime has seen to it that both places are inside the memory, which never shrinks; it is asked
/// again only since nothing here may panic.
fn lower_hit<T>(cx: &mut LowerContext<'_, T>, text: &str, offset: usize) -> Result<()> {
    let place = cx.realloc(0, 0, 1, text.len())?;
    let memory = cx.as_slice_mut();
    let copy = memory.get_mut(place..).and_then(|memory| memory.get_mut(..text.len()));
    let Some(copy) = copy else {
        bail!("the guest's `realloc` gave a place outside its memory");
    };
    copy.copy_from_slice(text.as_bytes());
    let found = memory.get_mut(offset..).and_then(|memory| memory.first_chunk_mut::<BYTES>());
    let Some(found) = found else {
        bail!("the guest wants the answer outside its memory");
    };
    *found = (1 << 32 | (place as u128) << 64 | (text.len() as u128) << 96).to_le_bytes();
    Ok(())
}
