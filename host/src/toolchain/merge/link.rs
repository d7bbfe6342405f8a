//! Merges the core modules of a group's instances.

use super::group::MergeGroup;
use super::module::{CoreModule, Kind};
use super::outline::{Definition, Outline};
use super::renumber::{Constant, Renumber};
use std::collections::{BTreeMap, HashMap, HashSet};
use wasm_encoder::reencode::Reencode;
use wasm_encoder::{
    CodeSection, CustomSection, DataCountSection, DataSection, ElementSection, EntityType,
    ExportKind, ExportSection, FunctionSection, GlobalSection, ImportSection, MemorySection,
    Module, NameMap, NameSection, StartSection, TableSection, TagSection, TypeSection,
};
use wasmparser::{FuncType, Name, TypeRef};

pub(super) struct MergedModule {
    pub(super) module: Module,
    /// The module's imports, each with its name, kind and definition.
    pub(super) imports: Vec<(String, Kind, Definition)>,
}

/// Links the modules of a group into one. `exports` contains the definitions that the merged module
/// exports, each with its name. Returns `None` if the modules cannot be linked.
pub(super) fn link(
    outline: &Outline<'_>,
    group: &MergeGroup,
    exports: &BTreeMap<Definition, String>,
) -> Option<MergedModule> {
    let mut linker = Linker::of(outline, group)?;
    linker.number()?;
    linker.module(exports)
}

/// The module of a group's instance, and the mapping of the module's indices.
struct Member<'o, 'a> {
    instance: u32,
    module: &'o CoreModule<'a>,
    types: Vec<u32>,
    /// For each kind, the new index of the module's first own definition.
    first: HashMap<Kind, u32>,
}

struct Linker<'o, 'a> {
    outline: &'o Outline<'a>,
    members: Vec<Member<'o, 'a>>,
    types: Vec<FuncType>,
    /// The definitions that no member provides, each with its kind, its type, and the position of a
    /// member in `members`. An index in the type is an index in that member's type section.
    imports: Vec<(Kind, Definition, TypeRef, usize)>,
    /// The new indices of all imports and definitions of the members.
    numbers: HashMap<(Kind, Definition), u32>,
}

impl<'o, 'a> Linker<'o, 'a> {
    fn of(outline: &'o Outline<'a>, group: &MergeGroup) -> Option<Self> {
        let (mut types, mut known) = (Vec::new(), HashMap::new());
        let mut members = Vec::new();
        for &instance in &group.members {
            let (module, _) = outline.module_of(instance)?;
            let number = |ty: &FuncType| {
                *known.entry(ty.clone()).or_insert_with(|| {
                    types.push(ty.clone());
                    types.len() as u32 - 1
                })
            };
            let numbers = module.types.iter().map(number).collect();
            members.push(Member { instance, module, types: numbers, first: HashMap::new() });
        }
        Some(Linker { outline, members, types, imports: Vec::new(), numbers: HashMap::new() })
    }

    /// Assigns the new indices: imports first, then definitions in the order of the members.
    fn number(&mut self) -> Option<()> {
        let mut next: HashMap<Kind, u32> = HashMap::new();
        let own: HashSet<u32> = self.members.iter().map(|it| it.instance).collect();
        for (at, member) in self.members.iter().enumerate() {
            for (kind, index, import) in member.module.numbered_imports() {
                let definition = self.outline.within(member.instance, kind, index)?;
                let is_own = matches!(definition, Definition::In { instance, .. } if own.contains(&instance));
                if is_own || self.numbers.contains_key(&(kind, definition)) {
                    continue;
                }
                let number = next.entry(kind).or_default();
                self.numbers.insert((kind, definition), *number);
                *number += 1;
                self.imports.push((kind, definition, import.ty, at));
            }
        }
        for member in &mut self.members {
            for kind in Kind::ALL {
                let (imported, defined) =
                    (member.module.imports_of(kind), member.module.defined(kind));
                let number = next.entry(kind).or_default();
                member.first.insert(kind, *number);
                for index in imported..imported + defined {
                    let definition = Definition::In { instance: member.instance, kind, index };
                    self.numbers.insert((kind, definition), *number);
                    *number += 1;
                }
            }
        }
        Some(())
    }

    /// The mapping of a member's indices to the indices in the merged module.
    fn renumber(&self, member: &Member<'_, '_>, elements: u32, data: u32) -> Option<Renumber> {
        let mut numbers = HashMap::new();
        for kind in Kind::ALL {
            let all = member.module.imports_of(kind) + member.module.defined(kind);
            let of = |index: u32| {
                let definition = self.outline.within(member.instance, kind, index)?;
                self.numbers.get(&(kind, definition)).copied()
            };
            numbers.insert(kind, (0..all).map(of).collect::<Option<Vec<_>>>()?);
        }
        let globals = self.imports.iter().filter(|(kind, ..)| *kind == Kind::Global);
        let (types, imported_globals) = (member.types.clone(), globals.count() as u32);
        Some(Renumber { types, numbers, elements, data, imported_globals })
    }

    fn module(&self, names: &BTreeMap<Definition, String>) -> Option<MergedModule> {
        let mut sections = Sections::default();
        for ty in &self.types {
            let mut plain = wasm_encoder::reencode::RoundtripReencoder;
            sections.types.ty().func_type(&plain.func_type(ty.clone()).ok()?);
        }
        let mut imports = Vec::new();
        let (mut elements, mut data) = (0, 0);
        let mut renumbers = Vec::new();
        for member in &self.members {
            renumbers.push(self.renumber(member, elements, data)?);
            elements += member.module.elements.len() as u32;
            data += member.module.data.len() as u32;
        }
        for (at, (kind, definition, ty, member)) in self.imports.iter().enumerate() {
            let name = at.to_string();
            let ty: EntityType = renumbers.get_mut(*member)?.entity_type(*ty).ok()?;
            sections.imports.import("", &name, ty);
            imports.push((name, *kind, *definition));
        }
        let mut constants = HashMap::new();
        for (member, renumber) in self.members.iter().zip(&mut renumbers) {
            sections.add(member, renumber, &mut constants)?;
        }
        for (definition, name) in names {
            let Definition::In { kind, .. } = *definition else { return None };
            let number = *self.numbers.get(&(kind, *definition))?;
            sections.exports.export(name, export_kind(kind), number);
        }
        sections.names(&self.members, &renumbers);
        Some(MergedModule { module: sections.module(), imports })
    }
}

pub(super) fn export_kind(kind: Kind) -> ExportKind {
    match kind {
        Kind::Function => ExportKind::Func,
        Kind::Table => ExportKind::Table,
        Kind::Memory => ExportKind::Memory,
        Kind::Global => ExportKind::Global,
        Kind::Tag => ExportKind::Tag,
    }
}

/// The sections of the merged module.
#[derive(Default)]
struct Sections<'a> {
    types: TypeSection,
    imports: ImportSection,
    functions: FunctionSection,
    tables: TableSection,
    memories: MemorySection,
    tags: TagSection,
    globals: GlobalSection,
    exports: ExportSection,
    start: Option<u32>,
    elements: ElementSection,
    code: CodeSection,
    data: DataSection,
    names: BTreeMap<u32, String>,
    producers: Vec<&'a [u8]>,
}

impl<'a> Sections<'a> {
    /// Adds the definitions, segments, start function and producers of a member. `constants` are
    /// the known values of immutable globals, by new index.
    fn add(
        &mut self,
        member: &Member<'_, 'a>,
        renumber: &mut Renumber,
        constants: &mut HashMap<u32, Constant>,
    ) -> Option<()> {
        let module = member.module;
        for ty in &module.functions {
            self.functions.function(renumber.type_index(*ty).ok()?);
        }
        for memory in &module.memories {
            self.memories.memory(renumber.memory_type(*memory).ok()?);
        }
        for tag in &module.tags {
            self.tags.tag(renumber.tag_type(*tag).ok()?);
        }
        for (index, global) in (*member.first.get(&Kind::Global)?..).zip(&module.globals) {
            if let (Some(value), false) =
                (renumber.value(&global.init_expr, constants), global.ty.mutable)
            {
                constants.insert(index, value);
            }
            let init = renumber.constant(&global.init_expr, constants)?;
            self.globals.global(renumber.global_type(global.ty).ok()?, &init);
        }
        for table in &module.tables {
            let ty = renumber.table_type(table.ty).ok()?;
            match &table.init {
                wasmparser::TableInit::RefNull => self.tables.table(ty),
                wasmparser::TableInit::Expr(init) => {
                    self.tables.table_with_init(ty, &renumber.constant(init, constants)?)
                }
            };
        }
        if let Some(start) = module.start {
            self.start = Some(renumber.function_index(start).ok()?);
        }
        for element in &module.elements {
            self.add_element(element, renumber, constants)?;
        }
        for body in &module.bodies {
            renumber.parse_function_body(&mut self.code, body.clone()).ok()?;
        }
        for data in &module.data {
            let bytes = data.data.iter().copied();
            match &data.kind {
                wasmparser::DataKind::Passive => self.data.passive(bytes),
                wasmparser::DataKind::Active { memory_index, offset_expr } => {
                    let offset = renumber.constant(offset_expr, constants)?;
                    self.data.active(renumber.memory_index(*memory_index).ok()?, &offset, bytes)
                }
            };
        }
        for producers in &module.producers {
            if !self.producers.contains(producers) {
                self.producers.push(producers);
            }
        }
        Some(())
    }

    fn add_element(
        &mut self,
        element: &wasmparser::Element<'_>,
        renumber: &mut Renumber,
        constants: &HashMap<u32, Constant>,
    ) -> Option<()> {
        let items = match element.items.clone() {
            wasmparser::ElementItems::Expressions(ty, items) => {
                let items = items.into_iter().map(|it| renumber.constant(&it.ok()?, constants));
                let items = items.collect::<Option<Vec<_>>>()?;
                wasm_encoder::Elements::Expressions(renumber.ref_type(ty).ok()?, items.into())
            }
            functions @ wasmparser::ElementItems::Functions(_) => {
                renumber.element_items(functions).ok()?
            }
        };
        match &element.kind {
            wasmparser::ElementKind::Passive => self.elements.passive(items),
            wasmparser::ElementKind::Declared => self.elements.declared(items),
            wasmparser::ElementKind::Active { table_index, offset_expr } => {
                let table = renumber.table_index(table_index.unwrap_or(0)).ok()?;
                let table = (table_index.is_some() || table != 0).then_some(table);
                let offset = renumber.constant(offset_expr, constants)?;
                self.elements.active(table, &offset, items)
            }
        };
        Some(())
    }

    /// Adds the names of functions: the backtraces of traps contain these names.
    fn names(&mut self, members: &[Member<'_, '_>], renumbers: &[Renumber]) {
        for (member, renumber) in members.iter().zip(renumbers) {
            let Some(names) = &member.module.names else { continue };
            for subsection in names.clone().flatten() {
                let Name::Function(functions) = subsection else { continue };
                for naming in functions.into_iter().flatten() {
                    if let Some(number) = renumber.number(Kind::Function, naming.index) {
                        let is_own = naming.index >= member.module.imports_of(Kind::Function);
                        if is_own {
                            self.names.insert(number, naming.name.to_owned());
                        } else {
                            self.names.entry(number).or_insert_with(|| naming.name.to_owned());
                        }
                    }
                }
            }
        }
    }

    fn module(self) -> Module {
        let mut module = Module::default();
        module.section(&self.types).section(&self.imports).section(&self.functions);
        module.section(&self.tables).section(&self.memories);
        if !self.tags.is_empty() {
            module.section(&self.tags);
        }
        module.section(&self.globals).section(&self.exports);
        if let Some(function_index) = self.start {
            module.section(&StartSection { function_index });
        }
        module.section(&self.elements);
        if !self.data.is_empty() {
            module.section(&DataCountSection { count: self.data.len() });
        }
        module.section(&self.code).section(&self.data);
        let (mut names, mut functions) = (NameSection::new(), NameMap::new());
        self.names.iter().for_each(|(number, name)| functions.append(*number, name));
        names.functions(&functions);
        module.section(&names);
        for data in self.producers {
            module.section(&CustomSection { name: "producers".into(), data: data.into() });
        }
        module
    }
}
