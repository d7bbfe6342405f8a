//! From a source to a running service, a module a language. What stands in a module of a language
//! needs its tools, and is left out by name where they are missing.

mod c;
mod go;
mod javascript;
mod python;
mod rust;
pub mod services;
mod zato;
