//! Compiled code kept on disk, because compiling is the real cold start: seconds for a language
//! runtime, where loading its compiled form takes milliseconds.
//!
//! Compiled code is native code, run as it is. So it is kept in a folder that only this user can
//! write to, under a name made from the component's digest and the engine's, and never taken from
//! anywhere else.

use crate::bounded;
use sha2::{Digest, Sha256};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use wasmtime::Engine;
use wasmtime::component::Component;

/// A folder of compiled code.
pub(crate) struct CodeStore {
    folder: PathBuf,
}

impl CodeStore {
    /// Opens the folder, made if it is not there.
    ///
    /// # Errors
    ///
    /// When it cannot be made, or others than this user can write to it or own it.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let found = std::fs::metadata(folder)?;
        let owner = rustix::process::geteuid().as_raw();
        if found.uid() != owner || found.permissions().mode() & 0o022 != 0 {
            let message = "it belongs to somebody else, or others can write to it: chmod 700 it";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
        }
        Ok(CodeStore { folder: folder.to_owned() })
    }

    /// The component of these bytes, if its compiled form by this engine is kept.
    pub(super) fn load(&self, engine: &Engine, bytes: &[u8]) -> Option<Component> {
        let file = self.folder.join(name(engine, bytes));
        bounded::mark_used(&file);
        if !file.is_file() {
            return None;
        }
        // SAFETY: the folder was checked to be this user's alone, only `keep` writes into it, and
        // it replaces files but never changes one, so what is mapped stays what was compiled.
        unsafe { Component::deserialize_file(engine, file) }.ok()
    }

    /// Keeps a component's compiled form. Without a place on the disk it compiles again next time.
    pub(super) fn keep(&self, engine: &Engine, bytes: &[u8], component: &Component) {
        let file = self.folder.join(name(engine, bytes));
        let _ = component.serialize().map(|code| self.write(&file, &code));
    }

    /// Writes a file aside, and puts it in place when it is whole and on the disk.
    fn write(&self, file: &Path, code: &[u8]) -> io::Result<()> {
        let mut making = tempfile::NamedTempFile::new_in(&self.folder)?;
        making.write_all(code)?;
        making.as_file().sync_all()?;
        making.persist(file)?;
        bounded::prune(&self.folder);
        Ok(())
    }
}

/// A name for the compiled form of these bytes by this engine with its settings.
fn name(engine: &Engine, bytes: &[u8]) -> String {
    let mut settings = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut settings);
    let component: String = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
    format!("{component}-{:016x}", settings.finish())
}
