//! Refuses a file that is not WebAssembly or is a core module. Kinds of files that are often given
//! instead of a component have their own errors.

use super::error::ComponentError;

/// Bytes that are examined to decide whether a file is text.
const TEXT_BYTES: usize = 512;

/// The leading bytes of some file formats, and the error for each format.
const KINDS: [(&[u8], &str); 3] = [
    (b"\x7fELF", "it is a native program (ELF)"),
    (b"PK\x03\x04", "it is a ZIP archive"),
    (b"\x1f\x8b", "it is compressed by gzip"),
];

/// Refuses a file that does not begin with WebAssembly's magic number, and a core module.
pub(super) fn check(bytes: &[u8]) -> Result<(), ComponentError> {
    let Some(rest) = bytes.strip_prefix(b"\0asm") else {
        return Err(ComponentError::NotWasm(kind(bytes)));
    };
    // The layer field of the preamble is 0 in a core module and 1 in a component.
    match rest {
        [_, _, 0, 0, ..] => Err(ComponentError::CoreModule),
        _ => Ok(()),
    }
}

/// Returns the error for a file that is not WebAssembly. The error does not quote the content:
/// the file may be a link to a secret, and the error is logged.
fn kind(bytes: &[u8]) -> &'static str {
    let known = KINDS.iter().find(|(start, _)| bytes.starts_with(start));
    match known {
        Some((_, kind)) => kind,
        None if bytes.is_empty() => "it is empty",
        None if is_text(bytes) => "it is text",
        None => "it does not begin with \"\\0asm\"",
    }
}

/// True if the first bytes may be text in an encoding that extends ASCII.
fn is_text(bytes: &[u8]) -> bool {
    let start = bytes.get(..TEXT_BYTES).unwrap_or(bytes);
    start.iter().all(|byte| !byte.is_ascii_control() || byte.is_ascii_whitespace())
}
