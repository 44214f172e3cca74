//! Reads the lines of `_headers`: a path, and below it `Name: value` lines.

use std::collections::BTreeMap;

use super::fields::{from_json, one_line};
use super::rule::{HeaderRule, MAX_HEADER_RULES, MAX_PATTERN_BYTES, MAX_VALUE_BYTES, fault};
use crate::line_error::{LineError, cap};
use crate::redirects::MAX_LINE_BYTES;

/// Parses a `_headers` file. A broken line is left out and reported; the others stand.
#[must_use]
pub fn parse_file(text: &str) -> (Vec<HeaderRule>, Vec<LineError>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut rules, mut errors) = (Vec::<HeaderRule>::new(), Vec::new());
    for (index, line) in text.split('\n').enumerate() {
        let outcome = match parse_line(line.trim()) {
            Ok(Some(Line::Path(_))) if rules.len() == MAX_HEADER_RULES => {
                errors.push(LineError::new(index + 1, format!("more than {MAX_HEADER_RULES} rules")));
                break;
            }
            Ok(line) => add(&mut rules, line.as_ref()),
            Err(message) => Err(message.to_owned()),
        };
        if let Err(message) = outcome {
            errors.push(LineError::new(index + 1, message));
        }
    }
    rules.retain(|rule| !rule.values.is_empty());
    for value in rules.iter_mut().flat_map(|rule| rule.values.values_mut()) {
        *value = one_line(value);
    }
    (rules, cap(errors))
}

/// Parses the `[[headers]]` of a `netlify.toml`, whatever else the file holds.
#[must_use]
pub fn parse_toml(text: &str) -> (Vec<HeaderRule>, Vec<LineError>) {
    match crate::config::document(text, "headers") {
        Ok(list) => from_json(list.as_ref()),
        Err(error) => (Vec::new(), vec![error]),
    }
}

enum Line<'a> {
    Path(&'a str),
    Header(&'a str, &'a str),
}

/// Only whole-line comments count: `X: 1 # y` keeps its tail. A line without a colon says nothing.
fn parse_line(line: &str) -> Result<Option<Line<'_>>, &'static str> {
    if line.len() > MAX_LINE_BYTES {
        return Err("the line is too long");
    }
    if line.starts_with('/') && line.len() > MAX_PATTERN_BYTES {
        return Err("the path is too long");
    }
    if line.starts_with('/') {
        return Ok(Some(Line::Path(line)));
    }
    let Some((name, value)) = line.split_once(':').filter(|_| !line.starts_with('#')) else {
        return Ok(None);
    };
    match (name.trim(), value.trim()) {
        ("", _) => Err("the header name is missing"),
        (_, "") => Err("the header value is missing"),
        (name, value) => Ok(Some(Line::Header(name, value))),
    }
}

/// A name that comes again in one block is joined with a comma.
fn add(rules: &mut Vec<HeaderRule>, line: Option<&Line<'_>>) -> Result<(), String> {
    match line {
        None => {}
        Some(Line::Path(path)) => {
            rules.push(HeaderRule { path: (*path).to_owned(), values: BTreeMap::new() });
        }
        Some(Line::Header(name, value)) => {
            let rule = rules.last_mut().ok_or("a path must come before the first header")?;
            if let Some(fault) = fault(name, value) {
                return Err(fault);
            }
            let joined = match rule.values.get(*name) {
                Some(before) => format!("{before}, {value}"),
                None => (*value).to_owned(),
            };
            if joined.len() > MAX_VALUE_BYTES {
                return Err("the header value is too long".to_owned());
            }
            rule.values.insert((*name).to_owned(), joined);
        }
    }
    Ok(())
}
