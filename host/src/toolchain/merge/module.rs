//! A parsed core module.

use std::collections::HashMap;
use wasmparser::{
    CompositeInnerType, Data, Element, Export, ExternalKind, FuncType, FunctionBody, Global,
    Import, KnownCustom, MemoryType, NameSectionReader, Parser, Payload, SubType, Table, TagType,
    TypeRef,
};

/// A kind of definition. Each kind has its own index space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    Function,
    Table,
    Memory,
    Global,
    Tag,
}

impl Kind {
    pub(super) const ALL: [Kind; 5] =
        [Kind::Function, Kind::Table, Kind::Memory, Kind::Global, Kind::Tag];

    pub(super) fn of(kind: ExternalKind) -> Option<Self> {
        match kind {
            ExternalKind::Func => Some(Kind::Function),
            ExternalKind::Table => Some(Kind::Table),
            ExternalKind::Memory => Some(Kind::Memory),
            ExternalKind::Global => Some(Kind::Global),
            ExternalKind::Tag => Some(Kind::Tag),
            ExternalKind::FuncExact => None,
        }
    }

    fn of_import(ty: TypeRef) -> Option<Self> {
        match ty {
            TypeRef::Func(_) => Some(Kind::Function),
            TypeRef::Table(_) => Some(Kind::Table),
            TypeRef::Memory(_) => Some(Kind::Memory),
            TypeRef::Global(_) => Some(Kind::Global),
            TypeRef::Tag(_) => Some(Kind::Tag),
            TypeRef::FuncExact(_) => None,
        }
    }
}

#[derive(Default)]
pub(super) struct CoreModule<'a> {
    /// The module's bytes in the component.
    pub(super) bytes: &'a [u8],
    /// True if all types are plain function types, and none is in an explicit recursion group.
    pub(super) has_plain_types: bool,
    pub(super) types: Vec<FuncType>,
    pub(super) imports: Vec<Import<'a>>,
    pub(super) functions: Vec<u32>,
    pub(super) tables: Vec<Table<'a>>,
    pub(super) memories: Vec<MemoryType>,
    pub(super) tags: Vec<TagType>,
    pub(super) globals: Vec<Global<'a>>,
    pub(super) exports: Vec<Export<'a>>,
    pub(super) start: Option<u32>,
    pub(super) elements: Vec<Element<'a>>,
    pub(super) data: Vec<Data<'a>>,
    pub(super) bodies: Vec<FunctionBody<'a>>,
    /// The contents of the custom sections that name the module's producers.
    pub(super) producers: Vec<&'a [u8]>,
    pub(super) names: Option<NameSectionReader<'a>>,
    /// For each kind, the positions of its imports in `imports`, in the order of their indices.
    imported: HashMap<Kind, Vec<usize>>,
    exported: HashMap<&'a str, (Kind, u32)>,
}

impl<'a> CoreModule<'a> {
    /// Parses a module. Returns `None` if it cannot be parsed, or has an import or export of an
    /// unsupported kind.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut module = CoreModule { bytes, has_plain_types: true, ..CoreModule::default() };
        for payload in Parser::new(0).parse_all(bytes) {
            module.add(payload.ok()?)?;
        }
        for (at, import) in module.imports.iter().enumerate() {
            module.imported.entry(Kind::of_import(import.ty)?).or_default().push(at);
        }
        for export in &module.exports {
            module.exported.insert(export.name, (Kind::of(export.kind)?, export.index));
        }
        Some(module)
    }

    fn add(&mut self, payload: Payload<'a>) -> Option<()> {
        match payload {
            Payload::TypeSection(groups) => {
                for group in groups {
                    let group = group.ok()?;
                    self.has_plain_types &= !group.is_explicit_rec_group();
                    for ty in group.into_types() {
                        match plain(ty) {
                            Some(ty) => self.types.push(ty),
                            None => self.has_plain_types = false,
                        }
                    }
                }
            }
            Payload::ImportSection(section) => {
                self.imports = section.into_imports().collect::<Result<_, _>>().ok()?;
            }
            Payload::FunctionSection(section) => self.functions = all(section)?,
            Payload::TableSection(section) => self.tables = all(section)?,
            Payload::MemorySection(section) => self.memories = all(section)?,
            Payload::TagSection(section) => self.tags = all(section)?,
            Payload::GlobalSection(section) => self.globals = all(section)?,
            Payload::ExportSection(section) => self.exports = all(section)?,
            Payload::ElementSection(section) => self.elements = all(section)?,
            Payload::DataSection(section) => self.data = all(section)?,
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::CodeSectionEntry(body) => self.bodies.push(body),
            Payload::CustomSection(section) => match section.as_known() {
                KnownCustom::Name(names) => self.names = Some(names),
                KnownCustom::Producers(_) => self.producers.push(section.data()),
                _ => {}
            },
            _ => {}
        }
        Some(())
    }

    /// The number of imports of a kind, which is the index of the module's first own definition.
    pub(super) fn imports_of(&self, kind: Kind) -> u32 {
        self.imported.get(&kind).map_or(0, |all| all.len() as u32)
    }

    /// The import with this index; `None` if the index belongs to one of the module's own
    /// definitions.
    pub(super) fn import_at(&self, kind: Kind, index: u32) -> Option<&Import<'a>> {
        self.imports.get(*self.imported.get(&kind)?.get(index as usize)?)
    }

    /// The imports, each with its kind and index.
    pub(super) fn numbered_imports(&self) -> impl Iterator<Item = (Kind, u32, &Import<'a>)> {
        let of = |kind: Kind| (0..self.imports_of(kind)).map(move |index| (kind, index));
        let numbers = Kind::ALL.into_iter().flat_map(of);
        numbers.filter_map(|(kind, index)| Some((kind, index, self.import_at(kind, index)?)))
    }

    /// The number of the module's own definitions of a kind.
    pub(super) fn defined(&self, kind: Kind) -> u32 {
        let all = match kind {
            Kind::Function => self.functions.len(),
            Kind::Table => self.tables.len(),
            Kind::Memory => self.memories.len(),
            Kind::Global => self.globals.len(),
            Kind::Tag => self.tags.len(),
        };
        all as u32
    }

    /// The kind and index of the export of this name.
    pub(super) fn export(&self, name: &str) -> Option<(Kind, u32)> {
        self.exported.get(name).copied()
    }

    /// A name under which a definition is exported; `None` if it is not exported.
    pub(super) fn name_of(&self, kind: Kind, index: u32) -> Option<&'a str> {
        let is_it = |it: &&Export<'_>| it.index == index && Kind::of(it.kind) == Some(kind);
        self.exports.iter().find(is_it).map(|export| export.name)
    }

    /// The tables and memories that the module's active segments write, by index.
    pub(super) fn written(&self) -> impl Iterator<Item = (Kind, u32)> {
        let tables = self.elements.iter().filter_map(|element| match &element.kind {
            wasmparser::ElementKind::Active { table_index, .. } => {
                Some((Kind::Table, table_index.unwrap_or(0)))
            }
            _ => None,
        });
        let memories = self.data.iter().filter_map(|data| match &data.kind {
            wasmparser::DataKind::Active { memory_index, .. } => {
                Some((Kind::Memory, *memory_index))
            }
            wasmparser::DataKind::Passive => None,
        });
        tables.chain(memories)
    }
}

fn all<'a, T: wasmparser::FromReader<'a>>(
    section: wasmparser::SectionLimited<'a, T>,
) -> Option<Vec<T>> {
    section.into_iter().collect::<Result<_, _>>().ok()
}

/// The type, if it is a plain function type: final, not shared, without a supertype, and without
/// references to other types.
fn plain(ty: SubType) -> Option<FuncType> {
    let is_alone = ty.is_final && ty.supertype_idx.is_none() && !ty.composite_type.shared;
    let refers = |ty: &wasmparser::ValType| match ty {
        wasmparser::ValType::Ref(ty) => ty.type_index().is_some(),
        _ => false,
    };
    match ty.composite_type.inner {
        CompositeInnerType::Func(ty) if is_alone => {
            let has_none = !ty.params().iter().chain(ty.results()).any(refers);
            has_none.then_some(ty)
        }
        _ => None,
    }
}
