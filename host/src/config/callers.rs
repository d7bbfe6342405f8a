//! Groups of callers: who they are, and the hashes of their secrets, from a file or the
//! environment.

use super::error::{Diagnostics, Fault, Place};
use super::secret::{SecretError, SecretHash};
use crate::file;
use std::ops::Range;
use std::path::Path;

/// Longest name of a caller, in bytes.
const NAME_BYTES: usize = 128;

/// How callers prove who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `Authorization: Bearer <token>`. The token alone tells who it is.
    Bearer,
    /// `Authorization: Basic <name:password>`.
    Basic,
}

/// One caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The name that services are told.
    pub caller: String,
    /// What the secret is compared with.
    pub hash: SecretHash,
}

/// Callers who prove who they are the same way. It has at least one; no two have one name, and no
/// two one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerGroup {
    /// The name by which routes and plugins refer to it.
    pub name: String,
    /// How its callers prove who they are.
    pub scheme: Scheme,
    /// The callers, in the order they are written.
    pub credentials: Vec<Credential>,
}

/// Whether lines hold secrets or their hashes.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Holds {
    Hashes,
    Secrets,
}

/// Why a line names no caller.
#[derive(Debug, PartialEq, thiserror::Error)]
enum LineError {
    #[error("a line is `name:{0:?}`, and this one has no colon")]
    NoColon(Holds),
    #[error(
        "what stands before the colon is no caller's name: it has 1 to {NAME_BYTES} visible ASCII \
         characters"
    )]
    Name,
    #[error("the caller `{0}` is there already")]
    Twice(String),
    #[error("the caller `{0}` has the token of `{1}`: give each their own")]
    SameToken(String, String),
    #[error("the caller `{0}`: {1}")]
    Secret(String, SecretError),
}

impl std::fmt::Debug for Holds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Holds::Hashes => "hash",
            Holds::Secrets => "secret",
        })
    }
}

/// Reads callers from a file of `name:hash` lines. Faults of its lines are placed in it.
pub(super) fn of_file(
    scheme: Scheme,
    file: &Path,
    at: Range<usize>,
    diagnostics: &mut Diagnostics<'_>,
) -> Vec<Credential> {
    let Some(text) = read_private(file, at.clone(), diagnostics) else { return Vec::new() };
    let (credentials, errors) = of_lines(scheme, Holds::Hashes, &text);
    for (line, error) in errors {
        let place = Place { file: file.to_owned(), line, column: 1 };
        diagnostics.faults.push(Fault { place, message: error.to_string() });
    }
    if text_is_empty(&text) {
        diagnostics
            .fault(at, format_args!("{} names no caller: add a line `name:hash`", file.display()));
    }
    credentials
}

/// Reads callers from `name:secret` lines of an environment variable.
pub(super) fn of_variable(
    scheme: Scheme,
    (variable, text): (&str, &str),
    at: Range<usize>,
    diagnostics: &mut Diagnostics<'_>,
) -> Vec<Credential> {
    let (credentials, errors) = of_lines(scheme, Holds::Secrets, text);
    for (line, error) in errors {
        diagnostics
            .fault(at.clone(), format_args!("line {line} of the variable {variable}: {error}"));
    }
    if text_is_empty(text) {
        diagnostics.fault(
            at,
            format_args!("the variable {variable} names no caller: it holds lines `name:secret`"),
        );
    }
    credentials
}

/// Reads a file that should be this user's alone, and warns when others may read it.
pub(super) fn read_private(
    file: &Path,
    at: Range<usize>,
    diagnostics: &mut Diagnostics<'_>,
) -> Option<String> {
    warn_if_others_read(file, at.clone(), diagnostics);
    match file::read_text(file) {
        Ok(text) => Some(text),
        Err(error) => {
            diagnostics.fault(at, format_args!("cannot read {}: {error}", file.display()));
            None
        }
    }
}

/// Warns when a file with secrets may be read by other users.
pub(super) fn warn_if_others_read(
    file: &Path,
    at: Range<usize>,
    diagnostics: &mut Diagnostics<'_>,
) {
    use std::os::unix::fs::PermissionsExt;
    let others = std::fs::metadata(file).is_ok_and(|about| about.permissions().mode() & 0o044 != 0);
    if others {
        let file = file.display();
        diagnostics
            .warn(at, format_args!("{file} can be read by other users: run `chmod 600 {file}`"));
    }
}

fn text_is_empty(text: &str) -> bool {
    text.lines().all(is_nothing)
}

/// Whether a line is empty or a comment.
fn is_nothing(line: &str) -> bool {
    line.trim().is_empty() || line.starts_with('#')
}

/// The callers of a text, and what is wrong with it by line, counted from 1.
fn of_lines(
    scheme: Scheme,
    holds: Holds,
    text: &str,
) -> (Vec<Credential>, Vec<(usize, LineError)>) {
    let mut credentials: Vec<Credential> = Vec::new();
    let mut errors = Vec::new();
    for (line, number) in text.lines().zip(1..).filter(|(line, _)| !is_nothing(line)) {
        let read = of_line(scheme, holds, line).and_then(|new| unlike(new, &credentials));
        match read {
            Ok(credential) => credentials.push(credential),
            Err(error) => errors.push((number, error)),
        }
    }
    (credentials, errors)
}

fn of_line(scheme: Scheme, holds: Holds, line: &str) -> Result<Credential, LineError> {
    let (caller, secret) = line.split_once(':').ok_or(LineError::NoColon(holds))?;
    if !is_caller(caller) {
        return Err(LineError::Name);
    }
    let hash = match (scheme, holds) {
        (Scheme::Bearer, Holds::Hashes) => SecretHash::read_token_hash(secret.trim_end()),
        (Scheme::Basic, Holds::Hashes) => SecretHash::read_password_hash(secret.trim_end()),
        (Scheme::Bearer, Holds::Secrets) => SecretHash::of_token(secret.as_bytes()),
        (Scheme::Basic, Holds::Secrets) => SecretHash::of_password(secret.as_bytes()),
    };
    let hash = hash.map_err(|error| LineError::Secret(caller.to_owned(), error))?;
    Ok(Credential { caller: caller.to_owned(), hash })
}

/// Whether a caller may have this name.
pub(crate) fn is_caller(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && byte != b':';
    (1..=NAME_BYTES).contains(&name.len()) && name.bytes().all(is_allowed)
}

/// The new caller, unless its name or its token is another's.
fn unlike(new: Credential, others: &[Credential]) -> Result<Credential, LineError> {
    match others.iter().find(|other| other.caller == new.caller || other.hash == new.hash) {
        None => Ok(new),
        Some(other) if other.caller == new.caller => Err(LineError::Twice(new.caller)),
        Some(other) => Err(LineError::SameToken(new.caller, other.caller.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_file_holds_a_caller_a_line() {
        let text = format!("# who\n\nann:{ABC}\r\nbob@shop:{}\n", ABC.replace("ba", "bb"));
        let (credentials, errors) = of_lines(Scheme::Bearer, Holds::Hashes, &text);
        let callers: Vec<_> = credentials.iter().map(|one| &*one.caller).collect();
        assert_eq!((callers, errors), (vec!["ann", "bob@shop"], vec![]));
        assert!(credentials[0].hash.verify(b"abc"));
    }

    #[test]
    fn the_environment_holds_a_secret_a_line() {
        let (credentials, _) = of_lines(Scheme::Basic, Holds::Secrets, "ann:pass:word \n");
        assert!(credentials[0].hash.verify(b"pass:word "));
    }

    #[track_caller]
    fn check(scheme: Scheme, holds: Holds, text: &str, line: usize, words: &str) {
        let (_, errors) = of_lines(scheme, holds, text);
        let [(number, error)] = errors.as_slice() else { panic!("{errors:?}") };
        let told = error.to_string();
        assert_eq!(*number, line, "{told}");
        assert!(told.contains(words), "{told}");
        assert!(!told.contains("hunter2") && !told.contains("ba7816"), "{told}");
    }

    #[test]
    fn a_line_that_is_wrong_is_named_without_its_secret() {
        use Holds::{Hashes, Secrets};
        use Scheme::{Basic, Bearer};
        check(
            Bearer,
            Hashes,
            "\nhunter2hunter2hunter2",
            2,
            "`name:hash`, and this one has no colon",
        );
        check(Bearer, Secrets, "hunter2hunter2hunter2", 1, "`name:secret`");
        check(Bearer, Hashes, "ann:hunter2hunter2hunter2", 1, "`ann`: that is no hash of a token");
        check(Basic, Hashes, &format!("ann:{ABC}"), 1, "`ann`: that is no hash of a password");
        check(Bearer, Secrets, "ann:hunter2", 1, "`openssl rand -hex 32`");
        check(Basic, Secrets, "ann:", 1, "the password is empty");
        check(Bearer, Hashes, "hunter2 x:", 1, "before the colon is no caller's name");
        check(Bearer, Hashes, &format!("ann:{ABC}\nann:{ABC}"), 2, "`ann` is there already");
        check(Bearer, Hashes, &format!("ann:{ABC}\nbob:{ABC}"), 2, "`bob` has the token of `ann`");
    }
}
