//! The program `hostel`.

use std::process::ExitCode;

fn main() -> ExitCode {
    hostel::cli::main()
}
