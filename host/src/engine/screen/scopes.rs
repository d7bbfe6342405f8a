//! The cost of instantiating a component: the numbers of its instances and definitions. Items of a
//! nested component count once for each instance of that component. The definitions in core modules
//! are not part of this cost.

use super::excess::{Excess, within};
use crate::engine::limits::{Limit, Limits};
use wasmparser::{
    BinaryReaderError, ComponentAlias, ComponentAliasSectionReader as Aliases,
    ComponentExternalKind, ComponentInstance, ComponentInstanceSectionReader as ComponentInstances,
    ComponentOuterAliasKind, ComponentTypeRef, Encoding, Instance,
    InstanceSectionReader as CoreInstances,
};

/// The cost of one instance of a component.
#[derive(Clone, Copy, Default)]
struct Cost {
    instances: usize,
    definitions: usize,
}

impl Cost {
    fn add(&mut self, other: Cost) {
        self.instances = self.instances.saturating_add(other.instances);
        self.definitions = self.definitions.saturating_add(other.definitions);
    }
}

/// A component or core module being read.
struct Scope {
    encoding: Encoding,
    cost: Cost,
    /// The cost of each component in this scope's index space. `None` for a component that was
    /// imported or taken from an instance, in this scope or in an outer one.
    components: Vec<Option<Cost>>,
}

/// The components and core modules being read, outermost first.
#[derive(Default)]
pub(super) struct Scopes {
    open: Vec<Scope>,
}

impl Scopes {
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    pub(super) fn open(&mut self, encoding: Encoding) {
        self.open.push(Scope { encoding, cost: Cost::default(), components: Vec::new() });
    }

    /// Ends a component or core module. At the end of the outermost component, checks its cost,
    /// which includes the cost of all components that it instantiates.
    pub(super) fn close(&mut self, limits: &Limits) -> Result<(), Excess> {
        let Some(Scope { encoding, cost, .. }) = self.open.pop() else { return Ok(()) };
        if self.open.is_empty() {
            within(cost.instances, limits.instances, Limit::Instances)?;
            within(cost.definitions, limits.definitions, Limit::Definitions)?;
        } else if encoding == Encoding::Component {
            self.name(Some(cost));
        }
        Ok(())
    }

    /// Adds a number of definitions to the cost of the current component.
    pub(super) fn define(&mut self, definitions: usize) {
        self.add(Cost { instances: 0, definitions });
    }

    /// Reads core instances, and adds those that instantiate a module to the cost of the current
    /// component. Returns the number of definitions: the instances and their arguments or exports.
    pub(super) fn core_instances(
        &mut self,
        section: CoreInstances<'_>,
    ) -> Result<usize, BinaryReaderError> {
        let mut definitions = 0;
        for instance in section {
            definitions += 1 + match instance? {
                Instance::Instantiate { args, .. } => {
                    self.add(Cost { instances: 1, definitions: 0 });
                    args.len()
                }
                Instance::FromExports(exports) => exports.len(),
            };
        }
        Ok(definitions)
    }

    /// Reads instances of components, and adds the cost of each instantiated component. Returns the
    /// number of definitions: the instances and their arguments or exports.
    pub(super) fn instances(&mut self, section: ComponentInstances<'_>) -> Result<usize, Excess> {
        let mut definitions = 0;
        for instance in section {
            definitions += 1 + match instance? {
                ComponentInstance::Instantiate { component_index, args } => {
                    let cost = self.component(0, component_index).ok_or(Excess::PassedComponent)?;
                    self.add(cost);
                    self.add(Cost { instances: 1, definitions: 0 });
                    args.len()
                }
                ComponentInstance::FromExports(exports) => exports.len(),
            };
        }
        Ok(definitions)
    }

    /// Reads aliases, including aliases of components, and returns the number of aliases.
    pub(super) fn aliases(&mut self, section: Aliases<'_>) -> Result<usize, BinaryReaderError> {
        let mut definitions = 0;
        for alias in section {
            definitions += 1;
            match alias? {
                ComponentAlias::Outer {
                    kind: ComponentOuterAliasKind::Component,
                    count,
                    index,
                } => {
                    let cost = self.component(count, index);
                    self.name(cost);
                }
                ComponentAlias::InstanceExport {
                    kind: ComponentExternalKind::Component, ..
                } => self.name(None),
                _ => {}
            }
        }
        Ok(definitions)
    }

    /// Reads an import, which may be a component.
    pub(super) fn import(&mut self, ty: ComponentTypeRef) {
        if let ComponentTypeRef::Component(_) = ty {
            self.name(None);
        }
    }

    /// Reads an export, which gives the exported item another index.
    pub(super) fn export(&mut self, kind: ComponentExternalKind, index: u32) {
        if kind == ComponentExternalKind::Component {
            let cost = self.component(0, index);
            self.name(cost);
        }
    }

    /// Returns the cost of the component with this index in the scope that is `outwards` levels
    /// further out. Returns `None` if the cost is unknown.
    fn component(&self, outwards: u32, index: u32) -> Option<Cost> {
        let scope = self.open.iter().rev().nth(outwards as usize)?;
        scope.components.get(index as usize).copied().flatten()
    }

    fn name(&mut self, cost: Option<Cost>) {
        if let Some(scope) = self.open.last_mut() {
            scope.components.push(cost);
        }
    }

    fn add(&mut self, cost: Cost) {
        if let Some(scope) = self.open.last_mut() {
            scope.cost.add(cost);
        }
    }
}
