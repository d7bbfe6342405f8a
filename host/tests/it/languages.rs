//! From source to a running service. Each module tests one language, or several that share their
//! tools. Without these tools, skip the tests by the name of their module.

mod c;
mod go;
mod javascript;
mod orders;
mod python;
mod rust;
pub mod services;
mod zato;
