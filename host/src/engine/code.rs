//! Compiled code kept on disk, because compiling is the real cold start: seconds for a language
//! runtime, where loading its compiled form takes milliseconds.
//!
//! Compiled code is native code, which the engine executes without any check. So each file ends
//! with a MAC under a key that lies outside the folder. Code is loaded only from a regular file of
//! this user, and it is verified and mapped through one open descriptor. A file that is corrupt,
//! forged or moved to another name is ignored, and the component is compiled again.

mod folder;
mod key;
mod mark;
#[cfg(test)]
mod tests;

use crate::bounded;
use folder::Ownership;
use key::{MacKey, TAG_BYTES};
pub(crate) use mark::LoadMark;
use rustix::fs::OFlags;
use rustix::process::geteuid;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tempfile::NamedTempFile;
use wasmtime::Engine;
use wasmtime::component::Component;

/// A folder of compiled code.
pub(crate) struct CodeStore {
    folder: PathBuf,
    /// The key of the MACs. `None` in a folder that this user cannot write to: its files are root's
    /// or this user's, which is all that a MAC would prove.
    key: Option<MacKey>,
}

impl CodeStore {
    /// Opens the folder and its key, and makes those that are missing. The key is the file
    /// `<folder>.key`, beside the folder.
    ///
    /// A folder of this user that others could write to is emptied of compiled code first. One
    /// that nobody but root can write to is only read.
    ///
    /// # Errors
    ///
    /// When the folder or its key cannot be made or read, or others can replace files in the
    /// folder.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let key = match folder::take(folder, is_code)? {
            Ownership::Writable => Some(MacKey::beside(folder)?),
            Ownership::ReadOnly => None,
        };
        Ok(CodeStore { folder: folder.to_owned(), key })
    }

    /// The file with the key of a folder that is there.
    pub(crate) fn key_file(folder: &Path) -> Option<PathBuf> {
        key::path(&folder.canonicalize().ok()?).ok()
    }

    /// True if there is a file for the compiled code of these bytes by this engine. Its content is
    /// not verified.
    pub(super) fn has(&self, engine: &Engine, bytes: &[u8]) -> bool {
        self.open_file(&name(engine, bytes)).is_ok()
    }

    /// The component of these bytes, if its code by this engine is kept and passes all checks.
    pub(super) fn load(&self, engine: &Engine, bytes: &[u8]) -> Option<Component> {
        let file = self.genuine(&name(engine, bytes))?;
        // SAFETY: the MAC proves that this user's server wrote this code under this name; in a
        // read-only folder the owner proves the same. Only `keep` writes files, and it never
        // changes one under its name.
        unsafe { map(engine, &file) }.ok()
    }

    /// What this engine keeps under a name beside components, at its beginning, and its length.
    pub(super) fn beside(&self, engine: &Engine, kept: &str) -> Option<(File, u64)> {
        let mut file = self.genuine(&name(engine, kept.as_bytes()))?;
        let tag = if self.key.is_some() { TAG_BYTES as u64 } else { 0 };
        let length = file.metadata().ok()?.len().checked_sub(tag)?;
        file.rewind().ok()?;
        Some((file, length))
    }

    /// Keeps a draft under a name beside components.
    ///
    /// # Errors
    ///
    /// When the disk fails, or the folder is read-only.
    pub(super) fn keep_beside(
        &self,
        engine: &Engine,
        kept: &str,
        draft: NamedTempFile,
    ) -> io::Result<()> {
        let name = name(engine, kept.as_bytes());
        self.sign(&name, draft.as_file())?;
        self.persist(draft, &name);
        Ok(())
    }

    /// Opens a file that passes all checks, and marks it as used.
    fn genuine(&self, name: &str) -> Option<File> {
        let file = self.open_file(name).ok()?;
        if let Some(key) = &self.key {
            let _ = file.set_modified(SystemTime::now());
            if !is_genuine(key, name, &file).unwrap_or(false) {
                return None;
            }
        }
        Some(file)
    }

    /// Marks a component for as long as it is loaded.
    pub(super) fn mark(&self, bytes: &[u8]) -> Option<LoadMark> {
        self.key.as_ref().and_then(|_| LoadMark::new(&self.folder, bytes))
    }

    /// True if a process has ended while it loaded this component.
    pub(super) fn was_interrupted(&self, bytes: &[u8]) -> bool {
        mark::was_left(&self.folder, bytes)
    }

    /// False in a folder of another user, whose code is only used.
    pub(super) fn is_writable(&self) -> bool {
        self.key.is_some()
    }

    /// An empty file in the folder, for a compiler to write a component's serialized code into. It
    /// is removed when it is dropped.
    ///
    /// # Errors
    ///
    /// When it cannot be made, or the folder is read-only.
    pub(super) fn draft(&self) -> io::Result<NamedTempFile> {
        match &self.key {
            Some(_) => NamedTempFile::new_in(&self.folder),
            None => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
        }
    }

    /// Keeps a draft as the compiled code of these bytes by this engine, and loads it. A draft that
    /// cannot be renamed into place serves this load alone.
    ///
    /// The process that wrote the draft must have ended.
    ///
    /// # Errors
    ///
    /// When the disk fails, or the draft is not code of this engine.
    pub(super) fn keep(
        &self,
        engine: &Engine,
        bytes: &[u8],
        draft: NamedTempFile,
    ) -> io::Result<Component> {
        let name = name(engine, bytes);
        let file = draft.as_file();
        self.sign(&name, file)?;
        // SAFETY: the draft is what the compiler wrote, and the only other descriptors of it were
        // the compiler's. A compiler that a component took over, and that passed a descriptor on,
        // gains nothing by a later write: its output is executed in any case. The MAC refuses such
        // a write at the next load.
        let component = unsafe { map(engine, file) }.map_err(io::Error::other)?;
        self.persist(draft, &name);
        Ok(component)
    }

    /// Writes the tag of a name behind the content of a file.
    fn sign(&self, name: &str, mut file: &File) -> io::Result<()> {
        let Some(key) = &self.key else { return Err(io::ErrorKind::ReadOnlyFilesystem.into()) };
        // The offset may be shared with the compiler, which leaves it at the end.
        file.rewind()?;
        let tag = key.tag(name, file)?;
        file.write_all(tag.as_bytes())?;
        file.sync_all()
    }

    fn persist(&self, draft: NamedTempFile, name: &str) {
        if draft.persist(self.folder.join(name)).is_ok() {
            bounded::prune_named(&self.folder, |name| is_code(name) || bounded::is_aside(name));
        }
    }

    /// Opens a file of compiled code. A link is not followed, a named pipe does not block, and a
    /// file that another user may have written is refused.
    fn open_file(&self, name: &str) -> io::Result<File> {
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let file = self.folder.join(name);
        let file = OpenOptions::new().read(true).custom_flags(flags).open(file)?;
        let found = file.metadata()?;
        let is_owner_trusted = match &self.key {
            Some(_) => found.uid() == geteuid().as_raw(),
            None => folder::is_trusted(found.uid()),
        };
        match found.is_file() && is_owner_trusted && !folder::is_open_to_others(&found) {
            true => Ok(file),
            false => Err(io::ErrorKind::PermissionDenied.into()),
        }
    }
}

/// Maps an open file of compiled code.
///
/// # Safety
///
/// The file holds code that this engine's compiler wrote, and stays as it is while the component
/// lives.
unsafe fn map(engine: &Engine, file: &File) -> wasmtime::Result<Component> {
    // The engine has no function for components that takes an open file. This path leads to the
    // open file itself, whatever its name leads to by now.
    let folder = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };
    let path = format!("{folder}/{}", file.as_raw_fd());
    // SAFETY: the caller's promise. The engine does not read the tag, which is behind the code.
    unsafe { Component::deserialize_file(engine, path) }
}

/// True if a file ends with the tag of the code before it.
fn is_genuine(key: &MacKey, name: &str, mut file: &File) -> io::Result<bool> {
    let code = file.metadata()?.len().saturating_sub(TAG_BYTES as u64);
    let expected = key.tag(name, Read::by_ref(&mut file).take(code))?;
    let mut found = [0; TAG_BYTES];
    file.read_exact(&mut found)?;
    // Compared in constant time.
    Ok(expected == found)
}

/// The name of the compiled code of these bytes by this engine with its settings.
fn name(engine: &Engine, bytes: &[u8]) -> String {
    let mut settings = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut settings);
    format!("{}-{:016x}", blake3::hash(bytes), settings.finish())
}

/// True if this is a name that [`name`] makes.
fn is_code(name: &OsStr) -> bool {
    let is_hex = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let parts = name.to_str().and_then(|name| name.split_once('-'));
    parts.is_some_and(|(component, engine)| {
        component.len() == 64 && engine.len() == 16 && is_hex(component) && is_hex(engine)
    })
}
