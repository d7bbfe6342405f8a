//! A base within a component that answers its imports, as the tool of JavaScript makes it: the inner
//! component is what is initialised, and its copy takes its place.

use super::SnapshotError;
use super::layout::Counts;
use super::probe;
use std::ops::Range;
use wasm_encoder::{
    Alias, Component, ComponentAliasSection, ComponentExportKind, ComponentExportSection,
    RawSection,
};
use wasmparser::{ComponentInstance, Parser, Payload};

/// An inner component: where it is, and what the outer one has.
#[derive(Default)]
pub(super) struct Inner {
    pub(super) place: Range<usize>,
    /// Its number among the components.
    number: u32,
    /// Its instance.
    instance: Option<u32>,
    counts: Counts,
}

impl Inner {
    /// Finds the inner component that exports an interface; none if the component itself has modules.
    pub(super) fn of(component: &[u8], interface: &str) -> Result<Option<Self>, SnapshotError> {
        let mut found = Inner::default();
        // The components and modules around what is read, each by its place; and those before it.
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

    /// Takes in a section of the outer component.
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

    /// Puts an inner component with a probe in its place, and exports the probe's function.
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

    /// Puts another inner component in its place.
    pub(super) fn replace(&self, outer: &[u8], inner: &[u8]) -> Result<Vec<u8>, SnapshotError> {
        Ok(self.replaced(outer, inner)?.finish())
    }

    fn replaced(&self, outer: &[u8], inner: &[u8]) -> Result<Component, SnapshotError> {
        let mut copy = Component::default();
        let mut end = 0;
        for payload in Parser::new(0).parse_all(outer) {
            let Some((id, range)) = payload?.as_section() else { continue };
            // What is within a section was copied with it.
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
