//! Wraps serde_json, and refuses values that would be rounded or lost.
//!
//! Differences from serde_json: writing a NaN or an infinity is an error instead of `null`; reading
//! an integer into a type that would round it is an error; writing a map, or a struct with a
//! flattened field, with two members of the same name is an error.
//!
//! [`Cache::get`](crate::Cache::get) lists the cases in which serde hides the target type of an
//! integer, so that the integer can still be rounded.

use std::cell::Cell;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::ser::Error as _;
use serde_json::Error;

use self::reading::Exact;
use self::text::Text;
use self::writing::Finite;

mod reading;
mod text;
mod writing;

/// Serialises a value to JSON.
///
/// # Errors
///
/// The value contains a NaN, an infinity, a map key that cannot be written as a string, or two
/// members of one object with the same name (in a map, or because a field is flattened); or its
/// `Serialize` fails.
pub(crate) fn to_text<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    let has_map = Cell::new(false);
    let text = serde_json::to_string(&Finite::new(value, &has_map))?;
    let repeated = if has_map.get() { text::repeated_name(&text) } else { None };
    match repeated {
        Some(name) => Err(Error::custom(format_args!(
            "two members of one object have the name {name}: \
             rename one, or keep it out of the flattened map"
        ))),
        None => Ok(text),
    }
}

/// Parses a JSON text.
///
/// # Errors
///
/// The text is not JSON, is nested too deeply, or does not fit `T`; or `T` would round one of its
/// integers, except in the cases that [`Cache::get`](crate::Cache::get) lists. Most errors have the
/// line and column. The error of an untagged enum, for example, may have none.
pub(crate) fn from_text<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    let text = Text::new(text);
    let mut json = serde_json::Deserializer::from_str(text.as_str());
    let value = T::deserialize(Exact::new(&mut json, &text))?;
    json.end()?;
    Ok(value)
}

#[cfg(test)]
mod tests;
