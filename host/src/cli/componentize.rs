//! `hostel componentize`: from a core module to a component.

use super::exit::Exit;
use crate::toolchain;
use anyhow::Context;
use std::path::PathBuf;
use std::process::ExitCode;

/// Encode a core WebAssembly module as a component
///
/// For any language whose compiler makes core modules. Imports of WASI 0.1 are adapted.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  hostel componentize service.core.wasm --output service.wasm")]
pub(super) struct Arguments {
    /// A core module that has the imports and exports of the world hostel:service/service
    #[arg(value_name = "FILE")]
    module: PathBuf,

    /// Where to write the component
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Exit> {
    let Arguments { module, output } = arguments;
    let doing = || format!("cannot encode {}", module.display());
    let core = std::fs::read(&module).with_context(doing).map_err(Exit::no_plugin)?;
    let component = toolchain::componentize(&core).with_context(doing).map_err(Exit::no_plugin)?;
    let written = std::fs::write(&output, component);
    let written = written.with_context(|| format!("cannot write {}", output.display()));
    written.map_err(Exit::no_plugin)?;
    Ok(ExitCode::SUCCESS)
}
