//! Checks a file against the schema, and reports all mistakes in keys and types.
//!
//! Deserializing into the types of [`raw`](super::raw) would stop at the first mistake. This module
//! checks the file against a schema that is generated from these types, so that all mistakes are
//! reported at once.

use super::error::{Diagnostics, instead};
use super::raw::Raw;
use schemars::generate::SchemaSettings;
use serde_json::Value;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

/// The JSON schema of a configuration file, for editors.
///
/// Generated from the types that a file is parsed into. TOML has no null, so nothing is nullable.
#[must_use]
pub fn schema() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<Raw>().to_value();
    without_null(&mut schema);
    schema
}

fn without_null(schema: &mut Value) {
    if let Value::Object(map) = schema {
        if let Some(Value::Array(types)) = map.get_mut("type") {
            types.retain(|kind| kind != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                map.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(values)) = map.get_mut("enum") {
            values.retain(|value| !value.is_null());
        }
        // The schema of an optional value with several types also allows null: remove null.
        if let Some(Value::Array(types)) = map.get_mut("anyOf") {
            types.retain(|it| it.get("type").and_then(Value::as_str) != Some("null"));
            if let [Value::Object(only)] = types.as_slice() {
                let only = only.clone();
                map.remove("anyOf");
                for (key, value) in only {
                    map.entry(key).or_insert(value);
                }
            }
        }
        map.values_mut().for_each(without_null);
    } else if let Value::Array(values) = schema {
        values.iter_mut().for_each(without_null);
    }
}

/// Reports everything in a file that does not fit the schema, and removes unknown keys. Returns
/// true if the rest can still be validated: the only faults are unknown keys below the top level.
pub(super) fn check(file: &mut Spanned<DeTable<'_>>, diagnostics: &mut Diagnostics<'_>) -> bool {
    let at = file.span();
    check_table(file.get_mut(), at, &schema(), "", diagnostics)
}

fn check_value(
    value: &mut Spanned<DeValue<'_>>,
    schema: &Value,
    path: &str,
    diagnostics: &mut Diagnostics<'_>,
) -> bool {
    let at = value.span();
    if let Some(alternatives) = schema.get("anyOf").and_then(Value::as_array) {
        let kind = |it: &Value| it.get("type").and_then(Value::as_str).map(str::to_owned);
        let found = type_of(value.get_ref());
        if let Some(fitting) = alternatives.iter().find(|it| kind(it).as_deref() == Some(found)) {
            return check_value(value, fitting, path, diagnostics);
        }
        let wanted: Vec<_> = alternatives.iter().filter_map(kind).collect();
        let wanted: Vec<_> = wanted.iter().map(|kind| with_example(kind)).collect();
        let found = with_article(value.get_ref().type_str());
        let wanted = wanted.join(", or ");
        diagnostics.fault(at, format_args!("`{path}` is {found}; it must be {wanted}"));
        return false;
    }
    match (schema.get("type").and_then(Value::as_str), value.get_mut()) {
        (Some("object"), DeValue::Table(table)) => {
            check_table(table, at, schema, path, diagnostics)
        }
        (Some("array"), DeValue::Array(values)) => {
            let items = schema.get("items").unwrap_or(&Value::Null);
            let check = |fit, value| check_value(value, items, path, diagnostics) && fit;
            values.iter_mut().fold(true, check)
        }
        (Some("string"), DeValue::String(text)) => check_word(text, at, schema, path, diagnostics),
        (Some("integer"), DeValue::Integer(number)) => {
            check_number(number, at, schema, path, diagnostics)
        }
        (Some("boolean"), DeValue::Boolean(_)) => true,
        (Some("number"), DeValue::Float(_) | DeValue::Integer(_)) => true,
        (wanted, found) => {
            let wanted = wanted.map_or("something else", with_example);
            let found = with_article(found.type_str());
            diagnostics.fault(at, format_args!("`{path}` is {found}; it must be {wanted}"));
            false
        }
    }
}

/// Returns the JSON schema type of a value.
fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::Table(_) => "object",
        DeValue::Array(_) => "array",
        DeValue::Integer(_) => "integer",
        DeValue::Boolean(_) => "boolean",
        DeValue::Float(_) => "number",
        DeValue::String(_) | DeValue::Datetime(_) => "string",
    }
}

fn check_table(
    table: &mut DeTable<'_>,
    at: Range<usize>,
    schema: &Value,
    path: &str,
    diagnostics: &mut Diagnostics<'_>,
) -> bool {
    let known = schema.get("properties").and_then(Value::as_object);
    let others = schema.get("additionalProperties").filter(|others| others.is_object());
    let mut fits = true;
    let mut unknown = Vec::new();
    for (key, value) in table.iter_mut() {
        let name = key.get_ref();
        let inner = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
        if let Some(schema) = known.and_then(|known| known.get(&**name)).or(others) {
            fits &= check_value(value, schema, &inner, diagnostics);
            continue;
        }
        let names = known.into_iter().flat_map(|known| known.keys()).map(String::as_str);
        let instead = instead(name, names);
        diagnostics.fault(key.span(), format_args!("unknown setting `{inner}`; {instead}"));
        fits &= !path.is_empty();
        unknown.push(name.to_string());
    }
    for name in &unknown {
        table.remove(name.as_str());
    }
    let needed = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    for name in needed.filter_map(Value::as_str).filter(|name| !table.contains_key(*name)) {
        diagnostics.fault(at.clone(), format_args!("`{path}` needs `{name}`"));
        fits = false;
    }
    fits
}

fn check_word(
    text: &str,
    at: Range<usize>,
    schema: &Value,
    path: &str,
    diagnostics: &mut Diagnostics<'_>,
) -> bool {
    let Some(words) = schema.get("enum").and_then(Value::as_array) else { return true };
    let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
    let fits = words.contains(&text);
    if !fits {
        let offered = words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(" or ");
        diagnostics.fault(at, format_args!("`{path}` is {text:?}; it must be {offered}"));
    }
    fits
}

fn check_number(
    number: &DeInteger<'_>,
    at: Range<usize>,
    schema: &Value,
    path: &str,
    diagnostics: &mut Diagnostics<'_>,
) -> bool {
    let is_wide = schema.get("format").and_then(Value::as_str) == Some("int64");
    let (least, most) = if is_wide { (i64::MIN, i64::MAX) } else { (0, i64::from(u32::MAX)) };
    let least = schema.get("minimum").and_then(Value::as_i64).unwrap_or(least);
    let value = i64::from_str_radix(number.as_str(), number.radix());
    let fits = value.is_ok_and(|value| (least..=most).contains(&value));
    if !fits {
        diagnostics
            .fault(at, format_args!("`{path}` is {number}; it must be from {least} to {most}"));
    }
    fits
}

fn with_example(kind: &str) -> &'static str {
    match kind {
        "object" => "a table",
        "array" => "a list, as in [\"a\", \"b\"]",
        "string" => "a string in quotation marks",
        "integer" => "a whole number, as in 1000",
        "number" => "a number, as in 0.5",
        _ => "true or false",
    }
}

fn with_article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {kind}")
}
