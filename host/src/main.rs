//! The program `hostel`.

#[cfg(target_os = "linux")]
mod allocator;

use std::process::ExitCode;

fn main() -> ExitCode {
    hostel::cli::main()
}
