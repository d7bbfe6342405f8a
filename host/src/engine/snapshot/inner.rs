//! A base that is nested in an outer component, which provides the base's imports. JavaScript's
//! tool builds such components. This module finds the inner component and replaces it with a copy
//! that has the state after the initialisation.

use super::error::SnapshotError;
use super::layout::Counts;
use super::probe;
use std::ops::Range;
use wasm_encoder::{
    Alias, Component, ComponentAliasSection, ComponentExportKind, ComponentExportSection,
    RawSection,
};
use wasmparser::{ComponentInstance, Parser, Payload};

/// An inner component: its range of bytes in the outer component, and the outer component's item
/// counts.
#[derive(Default)]
pub(super) struct Inner {
    pub(super) place: Range<usize>,
    /// The index of the inner component among the outer component's components.
    number: u32,
    /// The index of the inner component's instance among the outer component's instances.
    instance: Option<u32>,
    counts: Counts,
}

impl Inner {
    /// Finds the inner component that exports an interface. Returns `None` if no instantiated inner
    /// component exports the interface, or the outer component has core modules of its own.
    pub(super) fn of(component: &[u8], interface: &str) -> Result<Option<Self>, SnapshotError> {
        let mut found = Inner::default();
        // The ranges of the open components and modules, and the number of components so far that
        // are directly in the outer component.
        let (mut around, mut components) = (Vec::new(), 0);
        for payload in Parser::new(0).parse_all(component) {
            let payload = payload?;
            match &payload {
                Payload::ModuleSection { .. } if around.is_empty() => return Ok(None),
                Payload::ModuleSection { unchecked_range, .. }
                | Payload::ComponentSection { unchecked_range, .. } => {
                    components += u32::from(around.is_empty());
                    around.push(unchecked_range.clone());
                }
                Payload::End(_) => drop(around.pop()),
                Payload::ComponentExportSection(exports) if around.len() == 1 => {
                    for export in exports.clone() {
                        if export?.name.name == interface {
                            found.number = components - 1;
                            found.place = around.first().cloned().unwrap_or_default();
                        }
                    }
                }
                _ if around.is_empty() => found.add(&payload)?,
                _ => {}
            }
        }
        Ok(found.instance.is_some().then_some(found))
    }

    /// Handles a section of the outer component.
    fn add(&mut self, section: &Payload<'_>) -> Result<(), SnapshotError> {
        if let Payload::ComponentInstanceSection(instances) = section {
            for (number, instance) in (self.counts.instances..).zip(instances.clone()) {
                match instance? {
                    ComponentInstance::Instantiate { component_index, .. }
                        if component_index == self.number && !self.place.is_empty() =>
                    {
                        self.instance = Some(number);
                    }
                    _ => {}
                }
            }
        }
        self.counts.add_section(section)
    }

    /// Returns the outer component with its inner component replaced by one that has a probe, and
    /// with an export of the probe's function.
    pub(super) fn expose(&self, outer: &[u8], inner: &[u8]) -> Result<Vec<u8>, SnapshotError> {
        let mut component = self.replaced(outer, inner)?;
        let (mut aliases, mut exports) =
            (ComponentAliasSection::new(), ComponentExportSection::new());
        let (kind, name) = (ComponentExportKind::Func, probe::FUNCTION);
        let instance = self.instance.unwrap_or_default();
        aliases.alias(Alias::InstanceExport { instance, kind, name });
        exports.export(name, kind, self.counts.functions, None);
        component.section(&aliases).section(&exports);
        Ok(component.finish())
    }

    /// Returns the outer component with its inner component replaced.
    pub(super) fn replace(&self, outer: &[u8], inner: &[u8]) -> Result<Vec<u8>, SnapshotError> {
        Ok(self.replaced(outer, inner)?.finish())
    }

    fn replaced(&self, outer: &[u8], inner: &[u8]) -> Result<Component, SnapshotError> {
        let mut copy = Component::default();
        let mut end = 0;
        for payload in Parser::new(0).parse_all(outer) {
            let Some((id, range)) = payload?.as_section() else { continue };
            // A nested section was copied with its outer section.
            if range.start < end {
                continue;
            }
            end = range.end;
            let data =
                if range == self.place { inner } else { outer.get(range).unwrap_or_default() };
            copy.section(&RawSection { id, data });
        }
        Ok(copy)
    }
}
