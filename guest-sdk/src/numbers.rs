//! JSON without lost numbers: serde_json, but what it would round or drop in silence is an error.
//!
//! How it differs from serde_json: writing a NaN or an infinity is an error, where serde_json
//! writes `null`; reading an integer into a type that may round it is an error, where serde_json
//! rounds; writing two members of one name is an error, of which readers keep one or refuse both.
//! All else is serde_json's.

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

/// The JSON text of a value.
///
/// # Errors
///
/// The value holds a NaN or an infinity, a map whose keys are no strings or of which two are one
/// name, or fails to serialise.
pub(crate) fn to_text<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    let has_map = Cell::new(false);
    let text = serde_json::to_string(&Finite::new(value, &has_map))?;
    let repeated = if has_map.get() { text::repeated_name(&text) } else { None };
    match repeated {
        Some(name) => Err(Error::custom(format_args!(
            "two members of one object are called {name}: \
             rename one, or keep it out of the flattened map"
        ))),
        None => Ok(text),
    }
}

/// The value of a JSON text.
///
/// # Errors
///
/// The text is no JSON, does not fit `T`, or holds an integer that `T` reads and would round; with
/// line and column.
pub(crate) fn from_text<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    let text = Text::new(text);
    let mut json = serde_json::Deserializer::from_str(text.as_str());
    let value = T::deserialize(Exact::new(&mut json, &text))?;
    json.end()?;
    Ok(value)
}

#[cfg(test)]
mod tests;
