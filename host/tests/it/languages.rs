//! From source to a running service, one module per language. The tests of a language need the
//! language's tools. Without these tools, skip the tests by the name of their module.

mod c;
mod go;
mod javascript;
mod orders;
mod python;
mod rust;
pub mod services;
mod zato;
