//! Counts the definitions in a component's type sections.
//!
//! Component and instance types nest, and the engine's parser reads them recursively: 300 KB of
//! nested types overflow its stack and end the process. This parser keeps the open types in a list
//! instead.

use super::excess::Excess;
use crate::engine::limits::Limit;
use wasmparser::{
    BinaryReader, BinaryReaderError, ComponentAlias, ComponentExternName, ComponentImport,
    ComponentType, ComponentTypeRef, CoreType,
};

/// The leading bytes of the two types that can nest.
const COMPONENT_TYPE: u8 = 0x41;
const INSTANCE_TYPE: u8 = 0x42;

/// Counts the types and declarations of a section. At most `room` levels of nesting are allowed.
pub(super) fn component(mut reader: BinaryReader<'_>, room: usize) -> Result<usize, Excess> {
    let mut count = 0;
    // The number of types that remain in the section, and then the number of declarations that
    // remain in each open type, outermost first.
    let mut open = vec![reader.read_var_u32()?];
    while let Some(left) = open.last_mut() {
        let Some(rest) = left.checked_sub(1) else {
            open.pop();
            continue;
        };
        *left = rest;
        count += 1;
        let is_type = open.len() == 1 || declares_type(&mut reader, &mut count)?;
        if is_type && let Some(declarations) = container(&mut reader)? {
            open.push(declarations);
            if open.len() - 1 > room {
                return Err(Excess::Over(Limit::Nesting));
            }
        }
    }
    Ok(count)
}

/// Counts the types and declarations of a section of core types. Their nesting needs no limit: a
/// module type cannot contain another module type.
pub(super) fn core(mut reader: BinaryReader<'_>) -> Result<usize, Excess> {
    let mut count = 0;
    for _ in 0..reader.read_var_u32()? {
        count += core_type(&mut reader)?;
    }
    Ok(count)
}

fn core_type(reader: &mut BinaryReader<'_>) -> Result<usize, BinaryReaderError> {
    Ok(match reader.read::<CoreType<'_>>()? {
        CoreType::Rec(group) => group.types().count(),
        CoreType::Module(declarations) => declarations.len() + 1,
    })
}

/// Reads a declaration in a type. If the declaration declares a type other than a core type,
/// returns true and leaves that type unread. Adds the definitions of a core type to `count`.
fn declares_type(
    reader: &mut BinaryReader<'_>,
    count: &mut usize,
) -> Result<bool, BinaryReaderError> {
    let start = reader.clone();
    match reader.read_u8()? {
        0x00 => *count += core_type(reader)?,
        0x01 => return Ok(true),
        0x02 => {
            reader.read::<ComponentAlias<'_>>()?;
        }
        0x03 => {
            reader.read::<ComponentImport<'_>>()?;
        }
        0x04 => {
            reader.read::<ComponentExternName<'_>>()?;
            reader.read::<ComponentTypeRef>()?;
        }
        // The declaration is invalid: the engine's parser returns the proper error at the first
        // byte.
        _ => {
            *reader = start;
            reader.read::<wasmparser::InstanceTypeDeclaration<'_>>()?;
        }
    }
    Ok(false)
}

/// Reads a type. If the type can contain other types, reads only the number of its declarations and
/// returns that number; otherwise returns `None`.
fn container(reader: &mut BinaryReader<'_>) -> Result<Option<u32>, BinaryReaderError> {
    match reader.clone().read_u8()? {
        COMPONENT_TYPE | INSTANCE_TYPE => {
            reader.read_u8()?;
            Ok(Some(reader.read_var_u32()?))
        }
        _ => {
            reader.read::<ComponentType<'_>>()?;
            Ok(None)
        }
    }
}
