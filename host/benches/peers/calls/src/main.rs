//! What one cache call costs a guest, beside others.
//!
//! `calls` prints the rows of targets A, B, C and F, without the table's head; `calls parts` where
//! the time of one `get` goes; `calls plots FOLDER` draws what it costs with more entries and with
//! larger values.

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

/// What is read and written.
const KEY: &str = "user:123";

/// 80 bytes.
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
