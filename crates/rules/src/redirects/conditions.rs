//! What a request says about itself, and whether the conditions of a rule hold for it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::captures::Captured;
use super::rule::Rule;

/// Language of a visitor who names none.
pub const DEFAULT_LANGUAGE: &str = "en";

/// All of a request that rules look at.
#[derive(Clone, Copy)]
pub struct RequestFacts<'a> {
    /// `http` or `https`.
    pub scheme: &'a str,
    /// Host as asked for; a port is ignored unless the rule names one.
    pub host: &'a str,
    /// Path as sent, still percent-encoded, beginning with `/`.
    pub path: &'a str,
    /// Query as sent, without `?`; empty for none.
    pub query: &'a str,
    /// Value of the Cookie header; empty for none.
    pub cookies: &'a str,
    /// Value of the Accept-Language header; empty for none.
    pub accept_language: &'a str,
    /// Country of the address, two letters. The cookie `nf_country` wins over it.
    pub country: Option<&'a str>,
    /// Whether the visitor holds one of the roles. Asked only where a rule has a role condition
    /// and all else fits; the caller verifies the token.
    pub has_role: &'a (dyn Fn(&[String]) -> bool + Sync),
}

/// How far a rule's conditions hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Holds,
    Fails,
    /// All hold but the role.
    RoleDenied,
}

/// Judges all conditions of `rule` but its path and query.
pub(super) fn judge(rule: &Rule, facts: &RequestFacts<'_>) -> Verdict {
    if !rule.conditions.iter().all(|(name, values)| holds(name, values, facts)) {
        return Verdict::Fails;
    }
    match rule.roles() {
        Some(roles) if !(facts.has_role)(roles) => Verdict::RoleDenied,
        _ => Verdict::Holds,
    }
}

/// One condition; the role is judged last, and a condition nobody knows never holds.
fn holds(name: &str, values: &[String], facts: &RequestFacts<'_>) -> bool {
    match name {
        "Role" => true,
        "Country" => {
            let country = cookie(facts.cookies, "nf_country").or(facts.country);
            country.is_some_and(|country| values.iter().any(|value| value.eq_ignore_ascii_case(country)))
        }
        "Language" => values.iter().any(|value| speaks(language(facts), value)),
        "Cookie" => values
            .iter()
            .flat_map(|value| value.split(','))
            .any(|value| cookie(facts.cookies, value.trim()).is_some()),
        _ => false,
    }
}

/// The visitor's language: the cookie, else the first two letters of the first entry of the header.
fn language<'a>(facts: &RequestFacts<'a>) -> &'a str {
    if let Some(language) = cookie(facts.cookies, "nf_lang") {
        return language;
    }
    let first = facts.accept_language.split(',').next().unwrap_or_default().trim();
    let letters = first.char_indices().nth(2).map_or(first, |(end, _)| &first[..end]);
    if letters.is_empty() { DEFAULT_LANGUAGE } else { letters }
}

/// `en` is spoken by `en` and `en-us`; `en-us` by `en-us` alone.
fn speaks(language: &str, wanted: &str) -> bool {
    let general = language.split('-').next().unwrap_or_default();
    wanted.eq_ignore_ascii_case(language) || wanted.eq_ignore_ascii_case(general)
}

/// The value of the first cookie of that name, unless it is empty.
fn cookie<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let pairs = header.split(';').filter_map(|pair| pair.split_once('='));
    let mut named = pairs.filter(|(key, _)| key.trim() == name);
    let value = named.next()?.1.trim();
    let value = value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(value);
    (!value.is_empty()).then_some(value)
}

/// The parameters of a query, decoded; one without `=` does not count, as in the original.
pub(super) fn parse_query(query: &str) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    let pairs = query.split('&').filter(|pair| pair.contains('='));
    pairs.flat_map(|pair| url::form_urlencoded::parse(pair.as_bytes())).collect()
}

/// The captures of a rule's query conditions, in the order of [`query_names`]; `None` if one
/// does not hold. Of a parameter that is sent twice the last value counts.
pub(super) fn match_query<'q>(
    wanted: &BTreeMap<String, String>,
    sent: &'q [(Cow<'q, str>, Cow<'q, str>)],
) -> Option<Vec<Captured<'q>>> {
    let mut captured = Vec::new();
    for (key, value) in wanted {
        let (_, found) = sent.iter().rev().find(|(name, _)| name == key)?;
        match capture_name(value) {
            Some(_) => captured.push(Captured::Query(Cow::Borrowed(found))),
            None if found == value => {}
            None => return None,
        }
    }
    Some(captured)
}

/// Names of what a rule's query conditions capture.
pub(super) fn query_names(wanted: &BTreeMap<String, String>) -> impl Iterator<Item = String> {
    wanted.values().filter_map(|value| capture_name(value)).map(str::to_owned)
}

/// The name in a value like `:name`.
pub(super) fn capture_name(value: &str) -> Option<&str> {
    value.strip_prefix(':').filter(|name| !name.is_empty())
}
