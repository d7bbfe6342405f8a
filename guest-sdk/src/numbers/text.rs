//! Finds two things in a JSON text that serde_json does not report: duplicate member names, and
//! integers beyond 64 bits.
//!
//! serde_json passes an integer beyond 64 bits to the visitor as the nearest float, unless the
//! target is an `i128` or `u128`. So the SDK refuses a float if the text contains such an integer
//! that rounds to this float but does not equal it. The SDK then refuses the float even if the text
//! also contains this number written as a float. That case is rare, and a refusal is better than a
//! wrong number.

use std::cell::OnceCell;
use std::collections::BTreeSet;

/// The smallest magnitude to which serde_json may round an integer: 2^63, because -2^63 - 1 does
/// not fit an `i64`.
const BEYOND_64_BITS: f64 = 9_223_372_036_854_775_808.0;

/// The type that a number is read into.
#[derive(Clone, Copy)]
pub(super) enum Target {
    /// Any type that the visitor accepts. An integer beyond 64 bits becomes an `f64`, unless the
    /// type is `i128` or `u128`.
    Any,
    F32,
    F64,
}

/// A JSON text, with lazily computed lists of its integers beyond 64 bits that a float would round.
pub(super) struct Text<'t> {
    text: &'t str,
    rounded_to_f64: OnceCell<Vec<(f64, &'t str)>>,
    rounded_to_f32: OnceCell<Vec<(f64, &'t str)>>,
}

impl<'t> Text<'t> {
    pub(super) fn new(text: &'t str) -> Text<'t> {
        Text { text, rounded_to_f64: OnceCell::new(), rounded_to_f32: OnceCell::new() }
    }

    pub(super) fn as_str(&self) -> &'t str {
        self.text
    }

    /// Finds an integer beyond 64 bits in the text that the target would round to `value`.
    pub(super) fn integer_rounded_to(&self, value: f64, target: Target) -> Option<&'t str> {
        if value.abs() < BEYOND_64_BITS {
            return None;
        }
        let rounded = match target {
            Target::F32 => self.rounded_to_f32.get_or_init(|| integers_rounded_by(self.text, f32)),
            Target::Any | Target::F64 => {
                self.rounded_to_f64.get_or_init(|| integers_rounded_by(self.text, f64))
            }
        };
        let found = rounded.binary_search_by(|(near, _)| near.total_cmp(&value)).ok()?;
        rounded.get(found).map(|(_, integer)| *integer)
    }
}

/// Returns the `f64` that is nearest to an integer, and whether the two are equal.
fn f64(integer: &str) -> Option<(f64, bool)> {
    let near: f64 = integer.parse().ok()?;
    Some((near, format!("{near:.0}") == integer))
}

/// Returns the `f32` that is nearest to an integer, and whether the two are equal.
fn f32(integer: &str) -> Option<(f64, bool)> {
    let near: f32 = integer.parse().ok()?;
    Some((near.into(), format!("{near:.0}") == integer))
}

/// Returns the integers beyond 64 bits that `nearest` rounds, each with its rounded value. The list
/// is sorted by that value for binary search: a text may contain many integers and floats, so a
/// linear search for each float would take quadratic time.
fn integers_rounded_by(
    text: &str,
    nearest: impl Fn(&str) -> Option<(f64, bool)>,
) -> Vec<(f64, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
        let token = rest.get(start..).unwrap_or_default();
        let end = if token.starts_with('"') { string_end(token) } else { number_end(token) };
        let (token, after) = token.split_at_checked(end).unwrap_or((token, ""));
        let integer = !token.contains(['"', '.', 'e', 'E']);
        if integer
            && token.parse::<u64>().is_err()
            && token.parse::<i64>().is_err()
            && let Some((near, false)) = nearest(token)
        {
            found.push((near, token));
        }
        rest = after;
    }
    found.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    found
}

/// Finds a member name that occurs twice in one object, and returns it with its quotes. Within a
/// `RawValue`, misses names that are followed by whitespace or escaped differently.
pub(super) fn repeated_name(text: &str) -> Option<&str> {
    let mut open: Vec<BTreeSet<&str>> = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(['"', '{', '}']) {
        let token = rest.get(start..).unwrap_or_default();
        let end = if token.starts_with('"') { string_end(token) } else { 1 };
        let (token, after) = token.split_at_checked(end).unwrap_or((token, ""));
        match token {
            "{" => open.push(BTreeSet::new()),
            "}" => drop(open.pop()),
            name if after.starts_with(':')
                && open.last_mut().is_some_and(|names| !names.insert(name)) =>
            {
                return Some(name);
            }
            _ => (),
        }
        rest = after;
    }
    None
}

fn string_end(token: &str) -> usize {
    // Start as escaped, so that the opening quote does not end the string.
    let mut escaped = true;
    let end = token.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(token.len(), |quote| quote + 1)
}

fn number_end(token: &str) -> usize {
    let in_number = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
    token.find(|c| !in_number(c)).unwrap_or(token.len())
}
