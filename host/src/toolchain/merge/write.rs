//! Writes a component in which the instances of a group are merged.

use super::group::{MergeGroup, needs};
use super::link::{MergedModule, export_kind, link};
use super::module::Kind;
use super::outline::{CoreInstance, Definition, Entry, Outline};
use std::collections::{BTreeMap, HashMap, HashSet};
use wasm_encoder::{
    Alias, CanonicalFunctionSection, CanonicalOption, Component, ComponentAliasSection,
    ComponentSectionId, InstanceSection, ModuleArg, ModuleSection, RawSection,
};

/// Writes a component. `kept` are the names of members' exports that stay exported even if nothing
/// in the component needs them. Returns `None` if the group cannot be merged.
pub(super) fn write(outline: &Outline<'_>, group: &MergeGroup, kept: &[&str]) -> Option<Vec<u8>> {
    let exports = exports(outline, group, kept)?;
    let linked = link(outline, group, &exports)?;
    let mut writer = Writer {
        outline,
        group,
        exports,
        component: Component::default(),
        core: HashMap::new(),
        placed: HashMap::new(),
        instances: HashMap::new(),
        modules: HashMap::new(),
        next_module: 0,
        next_instance: 0,
        merged: None,
    };
    writer.write(&linked)?;
    Some(writer.component.finish())
}

/// The definitions that the merged module exports, each with a unique name.
fn exports(
    outline: &Outline<'_>,
    group: &MergeGroup,
    kept: &[&str],
) -> Option<BTreeMap<Definition, String>> {
    let mut wanted = Vec::new();
    for number in 0..outline.instances.len() as u32 {
        let Some((module, _)) = outline.module_of(number) else { continue };
        if group.has(number) {
            for name in kept {
                if let Some((kind, index)) = module.export(name) {
                    wanted.push(outline.within(number, kind, index)?);
                }
            }
        } else {
            for (kind, index, _) in module.numbered_imports() {
                wanted.push(outline.within(number, kind, index)?);
            }
        }
    }
    for entry in &outline.entries {
        match entry {
            Entry::Lift { core, options, .. } => {
                wanted.push(outline.definition(Kind::Function, *core)?);
                wanted.extend(needs(outline, options)?);
            }
            Entry::Lower { options, .. } => wanted.extend(needs(outline, options)?),
            _ => {}
        }
    }
    let (mut exports, mut names) = (BTreeMap::new(), HashSet::new());
    for definition in wanted {
        let Definition::In { instance, kind, index } = definition else { continue };
        if !group.has(instance) || exports.contains_key(&definition) {
            continue;
        }
        let own = outline.module_of(instance)?.0.name_of(kind, index)?;
        let mut others = (1..).map(|count| format!("{own}#{count}"));
        let mut name = own.to_owned();
        while !names.insert(name.clone()) {
            name = others.next()?;
        }
        exports.insert(definition, name);
    }
    Some(exports)
}

struct Writer<'o, 'a> {
    outline: &'o Outline<'a>,
    group: &'o MergeGroup,
    exports: BTreeMap<Definition, String>,
    component: Component,
    /// The number of core definitions of each kind that were written so far.
    core: HashMap<Kind, u32>,
    /// The new indices of core definitions.
    placed: HashMap<(Kind, Definition), u32>,
    /// The new indices of non-member instances.
    instances: HashMap<u32, u32>,
    /// The new indices of non-member modules.
    modules: HashMap<u32, u32>,
    next_module: u32,
    next_instance: u32,
    /// The index of the merged instance, once created.
    merged: Option<u32>,
}

impl<'a> Writer<'_, 'a> {
    fn write(&mut self, linked: &MergedModule) -> Option<()> {
        let (outline, group) = (self.outline, self.group);
        let mut deferred = Vec::new();
        for entry in &outline.entries {
            let made = match entry {
                Entry::Instance(number) if group.members.last() == Some(number) => {
                    self.merged = Some(self.instantiate_group(linked)?);
                    deferred.drain(..).try_for_each(|entry| self.entry(entry))?;
                    continue;
                }
                Entry::Instance(number) => Some(Definition::instance(*number)),
                Entry::Lower { number, .. } => Some(Definition::Component(*number)),
                _ => None,
            };
            match made {
                Some(made) if self.merged.is_none() && group.is_behind(&made) => {
                    deferred.push(entry);
                }
                _ => self.entry(entry)?,
            }
        }
        Some(())
    }

    fn entry(&mut self, entry: &Entry<'a>) -> Option<()> {
        match entry {
            Entry::Section { id, data } => {
                self.component.section(&RawSection { id: *id, data });
            }
            Entry::Instance(number) => {
                if let Some(CoreInstance::Of { module, .. }) =
                    self.outline.instances.get(*number as usize)
                    && !self.group.has(*number)
                {
                    let made = self.instantiate(*number, *module)?;
                    self.instances.insert(*number, made);
                }
            }
            Entry::Resource { number, data } => {
                let id = ComponentSectionId::CanonicalFunction.into();
                self.component.section(&RawSection { id, data });
                self.define(Kind::Function, Definition::Component(*number));
            }
            Entry::Lower { number, function, options } => {
                let options = self.options(options)?;
                let mut functions = CanonicalFunctionSection::new();
                functions.lower(*function, options);
                self.component.section(&functions);
                self.define(Kind::Function, Definition::Component(*number));
            }
            Entry::Lift { core, ty, options } => {
                let core =
                    self.place(Kind::Function, self.outline.definition(Kind::Function, *core)?)?;
                let options = self.options(options)?;
                let mut functions = CanonicalFunctionSection::new();
                functions.lift(core, *ty, options);
                self.component.section(&functions);
            }
        }
        Some(())
    }

    fn instantiate_group(&mut self, linked: &MergedModule) -> Option<u32> {
        self.component.section(&ModuleSection(&linked.module));
        let imports =
            linked.imports.iter().map(|(name, kind, definition)| (&**name, *kind, *definition));
        let list = self.list(imports)?;
        self.next_module += 1;
        Some(self.add_instance(self.next_module - 1, [("", list)]))
    }

    /// Creates a non-member instance.
    fn instantiate(&mut self, instance: u32, number: u32) -> Option<u32> {
        let module = self.outline.modules.get(number as usize)?;
        let mut arguments: BTreeMap<&str, BTreeMap<&str, (Kind, Definition)>> = BTreeMap::new();
        for (kind, index, import) in module.numbered_imports() {
            let definition = self.outline.within(instance, kind, index)?;
            arguments.entry(import.module).or_default().insert(import.name, (kind, definition));
        }
        let mut lists = Vec::new();
        for (name, imports) in arguments {
            let imports =
                imports.into_iter().map(|(name, (kind, definition))| (name, kind, definition));
            lists.push((name, self.list(imports)?));
        }
        let module = match self.modules.get(&number) {
            Some(module) => *module,
            None => {
                let id = ComponentSectionId::CoreModule.into();
                self.component.section(&RawSection { id, data: module.bytes });
                self.modules.insert(number, self.next_module);
                self.next_module += 1;
                self.next_module - 1
            }
        };
        Some(self.add_instance(module, lists))
    }

    /// Instantiates a module whose imports are in these lists.
    fn add_instance<'n>(
        &mut self,
        module: u32,
        lists: impl IntoIterator<Item = (&'n str, u32)>,
    ) -> u32 {
        let mut instances = InstanceSection::new();
        let arguments: Vec<_> =
            lists.into_iter().map(|(name, list)| (name, ModuleArg::Instance(list))).collect();
        instances.instantiate(module, arguments);
        self.component.section(&instances);
        self.next_instance += 1;
        self.next_instance - 1
    }

    /// Creates an instance that lists core definitions, and returns its index.
    fn list<'n>(
        &mut self,
        definitions: impl Iterator<Item = (&'n str, Kind, Definition)>,
    ) -> Option<u32> {
        let mut exports = Vec::new();
        for (name, kind, definition) in definitions {
            exports.push((name, export_kind(kind), self.place(kind, definition)?));
        }
        let mut instances = InstanceSection::new();
        instances.export_items(exports);
        self.component.section(&instances);
        self.next_instance += 1;
        Some(self.next_instance - 1)
    }

    /// Returns the new index of a core definition. Adds an alias if the definition has no index
    /// yet.
    fn place(&mut self, kind: Kind, definition: Definition) -> Option<u32> {
        if let Some(number) = self.placed.get(&(kind, definition)) {
            return Some(*number);
        }
        let Definition::In { instance, index, .. } = definition else { return None };
        let (instance, name) = match self.exports.get(&definition) {
            Some(name) => (self.merged?, &**name),
            None => {
                let (module, _) = self.outline.module_of(instance)?;
                (*self.instances.get(&instance)?, module.name_of(kind, index)?)
            }
        };
        let mut aliases = ComponentAliasSection::new();
        aliases.alias(Alias::CoreInstanceExport { instance, kind: export_kind(kind), name });
        self.component.section(&aliases);
        Some(self.define(kind, definition))
    }

    fn define(&mut self, kind: Kind, definition: Definition) -> u32 {
        let next = self.core.entry(kind).or_default();
        self.placed.insert((kind, definition), *next);
        *next += 1;
        *next - 1
    }

    /// The options of a lifted or lowered function, with new indices.
    fn options(&mut self, options: &[wasmparser::CanonicalOption]) -> Option<Vec<CanonicalOption>> {
        use wasmparser::CanonicalOption as Read;
        let mut number = |kind, number| self.place(kind, self.outline.definition(kind, number)?);
        let mut renumbered = Vec::new();
        for option in options {
            renumbered.push(match *option {
                Read::Realloc(it) => CanonicalOption::Realloc(number(Kind::Function, it)?),
                Read::PostReturn(it) => CanonicalOption::PostReturn(number(Kind::Function, it)?),
                Read::Callback(it) => CanonicalOption::Callback(number(Kind::Function, it)?),
                Read::Memory(it) => CanonicalOption::Memory(number(Kind::Memory, it)?),
                option => option.into(),
            });
        }
        Some(renumbered)
    }
}
