//! Finds where a component keeps its state, and counts the component's items: adding a module
//! requires these counts.

use super::error::SnapshotError;
use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentExternalKind, ComponentTypeRef, ExternalKind,
    Instance, MemoryType, Parser, Payload, TypeRef, ValType,
};

/// Functions that discard the handles that a module got from the host. The probe calls them before
/// it reads the state, so that each copy requests its own handles. The first function belongs to
/// the adapter of WASI 0.1, the second to wasi-libc. `toolchain/merge.rs` keeps both exported.
const FORGETTING: [&str; 2] = ["reset_adapter_state", "__wasilibc_reset_preopens"];

/// The places of a component's state. Core modules are identified by their index.
#[derive(Default)]
pub(super) struct Layout {
    /// The mutable globals, in the order of the modules.
    pub(super) globals: Vec<GlobalPlace>,
    pub(super) memory: MemoryPlace,
    /// The functions that the probe calls before it reads the state, each with its module.
    pub(super) forgetting: Vec<(u32, String)>,
    /// The instantiated modules, each with its core instance.
    pub(super) instances: Vec<(u32, u32)>,
    pub(super) counts: Counts,
}

/// A mutable global.
pub(super) struct GlobalPlace {
    pub(super) module: u32,
    /// The index of the global in its module. Imported globals have indices too.
    pub(super) index: u32,
    pub(super) value: wasm_encoder::ValType,
}

/// The component's only memory.
#[derive(Default)]
pub(super) struct MemoryPlace {
    pub(super) module: u32,
    pub(super) export: String,
    pub(super) minimum: u64,
}

/// The numbers of a component's items, for the kinds of items whose indices the probe or `Inner`
/// needs. Each number is also the index of the next item of that kind.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) modules: u32,
    pub(super) core_instances: u32,
    pub(super) core_functions: u32,
    pub(super) core_memories: u32,
    pub(super) types: u32,
    pub(super) functions: u32,
    pub(super) instances: u32,
}

impl Layout {
    /// Reads the layout of a component.
    ///
    /// # Errors
    ///
    /// When the component is malformed, has a module in an inner component, does not have exactly
    /// one memory, does not export this memory from its module, or has a mutable global that is not
    /// an integer. Tables are not checked: a copy starts with the base's tables.
    pub(super) fn read(component: &[u8]) -> Result<Self, SnapshotError> {
        let mut layout = Layout::default();
        let mut memories = Vec::new();
        // `module` is the number of imported globals of the core module being read, or `None`
        // outside modules. `nested` is the depth in inner components.
        let mut module: Option<u32> = None;
        let mut nested = 0_u32;
        for payload in Parser::new(0).parse_all(component) {
            let payload = payload?;
            match (&payload, module) {
                (Payload::End(_), Some(_)) => module = None,
                (Payload::End(_), None) => nested = nested.saturating_sub(1),
                (Payload::ComponentSection { .. }, _) => nested += 1,
                (Payload::ModuleSection { .. }, _) if nested > 0 => {
                    return Err(SnapshotError::Unsupported("a module in an inner component"));
                }
                (Payload::ModuleSection { .. }, _) => {
                    layout.counts.modules += 1;
                    module = Some(0);
                }
                (_, Some(imported)) => {
                    module = Some(layout.add_of_module(&payload, imported, &mut memories)?);
                }
                (_, None) if nested == 0 => layout.add(&payload)?,
                _ => {}
            }
        }
        match <[MemoryPlace; 1]>::try_from(memories) {
            Ok([memory]) if !memory.export.is_empty() => Ok(Layout { memory, ..layout }),
            _ => Err(SnapshotError::Unsupported("another number of memories than one")),
        }
    }

    /// Adds a section of the module being read. `imported` is the number of globals that the
    /// module's earlier sections import. Returns this number including the section.
    fn add_of_module(
        &mut self,
        section: &Payload<'_>,
        mut imported: u32,
        memories: &mut Vec<MemoryPlace>,
    ) -> Result<u32, SnapshotError> {
        let module = self.counts.modules - 1;
        match section {
            Payload::ImportSection(imports) => {
                for import in imports.clone().into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Global(_)));
                }
            }
            Payload::MemorySection(found) => {
                for memory in found.clone() {
                    let MemoryType { initial: minimum, .. } = memory?;
                    memories.push(MemoryPlace { module, export: String::new(), minimum });
                }
            }
            Payload::GlobalSection(globals) => {
                for (index, global) in (imported..).zip(globals.clone()) {
                    let ty = global?.ty;
                    if ty.mutable {
                        let value = number(ty.content_type)?;
                        self.globals.push(GlobalPlace { module, index, value });
                    }
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports.clone() {
                    let export = export?;
                    let own = memories.iter_mut().find(|it| it.module == module);
                    match (export.kind, own) {
                        (ExternalKind::Memory, Some(own)) => own.export = export.name.to_owned(),
                        (ExternalKind::Func, _) if FORGETTING.contains(&export.name) => {
                            self.forgetting.push((module, export.name.to_owned()));
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        Ok(imported)
    }

    /// Adds a section of the component.
    fn add(&mut self, section: &Payload<'_>) -> Result<(), SnapshotError> {
        if let Payload::InstanceSection(instances) = section {
            for (number, instance) in (self.counts.core_instances..).zip(instances.clone()) {
                if let Instance::Instantiate { module_index, .. } = instance? {
                    self.instances.push((module_index, number));
                }
            }
        }
        self.counts.add_section(section)
    }

    /// Returns the core instance of a module, or an error unless the module is instantiated exactly
    /// once.
    pub(super) fn instance_of(&self, module: u32) -> Result<u32, SnapshotError> {
        let mut of_module = self.instances.iter().filter(|(of, _)| *of == module);
        match (of_module.next(), of_module.next()) {
            (Some((_, instance)), None) => Ok(*instance),
            _ => Err(SnapshotError::Unsupported("a module that is not instantiated once")),
        }
    }
}

impl Counts {
    /// Counts the items that a section of the component defines.
    pub(super) fn add_section(&mut self, section: &Payload<'_>) -> Result<(), SnapshotError> {
        match section {
            Payload::InstanceSection(instances) => self.core_instances += instances.count(),
            Payload::ComponentInstanceSection(instances) => self.instances += instances.count(),
            Payload::ComponentAliasSection(aliases) => {
                for alias in aliases.clone() {
                    match alias? {
                        ComponentAlias::CoreInstanceExport { kind, .. } => match kind {
                            ExternalKind::Func => self.core_functions += 1,
                            ExternalKind::Memory => self.core_memories += 1,
                            _ => {}
                        },
                        ComponentAlias::InstanceExport { kind, .. } => self.add(kind),
                        _ => {}
                    }
                }
            }
            Payload::ComponentCanonicalSection(functions) => {
                for function in functions.clone() {
                    match function? {
                        CanonicalFunction::Lift { .. } => self.functions += 1,
                        _ => self.core_functions += 1,
                    }
                }
            }
            Payload::ComponentImportSection(imports) => {
                for import in imports.clone() {
                    match import?.ty {
                        ComponentTypeRef::Func(_) => self.functions += 1,
                        ComponentTypeRef::Type(_) => self.types += 1,
                        ComponentTypeRef::Instance(_) => self.instances += 1,
                        _ => {}
                    }
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports.clone() {
                    self.add(export?.kind);
                }
            }
            Payload::ComponentTypeSection(types) => self.types += types.count(),
            _ => {}
        }
        Ok(())
    }

    fn add(&mut self, kind: ComponentExternalKind) {
        match kind {
            ComponentExternalKind::Func => self.functions += 1,
            ComponentExternalKind::Type => self.types += 1,
            ComponentExternalKind::Instance => self.instances += 1,
            _ => {}
        }
    }
}

/// Returns the type of an integer global, or an error for any other global.
fn number(value: ValType) -> Result<wasm_encoder::ValType, SnapshotError> {
    match value {
        ValType::I32 => Ok(wasm_encoder::ValType::I32),
        ValType::I64 => Ok(wasm_encoder::ValType::I64),
        _ => Err(SnapshotError::Unsupported("a global that is not an integer")),
    }
}
