//! Checks which files, folders and keys a store accepts.

use super::*;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::process::Command;
use tempfile::TempDir;

/// A store in its own folder, with an engine.
struct Place {
    home: TempDir,
    engine: Engine,
}

impl Place {
    fn new() -> Self {
        Place { home: tempfile::tempdir().unwrap(), engine: Engine::default() }
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("code")
    }

    fn key(&self) -> PathBuf {
        self.home.path().join("code.key")
    }

    fn store(&self) -> CodeStore {
        CodeStore::open(&self.folder()).unwrap()
    }

    fn file(&self, bytes: &[u8]) -> PathBuf {
        self.folder().join(name(&self.engine, bytes))
    }

    /// Compiles and stores a component, and returns the path of its compiled code.
    fn keep(&self, bytes: &[u8]) -> PathBuf {
        let store = self.store();
        let draft = store.draft().unwrap();
        draft.as_file().write_all(&self.engine.precompile_component(bytes).unwrap()).unwrap();
        store.keep(&self.engine, bytes, draft).unwrap();
        self.file(bytes)
    }

    fn loads(&self, bytes: &[u8]) -> bool {
        self.store().load(&self.engine, bytes).is_some()
    }
}

/// Returns a different component for each number.
fn component(number: u32) -> Vec<u8> {
    let text = format!("(component (core module (func (result i32) i32.const {number})))");
    wat::parse_str(text).unwrap()
}

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn code_that_was_kept_is_loaded_by_another_store() {
    let (place, bytes) = (Place::new(), component(1));
    assert!(!place.store().has(&place.engine, &bytes) && !place.loads(&bytes));
    let file = place.keep(&bytes);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(place.store().has(&place.engine, &bytes) && place.loads(&bytes));
    assert!(!place.loads(&component(2)));
    assert_eq!(fs::read_dir(place.folder()).unwrap().count(), 1, "no draft is left");
}

#[test]
fn what_is_kept_beside_components_is_checked_as_they_are() {
    let place = Place::new();
    let kept = || {
        let (mut file, length) = place.store().beside(&place.engine, "functions")?;
        let mut text = String::new();
        Read::by_ref(&mut file).take(length).read_to_string(&mut text).unwrap();
        Some(text)
    };
    assert_eq!(kept(), None);
    let store = place.store();
    let draft = store.draft().unwrap();
    draft.as_file().write_all(b"code").unwrap();
    store.keep_beside(&place.engine, "functions", draft).unwrap();
    assert_eq!(kept().as_deref(), Some("code"));
    // The MAC covers both the name and the content.
    let file = place.file(b"functions");
    fs::copy(&file, place.file(b"other")).unwrap();
    assert!(place.store().beside(&place.engine, "other").is_none());
    let mut bytes = fs::read(&file).unwrap();
    bytes[0] ^= 1;
    fs::write(&file, bytes).unwrap();
    assert_eq!(kept(), None);
}

/// Checks that a store does not load a file of compiled code after `spoil` has changed it, and that
/// the component can be stored again.
#[track_caller]
fn check_refused(what: &str, spoil: impl FnOnce(&Place, &Path)) {
    let (place, bytes) = (Place::new(), component(1));
    let file = place.keep(&bytes);
    spoil(&place, &file);
    assert!(!place.loads(&bytes), "{what}: it was loaded");
    place.keep(&bytes);
    assert!(place.loads(&bytes), "{what}: it is not kept again");
}

#[test]
fn code_without_a_valid_tag_is_not_loaded() {
    let cut = |length: fn(usize) -> usize| {
        move |_: &Place, file: &Path| {
            let code = fs::read(file).unwrap();
            fs::write(file, &code[..length(code.len())]).unwrap();
        }
    };
    check_refused("empty", cut(|_| 0));
    check_refused("shorter than a tag", cut(|_| TAG_BYTES - 1));
    check_refused("cut in half", cut(|length| length / 2));
    check_refused("without its tag", cut(|length| length - TAG_BYTES));
    check_refused("tagged by another key", |_, file| {
        let forger = Place::new();
        fs::copy(forger.keep(&component(1)), file).unwrap();
    });
    check_refused("moved to another name", |place, file| {
        fs::rename(place.keep(&component(2)), file).unwrap();
    });
    check_refused("changed in the middle", |_, file| {
        let mut code = fs::read(file).unwrap();
        let middle = code.len() / 2;
        code[middle] ^= 1;
        fs::write(file, code).unwrap();
    });
}

#[test]
fn only_a_regular_file_of_this_user_is_loaded() {
    check_refused("a link", |place, file| {
        fs::rename(file, place.home.path().join("elsewhere")).unwrap();
        symlink(place.home.path().join("elsewhere"), file).unwrap();
    });
    check_refused("a named pipe", |_, file| {
        fs::remove_file(file).unwrap();
        make_pipe(file);
    });
    check_refused("a file that others can write to", |_, file| {
        fs::set_permissions(file, Permissions::from_mode(0o620)).unwrap();
    });
    // Only root can change a file's owner.
    if geteuid().is_root() {
        check_refused("another user's", |_, file| chown(file, Some(65_534), None).unwrap());
    }
}

#[test]
fn a_folder_that_others_could_write_to_is_emptied_and_closed() {
    let (place, bytes) = (Place::new(), component(1));
    let (file, other) = (place.keep(&bytes), place.folder().join("notes.txt"));
    let beyond = place.home.path().join("beyond");
    fs::create_dir(&beyond).unwrap();
    fs::write(beyond.join("file"), "").unwrap();
    fs::write(&other, "").unwrap();
    symlink(&beyond, place.file(&component(2))).unwrap();
    fs::create_dir_all(place.file(&component(3)).join("in")).unwrap();
    for mode in [0o777, 0o770, 0o702] {
        fs::set_permissions(place.folder(), Permissions::from_mode(mode)).unwrap();
        // The code has a valid MAC: the store deletes it only because of the folder's mode.
        place.store();
        assert_eq!(fs::metadata(place.folder()).unwrap().permissions().mode() & 0o777, 0o700);
        let left: Vec<_> = fs::read_dir(place.folder()).unwrap().map(|it| it.unwrap()).collect();
        assert!(left.len() == 1 && left[0].path() == other, "{left:?}");
        assert!(beyond.join("file").exists(), "a link was followed");
        assert!(!file.exists() && !place.loads(&bytes));
        place.keep(&bytes);
    }
}

#[test]
fn a_folder_that_only_its_owner_can_write_to_is_kept() {
    let (place, bytes) = (Place::new(), component(1));
    place.keep(&bytes);
    fs::set_permissions(place.folder(), Permissions::from_mode(0o755)).unwrap();
    assert!(place.loads(&bytes));
}

#[test]
fn a_folder_of_another_user_is_refused() {
    if !geteuid().is_root() {
        return;
    }
    let place = Place::new();
    place.keep(&component(1));
    chown(place.folder(), Some(65_534), None).unwrap();
    let error = CodeStore::open(&place.folder()).err().unwrap();
    assert!(error.to_string().contains("another user (id 65534)"), "{error}");
}

/// Checks that an unusable key is replaced, and that code with a MAC of the old key is not loaded.
#[track_caller]
fn check_key_replaced(what: &str, spoil: impl FnOnce(&Path)) {
    let (place, bytes) = (Place::new(), component(1));
    place.keep(&bytes);
    let old = fs::read(place.key()).unwrap();
    spoil(&place.key());
    assert!(!place.loads(&bytes), "{what}");
    let found = fs::symlink_metadata(place.key()).unwrap();
    assert!(found.is_file() && found.mode() & 0o777 == 0o600 && found.len() == 32, "{what}");
    assert_ne!(fs::read(place.key()).unwrap(), old, "{what}");
    place.keep(&bytes);
    assert!(place.loads(&bytes), "{what}");
}

#[test]
fn a_key_that_is_missing_short_or_known_to_others_is_replaced() {
    check_key_replaced("missing", |key| fs::remove_file(key).unwrap());
    check_key_replaced("short", |key| fs::write(key, [7; 31]).unwrap());
    check_key_replaced("long", |key| fs::write(key, [7; 33]).unwrap());
    check_key_replaced("readable by others", |key| {
        fs::set_permissions(key, Permissions::from_mode(0o604)).unwrap();
    });
    check_key_replaced("a link", |key| {
        fs::rename(key, key.with_extension("old")).unwrap();
        symlink(key.with_extension("old"), key).unwrap();
    });
    check_key_replaced("a named pipe", |key| {
        fs::remove_file(key).unwrap();
        make_pipe(key);
    });
    if geteuid().is_root() {
        check_key_replaced("another user's", |key| chown(key, Some(65_534), None).unwrap());
    }
}

#[test]
fn stores_that_are_opened_at_once_have_one_key() {
    for _ in 0..50 {
        let place = Place::new();
        fs::create_dir(place.folder()).unwrap();
        let start = std::sync::Barrier::new(4);
        let tag = || {
            start.wait();
            let key = MacKey::beside(&place.folder()).unwrap();
            key.tag("name", &b"code"[..]).unwrap()
        };
        let tags: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(tag)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(tags.iter().all(|tag| *tag == tags[0]));
    }
}

#[test]
fn a_folder_that_is_only_read_needs_no_tag_and_takes_no_draft() {
    let (place, bytes) = (Place::new(), component(1));
    let file = place.keep(&bytes);
    fs::remove_file(place.key()).unwrap();
    let store = CodeStore { folder: place.folder(), key: None };
    assert!(store.load(&place.engine, &bytes).is_some());
    assert_eq!(store.draft().unwrap_err().kind(), io::ErrorKind::ReadOnlyFilesystem);
    fs::set_permissions(file, Permissions::from_mode(0o666)).unwrap();
    assert!(store.load(&place.engine, &bytes).is_none(), "others can write to the file");
}

#[test]
fn a_draft_that_is_not_code_is_not_kept() {
    let (place, bytes) = (Place::new(), component(1));
    let store = place.store();
    let draft = store.draft().unwrap();
    draft.as_file().write_all(b"\x7fELF").unwrap();
    assert!(store.keep(&place.engine, &bytes, draft).is_err());
    assert_eq!(fs::read_dir(place.folder()).unwrap().count(), 0);
}

#[test]
fn a_draft_that_a_child_wrote_through_its_descriptor_is_kept() {
    let (place, bytes) = (Place::new(), component(1));
    let code = place.home.path().join("compiled");
    fs::write(&code, place.engine.precompile_component(&bytes).unwrap()).unwrap();
    let store = place.store();
    let draft = store.draft().unwrap();
    let mut child = Command::new("cat");
    child.arg(code).stdout(draft.as_file().try_clone().unwrap());
    assert!(child.status().unwrap().success());
    assert!(store.keep(&place.engine, &bytes, draft).is_ok() && place.loads(&bytes));
}
