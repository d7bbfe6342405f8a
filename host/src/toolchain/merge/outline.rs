//! The core definitions of a component, and their origins.

use super::module::{CoreModule, Kind};
use std::borrow::Cow;
use std::collections::HashMap;
use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentAliasSectionReader,
    ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind, ComponentTypeRef, Instance,
    Parser, Payload, SectionLimited,
};

/// A component with its core definitions by index.
#[derive(Default)]
pub(super) struct Outline<'a> {
    /// The component's entries in order, without its section of names. Modules and aliases of core
    /// definitions are not entries: the merged component contains them where they are needed.
    pub(super) entries: Vec<Entry<'a>>,
    pub(super) modules: Vec<CoreModule<'a>>,
    pub(super) instances: Vec<CoreInstance<'a>>,
    core: HashMap<Kind, Vec<CoreOrigin<'a>>>,
}

pub(super) enum Entry<'a> {
    /// A section, or one alias of a section, without references to core definitions.
    Section {
        id: u8,
        data: Cow<'a, [u8]>,
    },
    /// A core instance, by index.
    Instance(u32),
    Lift {
        core: u32,
        ty: u32,
        options: Box<[CanonicalOption]>,
    },
    /// A lowered function, and its index among the core functions.
    Lower {
        number: u32,
        function: u32,
        options: Box<[CanonicalOption]>,
    },
    /// A resource function, and its index among the core functions.
    Resource {
        number: u32,
        data: Vec<u8>,
    },
}

/// A core instance.
pub(super) enum CoreInstance<'a> {
    /// An instantiated module, with the instances that it imports from.
    Of { module: u32, arguments: HashMap<&'a str, u32> },
    /// A list of core definitions, each by the name under which the instance exports it.
    List(HashMap<&'a str, (Kind, u32)>),
}

#[derive(Clone, Copy)]
enum CoreOrigin<'a> {
    Export { instance: u32, name: &'a str },
    Component,
}

/// The definition behind an index, however many instances re-export it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Definition {
    /// A definition in a module's instance.
    In { instance: u32, kind: Kind, index: u32 },
    /// The core function of this index, defined by the component.
    Component(u32),
}

impl Definition {
    /// A placeholder for all definitions of an instance.
    pub(super) fn instance(instance: u32) -> Self {
        Definition::In { instance, kind: Kind::Function, index: u32::MAX }
    }
}

impl<'a> Outline<'a> {
    /// Parses a component. Returns `None` if the component cannot be parsed, or contains anything
    /// that cannot be merged safely.
    pub(super) fn read(component: &'a [u8]) -> Option<Self> {
        let mut outline = Outline::default();
        let mut end = 0;
        for payload in Parser::new(0).parse_all(component) {
            let payload = payload.ok()?;
            if let Payload::ComponentAliasSection(aliases) = &payload {
                refers_to_no_module(aliases)?;
            }
            let Some((id, range)) = payload.as_section() else { continue };
            // Skip the sections in modules and inner components: the bytes of the outer section
            // contain them.
            if range.start >= end {
                end = range.end;
                outline.add(payload, id, component.get(range)?)?;
            }
        }
        Some(outline)
    }

    fn add(&mut self, payload: Payload<'a>, id: u8, data: &'a [u8]) -> Option<()> {
        match payload {
            Payload::ModuleSection { .. } => {
                self.modules.push(CoreModule::read(data)?);
                return Some(());
            }
            Payload::InstanceSection(instances) => {
                for instance in instances {
                    self.entries.push(Entry::Instance(self.instances.len() as u32));
                    self.instances.push(CoreInstance::read(instance.ok()?)?);
                }
                return Some(());
            }
            Payload::ComponentAliasSection(aliases) => return self.add_aliases(aliases, id, data),
            Payload::ComponentCanonicalSection(functions) => {
                return self.add_functions(functions, data);
            }
            Payload::CustomSection(section) if section.name() == "component-name" => {
                return Some(());
            }
            // A start section runs functions. Imports, exports and instances must not refer to
            // modules, because merging changes the modules' indices.
            Payload::ComponentStartSection { .. } => return None,
            Payload::ComponentImportSection(imports) => {
                for import in imports {
                    let is_module = matches!(import.ok()?.ty, ComponentTypeRef::Module(_));
                    (!is_module).then_some(())?;
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports {
                    not_a_module(export.ok()?.kind)?;
                }
            }
            Payload::ComponentInstanceSection(instances) => {
                for instance in instances {
                    match instance.ok()? {
                        ComponentInstance::Instantiate { args, .. } => {
                            args.iter().try_for_each(|it| not_a_module(it.kind))?;
                        }
                        ComponentInstance::FromExports(exports) => {
                            exports.iter().try_for_each(|it| not_a_module(it.kind))?;
                        }
                    }
                }
            }
            _ => {}
        }
        self.entries.push(Entry::Section { id, data: data.into() });
        Some(())
    }

    fn add_aliases(
        &mut self,
        aliases: ComponentAliasSectionReader<'a>,
        id: u8,
        data: &[u8],
    ) -> Option<()> {
        for (alias, item) in items(&aliases, data)? {
            match alias {
                ComponentAlias::CoreInstanceExport { kind, instance_index: instance, name } => {
                    self.define(Kind::of(kind)?, CoreOrigin::Export { instance, name });
                }
                ComponentAlias::InstanceExport { kind, .. } => {
                    not_a_module(kind)?;
                    self.entries.push(Entry::Section { id, data: single(item).into() });
                }
                ComponentAlias::Outer { .. } => {
                    self.entries.push(Entry::Section { id, data: single(item).into() });
                }
            }
        }
        Some(())
    }

    fn add_functions(
        &mut self,
        functions: SectionLimited<'a, CanonicalFunction>,
        data: &[u8],
    ) -> Option<()> {
        for (function, item) in items(&functions, data)? {
            let entry = match function {
                CanonicalFunction::Lift { core_func_index: core, type_index: ty, options } => {
                    Entry::Lift { core, ty, options }
                }
                CanonicalFunction::Lower { func_index: function, options } => Entry::Lower {
                    number: self.define(Kind::Function, CoreOrigin::Component),
                    function,
                    options,
                },
                CanonicalFunction::ResourceNew { .. }
                | CanonicalFunction::ResourceDrop { .. }
                | CanonicalFunction::ResourceRep { .. } => {
                    let number = self.define(Kind::Function, CoreOrigin::Component);
                    Entry::Resource { number, data: single(item) }
                }
                _ => return None,
            };
            self.entries.push(entry);
        }
        Some(())
    }

    /// Adds a core definition and returns its index.
    fn define(&mut self, kind: Kind, origin: CoreOrigin<'a>) -> u32 {
        let all = self.core.entry(kind).or_default();
        all.push(origin);
        all.len() as u32 - 1
    }

    /// The definition behind a core index.
    pub(super) fn definition(&self, kind: Kind, number: u32) -> Option<Definition> {
        match *self.core.get(&kind)?.get(number as usize)? {
            CoreOrigin::Export { instance, name } => self.export(instance, name),
            CoreOrigin::Component => Some(Definition::Component(number)),
        }
    }

    /// The definition that an instance exports under a name.
    pub(super) fn export(&self, instance: u32, name: &str) -> Option<Definition> {
        match self.instances.get(instance as usize)? {
            CoreInstance::List(exports) => {
                let (kind, number) = *exports.get(name)?;
                self.definition(kind, number)
            }
            CoreInstance::Of { module, .. } => {
                let (kind, index) = self.modules.get(*module as usize)?.export(name)?;
                self.within(instance, kind, index)
            }
        }
    }

    /// The definition behind an index within an instantiated module. `None` if the instance is a
    /// list of exports.
    pub(super) fn within(&self, instance: u32, kind: Kind, index: u32) -> Option<Definition> {
        let (module, arguments) = self.module_of(instance)?;
        match module.import_at(kind, index) {
            Some(import) => self.export(*arguments.get(import.module)?, import.name),
            None => Some(Definition::In { instance, kind, index }),
        }
    }

    /// The module of an instance, and the instances that it imports from; `None` for a list.
    pub(super) fn module_of(
        &self,
        instance: u32,
    ) -> Option<(&CoreModule<'a>, &HashMap<&'a str, u32>)> {
        match self.instances.get(instance as usize)? {
            CoreInstance::Of { module, arguments } => {
                Some((self.modules.get(*module as usize)?, arguments))
            }
            CoreInstance::List(_) => None,
        }
    }
}

impl<'a> CoreInstance<'a> {
    fn read(instance: Instance<'a>) -> Option<Self> {
        Some(match instance {
            Instance::Instantiate { module_index: module, args } => {
                let arguments = args.iter().map(|it| (it.name, it.index)).collect();
                CoreInstance::Of { module, arguments }
            }
            Instance::FromExports(exports) => {
                let read =
                    |it: &wasmparser::Export<'a>| Some((it.name, (Kind::of(it.kind)?, it.index)));
                CoreInstance::List(exports.iter().map(read).collect::<Option<_>>()?)
            }
        })
    }
}

/// Rejects aliases of the outer component's modules: they refer to modules by index, and merging
/// changes the indices.
fn refers_to_no_module(aliases: &ComponentAliasSectionReader<'_>) -> Option<()> {
    for alias in aliases.clone() {
        if let ComponentAlias::Outer { kind: ComponentOuterAliasKind::CoreModule, .. } =
            alias.ok()?
        {
            return None;
        }
    }
    Some(())
}

fn not_a_module(kind: ComponentExternalKind) -> Option<()> {
    (kind != ComponentExternalKind::Module).then_some(())
}

/// The items of a section, each with its encoded bytes.
fn items<'a, 'd, T: wasmparser::FromReader<'a>>(
    section: &SectionLimited<'a, T>,
    data: &'d [u8],
) -> Option<Vec<(T, &'d [u8])>> {
    let range = section.range();
    let read = section.clone().into_iter_with_offsets().collect::<Result<Vec<_>, _>>().ok()?;
    let ends: Vec<_> = read.iter().skip(1).map(|(at, _)| *at).chain([range.end]).collect();
    let bytes = |begin: usize, end: usize| data.get(begin - range.start..end - range.start);
    read.into_iter().zip(ends).map(|((at, item), end)| Some((item, bytes(at, end)?))).collect()
}

/// Encodes a section with one item.
fn single(item: &[u8]) -> Vec<u8> {
    [&[1], item].concat()
}
