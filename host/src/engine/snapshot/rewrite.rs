//! Copies a component and changes some sections of its core modules.

use super::error::SnapshotError;
use wasm_encoder::{Component, Module, ModuleSection, RawSection};
use wasmparser::{Parser, Payload};

/// Copies a component. For each section of each core module that is not in a nested component,
/// calls `edit` with the module's number, the section, and the copy of the module so far. `edit`
/// returns false if the section is to be copied unchanged, or true if it has added a replacement to
/// the copy.
pub(super) fn copy(
    component: &[u8],
    mut edit: impl FnMut(u32, &Payload<'_>, &mut Module) -> Result<bool, SnapshotError>,
) -> Result<Component, SnapshotError> {
    let mut copy = Component::default();
    let mut module: Option<Module> = None;
    // The number of modules so far, and the current depth in nested components, which are copied
    // unchanged.
    let (mut modules, mut nested) = (0, 0_u32);
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        let raw = payload.as_section().and_then(|(id, range)| {
            let data = component.get(range)?;
            Some(RawSection { id, data })
        });
        match (&payload, &mut module) {
            (Payload::End(_), Some(whole)) => {
                copy.section(&ModuleSection(whole));
                module = None;
            }
            (Payload::End(_), None) => nested = nested.saturating_sub(1),
            (Payload::ModuleSection { .. }, _) if nested == 0 => {
                modules += 1;
                module = Some(Module::default());
            }
            // The section that contains the function has been copied as a whole.
            (Payload::CodeSectionEntry(_), _) => {}
            (_, Some(changed)) => {
                if !edit(modules - 1, &payload, changed)?
                    && let Some(raw) = raw
                {
                    changed.section(&raw);
                }
            }
            (_, None) => {
                if nested == 0
                    && let Some(raw) = raw
                {
                    copy.section(&raw);
                }
                nested += u32::from(matches!(payload, Payload::ComponentSection { .. }));
            }
        }
    }
    Ok(copy)
}
