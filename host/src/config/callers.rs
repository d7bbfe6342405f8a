//! Groups of callers with the hashes of their secrets, from a file or the environment.

use super::error::{Diagnostics, Fault, Place};
use super::private_file::read_private;
use super::secret::{SecretError, SecretHash};
use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

/// Maximum length of a caller's name, in bytes.
const NAME_BYTES: usize = 128;

/// How callers authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `Authorization: Bearer <token>`. The token alone identifies the caller.
    Bearer,
    /// `Authorization: Basic` with the caller's name and password.
    Basic,
}

/// One caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The name passed to services.
    pub caller: String,
    /// The hash of the caller's token or password.
    pub hash: SecretHash,
}

/// One or more callers who authenticate by the same scheme. The names are unique, and so are the
/// tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerGroup {
    /// The name by which the server, routes and plugins refer to the group.
    pub name: String,
    /// How the group's callers authenticate.
    pub scheme: Scheme,
    /// The callers, in the order of their lines in the file or the environment variable.
    pub credentials: Vec<Credential>,
}

/// Whether lines contain secrets or their hashes.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Holds {
    Hashes,
    Secrets,
}

/// Why a line does not define a caller.
#[derive(Debug, PartialEq, thiserror::Error)]
enum LineError {
    #[error("the line has no colon: write `name:{0:?}`")]
    NoColon(Holds),
    #[error(
        "the text before the colon is not a valid caller's name: a name is 1 to {NAME_BYTES} \
         visible ASCII characters"
    )]
    Name,
    #[error("the caller `{0}` is listed twice")]
    Twice(String),
    #[error("the caller `{0}` has the same token as `{1}`: give each caller its own")]
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

/// Reads callers from a file of `name:hash` lines. Reports a fault of a line at that line of the
/// file, and a fault of the whole file at `at`.
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

/// Parses callers from `name:secret` lines of an environment variable.
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
            format_args!("the variable {variable} names no caller: add a line `name:secret`"),
        );
    }
    credentials
}

fn text_is_empty(text: &str) -> bool {
    text.lines().all(is_nothing)
}

/// True if a line is blank or a comment.
fn is_nothing(line: &str) -> bool {
    line.trim().is_empty() || line.starts_with('#')
}

/// Returns the callers in a text, and the faults with their line numbers, counted from 1.
fn of_lines(
    scheme: Scheme,
    holds: Holds,
    text: &str,
) -> (Vec<Credential>, Vec<(usize, LineError)>) {
    let mut callers = DistinctCallers::default();
    let mut errors = Vec::new();
    for (line, number) in text.lines().zip(1..).filter(|(line, _)| !is_nothing(line)) {
        let read = of_line(scheme, holds, line).and_then(|new| callers.add(new));
        errors.extend(read.err().map(|error| (number, error)));
    }
    (callers.credentials, errors)
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

/// Returns true if the text is a valid name of a caller.
pub(crate) fn is_caller(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && byte != b':';
    (1..=NAME_BYTES).contains(&name.len()) && name.bytes().all(is_allowed)
}

/// Callers with distinct names and hashes. The maps find duplicates quickly, because a file may
/// have hundreds of thousands of callers.
#[derive(Default)]
struct DistinctCallers {
    credentials: Vec<Credential>,
    by_name: HashMap<String, usize>,
    by_hash: HashMap<SecretHash, usize>,
}

impl DistinctCallers {
    /// Adds a caller. If others have the same name or the same hash, returns an error that names
    /// the first of them.
    fn add(&mut self, new: Credential) -> Result<(), LineError> {
        let same_name = self.by_name.get(&new.caller).copied();
        let same_hash = self.by_hash.get(&new.hash).copied();
        let first = [same_name, same_hash].into_iter().flatten().min();
        if let Some(other) = first.and_then(|index| self.credentials.get(index)) {
            return Err(match same_name == first {
                true => LineError::Twice(new.caller),
                false => LineError::SameToken(new.caller, other.caller.clone()),
            });
        }
        let index = self.credentials.len();
        self.by_name.insert(new.caller.clone(), index);
        self.by_hash.insert(new.hash.clone(), index);
        self.credentials.push(new);
        Ok(())
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
            "the line has no colon: write `name:hash`",
        );
        check(Bearer, Secrets, "hunter2hunter2hunter2", 1, "`name:secret`");
        check(Bearer, Hashes, "ann:hunter2hunter2hunter2", 1, "`ann`: the token's hash is invalid");
        check(Basic, Hashes, &format!("ann:{ABC}"), 1, "`ann`: the password's hash is invalid");
        check(Bearer, Secrets, "ann:hunter2", 1, "`openssl rand -hex 32`");
        check(Basic, Secrets, "ann:", 1, "the password is empty");
        check(Bearer, Hashes, "hunter2 x:", 1, "before the colon is not a valid caller's name");
        check(Bearer, Hashes, &format!("ann:{ABC}\nann:{ABC}"), 2, "`ann` is listed twice");
        check(
            Bearer,
            Hashes,
            &format!("ann:{ABC}\nbob:{ABC}"),
            2,
            "`bob` has the same token as `ann`",
        );
    }

    #[test]
    fn the_first_caller_with_the_same_name_or_token_is_named() {
        let (x, y) = (ABC.replace("ba", "bb"), ABC.replace("ba", "bc"));
        let callers = format!("ann:{ABC}\nbob:{x}\ncid:{y}\n");
        let errors = |line: &str| {
            let (credentials, errors) =
                of_lines(Scheme::Bearer, Holds::Hashes, &(callers.clone() + line));
            assert_eq!(credentials.len(), 3);
            errors.into_iter().map(|(_, error)| error.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(
            errors(&format!("cid:{x}")),
            ["the caller `cid` has the same token as `bob`: give each caller its own"]
        );
        assert_eq!(errors(&format!("ann:{x}")), ["the caller `ann` is listed twice"]);
        assert_eq!(errors(&format!("bob:{x}")), ["the caller `bob` is listed twice"]);
    }

    /// Comparing all pairs would take 2 * 10^10 comparisons.
    #[test]
    fn a_file_may_have_very_many_callers() {
        const CALLERS: usize = 200_000;
        let lines = (0..CALLERS).map(|number| format!("c{number}:sha256:{number:064x}\n"));
        let mut text: String = lines.collect();
        text.push_str(&format!(
            "c{}:sha256:{:064x}\nnew:sha256:{:064x}\n",
            CALLERS - 1,
            CALLERS,
            7
        ));
        let (credentials, errors) = of_lines(Scheme::Bearer, Holds::Hashes, &text);
        assert_eq!(credentials.len(), CALLERS);
        let twice = LineError::Twice(format!("c{}", CALLERS - 1));
        let same = LineError::SameToken("new".to_owned(), "c7".to_owned());
        assert_eq!(errors, [(CALLERS + 1, twice), (CALLERS + 2, same)]);
    }
}
