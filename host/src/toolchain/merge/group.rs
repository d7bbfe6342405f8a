//! Selects the instances of a component that are merged.

use super::module::Kind;
use super::outline::{CoreInstance, Definition, Entry, Outline};
use std::collections::{BTreeSet, HashMap};
use wasmparser::CanonicalOption;

/// The instances to merge.
///
/// The merged instance is created at the position of the last member. Earlier definitions that need
/// a member are moved behind the merged instance. Definitions that members need stay before the
/// merged instance.
#[derive(Default)]
pub(super) struct MergeGroup {
    /// The members, in the order of their creation.
    pub(super) members: Vec<u32>,
    /// Non-member instances and lowered functions that need a member, directly or indirectly.
    behind: BTreeSet<Definition>,
    /// True if no further instance can become a member.
    is_closed: bool,
    /// Tables and memories that are written during instantiation: by members, and by non-members
    /// that are created after the first member.
    written: [BTreeSet<Definition>; 2],
}

impl MergeGroup {
    /// Selects instances that can be created together without a visible difference. Between two
    /// members there is no definition that needs the first and is needed by the second, no start
    /// function, and no other instance that writes a table or a memory that members write. Returns
    /// `None` if fewer than two instances can be selected, or a definition is not found.
    pub(super) fn choose(outline: &Outline<'_>) -> Option<Self> {
        let mut group = MergeGroup::default();
        let mut instantiated: HashMap<u32, u32> = HashMap::new();
        for instance in &outline.instances {
            if let CoreInstance::Of { module, .. } = instance {
                *instantiated.entry(*module).or_default() += 1;
            }
        }
        for entry in &outline.entries {
            match entry {
                Entry::Instance(number) => {
                    if let Some(CoreInstance::Of { module, .. }) =
                        outline.instances.get(*number as usize)
                    {
                        let is_only = instantiated.get(module) == Some(&1);
                        group.consider(outline, *number, is_only)?;
                    }
                }
                // Component-level definitions keep their position, so the group must end before a
                // lifted function that needs a member.
                Entry::Lift { core, options, .. } => {
                    let function = outline.definition(Kind::Function, *core)?;
                    let options = needs(outline, options)?;
                    let mut needed = options.iter().chain([&function]);
                    group.is_closed |= needed.any(|it| group.needs_group(it));
                }
                Entry::Lower { number, options, .. } => {
                    if needs(outline, options)?.iter().any(|it| group.needs_group(it)) {
                        group.behind.insert(Definition::Component(*number));
                    }
                }
                Entry::Section { .. } | Entry::Resource { .. } => {}
            }
        }
        (group.members.len() > 1).then_some(group)
    }

    /// Adds an instance to the group if possible. Otherwise records whether the instance needs a
    /// member and, after the first member, the tables and memories that the instance writes.
    /// Returns `None` if an imported definition is not found.
    fn consider(&mut self, outline: &Outline<'_>, number: u32, is_only: bool) -> Option<()> {
        let (module, _) = outline.module_of(number)?;
        let mut needed = Vec::new();
        for (kind, index, _) in module.numbered_imports() {
            needed.push(outline.within(number, kind, index)?);
        }
        let writes = module.written().map(|(kind, index)| outline.within(number, kind, index));
        let writes = writes.collect::<Option<BTreeSet<_>>>()?;
        let is_behind = needed.iter().any(|it| self.is_behind(it));
        let [by_members, by_others] = &mut self.written;
        let moves = !by_others.is_empty();
        let is_member = is_only
            && module.has_plain_types
            && !self.is_closed
            && !is_behind
            && by_others.is_disjoint(&writes)
            && (module.start.is_none() || !moves);
        if is_member {
            self.members.push(number);
            by_members.extend(writes);
            self.is_closed |= module.start.is_some();
            return Some(());
        }
        let is_between = !self.members.is_empty();
        self.is_closed |=
            is_between && (module.start.is_some() || !by_members.is_disjoint(&writes));
        if is_between {
            by_others.extend(writes);
        }
        if needed.iter().any(|it| self.needs_group(it)) {
            self.behind.insert(Definition::instance(number));
        }
        Some(())
    }

    pub(super) fn has(&self, instance: u32) -> bool {
        self.members.contains(&instance)
    }

    /// True if a definition does not belong to a member but needs one.
    pub(super) fn is_behind(&self, it: &Definition) -> bool {
        match *it {
            Definition::In { instance, .. } => {
                self.behind.contains(&Definition::instance(instance))
            }
            Definition::Component(_) => self.behind.contains(it),
        }
    }

    fn needs_group(&self, it: &Definition) -> bool {
        matches!(*it, Definition::In { instance, .. } if self.has(instance)) || self.is_behind(it)
    }
}

/// The definitions that the options of a lifted or lowered function refer to; `None` if one of them
/// is not found.
pub(super) fn needs(outline: &Outline<'_>, options: &[CanonicalOption]) -> Option<Vec<Definition>> {
    let needed = options.iter().filter_map(|option| match *option {
        CanonicalOption::Memory(number) => Some((Kind::Memory, number)),
        CanonicalOption::Realloc(number)
        | CanonicalOption::PostReturn(number)
        | CanonicalOption::Callback(number) => Some((Kind::Function, number)),
        _ => None,
    });
    needed.map(|(kind, number)| outline.definition(kind, number)).collect()
}
