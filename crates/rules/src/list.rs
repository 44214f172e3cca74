//! Lists of rules, of either kind: read from entries of `netlify.toml`, bounded, and put together from
//! both files. Knows nothing of what a rule says.

use std::collections::HashSet;
use std::hash::Hash;

use serde_json::Value;

use crate::crowd::{MAX_JUDGED, thin};
use crate::line_error::{LineError, cap, left_out};

/// The rules of the value called `name`, at most `most`. A faulty entry is left out and reported under
/// its number, from 1; one that says nothing is left out without a word. What `parse` tells of an entry
/// that is not left out as a whole is reported under its number too.
pub(crate) fn from_json<R>(
    list: Option<&Value>,
    (name, most): (&str, usize),
    parse: impl Fn(&Value, &mut Vec<String>) -> Result<Option<R>, &'static str>,
) -> (Vec<R>, Vec<LineError>) {
    let entries = match list {
        None => return (Vec::new(), Vec::new()),
        Some(Value::Array(entries)) => entries,
        Some(_) => {
            let error = LineError::new(1, format!("\"{name}\" must be a list; write [[{name}]]"));
            return (Vec::new(), vec![error]);
        }
    };
    let (mut rules, mut errors) = (Vec::new(), Vec::new());
    for (index, entry) in entries.iter().take(most).enumerate() {
        let mut told = Vec::new();
        match parse(entry, &mut told) {
            Ok(rule) => rules.extend(rule),
            Err(message) => told.push(message.to_owned()),
        }
        errors.extend(told.into_iter().map(|message| LineError::new(index + 1, message)));
    }
    if entries.len() > most {
        errors.push(LineError::new(most + 1, format!("more than {most} rules")));
    }
    (rules, cap(errors))
}

/// The rules of the text file before those of `netlify.toml`; of exact duplicates the last stays.
#[must_use]
pub fn merge<R: Clone + Eq + Hash>(file: Vec<R>, toml: Vec<R>) -> Vec<R> {
    let all: Vec<R> = file.into_iter().chain(toml).collect();
    let mut seen = HashSet::with_capacity(all.len());
    let mut last: Vec<bool> = all.iter().rev().map(|rule| seen.insert(rule)).collect();
    last.reverse();
    let kept = all.iter().zip(last).filter(|(_, last)| *last);
    kept.map(|(rule, _)| rule.clone()).collect()
}

/// Takes out what is more than one deploy may have: rules behind the first `most`, those that
/// `drop_costly` takes out and counts, and those that would crowd the same paths, which `key` tells
/// apart. A sentence for each limit that was passed.
pub(crate) fn bound<R>(
    rules: &mut Vec<R>,
    most: usize,
    drop_costly: impl Fn(&mut Vec<R>) -> usize,
    key: impl Fn(&R) -> String,
) -> Vec<String> {
    let behind = rules.len().saturating_sub(most);
    rules.truncate(most);
    let costly = drop_costly(rules);
    let crowded = thin(rules, key);
    left_out(&[
        (behind, format!("rules behind the first {most}")),
        (costly, "more rules with a * inside their path than one deploy may have".to_owned()),
        (crowded, format!("rules for paths that {MAX_JUDGED} rules before them are for")),
    ])
}
