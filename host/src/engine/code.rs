//! Compiled code kept on disk, because compiling is the real cold start: seconds for a language
//! runtime, where loading its compiled form takes milliseconds.
//!
//! Compiled code is native code, run as it is. So it is kept in a folder that only this user can
//! write to, under a name made from the component's digest and the engine's, and never taken from
//! anywhere else. A checksum at the end of a file detects corruption, which the engine
//! would otherwise execute.

use crate::bounded;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;
use wasmtime::Engine;
use wasmtime::component::Component;

/// Bytes of the sum that a file ends with.
const SUM_BYTES: usize = size_of::<u64>();

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

    /// Whether the compiled form of these bytes by this engine is kept.
    pub(super) fn has(&self, engine: &Engine, bytes: &[u8]) -> bool {
        self.folder.join(name(engine, bytes)).is_file()
    }

    /// The component of these bytes, if its compiled form by this engine is kept and whole.
    pub(super) fn load(&self, engine: &Engine, bytes: &[u8]) -> Option<Component> {
        let file = self.folder.join(name(engine, bytes));
        bounded::mark_used(&file);
        if !is_whole(&file).unwrap_or(false) {
            return None;
        }
        // SAFETY: the folder was checked to be this user's alone, only `keep` writes into it, and
        // it replaces files but never changes one, so what is mapped stays what was compiled. The
        // sum after it is no part of what the engine reads.
        unsafe { Component::deserialize_file(engine, file) }.ok()
    }

    /// An empty file for a component's code.
    pub(super) fn draft(&self) -> io::Result<NamedTempFile> {
        NamedTempFile::new_in(&self.folder)
    }

    /// Keeps a component's code when it is whole and on the disk.
    pub(super) fn keep(
        &self,
        engine: &Engine,
        bytes: &[u8],
        mut draft: NamedTempFile,
    ) -> io::Result<Component> {
        draft.as_file_mut().rewind()?;
        let sum = sum(draft.as_file_mut())?;
        draft.write_all(&sum.to_le_bytes())?;
        draft.as_file().sync_all()?;
        draft.persist(self.folder.join(name(engine, bytes)))?;
        bounded::prune(&self.folder);
        self.load(engine, bytes).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

/// A name for the compiled form of these bytes by this engine with its settings.
fn name(engine: &Engine, bytes: &[u8]) -> String {
    let mut settings = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut settings);
    let component: String = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
    format!("{component}-{:016x}", settings.finish())
}

/// Whether a file of compiled code ends with the sum of what is before it.
fn is_whole(file: &Path) -> io::Result<bool> {
    let mut file = File::open(file)?;
    let code = file.metadata()?.len().saturating_sub(SUM_BYTES as u64);
    let found = sum(Read::by_ref(&mut file).take(code))?;
    let mut written = [0; SUM_BYTES];
    file.read_exact(&mut written)?;
    Ok(found == u64::from_le_bytes(written))
}

/// A sum of bytes, fast rather than hard to forge: who could forge one could write to the folder.
fn sum(mut bytes: impl Read) -> io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    let mut piece = vec![0; 1 << 18];
    loop {
        match bytes.read(&mut piece)? {
            0 => return Ok(hasher.finish()),
            count => hasher.write(piece.get(..count).unwrap_or_default()),
        }
    }
}
