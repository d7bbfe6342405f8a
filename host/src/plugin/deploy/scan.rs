//! One look at all files: what is there, whose name it takes, and what is to be done about it.

use super::entry::{Entry, Key, Step};
use super::file::{self, Observation, Stamp, Unfit};
use super::{Build, Shared};
use crate::engine::{Limit, Limits};
use crate::plugin::PluginName;
use crate::telemetry::Level;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

/// What a look has seen: what is in the folder, if it could be read, and at each place.
struct Scan {
    folder: Result<(), String>,
    places: BTreeMap<Key, Observation>,
}

/// A place to look at, and the limits of what is there.
type Place = (Key, PathBuf, Limits);

impl Shared {
    /// Looks at all files, and answers those that are to be loaded.
    pub(super) async fn scan(shared: &Arc<Shared>) -> Vec<Key> {
        let looking = {
            let shared = Arc::clone(shared);
            tokio::task::spawn_blocking(move || shared.see())
        };
        // It fails only when the runtime ends.
        let Ok(seen) = looking.await else { return Vec::new() };
        shared.say_of_folder(&seen.folder);
        shared.take_in(seen)
    }

    fn see(&self) -> Scan {
        let place = |(key, entry): (&Key, &Entry)| {
            (key.clone(), entry.path.clone(), self.limits_of(&entry.settings))
        };
        let named: Vec<Place> =
            self.entries().iter().filter(|(key, _)| is_named(key)).map(place).collect();
        let found = self.folder_places(&named);
        let folder = found.as_ref().map(drop).map_err(ToString::to_string);
        let places = named.into_iter().chain(found.unwrap_or_default());
        let build = self.build.as_ref();
        let observe = |(key, path, limits): Place| (key, observe(&path, &limits, build));
        Scan { folder, places: places.map(observe).collect() }
    }

    /// The places in the folder that are to be looked at.
    fn folder_places(&self, named: &[Place]) -> io::Result<Vec<Place>> {
        let Some(folder) = &self.folder else { return Ok(Vec::new()) };
        let named: BTreeSet<PathBuf> =
            named.iter().filter_map(|(_, path, _)| real_place(path)).collect();
        let real_folder = folder.path.canonicalize()?;
        let limits = self.limits_of(&folder.settings);
        let mut places = Vec::new();
        for entry in folder.path.read_dir()? {
            let name = entry?.file_name();
            let path = folder.path.join(&name);
            let is_hidden = name.as_encoded_bytes().starts_with(b".");
            let is_source = || self.build.as_ref().is_some_and(|build| build.takes(&path));
            let is_one = !is_hidden && (is_component(&path) || is_source());
            if is_one && !named.contains(&real_folder.join(&name)) {
                places.push((Key::Found(path.clone()), path, limits.clone()));
            }
        }
        Ok(places)
    }

    /// Takes in what was seen: the files that are new, those that are gone, and who has which name.
    fn take_in(&self, Scan { folder, mut places }: Scan) -> Vec<Key> {
        let mut entries = self.entries();
        for key in places.keys() {
            if let (Key::Found(path), Some(folder)) = (key, &self.folder)
                && !entries.contains_key(key)
            {
                let name = PluginName::of_file(path).map_err(Unfit::Name);
                let entry = Entry::new(path.clone(), name, folder.settings.clone());
                entries.insert(key.clone(), entry);
            }
        }
        if folder.is_ok() {
            for key in entries.keys() {
                places.entry(key.clone()).or_insert(Err(Unfit::Gone));
            }
        }
        claim_names(&entries, &mut places);
        let mut to_load = Vec::new();
        for (key, seen) in places {
            let Some(entry) = entries.get_mut(&key) else { continue };
            match entry.step(seen) {
                Step::Nothing => {}
                Step::Load => to_load.push(key),
                Step::Refuse(unfit) => self.refuse(entry, &unfit),
                Step::Remove => {
                    self.remove(&key, entry);
                    if !is_named(&key) {
                        entries.remove(&key);
                    }
                }
            }
        }
        if folder.is_ok() {
            self.looked.store(true, Ordering::Relaxed);
        }
        to_load
    }

    fn refuse(&self, entry: &mut Entry, unfit: &Unfit) {
        let reason = unfit.to_string();
        if entry.fail(&reason) {
            let name = entry.shown_name();
            self.say_failure(&entry.path, &name, entry.serving.is_some(), &reason);
        }
    }

    /// Takes out of the host what serves there. Says so, and of what had to be there that it is not;
    /// but nothing of a file that never served.
    fn remove(&self, key: &Key, entry: &mut Entry) {
        let (Ok(name), Some(_)) = (&entry.name, entry.serving) else {
            if is_named(key) {
                self.refuse(entry, &Unfit::Gone);
            }
            return;
        };
        // Whoever unloaded it before was asked to.
        let _ = self.host.unload(name);
        let message = format!("unloaded, since {} is gone", entry.path.display());
        self.say(Level::Info, name.as_str(), &message);
        entry.unloaded(&Unfit::Gone.to_string());
    }

    /// Says once that the folder cannot be read, and once that it can be again.
    fn say_of_folder(&self, found: &Result<(), String>) {
        let Some(folder) = &self.folder else { return };
        let mut told = self.folder_fault.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = found.as_ref().err().cloned();
        if *told == fault {
            return;
        }
        let path = folder.path.display();
        match &fault {
            Some(fault) => {
                let message =
                    format!("kept all plugins, since the folder {path} cannot be read: {fault}");
                self.say(Level::Warn, "", &message);
            }
            None => self.say(Level::Info, "", &format!("the folder {path} can be read again")),
        }
        *told = fault;
    }
}

/// Leaves each name to one place: the one that was named, else the one that serves, else the first.
fn claim_names(entries: &BTreeMap<Key, Entry>, places: &mut BTreeMap<Key, Observation>) {
    let mut order: Vec<_> = entries.iter().collect();
    order.sort_by_key(|(key, entry)| (!is_named(key), !entry.holds_its_name()));
    let mut holders: BTreeMap<&PluginName, &PathBuf> = BTreeMap::new();
    for (key, entry) in order {
        let Some(seen) = places.get_mut(key) else { continue };
        let is_gone = *seen == Err(Unfit::Gone);
        let may_hold = !is_gone || is_named(key) || entry.holds_its_name();
        let fault = match &entry.name {
            Ok(name) => match holders.get(name) {
                Some(holder) => Unfit::NameTaken((*holder).clone()),
                None if may_hold => {
                    holders.insert(name, &entry.path);
                    continue;
                }
                None => continue,
            },
            Err(unfit) => unfit.clone(),
        };
        if !is_gone {
            *seen = Err(fault);
        }
    }
}

fn observe(path: &Path, limits: &Limits, build: Option<&Build>) -> Observation {
    let is_source = build.is_some_and(|build| build.takes(path));
    match is_source {
        true => Stamp::of_source(path).map_err(|error| Unfit::Unreadable(error.to_string())),
        false => file::observe(path, limits.component, &Limit::Component.reached(limits)),
    }
}

fn is_named(key: &Key) -> bool {
    matches!(key, Key::Named(_))
}

/// Whether a path has the ending of a component.
pub(super) fn is_component(path: &Path) -> bool {
    path.extension() == Some(OsStr::new("wasm"))
}

/// A path by which the same place is the same, whether or not something is there: its folder's real
/// one and its name. A link is a place of its own.
fn real_place(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
    Some(folder.join(path.file_name()?))
}
