//! Copies a component, and replaces the initial state in the copy with another state.

use super::error::SnapshotError;
use super::layout::Layout;
use super::probe::{PAGE, SLOT, bytes_behind};
use super::rewrite::copy;
use std::ops::Range;
use wasm_encoder::{
    ConstExpr, DataCountSection, DataSection, GlobalSection, GlobalType, MemorySection, MemoryType,
    Module, ValType,
};
use wasmparser::{GlobalSectionReader, Payload};

/// Runs of more zeros than this are omitted from the memory's segments. Shorter runs between other
/// bytes are kept, because each segment has a cost of its own.
const MANY_ZEROS: usize = 64;

const CUT_SHORT: SnapshotError = SnapshotError::Unsupported("a state that is cut short");

/// Returns a copy of a component that starts in `state`, which the probe has read.
pub(super) fn put(base: &[u8], layout: &Layout, state: &[u8]) -> Result<Vec<u8>, SnapshotError> {
    let size = state.len().checked_sub(bytes_behind(layout) as usize).ok_or(CUT_SHORT)?;
    let (memory, behind) = state.split_at_checked(size).ok_or(CUT_SHORT)?;
    let globals = behind.get(SLOT as usize..).ok_or(CUT_SHORT)?;
    let segments: Vec<_> = Segments { memory, at: 0 }.collect();
    let copy = copy(base, |module, payload, changed| {
        let has_memory = module == layout.memory.module;
        match payload {
            Payload::GlobalSection(reader) => {
                changed.section(&with_values(reader, module, layout, globals, base)?);
            }
            Payload::MemorySection(_) if has_memory => {
                let minimum = memory.len() as u64 / u64::from(PAGE);
                let (maximum, memory64, shared, page_size_log2) = (None, false, false, None);
                let ty = MemoryType { minimum, maximum, memory64, shared, page_size_log2 };
                changed.section(MemorySection::new().memory(ty));
            }
            Payload::DataCountSection { .. } if has_memory => {
                changed.section(&DataCountSection { count: segments.len() as u32 });
            }
            Payload::DataSection(_) if has_memory => fill(changed, memory, &segments),
            Payload::StartSection { .. } => {
                return Err(SnapshotError::Unsupported("a function that runs at the start"));
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(copy.finish())
}

/// Returns the globals of a module. Sets the mutable globals to the values in `state`, which has
/// eight bytes for each mutable global of the component.
fn with_values(
    reader: &GlobalSectionReader<'_>,
    module: u32,
    layout: &Layout,
    state: &[u8],
    base: &[u8],
) -> Result<GlobalSection, SnapshotError> {
    let values = layout.globals.iter().zip(state.chunks_exact(SLOT as usize));
    let mut values = values.filter(|(place, _)| place.module == module);
    let mut globals = GlobalSection::new();
    for global in reader.clone().into_iter_with_offsets() {
        let (begin, global) = global?;
        if !global.ty.mutable {
            let end = global.init_expr.get_binary_reader().range().end;
            globals.raw(base.get(begin..end).ok_or(CUT_SHORT)?);
            continue;
        }
        let (place, value) = values.next().ok_or(CUT_SHORT)?;
        let value = i64::from_le_bytes(value.try_into().map_err(|_| CUT_SHORT)?);
        let constant = match place.value {
            ValType::I64 => ConstExpr::i64_const(value),
            // The probe wrote only the lower four of the eight bytes.
            _ => ConstExpr::i32_const(value as i32),
        };
        let ty = GlobalType { val_type: place.value, mutable: true, shared: false };
        globals.global(ty, &constant);
    }
    Ok(globals)
}

/// Adds data segments with the bytes of the memory in these ranges.
fn fill(changed: &mut Module, memory: &[u8], segments: &[Range<usize>]) {
    let mut data = DataSection::new();
    for range in segments {
        let bytes = memory.get(range.clone()).unwrap_or_default();
        data.active(0, &ConstExpr::i32_const(range.start as i32), bytes.iter().copied());
    }
    changed.section(&data);
}

/// The parts of a memory without long runs of zeros.
struct Segments<'a> {
    memory: &'a [u8],
    at: usize,
}

impl Iterator for Segments<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let rest = self.memory.get(self.at..)?;
        let start = self.at + rest.iter().position(|byte| *byte != 0)?;
        let mut end = start;
        for (at, byte) in self.memory.iter().enumerate().skip(start) {
            if *byte != 0 {
                end = at + 1;
            } else if at - end >= MANY_ZEROS {
                break;
            }
        }
        self.at = end;
        Some(start..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_hold_all_that_is_not_zero_and_no_long_runs_of_zeros() {
        let mut memory = vec![0; 1_000];
        for at in [0, 1, 100, 100 + MANY_ZEROS, 999] {
            memory[at] = 1;
        }
        let segments: Vec<_> = Segments { memory: &memory, at: 0 }.collect();
        assert_eq!(segments, [0..2, 100..101 + MANY_ZEROS, 999..1_000]);
        assert_eq!(Segments { memory: &[0; 9], at: 0 }.count(), 0);
        assert_eq!(Segments { memory: &[], at: 0 }.count(), 0);
    }
}
