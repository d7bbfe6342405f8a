//! Inspects a component without compiling it, even if it does not fit the world.

use crate::world::{Offer, offer};
use serde::Serialize;
use std::collections::BTreeSet;
use wasmparser::{
    BinaryReaderError, CustomSectionReader, Encoding, KnownCustom, MemoryType, Parser, Payload,
    TableType,
};

/// The base-2 logarithm of the default page size of a memory.
const PAGE_LOG2: u32 = 16;

/// The contents of a WebAssembly file, up to the first part that cannot be read. Names come from
/// the file and may contain any text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComponentInfo {
    /// The kind of file, or `None` if it is not WebAssembly.
    pub kind: Option<FileKind>,
    /// The imports in the file's order, each name once. For a core module, these are the names of
    /// the modules from which it imports.
    pub imports: Vec<ImportInfo>,
    /// The names of the exports, in the file's order.
    pub exports: Vec<String>,
    /// The number of core modules, including adapters and the file itself if it is a core module.
    pub modules: usize,
    /// The memories that the core modules define, in bytes.
    pub memories: Vec<Extent>,
    /// The tables that the core modules define, in elements.
    pub tables: Vec<Extent>,
    /// The tools and languages that built the file, from its `producers` sections: unique and
    /// sorted.
    pub producers: Vec<Producer>,
}

/// The kind of a WebAssembly file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A component.
    Component,
    /// A core module.
    CoreModule,
}

/// An import and its provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportInfo {
    /// The name of the import, with the version if it has one: `wasi:cli/stdout@0.2.6`.
    pub name: String,
    /// The provider of the import, or the reason why the host does not offer the import.
    pub offer: Offer,
}

/// The size of a memory or a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The initial size.
    pub initial: u64,
    /// The maximum size, or `None` if only the host's limits bound the size.
    pub maximum: Option<u64>,
}

/// A language or tool that was used to build a component.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Producer {
    /// The role of the language or tool, such as `language`, `processed-by` or `sdk`.
    pub part: String,
    /// The name.
    pub name: String,
    /// The version; may be empty.
    pub version: String,
}

impl ComponentInfo {
    /// Reads a file's bytes, up to the first part that cannot be read.
    #[must_use]
    pub fn read(bytes: &[u8]) -> ComponentInfo {
        let mut reading = Reading::default();
        for payload in Parser::new(0).parse_all(bytes) {
            // Stop without an error: the compiler reports unreadable content with a better message.
            if payload.and_then(|payload| reading.take_in(payload)).is_err() {
                break;
            }
        }
        let producers = reading.producers.into_iter().collect();
        ComponentInfo { producers, ..reading.info }
    }
}

/// The state of reading a file.
#[derive(Default)]
struct Reading {
    info: ComponentInfo,
    producers: BTreeSet<Producer>,
    seen: BTreeSet<String>,
    /// Nesting depth of open modules and components.
    depth: usize,
}

impl Reading {
    fn take_in(&mut self, payload: Payload<'_>) -> Result<(), BinaryReaderError> {
        let is_outermost = self.depth == 1;
        match payload {
            Payload::Version { encoding, .. } => self.open(encoding),
            Payload::End(_) => self.depth = self.depth.saturating_sub(1),
            Payload::ComponentImportSection(imports) if is_outermost => {
                for import in imports {
                    self.import(import?.name.name);
                }
            }
            Payload::ComponentExportSection(exports) if is_outermost => {
                for export in exports {
                    self.export(export?.name.name);
                }
            }
            Payload::ImportSection(imports) if is_outermost => {
                for import in imports.into_imports() {
                    self.import(import?.module);
                }
            }
            Payload::ExportSection(exports) if is_outermost => {
                for export in exports {
                    self.export(export?.name);
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories {
                    self.memory(memory?);
                }
            }
            Payload::TableSection(tables) => {
                for table in tables {
                    self.table(table?.ty);
                }
            }
            Payload::CustomSection(section) => self.custom(&section)?,
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, encoding: Encoding) {
        self.depth += 1;
        let kind = match encoding {
            Encoding::Component => FileKind::Component,
            Encoding::Module => {
                self.info.modules += 1;
                FileKind::CoreModule
            }
        };
        self.info.kind.get_or_insert(kind);
    }

    fn import(&mut self, name: &str) {
        if self.seen.insert(name.to_owned()) {
            self.info.imports.push(ImportInfo { name: name.to_owned(), offer: offer(name) });
        }
    }

    fn export(&mut self, name: &str) {
        self.info.exports.push(name.to_owned());
    }

    fn memory(&mut self, ty: MemoryType) {
        let page = ty.page_size_log2.unwrap_or(PAGE_LOG2);
        let bytes = |pages: u64| pages.saturating_mul(1_u64.checked_shl(page).unwrap_or(u64::MAX));
        let (initial, maximum) = (bytes(ty.initial), ty.maximum.map(bytes));
        self.info.memories.push(Extent { initial, maximum });
    }

    fn table(&mut self, ty: TableType) {
        self.info.tables.push(Extent { initial: ty.initial, maximum: ty.maximum });
    }

    fn custom(&mut self, section: &CustomSectionReader<'_>) -> Result<(), BinaryReaderError> {
        let KnownCustom::Producers(fields) = section.as_known() else { return Ok(()) };
        for field in fields {
            let field = field?;
            for value in field.values {
                let (value, part) = (value?, field.name.to_owned());
                let (name, version) = (value.name.to_owned(), value.version.to_owned());
                self.producers.insert(Producer { part, name, version });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPONENT: &str = r#"
        (component
            (import "wasi:cli/stdout@0.2.6" (instance))
            (import "mine" (func))
            (core module
                (import "inner" "f" (func))
                (memory (export "memory") 2 4)
                (table 3 funcref)
                (@producers
                    (language "Rust" "2024")
                    (processed-by "rustc" "1.95.0")))
            (core module (memory 1) (@producers (language "Rust" "2024")))
            (component (import "nested" (func))))"#;

    #[test]
    fn a_component_is_described_with_what_its_modules_define() {
        let info = ComponentInfo::read(&wat::parse_str(COMPONENT).unwrap());
        assert_eq!(info.kind, Some(FileKind::Component));
        let imports: Vec<_> = info.imports.iter().map(|import| &*import.name).collect();
        assert_eq!(imports, ["wasi:cli/stdout@0.2.6", "mine"], "and none of what is inside");
        assert_eq!(info.imports.first().unwrap().offer, Offer::Wasi);
        assert_eq!(info.modules, 2);
        let memories = [
            Extent { initial: 128 << 10, maximum: Some(256 << 10) },
            Extent { initial: 64 << 10, maximum: None },
        ];
        assert_eq!(info.memories, memories);
        assert_eq!(info.tables, [Extent { initial: 3, maximum: None }]);
        let made = info.producers.iter().map(|by| [&*by.part, &*by.name, &*by.version]);
        let expected = [["language", "Rust", "2024"], ["processed-by", "rustc", "1.95.0"]];
        assert_eq!(made.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_core_module_names_whom_it_imports_from_once() {
        let module = "(module (import \"wasi_snapshot_preview1\" \"a\" (func))
            (import \"wasi_snapshot_preview1\" \"b\" (func)) (func (export \"run\")))";
        let info = ComponentInfo::read(&wat::parse_str(module).unwrap());
        assert_eq!((info.kind, info.modules), (Some(FileKind::CoreModule), 1));
        assert_eq!((info.imports.len(), info.exports), (1, vec!["run".to_owned()]));
    }

    #[test]
    fn an_incomplete_file_is_described_as_far_as_it_is_readable() {
        assert_eq!(ComponentInfo::read(b"hello"), ComponentInfo::default());
        let whole = wat::parse_str(COMPONENT).unwrap();
        for end in 0..whole.len() {
            let info = ComponentInfo::read(whole.get(..end).unwrap());
            assert!(info.imports.len() <= 2 && info.modules <= 2, "{end}");
        }
    }
}
