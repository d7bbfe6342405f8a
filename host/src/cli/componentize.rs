//! `hostel componentize`: encodes a core module as a component.

use super::exit::Exit;
use crate::toolchain;
use anyhow::Context;
use std::path::PathBuf;
use std::process::ExitCode;

/// Encode a core WebAssembly module as a component
///
/// For languages whose compilers produce core modules. Imports of WASI 0.1 are adapted to WASI 0.2.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  hostel componentize service.core.wasm --output service.wasm")]
pub(super) struct Arguments {
    /// Core module with the imports and exports of the world hostel:service/service
    #[arg(value_name = "FILE")]
    module: PathBuf,

    /// Component file to write
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
