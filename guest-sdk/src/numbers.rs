//! JSON without lost numbers: serde_json, but what it would round or drop in silence is an error.
//!
//! How it differs from serde_json: writing a NaN or an infinity is an error, where serde_json
//! writes `null`; reading an integer into a type that may round it is an error, where serde_json
//! rounds. All else is serde_json's.

use serde::Serialize;
use serde::de::DeserializeOwned;
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
/// The value holds a NaN or an infinity, a map whose keys are no strings, or fails to serialise.
pub(crate) fn to_text<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    serde_json::to_string(&Finite(value))
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
