//! Reads the lines of `_redirects`: `from [key=value ...] to [status[!]] [Condition=a,b ...]`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fields::{condition_values, from_json};
use super::rule::{MAX_RULES, Rule, is_url};
use crate::line_error::{LineError, cap};

/// Longest line of a rule file, in bytes; a longer one is left out.
pub const MAX_LINE_BYTES: usize = 8192;

/// Parses a `_redirects` file. A broken line is left out and reported; the others stand.
#[must_use]
pub fn parse_file(text: &str) -> (Vec<Rule>, Vec<LineError>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut rules, mut errors) = (Vec::new(), Vec::new());
    for (index, line) in text.split('\n').enumerate() {
        match parse_line(line.trim()) {
            Ok(None) => {}
            Ok(Some(_)) if rules.len() == MAX_RULES => {
                errors.push(LineError::new(index + 1, format!("more than {MAX_RULES} rules")));
                break;
            }
            Ok(Some(rule)) => rules.push(rule),
            Err(message) => errors.push(LineError::new(index + 1, message)),
        }
    }
    (rules, cap(errors))
}

/// Parses the `[[redirects]]` of a `netlify.toml`, whatever else the file holds.
#[must_use]
pub fn parse_toml(text: &str) -> (Vec<Rule>, Vec<LineError>) {
    match crate::config::document(text, "redirects") {
        Ok(list) => from_json(list.as_ref()),
        Err(error) => (Vec::new(), vec![error]),
    }
}

fn parse_line(line: &str) -> Result<Option<Rule>, &'static str> {
    if line.len() > MAX_LINE_BYTES {
        return Err("the line is too long");
    }
    let mut tokens = line.split_whitespace().take_while(|token| !token.starts_with('#'));
    let Some(from) = tokens.next() else {
        return Ok(None);
    };
    let parts: Vec<&str> = tokens.collect();
    let (query, to, rest) = split_parts(&parts)?;
    let (status, force) = parse_status(rest.first().copied())?;
    let mut conditions = pairs(rest.get(1..).unwrap_or_default());
    let signed = conditions.remove("signed");
    let older_signed = conditions.remove("Sign");
    let rule = Rule {
        from: from.to_owned(),
        query: pairs(query),
        status,
        force,
        conditions: conditions
            .into_iter()
            .map(|(key, value)| condition_values(key, &Value::String(value)))
            .collect(),
        signed: signed.or(older_signed),
        ..Rule::default()
    };
    rule.finish(to.map(str::to_owned)).map(Some)
}

type Parts<'a> = (&'a [&'a str], Option<&'a str>, &'a [&'a str]);

/// Query parts, target, and what follows. A status right behind `from` means there is no target.
fn split_parts<'a>(parts: &'a [&'a str]) -> Result<Parts<'a>, &'static str> {
    let first = parts.first().ok_or("the destination is missing")?;
    if leading_integer(first).is_some() {
        return Ok((&[], None, parts));
    }
    let target = parts.iter().position(|part| part.starts_with('/') || is_url(part));
    let target = target.ok_or("the destination must begin with \"/\", \"http://\" or \"https://\"")?;
    Ok((&parts[..target], Some(parts[target]), &parts[target + 1..]))
}

fn parse_status(part: Option<&str>) -> Result<(Option<i32>, bool), &'static str> {
    let Some(part) = part else {
        return Ok((None, false));
    };
    let status = leading_integer(part).ok_or("the status is no number")?;
    Ok((Some(status), part.ends_with('!')))
}

/// The number a text begins with, as lenient as the parser of the original: `302.5!` is 302.
pub(super) fn leading_integer(text: &str) -> Option<i32> {
    let text = text.trim_start();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    let magnitude = digits[..length].parse::<i32>();
    let sign = if text.starts_with('-') { -1 } else { 1 };
    (length > 0).then(|| sign * magnitude.unwrap_or(i32::MAX))
}

/// `key=value` tokens; text behind a second `=` is dropped and a key alone counts for nothing.
fn pairs(tokens: &[&str]) -> BTreeMap<String, String> {
    let pair = |token: &&str| {
        let mut parts = token.split('=');
        Some((parts.next()?.to_owned(), parts.next()?.to_owned()))
    };
    tokens.iter().filter_map(pair).collect()
}
