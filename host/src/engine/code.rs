//! A cache of compiled code on disk. Compiling dominates the cold start: it takes seconds for a
//! language runtime, and loading the compiled code takes milliseconds.
//!
//! Compiled code is native code, which the engine executes unchecked. So each file ends with a MAC,
//! under a key that is stored outside the folder. A corrupt, forged or renamed file has a wrong
//! MAC: it is ignored, and the component is compiled again. In a folder that this user can only
//! read, the owner and the mode of each file are checked, but not its MAC. Code is loaded only
//! from a regular file, which is verified and mapped through one open descriptor.

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
    /// The key of the MACs. `None` if this user cannot write to the folder: then only files of root
    /// or of this user are loaded, and a MAC would prove no more than the owner does.
    key: Option<MacKey>,
}

impl CodeStore {
    /// Opens the folder, and creates the folder if it is missing. If this user can write to the
    /// folder, also opens or creates its key: the file `<folder>.key`, beside the folder. A folder
    /// without write access is used read-only.
    ///
    /// If other users could also write to a writable folder of this user, closes the folder to them
    /// and deletes its compiled code first.
    ///
    /// # Errors
    ///
    /// When the folder or its key cannot be created or read, or other users can replace files in
    /// the folder.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let key = match folder::take(folder, is_code)? {
            Ownership::Writable => Some(MacKey::beside(folder)?),
            Ownership::ReadOnly => None,
        };
        Ok(CodeStore { folder: folder.to_owned(), key })
    }

    /// Returns the path where the key of a folder is stored, or `None` if the folder's own path
    /// cannot be resolved or is `/`.
    pub(crate) fn key_file(folder: &Path) -> Option<PathBuf> {
        key::path(&folder.canonicalize().ok()?).ok()
    }

    /// True if the folder has a file for the code that this engine compiles from these bytes.
    /// Checks the file's owner and mode, but not its content.
    pub(super) fn has(&self, engine: &Engine, bytes: &[u8]) -> bool {
        self.open_file(&name(engine, bytes)).is_ok()
    }

    /// Returns the component with these bytes, if its code for this engine is stored and passes all
    /// checks.
    pub(super) fn load(&self, engine: &Engine, bytes: &[u8]) -> Option<Component> {
        let file = self.genuine(&name(engine, bytes))?;
        // SAFETY: the MAC proves that this user's server wrote this code under this name. In a
        // read-only folder, root or this user owns the file. A stored file is replaced but never
        // changed.
        unsafe { map(engine, &file) }.ok()
    }

    /// Opens the data that [`CodeStore::keep_beside`] stored under a name. Returns the file,
    /// positioned at its beginning, and the length of the data. In a read-only folder, the length
    /// includes the MAC. `None` if the file is missing or fails a check.
    pub(super) fn beside(&self, engine: &Engine, kept: &str) -> Option<(File, u64)> {
        let mut file = self.genuine(&name(engine, kept.as_bytes()))?;
        let tag = if self.key.is_some() { TAG_BYTES as u64 } else { 0 };
        let length = file.metadata().ok()?.len().checked_sub(tag)?;
        file.rewind().ok()?;
        Some((file, length))
    }

    /// Stores data other than a component's code, such as compiled functions, under a name. Stores
    /// nothing if the draft cannot be renamed.
    ///
    /// # Errors
    ///
    /// When writing fails, or the folder is read-only.
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

    /// Opens a file if it passes all checks. In a writable folder, also updates the file's
    /// modification time, because files with the oldest times are deleted first.
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

    /// Marks a component as being loaded, until the mark is dropped. Returns `None` if the mark
    /// cannot be written, or another load of the component is running.
    pub(super) fn mark(&self, bytes: &[u8]) -> Option<LoadMark> {
        self.key.as_ref().and_then(|_| LoadMark::new(&self.folder, bytes))
    }

    /// True if a process is known to have died while it loaded this component.
    pub(super) fn was_interrupted(&self, bytes: &[u8]) -> bool {
        mark::was_left(&self.folder, bytes)
    }

    /// False if this user can only read the folder: code is loaded from it, but not stored in it.
    pub(super) fn is_writable(&self) -> bool {
        self.key.is_some()
    }

    /// Creates an empty file in the folder, for code or other data that will be stored. Dropping
    /// the returned value deletes the file.
    ///
    /// # Errors
    ///
    /// When the file cannot be created, or the folder is read-only.
    pub(super) fn draft(&self) -> io::Result<NamedTempFile> {
        match &self.key {
            Some(_) => NamedTempFile::new_in(&self.folder),
            None => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
        }
    }

    /// Stores a draft as this engine's compiled code of these bytes, and loads it. If the draft
    /// cannot be renamed, its code is loaded but not stored.
    ///
    /// No other process may write to the draft any more.
    ///
    /// # Errors
    ///
    /// When writing fails, the folder is read-only, or the draft is not code of this engine.
    pub(super) fn keep(
        &self,
        engine: &Engine,
        bytes: &[u8],
        draft: NamedTempFile,
    ) -> io::Result<Component> {
        let name = name(engine, bytes);
        let file = draft.as_file();
        self.sign(&name, file)?;
        // SAFETY: the draft contains the compiler's output, and no other process writes to it.
        let component = unsafe { map(engine, file) }.map_err(io::Error::other)?;
        self.persist(draft, &name);
        Ok(component)
    }

    /// Computes the MAC of a name and of the file's content, and appends it to the file.
    fn sign(&self, name: &str, mut file: &File) -> io::Result<()> {
        let Some(key) = &self.key else { return Err(io::ErrorKind::ReadOnlyFilesystem.into()) };
        // The offset is still where the last access to the draft ended.
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

    /// Opens a file of compiled code. Does not follow a symbolic link, does not block on a named
    /// pipe, and refuses a file that an untrusted user may have written.
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
/// The file must hold code that this engine's compiler wrote, and must not change while the
/// component lives.
unsafe fn map(engine: &Engine, file: &File) -> wasmtime::Result<Component> {
    // The engine cannot load a component from an open file. This path refers to the open file
    // itself, even if the file's name refers to another file by now.
    let folder = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };
    let path = format!("{folder}/{}", file.as_raw_fd());
    // SAFETY: the caller meets this function's requirements. The engine does not read the MAC,
    // which follows the code.
    unsafe { Component::deserialize_file(engine, path) }
}

/// True if a file ends with the MAC of its name and content.
fn is_genuine(key: &MacKey, name: &str, mut file: &File) -> io::Result<bool> {
    let code = file.metadata()?.len().saturating_sub(TAG_BYTES as u64);
    let expected = key.tag(name, Read::by_ref(&mut file).take(code))?;
    let mut found = [0; TAG_BYTES];
    file.read_exact(&mut found)?;
    // The comparison of blake3's hashes takes constant time.
    Ok(expected == found)
}

/// Returns the name of the file for these bytes and this engine's settings. The bytes are a
/// component, or the name of data that [`CodeStore::keep_beside`] stores.
fn name(engine: &Engine, bytes: &[u8]) -> String {
    let mut settings = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut settings);
    format!("{}-{:016x}", blake3::hash(bytes), settings.finish())
}

/// True if this name has the form of the names that [`name`] returns.
fn is_code(name: &OsStr) -> bool {
    let is_hex = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let parts = name.to_str().and_then(|name| name.split_once('-'));
    parts.is_some_and(|(component, engine)| {
        component.len() == 64 && engine.len() == 16 && is_hex(component) && is_hex(engine)
    })
}
