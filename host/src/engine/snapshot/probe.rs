//! The probe: a module that is added to a component to read the component's state.
//!
//! The probe's only function first makes the component discard its handles. It then grows the
//! memory and writes all mutable globals to the new part, so that the memory and these globals form
//! one list of bytes.

use super::error::SnapshotError;
use super::layout::{GlobalPlace, Layout};
use super::rewrite::copy;
use std::collections::BTreeSet;
use wasm_encoder::{
    Alias, CanonicalFunctionSection, CanonicalOption, CodeSection, Component,
    ComponentAliasSection, ComponentExportKind, ComponentExportSection, ComponentTypeSection,
    ComponentValType, EntityType, ExportKind, ExportSection, Function, FunctionSection, GlobalType,
    ImportSection, InstanceSection, Instruction, MemArg, MemoryType, Module, ModuleArg,
    ModuleSection, PrimitiveValType, TypeSection, ValType,
};
use wasmparser::{ExternalKind, Payload};

/// The name of the exported function that returns the state.
pub(super) const FUNCTION: &str = "hostel-state";

/// Bytes of a page of memory.
pub(super) const PAGE: u32 = 1 << 16;

/// Returns the number of bytes that the probe appends to the memory: [`SLOT`] bytes for the address
/// and the length of the list, and [`SLOT`] bytes for each mutable global.
pub(super) fn bytes_behind(layout: &Layout) -> u32 {
    (layout.globals.len() as u32 + 1) * SLOT
}

/// Bytes that each mutable global takes in the appended bytes.
pub(super) const SLOT: u32 = 8;

/// Returns a copy of a component with the probe and with an export of its function.
pub(super) fn add(component: &[u8], layout: &Layout) -> Result<Vec<u8>, SnapshotError> {
    let mut component = copy(component, |module, payload, changed| {
        let Payload::ExportSection(exports) = payload else { return Ok(false) };
        let mut more = ExportSection::new();
        for export in exports.clone() {
            let export = export?;
            let kind = match export.kind {
                ExternalKind::Func => ExportKind::Func,
                ExternalKind::Table => ExportKind::Table,
                ExternalKind::Memory => ExportKind::Memory,
                ExternalKind::Global => ExportKind::Global,
                _ => return Err(SnapshotError::Unsupported("an export of another kind")),
            };
            more.export(export.name, kind, export.index);
        }
        for global in layout.globals.iter().filter(|it| it.module == module) {
            more.export(&name(global), ExportKind::Global, global.index);
        }
        changed.section(&more);
        Ok(true)
    })?;
    component.section(&ModuleSection(&module(layout)));
    connect(&mut component, layout)?;
    Ok(component.finish())
}

/// Returns the name under which a module exports a global to the probe.
fn name(global: &GlobalPlace) -> String {
    format!("hostel:global-{}", global.index)
}

/// Builds the probe's module. Its imports name each instance by the number of the instance's
/// module.
fn module(layout: &Layout) -> Module {
    let (mut types, mut imports) = (TypeSection::new(), ImportSection::new());
    types.ty().function([], []);
    types.ty().function([], [ValType::I32]);
    let memory = MemoryType {
        minimum: layout.memory.minimum,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    };
    imports.import(&layout.memory.module.to_string(), &layout.memory.export, memory);
    for (module, name) in &layout.forgetting {
        imports.import(&module.to_string(), name, EntityType::Function(0));
    }
    for global in &layout.globals {
        let ty = GlobalType { val_type: global.value, mutable: true, shared: false };
        imports.import(&global.module.to_string(), &name(global), ty);
    }
    let mut functions = FunctionSection::new();
    functions.function(1);
    let mut exports = ExportSection::new();
    exports.export(FUNCTION, ExportKind::Func, layout.forgetting.len() as u32);
    let mut code = CodeSection::new();
    code.function(&function(layout));
    let mut module = Module::default();
    module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
    module
}

fn function(layout: &Layout) -> Function {
    // The local variable that holds the size of the memory before it grew, in bytes.
    const END: u32 = 0;
    let mut function = Function::new([(1, ValType::I32)]);
    for index in (0..).take(layout.forgetting.len()) {
        function.instruction(&Instruction::Call(index));
    }
    let bytes = bytes_behind(layout);
    function.instruction(&Instruction::I32Const(bytes.div_ceil(PAGE).cast_signed()));
    function.instruction(&Instruction::MemoryGrow(0));
    function.instruction(&Instruction::I32Const(PAGE.cast_signed()));
    function.instruction(&Instruction::I32Mul);
    function.instruction(&Instruction::LocalSet(END));
    let at = |offset: u32| MemArg { offset: u64::from(offset), align: 2, memory_index: 0 };
    for (index, global) in (0..).zip(&layout.globals) {
        let place = at((index + 1) * SLOT);
        function.instruction(&Instruction::LocalGet(END));
        function.instruction(&Instruction::GlobalGet(index));
        function.instruction(&match global.value {
            ValType::I64 => Instruction::I64Store(place),
            _ => Instruction::I32Store(place),
        });
    }
    // The returned list starts at address 0. The function returns the address of the appended
    // bytes. They begin with the list's address, which is already 0 because new memory is zeroed,
    // and the list's length.
    function.instruction(&Instruction::LocalGet(END));
    function.instruction(&Instruction::LocalGet(END));
    function.instruction(&Instruction::I32Const(bytes.cast_signed()));
    function.instruction(&Instruction::I32Add);
    function.instruction(&Instruction::I32Store(at(4)));
    function.instruction(&Instruction::LocalGet(END));
    function.instruction(&Instruction::End);
    function
}

/// Instantiates the probe, and exports its function from the component.
fn connect(component: &mut Component, layout: &Layout) -> Result<(), SnapshotError> {
    let (counts, memory) = (&layout.counts, &layout.memory);
    let globals = layout.globals.iter().map(|it| it.module);
    let forgetting = layout.forgetting.iter().map(|(module, _)| *module);
    let used: BTreeSet<u32> = globals.chain(forgetting).chain([memory.module]).collect();
    let mut arguments = Vec::new();
    for module in used {
        let instance = layout.instance_of(module)?;
        arguments.push((module.to_string(), ModuleArg::Instance(instance)));
    }
    let mut instances = InstanceSection::new();
    instances.instantiate(counts.modules, arguments.iter().map(|(name, it)| (&**name, *it)));
    let mut aliases = ComponentAliasSection::new();
    let instance = counts.core_instances;
    aliases.alias(Alias::CoreInstanceExport { instance, kind: ExportKind::Func, name: FUNCTION });
    let (instance, name) = (layout.instance_of(memory.module)?, &*memory.export);
    aliases.alias(Alias::CoreInstanceExport { instance, kind: ExportKind::Memory, name });
    let mut types = ComponentTypeSection::new();
    types.defined_type().list(PrimitiveValType::U8);
    let none: [(&str, ComponentValType); 0] = [];
    types.function().params(none).result(Some(ComponentValType::Type(counts.types)));
    let mut lifts = CanonicalFunctionSection::new();
    let options = [CanonicalOption::UTF8, CanonicalOption::Memory(counts.core_memories)];
    lifts.lift(counts.core_functions, counts.types + 1, options);
    let mut exports = ComponentExportSection::new();
    exports.export(FUNCTION, ComponentExportKind::Func, counts.functions, None);
    component.section(&instances).section(&aliases).section(&types);
    component.section(&lifts).section(&exports);
    Ok(())
}
