//! Reads a rule from the loosely typed fields of `[[redirects]]`, old field names included.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::parse::leading_integer;
use super::rule::{MAX_RULES, Rule};
use crate::line_error::LineError;
use crate::list;
use crate::settable::fault_in_request;

/// Conditions whose name may be written with a small first letter.
const CAPITALISED: [(&str, &str); 3] = [("role", "Role"), ("language", "Language"), ("country", "Country")];

/// The rules of a `redirects` value; a faulty entry is left out and reported under its number, and so is a
/// header that no rule can add.
pub(crate) fn from_json(list: Option<&Value>) -> (Vec<Rule>, Vec<LineError>) {
    list::from_json(list, ("redirects", MAX_RULES), |entry, told| {
        let mut rule = parse_entry(entry)?;
        rule.headers.retain(|name, value| {
            let fault = fault_in_request(name, value);
            told.extend(fault.clone());
            fault.is_none()
        });
        Ok(Some(rule))
    })
}

fn parse_entry(entry: &Value) -> Result<Rule, &'static str> {
    let entry = entry.as_object().ok_or("a rule must be a table")?;
    let from = text(first(entry, &["from", "origin"]), "\"from\" must be text")?;
    let to = text(first(entry, &["to", "destination"]), "\"to\" must be text")?;
    let signed = text(first(entry, &["signed", "signing", "sign"]), "\"signed\" must be text")?;
    let rule = Rule {
        from: from.ok_or("\"from\" is missing")?,
        query: texts(first(entry, &["query", "params", "parameters"]), "\"query\" must be a table")?,
        to: String::new(),
        status: status(entry.get("status"))?,
        force: truthy(entry.get("force")),
        conditions: conditions(entry.get("conditions"))?,
        signed,
        headers: texts(entry.get("headers"), "\"headers\" must be a table")?,
    };
    rule.finish(to)
}

/// The value under the newest of a field's names.
fn first<'a>(entry: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| entry.get(*name))
}

fn text(value: Option<&Value>, fault: &'static str) -> Result<Option<String>, &'static str> {
    match value {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(fault),
    }
}

fn texts(value: Option<&Value>, fault: &'static str) -> Result<BTreeMap<String, String>, &'static str> {
    match value {
        None => Ok(BTreeMap::new()),
        Some(Value::Object(map)) => Ok(map.iter().map(|(key, value)| (key.clone(), plain(value))).collect()),
        Some(_) => Err(fault),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A text such as "302!" gives the number; it does not force.
fn status(value: Option<&Value>) -> Result<Option<i32>, &'static str> {
    let status = match value {
        None => return Ok(None),
        Some(Value::String(text)) => leading_integer(text),
        Some(Value::Number(number)) => leading_integer(&number.to_string()),
        Some(_) => None,
    };
    status.map(Some).ok_or("the status is no number")
}

/// `force = "yes"` forces as well: the original takes whatever JavaScript calls true.
fn truthy(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::Array(_) | Value::Object(_)) => true,
    }
}

fn conditions(value: Option<&Value>) -> Result<BTreeMap<String, Vec<String>>, &'static str> {
    match value {
        None => Ok(BTreeMap::new()),
        Some(Value::Object(map)) => {
            let entries = map.iter().map(|(key, value)| condition_values(key.clone(), value));
            Ok(entries.collect())
        }
        Some(_) => Err("\"conditions\" must be a table"),
    }
}

/// A condition with its name as the matcher knows it and its values as a list.
pub(super) fn condition_values(key: String, value: &Value) -> (String, Vec<String>) {
    let known = CAPITALISED.iter().find(|(small, _)| *small == key);
    let key = known.map_or(key, |(_, capital)| (*capital).to_owned());
    let values = match value {
        Value::Array(values) => values.iter().map(plain).collect(),
        other => plain(other).trim().split(',').map(|value| value.trim().to_owned()).collect(),
    };
    (key, values)
}
