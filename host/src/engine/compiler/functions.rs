//! A cache of compiled functions, shared by all components that the same tools built. For a new
//! version of a service, the engine need not compile the whole language runtime again.
//!
//! The format is a sequence of entries: a key, the length of the code, and the code.

use crate::engine::code::CodeStore;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use wasmparser::{KnownCustom, Parser, Payload};
use wasmtime::{CacheStore, Engine};

/// Maximum bytes of one set of cached functions. The functions of a Python plugin take 27 MB.
const MAX_BYTES: u64 = 64 << 20;

/// Bytes of the length field at the end of the compiler process's output.
const LENGTH_BYTES: usize = size_of::<u64>();

/// Bytes of a key: the SHA-256 of a function and the compiler's settings.
const KEY_BYTES: usize = 32;

type FunctionKey = [u8; KEY_BYTES];

/// The cached functions, and the functions compiled in this run.
#[derive(Debug, Default)]
pub(super) struct Functions {
    bytes: Vec<u8>,
    known: HashMap<FunctionKey, Known>,
    new: Mutex<HashMap<FunctionKey, Vec<u8>>>,
}

/// A cached function: where its code is, and whether this run used it.
#[derive(Debug)]
struct Known {
    code: Range<usize>,
    is_used: AtomicBool,
}

impl Functions {
    /// Parses the output of [`Functions::write`]. Stops at a truncated entry.
    pub(super) fn read(bytes: Vec<u8>) -> Self {
        let mut known = HashMap::new();
        let mut at = 0;
        while let Some((key, code)) = entry(&bytes, at) {
            at = code.end;
            known.insert(key, Known { code, is_used: AtomicBool::new(false) });
        }
        Functions { bytes, known, new: Mutex::default() }
    }

    /// Writes the functions, up to the maximum size: first the used ones, then the new ones, then
    /// the unused ones. Returns the number of bytes. Writes nothing and returns 0 if there are no
    /// new functions.
    pub(super) fn write(&self, mut out: impl Write) -> io::Result<u64> {
        let new = self.new.lock().unwrap_or_else(PoisonError::into_inner);
        if new.is_empty() {
            return Ok(0);
        }
        let code_of = |known: &Known| self.bytes.get(known.code.clone()).unwrap_or_default();
        let known = |used: bool| {
            let wanted =
                self.known.iter().filter(move |(_, it)| it.is_used.load(Ordering::Relaxed) == used);
            wanted.map(|(key, it)| (key, code_of(it)))
        };
        let mut written = 0;
        for (key, code) in known(true).chain(new.iter().map(|(k, c)| (k, &**c))).chain(known(false))
        {
            let size = (KEY_BYTES + 4 + code.len()) as u64;
            let Ok(length) = u32::try_from(code.len()) else { continue };
            if written + size > MAX_BYTES {
                break;
            }
            out.write_all(key)?;
            out.write_all(&length.to_le_bytes())?;
            out.write_all(code)?;
            written += size;
        }
        Ok(written)
    }
}

/// Returns the entry at an offset: its key, and the range of its code. Returns `None` at the end or
/// if the entry is truncated.
fn entry(bytes: &[u8], at: usize) -> Option<(FunctionKey, Range<usize>)> {
    let (key, rest) = bytes.get(at..)?.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let length = u32::from_le_bytes(*length) as usize;
    let begin = bytes.len() - rest.len();
    (length <= rest.len()).then_some((*key, begin..begin + length))
}

impl CacheStore for Functions {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        if let Some(known) = self.known.get(key) {
            known.is_used.store(true, Ordering::Relaxed);
            return self.bytes.get(known.code.clone()).map(Cow::Borrowed);
        }
        let new = self.new.lock().unwrap_or_else(PoisonError::into_inner);
        new.get(key).cloned().map(Cow::Owned)
    }

    fn insert(&self, key: &[u8], code: Vec<u8>) -> bool {
        let Ok(key) = key.try_into() else { return false };
        let mut new = self.new.lock().unwrap_or_else(PoisonError::into_inner);
        new.insert(key, code);
        true
    }
}

/// Removes the functions and their length from the end of a compiler process's output, and stores
/// the functions under a name. Stores nothing if there are no functions.
pub(super) fn keep(
    store: &CodeStore,
    engine: &Engine,
    name: &str,
    mut file: &File,
) -> io::Result<()> {
    let end = file.seek(SeekFrom::End(-(LENGTH_BYTES as i64)))?;
    let mut length = [0; LENGTH_BYTES];
    file.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    let begin = end.checked_sub(length).ok_or(io::ErrorKind::InvalidData)?;
    file.seek(SeekFrom::Start(begin))?;
    let copied = store.draft().and_then(|mut draft| {
        io::copy(&mut file.take(length.min(MAX_BYTES)), draft.as_file_mut())?;
        Ok(draft)
    });
    file.set_len(begin)?;
    match length {
        0 => Ok(()),
        _ => store.keep_beside(engine, name, copied?),
    }
}

/// Returns the name of the set of cached functions for a component. The name lists the languages
/// and tools in the `producers` sections of the component and of the modules and components in it.
/// Components with the same tools share most functions.
pub(super) fn name(component: &[u8]) -> String {
    let mut tools = BTreeSet::new();
    // Ignore errors: the compiler refuses a component that cannot be parsed.
    for payload in Parser::new(0).parse_all(component).map_while(Result::ok) {
        let Payload::CustomSection(section) = payload else { continue };
        let KnownCustom::Producers(fields) = section.as_known() else { continue };
        for field in fields.into_iter().map_while(Result::ok) {
            let values = field.values.into_iter().map_while(Result::ok);
            tools.extend(values.map(|value| (field.name, value.name, value.version)));
        }
    }
    format!("functions of {tools:?}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    /// Compiles a module. Returns the number of cached functions that were used, the number of new
    /// functions, and the cache.
    fn compile(functions: Functions, module: &str) -> (usize, usize, Arc<Functions>) {
        let functions = Arc::new(functions);
        let mut config = wasmtime::Config::new();
        // With several threads, a function's key may depend on the functions that its thread
        // compiled before, so the counts would vary. On a server this costs only time: the engine
        // compiles the function again.
        config.parallel_compilation(false);
        config.enable_incremental_compilation(Arc::clone(&functions) as _).unwrap();
        let engine = Engine::new(&config).unwrap();
        engine.precompile_module(&wat::parse_str(module).unwrap()).unwrap();
        let used = functions.known.values().filter(|it| it.is_used.load(Ordering::Relaxed));
        let counts = (used.count(), functions.new.lock().unwrap().len());
        (counts.0, counts.1, functions)
    }

    fn written(functions: &Functions) -> Vec<u8> {
        let mut bytes = Vec::new();
        let length = functions.write(&mut bytes).unwrap();
        assert_eq!(length, bytes.len() as u64);
        bytes
    }

    #[test]
    fn what_has_not_changed_is_not_compiled_again() {
        const SAME: &str =
            r#"(func (export "a") (param i32) (result i32) local.get 0 i32.const 7 i32.mul)"#;
        let one = format!("(module {SAME} (func (export \"b\") (result i32) i32.const 1))");
        let two = one.replace("i32.const 1", "i32.const 2");
        let (known, new, functions) = compile(Functions::default(), &one);
        assert!((known, new) == (0, new) && new >= 2, "{known} {new}");
        let kept = written(&functions);

        let (known, changed, functions) = compile(Functions::read(kept.clone()), &two);
        assert_eq!((known, changed), (new - 1, 1));
        // Unused functions are kept as long as there is room.
        assert_eq!(Functions::read(written(&functions)).known.len(), new + 1);

        let (known, changed, functions) = compile(Functions::read(kept.clone()), &one);
        assert_eq!((known, changed, written(&functions).len()), (new, 0, 0));

        // A truncated function is compiled again.
        let cut = kept.get(..kept.len() - 1).unwrap().to_vec();
        let (known, changed, _) = compile(Functions::read(cut), &one);
        assert_eq!((known, changed), (new - 1, 1));
    }

    #[test]
    fn there_is_room_for_what_was_used_before_what_was_not() {
        let big = |byte| vec![byte; (MAX_BYTES / 2) as usize];
        let functions = Functions::default();
        assert!(functions.insert(&[1; KEY_BYTES], big(1)));
        let mut kept = written(&functions);
        for byte in [2, 3] {
            let functions = Functions::read(kept);
            assert!(functions.insert(&[byte; KEY_BYTES], big(byte)));
            kept = written(&functions);
            assert!(kept.len() as u64 <= MAX_BYTES);
        }
        let functions = Functions::read(kept);
        assert!(functions.get(&[3; KEY_BYTES]).is_some());
        assert!(functions.get(&[1; KEY_BYTES]).is_none());
        assert!(!functions.insert(&[0; 3], Vec::new()));
    }

    #[test]
    fn functions_are_named_by_the_tools_that_made_a_component() {
        let by = |tool: &str| {
            let producers = format!("(@producers (processed-by \"{tool}\" \"1\"))");
            wat::parse_str(format!("(component (core module {producers}))")).unwrap()
        };
        assert_eq!(name(&by("clang")), name(&by("clang")));
        assert_ne!(name(&by("clang")), name(&by("gcc")));
        assert_eq!(name(b"\0asm"), name(b""));
    }
}
