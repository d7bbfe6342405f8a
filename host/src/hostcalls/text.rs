//! A value of the cache as the contract's `json`: lowered into the guest from where the cache holds
//! it, with no copy in between.

use hostel_cache::Value;
use std::mem::MaybeUninit;
use wasmtime::Result;
use wasmtime::component::__internal::{
    CanonicalAbiInfo, InstanceType, InterfaceType, LowerContext,
};
use wasmtime::component::{ComponentType, Lower};

/// Differs from [`Value`] in that it can be lowered, as the `str` that it is.
///
/// wasmtime lowers `Arc<str>` and a few more by itself, and means its traits to be derived. Neither
/// serves a value that shares its entry's allocation, so this forwards by hand, as wasmtime does for
/// its own pointers to `str`.
pub(super) struct Text(pub(super) Value);

// SAFETY: every item is that of `str`, to which all is forwarded.
unsafe impl ComponentType for Text {
    type Lower = <str as ComponentType>::Lower;

    const ABI: CanonicalAbiInfo = <str as ComponentType>::ABI;
    const MAY_REQUIRE_REALLOC: bool = <str as ComponentType>::MAY_REQUIRE_REALLOC;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        <str as ComponentType>::typecheck(ty, types)
    }
}

// SAFETY: `str` fills what it is given by the same types and the same layout.
unsafe impl Lower for Text {
    fn linear_lower_to_flat<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        dst: &mut MaybeUninit<Self::Lower>,
    ) -> Result<()> {
        (*self.0).linear_lower_to_flat(cx, ty, dst)
    }

    fn linear_lower_to_memory<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        offset: usize,
    ) -> Result<()> {
        (*self.0).linear_lower_to_memory(cx, ty, offset)
    }
}
