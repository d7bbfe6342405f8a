//! From source to a running service, one module per language. The tests of a language need its
//! tools, and are skipped by module name if the tools are missing.

mod c;
mod go;
mod javascript;
mod orders;
mod python;
mod rust;
pub mod services;
mod zato;
