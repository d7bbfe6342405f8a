//! From source to a running service. Languages with the same toolchain share a module. If a
//! toolchain is not installed, skip its tests by module: `cargo test -- --skip languages::go`.

mod c;
mod go;
mod javascript;
mod orders;
mod python;
mod rust;
pub mod services;
mod zato;
