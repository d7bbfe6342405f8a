//! The cost of one cache call in a guest, compared with other hosts and with Redis.
//!
//! `calls` prints rows of targets A, B, C and F, without the table header; `calls parts` breaks
//! down the time of one `get`; `calls plots FOLDER` plots the time of a `get` by the number of
//! entries and by the size of the value.

mod bare;
mod functions;
mod guests;
mod ours;
mod parts;
mod peers;
mod plots;
mod rounds;
mod rows;
mod sides;
mod svg;

use anyhow::{Result, bail};
use std::path::Path;

/// The key that is read and written.
const KEY: &str = "user:123";

/// A JSON text of 80 bytes.
const VALUE: &str =
    r#"{"username":"joe","email":"joe@example.com","roles":["admin","editor"],"id":123}"#;

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => rows::print(),
        ["parts"] => parts::print(),
        ["plots", folder] => plots::draw(Path::new(folder)),
        _ => bail!("usage: calls [parts | plots FOLDER]"),
    }
}
