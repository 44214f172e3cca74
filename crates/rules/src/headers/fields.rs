//! Reads header rules from the loosely typed fields of `[[headers]]`; the lines of `_headers` pass
//! through here as well, so that both files mean the same.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::rule::{HeaderRule, MAX_HEADER_RULES, MAX_PATTERN_BYTES, MAX_VALUE_BYTES, fault};
use crate::line_error::LineError;
use crate::list;

/// The rules of a `headers` value; a faulty entry is left out and reported under its number.
pub(crate) fn from_json(list: Option<&Value>) -> (Vec<HeaderRule>, Vec<LineError>) {
    list::from_json(list, ("headers", MAX_HEADER_RULES), |entry, told| {
        let rule = parse_entry(entry)?;
        Ok(rule.and_then(|rule| settable(rule, told)))
    })
}

/// What of a rule can be set; the rest is told.
fn settable(mut rule: HeaderRule, told: &mut Vec<String>) -> Option<HeaderRule> {
    rule.values.retain(|name, value| {
        let fault = fault(name, value);
        told.extend(fault.clone());
        fault.is_none()
    });
    (!rule.values.is_empty()).then_some(rule)
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
            let texts: Option<Vec<String>> =
                values.iter().map(|value| Some(folded(value.as_str()?))).collect();
            Ok(texts.ok_or(FAULT)?.join(", "))
        }
        _ => Err(FAULT),
    }
}

/// White space around commas, line ends included, becomes one space behind each comma.
pub(super) fn one_line(text: &str) -> String {
    let parts: Vec<String> = text.trim().split(',').map(folded).collect();
    parts.join(", ")
}

/// Lines become one with spaces between: policies are written over several, and no header can hold their ends.
fn folded(text: &str) -> String {
    let lines: Vec<&str> = text.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join(" ")
}
