//! JSON without silent loss: wraps serde_json and refuses values that would be rounded or lost.
//!
//! Differences from serde_json: writing a NaN or an infinity is an error instead of `null`; reading
//! an integer into a type that would round it is an error; writing an object with two members of
//! the same name is an error, because readers keep one of them or refuse both.

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
/// members with the same name in one object; or its `Serialize` fails.
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
/// The text is not JSON, does not fit `T`, or contains an integer that `T` would round. The error
/// has the line and column.
pub(crate) fn from_text<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    let text = Text::new(text);
    let mut json = serde_json::Deserializer::from_str(text.as_str());
    let value = T::deserialize(Exact::new(&mut json, &text))?;
    json.end()?;
    Ok(value)
}

#[cfg(test)]
mod tests;
