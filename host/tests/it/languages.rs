//! From source to a running service. Languages that share tools share a module. Without these
//! tools, skip the tests by the name of their module.

mod c;
mod go;
mod javascript;
mod orders;
mod python;
mod rust;
pub mod services;
mod zato;
