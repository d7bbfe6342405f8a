//! Measures a component before the engine compiles it.
//!
//! A small component can make the engine compile for minutes, take gigabytes or overflow its stack.
//! So this module reads the component's bytes without recursion and in linear time. It refuses a
//! component that exceeds a limit, or whose imports or exports do not fit the world by name, before
//! any of it is compiled.

mod arity;
mod excess;
mod function;
mod scopes;
mod types;

use super::error::ComponentError;
use super::limits::{Limit, Limits};
use super::preamble;
use crate::world;
use arity::Arity;
use excess::{Excess, within};
use scopes::Scopes;
use wasmparser::{
    BinaryReader, ComponentExportSectionReader, ComponentImportSectionReader, ComponentTypeRef,
    Encoding, FunctionBody, Parser, Payload,
};

/// The error for a component that instantiates a component that it imports or gets from an
/// instance.
const PASSED_COMPONENT: &str =
    "it instantiates a component that it does not contain: nest that component in it";

impl Limits {
    /// Checks a component's sizes against these limits, and its imports and exports against the
    /// world. Takes time and memory in proportion to the component's size.
    ///
    /// [`Host::load`](crate::Host::load) makes further checks, so it may still refuse the
    /// component.
    ///
    /// # Errors
    ///
    /// When a limit is exceeded, the bytes cannot be parsed as a component, the component
    /// instantiates a component that it does not contain, or the names of its imports and exports
    /// do not fit the world.
    pub fn check_component(&self, bytes: &[u8]) -> Result<(), ComponentError> {
        if bytes.len() as u64 > self.component {
            return Err(Limit::Component.reached(self).into());
        }
        preamble::check(bytes)?;
        check(bytes, self)
    }
}

fn check(bytes: &[u8], limits: &Limits) -> Result<(), ComponentError> {
    let mut screen = Screen {
        limits,
        scopes: Scopes::default(),
        arity: Arity::default(),
        functions: 0,
        types: 0,
        definitions: 0,
        imports: Vec::new(),
        exports: Vec::new(),
    };
    for payload in Parser::new(0).parse_all(bytes) {
        let step = payload.map_err(Excess::Malformed);
        step.and_then(|payload| screen.take_in(payload, bytes)).map_err(|excess| match excess {
            Excess::Over(limit) => limit.reached(limits).into(),
            Excess::Malformed(error) => ComponentError::Invalid(error.to_string()),
            Excess::PassedComponent => ComponentError::Invalid(PASSED_COMPONENT.to_owned()),
        })?;
    }
    world::check_names(screen.imports.into_iter(), &screen.exports)?;
    Ok(())
}

/// The measurements of the bytes read so far.
struct Screen<'a, 'l> {
    limits: &'l Limits,
    scopes: Scopes,
    /// The types and functions of the core module being read.
    arity: Arity,
    functions: usize,
    types: usize,
    /// Definitions in the file, each counted once.
    definitions: usize,
    imports: Vec<&'a str>,
    exports: Vec<&'a str>,
}

impl<'a> Screen<'a, '_> {
    fn take_in(&mut self, payload: Payload<'a>, bytes: &'a [u8]) -> Result<(), Excess> {
        match payload {
            Payload::Version { encoding, .. } => return self.open(encoding),
            Payload::End(_) => return self.scopes.close(self.limits),
            Payload::TypeSection(types) => {
                let count = self.arity.types(types)?;
                self.types = self.types.saturating_add(count);
                within(self.types, self.limits.types, Limit::Types)?;
            }
            Payload::FunctionSection(functions) => {
                self.functions = self.functions.saturating_add(functions.count() as usize);
                within(self.functions, self.limits.functions, Limit::Functions)?;
                self.arity.functions(functions)?;
            }
            Payload::CodeSectionEntry(body) => self.function(&body)?,
            Payload::ImportSection(imports) => {
                let mut count = 0;
                for import in imports.into_imports() {
                    import?;
                    count += 1;
                }
                self.define(count)?;
            }
            Payload::ExportSection(section) => self.define(section.count() as usize)?,
            Payload::GlobalSection(section) => self.define(section.count() as usize)?,
            Payload::TableSection(section) => self.define(section.count() as usize)?,
            Payload::MemorySection(section) => self.define(section.count() as usize)?,
            Payload::TagSection(section) => self.define(section.count() as usize)?,
            other => return self.take_in_component(other, bytes),
        }
        Ok(())
    }

    /// Handles a section of a component.
    fn take_in_component(&mut self, payload: Payload<'a>, bytes: &'a [u8]) -> Result<(), Excess> {
        let section = payload.as_section();
        let count = match payload {
            Payload::ComponentTypeSection(_) | Payload::CoreTypeSection(_) => {
                let (_, range) = section.unwrap_or_default();
                let reader =
                    BinaryReader::new(bytes.get(range.clone()).unwrap_or_default(), range.start);
                let room = self.limits.nesting.saturating_sub(self.scopes.depth());
                match payload {
                    Payload::CoreTypeSection(_) => types::core(reader)?,
                    _ => types::component(reader, room)?,
                }
            }
            Payload::InstanceSection(instances) => self.scopes.core_instances(instances)?,
            Payload::ComponentInstanceSection(instances) => self.scopes.instances(instances)?,
            Payload::ComponentAliasSection(aliases) => self.scopes.aliases(aliases)?,
            Payload::ComponentCanonicalSection(functions) => functions.count() as usize,
            Payload::ComponentImportSection(imports) => self.imports(imports)?,
            Payload::ComponentExportSection(exports) => self.exports(exports)?,
            _ => 0,
        };
        self.scopes.define(count);
        self.define(count)
    }

    fn open(&mut self, encoding: Encoding) -> Result<(), Excess> {
        self.arity = Arity::default();
        self.scopes.open(encoding);
        within(self.scopes.depth(), self.limits.nesting, Limit::Nesting)?;
        self.define(usize::from(encoding == Encoding::Component))
    }

    fn define(&mut self, count: usize) -> Result<(), Excess> {
        self.definitions = self.definitions.saturating_add(count);
        within(self.definitions, self.limits.definitions, Limit::Definitions)
    }

    fn function(&mut self, body: &FunctionBody<'_>) -> Result<(), Excess> {
        let params = self.arity.next_function();
        function::check(body, params, &self.arity, self.limits)
    }

    fn imports(&mut self, imports: ComponentImportSectionReader<'a>) -> Result<usize, Excess> {
        let count = imports.count() as usize;
        for import in imports {
            let import = import?;
            let is_type = matches!(import.ty, ComponentTypeRef::Type(_));
            // Types are skipped: only the engine knows which of them are resources, and
            // `world::check` checks the resources.
            if self.scopes.depth() == 1 && !is_type {
                self.imports.push(import.name.name);
            }
            self.scopes.import(import.ty);
        }
        Ok(count)
    }

    fn exports(&mut self, exports: ComponentExportSectionReader<'a>) -> Result<usize, Excess> {
        let count = exports.count() as usize;
        for export in exports {
            let export = export?;
            if self.scopes.depth() == 1 {
                self.exports.push(export.name.name);
            }
            self.scopes.export(export.kind, export.index);
        }
        Ok(count)
    }
}
