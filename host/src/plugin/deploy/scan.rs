//! A scan of all files: finds them, assigns plugin names, and determines the next steps.

use super::candidate::{Candidate, Cause, Key, Observation, Step, Unfit};
use super::{Build, Shared};
use crate::blocking;
use crate::engine::Limits;
use crate::name::PluginName;
use crate::source::{self, FileError, Inputs, Location, Stamp};
use crate::telemetry::Level;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

/// The result of a scan: an error if the folder could not be read, and the observation of each
/// location.
struct Scan {
    folder: Result<(), String>,
    places: BTreeMap<Key, Observation>,
    /// The names of the plugins in the folder, by key.
    names: BTreeMap<Key, String>,
}

impl Shared {
    /// Scans all files, and returns the keys of the plugins to load.
    pub(super) async fn scan(shared: &Arc<Shared>, cause: &Cause) -> Vec<Key> {
        let scanning = {
            let shared = Arc::clone(shared);
            blocking::run_anyway(move || shared.observe_all())
        };
        let Some(scan) = scanning.await else { return Vec::new() };
        shared.report_folder(&scan.folder);
        shared.take_in(scan, cause)
    }

    fn observe_all(&self) -> Scan {
        let place = |(key, entry): (&Key, &Candidate)| {
            (key.clone(), entry.path.clone(), self.limits_of(&entry.settings), entry.inputs())
        };
        let named: Vec<_> =
            self.entries().iter().filter(|(key, _)| is_named(key)).map(place).collect();
        let taken = named.iter().filter_map(|(_, path, ..)| source::place_of(path)).collect();
        let found = self.found_in_folder(&taken);
        let folder = found.as_ref().map(drop).map_err(ToString::to_string);
        let mut scan = Scan { folder, places: BTreeMap::new(), names: BTreeMap::new() };
        for (key, path, limits, inputs) in named {
            let observation = observe(&path, &limits, self.build.as_ref(), inputs.as_deref());
            scan.places.insert(key, observation);
        }
        let settings = self.folder.as_ref().map(|folder| &folder.settings);
        let limits = settings.map(|settings| self.limits_of(settings)).unwrap_or_default();
        for location in found.unwrap_or_default() {
            let key = Key::Found(location.path().to_owned());
            scan.names.insert(key.clone(), location.name());
            let inputs = self.entries().get(&key).and_then(Candidate::inputs);
            scan.places.insert(key, observe_location(&location, &limits, inputs.as_deref()));
        }
        self.watch(&scan.places);
        scan
    }

    /// Watches the folders of the plugins, of the build inputs, and of the files that sources may
    /// import. The folders of the plugins come first, because the number of watched folders is
    /// limited.
    fn watch(&self, places: &BTreeMap<Key, Observation>) {
        let Some(watch) = self.watching() else { return };
        let own: Vec<PathBuf> = {
            let entries = self.entries();
            let path = |key: &Key| match key {
                Key::Found(path) => Some(path.clone()),
                Key::Named(_) => entries.get(key).map(|entry| entry.path.clone()),
            };
            places.keys().filter_map(path).collect()
        };
        let read = places.values().flatten().flat_map(Stamp::paths);
        let folder = self.folder.iter().map(|folder| folder.path.as_path());
        let folders = own.iter().map(PathBuf::as_path).chain(read).filter_map(Path::parent);
        if let Err(error) = watch.follow(folder.chain(folders), own.iter().map(PathBuf::as_path)) {
            self.report_unwatched(&error);
        }
    }

    /// Returns the plugins in the folder, except those at the locations `taken`.
    fn found_in_folder(&self, taken: &BTreeSet<PathBuf>) -> io::Result<Vec<Location>> {
        let Some(folder) = &self.folder else { return Ok(Vec::new()) };
        let mut found = match self.build {
            Some(_) => source::discover(&folder.path)?,
            None => {
                let components = source::components(&folder.path)?;
                components.into_iter().map(Location::Component).collect()
            }
        };
        found.retain(|location| location.place().is_none_or(|place| !taken.contains(&place)));
        Ok(found)
    }

    /// Records the result of a scan, assigns names to locations, refuses and unloads plugins, and
    /// returns the keys of the plugins to load.
    fn take_in(&self, Scan { folder, mut places, names }: Scan, cause: &Cause) -> Vec<Key> {
        // Record a completed start before adding plugins: otherwise, these would count as initial
        // plugins.
        self.started();
        let mut entries = self.entries();
        for key in places.keys() {
            if let (Key::Found(path), Some(folder)) = (key, &self.folder)
                && !entries.contains_key(key)
            {
                let name = names.get(key).map(String::as_str).unwrap_or_default();
                let name = PluginName::new(name).map_err(Unfit::Name);
                let entry = Candidate::new(path.clone(), name, folder.settings.clone());
                entries.insert(key.clone(), entry);
            }
        }
        if folder.is_ok() {
            for key in entries.keys() {
                places.entry(key.clone()).or_insert(Err(Unfit::File(FileError::Gone)));
            }
        }
        claim_names(&entries, &mut places);
        let mut to_load = Vec::new();
        for (key, seen) in places {
            let Some(entry) = entries.get_mut(&key) else { continue };
            let step = match cause {
                Cause::Interval => entry.step(seen),
                Cause::Written(files) => entry.step_at_once(seen, files),
            };
            match step {
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
            self.scanned.store(true, Ordering::Relaxed);
        }
        to_load
    }

    fn refuse(&self, entry: &mut Candidate, unfit: &Unfit) {
        let reason = unfit.to_string();
        if entry.fail(&reason) {
            let name = entry.shown_name();
            self.log_failure(&entry.path, &name, entry.serving.is_some(), &reason);
        }
    }

    /// Handles a missing file: unloads its plugin if the plugin serves, and logs that. If the
    /// plugin does not serve, logs that the file is missing, but only for a named plugin.
    fn remove(&self, key: &Key, entry: &mut Candidate) {
        let gone = Unfit::File(FileError::Gone);
        let (Ok(name), Some(_)) = (&entry.name, entry.serving) else {
            if is_named(key) {
                self.refuse(entry, &gone);
            }
            return;
        };
        // This fails only if the embedder has already unloaded the plugin.
        let _ = self.host.unload(name);
        let message = format!("unloaded, since {} is gone", entry.path.display());
        self.log(Level::Info, name.as_str(), &message);
        entry.unloaded(&gone.to_string());
    }

    /// Logs each new reason why the folder cannot be read, and that the folder is readable again.
    fn report_folder(&self, found: &Result<(), String>) {
        let Some(folder) = &self.folder else { return };
        let mut reported = self.folder_fault.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = found.as_ref().err().cloned();
        if *reported == fault {
            return;
        }
        let path = folder.path.display();
        match &fault {
            Some(fault) => {
                let message =
                    format!("kept all plugins, since the folder {path} cannot be read: {fault}");
                self.log(Level::Warn, "", &message);
            }
            None => self.log(Level::Info, "", &format!("the folder {path} can be read again")),
        }
        *reported = fault;
    }
}

/// Assigns each plugin name to one location: to that of the named plugin with this name, or else to
/// one whose plugin serves or is being loaded, or else to the one with the first path. Refuses the
/// other locations with this name, and each location whose name is invalid.
fn claim_names(entries: &BTreeMap<Key, Candidate>, places: &mut BTreeMap<Key, Observation>) {
    let mut order: Vec<_> = entries.iter().collect();
    order.sort_by_key(|(key, entry)| (!is_named(key), !entry.holds_its_name()));
    let mut holders: BTreeMap<&PluginName, &PathBuf> = BTreeMap::new();
    for (key, entry) in order {
        let Some(seen) = places.get_mut(key) else { continue };
        let is_gone = *seen == Err(Unfit::File(FileError::Gone));
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

/// Examines the path of a named plugin. Without a [`Build`], the path must be a component.
fn observe(
    path: &Path,
    limits: &Limits,
    build: Option<&Build>,
    inputs: Option<&Inputs>,
) -> Observation {
    match build.map(|_| Location::at(path)) {
        Some(Ok(location)) => observe_location(&location, limits, inputs),
        Some(Err(error)) if path.is_dir() => Err(Unfit::NoPlugin(error.to_string())),
        _ => observe_file(path, limits),
    }
}

fn observe_location(location: &Location, limits: &Limits, inputs: Option<&Inputs>) -> Observation {
    match location {
        Location::Component(file) => observe_file(file, limits),
        Location::Source(source) => Stamp::of_source(source, inputs)
            .map_err(|error| Unfit::File(FileError::Unreadable(error.to_string()))),
    }
}

fn observe_file(file: &Path, limits: &Limits) -> Observation {
    source::check_file(file, limits.component).map_err(|error| Unfit::of_file(error, limits))
}

fn is_named(key: &Key) -> bool {
    matches!(key, Key::Named(_))
}
