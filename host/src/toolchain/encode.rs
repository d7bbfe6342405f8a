//! Encodes a core module as a component of a world: the module's own, or Hostel's.

use super::{EncodeError, sdk};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wasmparser::{Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, SourceMap, WorldId};

/// The prefix of the name of the custom section that contains a module's world.
const WORLD_SECTION: &str = "component-type";

/// Encodes a core module as a component.
///
/// If a bindings generator wrote the module's world into a section, that world is used. Any other
/// module is encoded for the world `hostel:service/full-service`, with strings in UTF-8; the
/// component then has only the imports that it uses. Imports of WASI 0.1 are adapted to WASI 0.2.
///
/// # Errors
///
/// If the bytes are not a core module, or if an import or export of the module does not fit the
/// world. The message names the first one that does not fit.
pub fn componentize(module: &[u8]) -> Result<Vec<u8>, EncodeError> {
    let mut module = module.to_vec();
    if !names_its_world(&module) {
        let (resolve, world) = world()?;
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
            .map_err(failed)?;
    }
    let encoder = ComponentEncoder::default().validate(true).module(&module).map_err(failed)?;
    let (name, adapter) =
        (WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER);
    let mut encoder = encoder.adapter(name, adapter).map_err(failed)?;
    encoder.encode().map_err(failed)
}

fn names_its_world(module: &[u8]) -> bool {
    let payloads = Parser::new(0).parse_all(module).map_while(Result::ok);
    let mut sections = payloads.filter_map(|payload| match payload {
        Payload::CustomSection(section) => Some(section.name()),
        _ => None,
    });
    sections.any(|name| name.starts_with(WORLD_SECTION))
}

/// Parses the world that is bundled with the program.
fn world() -> Result<(Resolve, WorldId), EncodeError> {
    // The files of one folder are one package. A package must be added before the packages that use
    // it, so deeper folders come first.
    let mut packages: BTreeMap<_, SourceMap> = BTreeMap::new();
    for (path, text) in sdk::wit() {
        let place = (Reverse(path.components().count()), path.parent().map(Path::to_owned));
        packages.entry(place).or_default().push_str(&path.to_string_lossy(), &text);
    }
    let mut resolve = Resolve::default();
    let mut main = None;
    for files in packages.into_values() {
        let package = files.parse().map_err(|(_, error)| EncodeError(error.to_string()))?;
        main = Some(resolve.push_group(package).map_err(failed)?);
    }
    let main = main.ok_or_else(|| EncodeError("the program carries no WIT".to_owned()))?;
    let world = resolve.select_world(&[main], Some("full-service")).map_err(failed)?;
    Ok((resolve, world))
}

fn failed(error: impl fmt::Display) -> EncodeError {
    EncodeError(format!("{error:#}"))
}
