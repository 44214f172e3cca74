//! Turns TOML values into JSON values: rules and free-form tables are judged in one form only.

use serde_json::{Map, Value};

use super::error::line_of;
use crate::line_error::LineError;

/// The JSON form of a TOML value. Dates become their text; `nan` and `inf`, which JSON lacks, null.
pub(crate) fn to_json(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text.clone()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) => Value::from(*number),
        toml::Value::Boolean(flag) => Value::Bool(*flag),
        toml::Value::Datetime(date) => Value::String(date.to_string()),
        toml::Value::Array(entries) => entries.iter().map(to_json).collect(),
        toml::Value::Table(table) => table.iter().map(|(key, value)| (key.clone(), to_json(value))).collect(),
    }
}

/// The JSON object of a table; an empty object for anything else.
pub(super) fn object(value: Option<&toml::Value>) -> Value {
    match value.map(to_json) {
        Some(Value::Object(map)) => Value::Object(map),
        _ => Value::Object(Map::new()),
    }
}

/// Lays `over` on `under`, table by table; any other value replaces what was there.
pub(super) fn merge(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                merge(under.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over.clone(),
    }
}

/// One top-level key of a whole TOML text, for readers that want nothing else of the file.
pub(crate) fn document(text: &str, key: &str) -> Result<Option<Value>, LineError> {
    Ok(table(text)?.get(key).map(to_json))
}

/// A whole TOML text, whatever is in it.
pub(crate) fn table(text: &str) -> Result<toml::Table, LineError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    toml::from_str(text)
        .map_err(|error| LineError::new(line_of(text, error.span()), error.message().to_owned()))
}
