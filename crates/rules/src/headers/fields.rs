//! Reads header rules from the loosely typed fields of `[[headers]]`; the lines of `_headers` pass
//! through here as well, so that both files mean the same.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::rule::{HeaderRule, MAX_HEADER_RULES, MAX_PATTERN_BYTES, MAX_VALUE_BYTES};
use crate::line_error::{LineError, cap};

/// The rules of a `headers` value; a faulty entry is left out and reported under its number.
pub(crate) fn from_json(list: Option<&Value>) -> (Vec<HeaderRule>, Vec<LineError>) {
    let entries = match list {
        None => return (Vec::new(), Vec::new()),
        Some(Value::Array(entries)) => entries,
        Some(_) => {
            let error = LineError::new(1, "\"headers\" must be a list; write [[headers]]");
            return (Vec::new(), vec![error]);
        }
    };
    let (mut rules, mut errors) = (Vec::new(), Vec::new());
    for (index, entry) in entries.iter().take(MAX_HEADER_RULES).enumerate() {
        match parse_entry(entry) {
            Ok(rule) => rules.extend(rule),
            Err(message) => errors.push(LineError::new(index + 1, message)),
        }
    }
    if entries.len() > MAX_HEADER_RULES {
        errors.push(LineError::new(MAX_HEADER_RULES + 1, format!("more than {MAX_HEADER_RULES} rules")));
    }
    (rules, cap(errors))
}

/// A rule without values says nothing and is left out without a word.
fn parse_entry(entry: &Value) -> Result<Option<HeaderRule>, &'static str> {
    let entry = entry.as_object().ok_or("a header rule must be a table")?;
    let path = match entry.get("for") {
        None => return Err("\"for\" is missing"),
        Some(path) => path.as_str().ok_or("\"for\" must be text")?,
    };
    if path.len() > MAX_PATTERN_BYTES {
        return Err("\"for\" is too long");
    }
    let values = match entry.get("values") {
        None => return Ok(None),
        Some(values) => normal_values(values.as_object().ok_or("\"values\" must be a table")?)?,
    };
    Ok((!values.is_empty()).then(|| HeaderRule { path: path.trim().to_owned(), values }))
}

fn normal_values(values: &Map<String, Value>) -> Result<BTreeMap<String, String>, &'static str> {
    let mut normal = BTreeMap::new();
    for (name, value) in values {
        let name = name.trim();
        if name.is_empty() {
            return Err("a header name is empty");
        }
        let value = normal_value(value)?;
        if value.len() > MAX_VALUE_BYTES {
            return Err("a header value is too long");
        }
        normal.insert(name.to_owned(), value);
    }
    Ok(normal)
}

fn normal_value(value: &Value) -> Result<String, &'static str> {
    const FAULT: &str = "a header value must be text or a list of texts";
    match value {
        Value::String(text) => Ok(one_line(text)),
        Value::Array(values) => {
            let texts: Option<Vec<&str>> = values.iter().map(|value| Some(value.as_str()?.trim())).collect();
            Ok(texts.ok_or(FAULT)?.join(", "))
        }
        _ => Err(FAULT),
    }
}

/// White space around commas, line ends included, becomes one space behind each comma.
pub(super) fn one_line(text: &str) -> String {
    let parts: Vec<&str> = text.trim().split(',').map(str::trim).collect();
    parts.join(", ")
}
