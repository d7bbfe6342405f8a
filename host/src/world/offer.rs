//! Validates a component against the world before any of it runs.
//!
//! The engine's own check stops at the first difference. This check finds all imports that are not
//! offered, and a missing export, and reports the found and the offered versions.

use super::hostel;
use crate::hostcalls::{CAPABILITIES, WASI_INTERFACES, WASI_VERSION};
use crate::telemetry::excerpt;
use std::fmt;
use wasmtime::Engine;
use wasmtime::component::Component;

/// Maximum faults in an error. Further faults are reported once these are fixed.
const MAX_FAULTS: usize = 20;

/// The prefix of the names of WASI's interfaces.
const WASI: &str = "wasi:";

/// Why a component does not fit the world `hostel:service/service`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct WorldMismatch {
    /// The faults, one line each: at most the first 20, and the number of further ones, if any.
    pub faults: Vec<String>,
}

impl fmt::Display for WorldMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "it does not fit the world hostel:service/service@0.1.0: {}",
            self.faults.join("; ")
        )
    }
}

/// Validates a component's imports and exports against the world.
///
/// # Errors
///
/// Returns the imports and exports that do not fit, at most [`MAX_FAULTS`] of them.
pub(crate) fn check(engine: &Engine, component: &Component) -> Result<(), WorldMismatch> {
    let ty = component.component_type();
    let exports: Vec<&str> = ty.exports(engine).map(|(name, _)| name).collect();
    check_names(ty.imports(engine).map(|(name, _)| name), &exports)
}

/// Validates the names of imports and exports against the world, as [`check`] does.
///
/// # Errors
///
/// Returns the imports and exports that do not fit, at most [`MAX_FAULTS`] of them.
pub(crate) fn check_names<'a>(
    imports: impl Iterator<Item = &'a str>,
    exports: &[&str],
) -> Result<(), WorldMismatch> {
    let mut faults: Vec<String> = imports.filter_map(import_fault).collect();
    faults.extend(export_fault(exports));
    let more = faults.len().saturating_sub(MAX_FAULTS);
    if more > 0 {
        faults.truncate(MAX_FAULTS);
        faults.push(format!("{more} more"));
    }
    if faults.is_empty() { Ok(()) } else { Err(WorldMismatch { faults }) }
}

/// The provider of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Hostel itself.
    Hostel,
    /// WASI, which gives a guest clocks, random numbers and output to the log, but no files and no
    /// network.
    Wasi,
    /// No provider. The text is the reason, as one escaped line.
    None(String),
}

/// Returns the provider of the import with this name.
pub(crate) fn offer(name: &str) -> Offer {
    match import_fault(name) {
        Some(fault) => Offer::None(fault),
        None if name.starts_with(WASI) => Offer::Wasi,
        None => Offer::Hostel,
    }
}

/// Returns why an import with this name is not offered, or `None` if it is offered.
fn import_fault(name: &str) -> Option<String> {
    let (interface, version) = split(name);
    let offered = offered_version(interface);
    match (offered, version) {
        (Some(offered), Some(found)) if fits(interface, offered, found) => None,
        (Some(offered), Some(found)) => Some(format!(
            "import {interface} has version {}; the host offers {offered}",
            excerpt(found)
        )),
        (Some(offered), None) => {
            Some(format!("import {interface} has no version; the host offers {offered}"))
        }
        (None, _) => Some(format!("import {} is not offered", excerpt(name))),
    }
}

/// Returns why these exports do not fit, or `None` if they fit.
fn export_fault(exports: &[&str]) -> Option<String> {
    if exports.contains(&hostel::EXPORT) {
        return None;
    }
    let (wanted, version) = split(hostel::EXPORT);
    let version = version.unwrap_or_default();
    let found = exports.iter().find_map(|name| match split(name) {
        (interface, found) if interface == wanted => Some(found.unwrap_or("none")),
        _ => None,
    });
    Some(match found {
        Some(found) => {
            let found = excerpt(found);
            format!("export {wanted} has version {found}; the host requires {version}")
        }
        None => format!("export {} is missing", hostel::EXPORT),
    })
}

/// Splits `package:name/interface@version`.
fn split(name: &str) -> (&str, Option<&str>) {
    match name.split_once('@') {
        Some((interface, version)) => (interface, Some(version)),
        None => (name, None),
    }
}

fn offered_version(interface: &str) -> Option<&'static str> {
    if WASI_INTERFACES.contains(&interface) {
        return Some(WASI_VERSION);
    }
    CAPABILITIES.iter().find_map(|capability| match split(capability.import) {
        (name, version) if name == interface => version,
        _ => None,
    })
}

/// True if the offered version is compatible with the wanted version. Versions
/// 0.x.y with the same x are compatible, but a later version may have functions that are not
/// offered. For WASI the engine checks each function, so later versions pass here.
fn fits(interface: &str, offered: &str, wanted: &str) -> bool {
    let parts = |version: &str| -> Option<[u64; 3]> {
        let numbers: Result<Vec<u64>, _> = version.split('.').map(str::parse).collect();
        numbers.ok()?.try_into().ok()
    };
    match (parts(offered), parts(wanted)) {
        (Some([0, minor, patch]), Some([0, wanted_minor, wanted_patch])) => {
            minor == wanted_minor && (wanted_patch <= patch || interface.starts_with(WASI))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_import(name: &str, expected: Option<&str>) {
        assert_eq!(import_fault(name).as_deref(), expected);
    }

    #[test]
    fn an_import_that_is_not_offered_is_named_with_both_versions() {
        check_import("hostel:cache/cache@0.1.0", None);
        check_import("hostel:cache/cache@0.1.1", None);
        check_import("hostel:log/log@0.1.0", None);
        check_import("wasi:cli/stdout@0.2.0", None);
        check_import("wasi:cli/stdout@0.2.6", None);
        check_import(
            "hostel:cache/cache@0.2.0",
            Some("import hostel:cache/cache has version 0.2.0; the host offers 0.1.1"),
        );
        check_import(
            "hostel:cache/cache@0.1.7",
            Some("import hostel:cache/cache has version 0.1.7; the host offers 0.1.1"),
        );
        check_import(
            "wasi:cli/stdout@0.3.0",
            Some("import wasi:cli/stdout has version 0.3.0; the host offers 0.2.12"),
        );
        check_import("wasi:http/types@0.2.0", Some("import wasi:http/types@0.2.0 is not offered"));
        check_import("run", Some("import run is not offered"));
    }

    #[test]
    fn an_import_is_offered_by_hostel_or_wasi_or_refused() {
        assert_eq!(offer("hostel:log/log@0.1.0"), Offer::Hostel);
        assert_eq!(offer("wasi:cli/stdout@0.2.6"), Offer::Wasi);
        assert_eq!(offer("run"), Offer::None("import run is not offered".to_owned()));
    }

    #[test]
    fn a_missing_export_is_named_with_the_version_found() {
        assert_eq!(export_fault(&[hostel::EXPORT]), None);
        assert_eq!(
            export_fault(&["wasi:cli/run@0.2.0"]).as_deref(),
            Some("export hostel:service/handler@0.1.0 is missing"),
        );
        assert_eq!(
            export_fault(&["hostel:service/handler@0.2.0"]).as_deref(),
            Some("export hostel:service/handler has version 0.2.0; the host requires 0.1.0"),
        );
    }
}
