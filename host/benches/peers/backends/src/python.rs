//! redis-py, in a virtual environment that the benchmark creates.

use crate::VALUE;
use crate::load::{Load, TIME};
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The version to install.
const REDIS_PY: &str = "redis==8.1.0";

/// The file with the host's Redis scripts.
const SCRIPTS: &str = "../../../src/backend/redis/scripts.rs";

pub struct Python {
    program: PathBuf,
    port: u16,
}

impl Python {
    /// Installs redis-py if it is missing, to call the Redis server at this port of this machine.
    pub fn new(port: u16) -> Result<Python> {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../target/peers");
        let environment = target.join("redis-py");
        let program = environment.join("bin/python");
        if !program.exists() {
            done(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        }
        done(Command::new(&program).args(["-m", "pip", "install", "--quiet", REDIS_PY]))?;
        Ok(Python { program, port })
    }

    /// Calls the server from `threads` concurrent threads.
    pub fn run(&self, operation: &str, threads: usize) -> Result<Load> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("redis_py.py");
        let mut command = Command::new(&self.program);
        command.arg(script).args([&self.port.to_string(), operation, VALUE, &threads.to_string()]);
        command.arg(TIME.as_secs_f64().to_string());
        // redis-py calls the same scripts as the host.
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCRIPTS);
        let text = done(command.arg(scripts))?;
        let figures = text.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>()?;
        let [rate, p50, p99] = figures[..] else { anyhow::bail!("redis-py printed {text:?}") };
        Ok(Load { rate, p50, p99 })
    }
}

/// Runs a command and returns its output.
fn done(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed: {errors}");
    Ok(String::from_utf8(output.stdout)?)
}
