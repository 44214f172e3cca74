//! All header rules of one deploy, compiled once: what a path gets, and who may see it.

use std::collections::HashMap;
use std::fmt;

use super::pattern::{HeaderPattern, fold_path};
use super::rule::{HeaderRule, MAX_HEADER_RULES, fault, is_basic_auth};
use crate::crowd::heaviest;

/// Most headers that rules give one path; those behind are left out.
pub const MAX_PATH_HEADERS: usize = 128;

/// All header rules of one deploy.
#[derive(Debug, Default)]
pub struct HeaderMatcher {
    rules: Vec<(HeaderPattern, HeaderRule)>,
    /// Rules in order, by the text their paths begin with.
    by_start: HashMap<Box<str>, Vec<usize>>,
    /// Lengths in bytes of all keys of `by_start`, sorted.
    start_lengths: Vec<usize>,
    /// Rules that the path with most of them is judged by.
    most_judged: usize,
    has_basic_auth: bool,
}

/// What the rules say about one path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeaderSet {
    /// Headers to send, each name once without regard to case.
    pub headers: Vec<(String, String)>,
    /// Who may see the path: everybody for `None`, nobody for an empty list. A `Basic-Auth` that
    /// cannot be read closes the path rather than opening it.
    pub basic_auth: Option<Vec<Credential>>,
}

/// One name and password of `Basic-Auth`.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// Name of the visitor.
    pub user: String,
    /// Password as written in the rule.
    pub password: String,
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credential").field("user", &self.user).finish_non_exhaustive()
    }
}

impl HeaderMatcher {
    /// Compiles rules in their order. Left out is what a rule cannot set.
    #[must_use]
    pub fn new(rules: Vec<HeaderRule>) -> Self {
        let rules = rules.into_iter().take(MAX_HEADER_RULES).map(|mut rule| {
            rule.values.retain(|name, value| fault(name, value).is_none());
            (HeaderPattern::new(&rule.path), rule)
        });
        let mut matcher = Self::default();
        for (pattern, rule) in rules.filter(|(_, rule)| !rule.values.is_empty()) {
            matcher.add(pattern, rule);
        }
        let starts = matcher.rules.iter().map(|(pattern, _)| pattern.start().to_owned());
        matcher.most_judged = heaviest(&starts.collect::<Vec<_>>());
        matcher
    }

    fn add(&mut self, pattern: HeaderPattern, rule: HeaderRule) {
        let length = pattern.start().len();
        if let Err(at) = self.start_lengths.binary_search(&length) {
            self.start_lengths.insert(at, length);
        }
        self.by_start.entry(pattern.start().into()).or_default().push(self.rules.len());
        self.has_basic_auth |= rule.values.keys().any(|name| is_basic_auth(name));
        self.rules.push((pattern, rule));
    }

    /// The rules that match a path, in order.
    fn matching(&self, path: &str) -> Vec<usize> {
        let folded = fold_path(path);
        let cuts = self.start_lengths.iter().filter_map(|length| folded.get(..*length));
        let candidates = cuts.filter_map(|cut| self.by_start.get(cut)).flatten().copied();
        let mut found: Vec<usize> = candidates.filter(|at| self.rules[*at].0.matches(&folded)).collect();
        found.sort_unstable();
        found
    }

    /// Number of rules.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Lookups and rules for a path at most: the work for it grows with this.
    #[must_use]
    pub fn work(&self) -> usize {
        self.start_lengths.len() + self.most_judged
    }

    /// Whether there is no rule at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether any path asks for a password; answers of such a site are not for shared caches.
    #[must_use]
    pub fn has_basic_auth(&self) -> bool {
        self.has_basic_auth
    }

    /// What holds for a clean decoded path ([`crate::paths::clean`]): all matching rules in order,
    /// a later one overriding an earlier one name by name. For a rewrite give the target's path.
    #[must_use]
    pub fn find(&self, path: &str) -> HeaderSet {
        let mut set = HeaderSet::default();
        for (name, value) in self.merged(path) {
            if is_basic_auth(name) {
                set.basic_auth = Some(credentials(value));
            } else {
                set_header(&mut set.headers, name, value);
            }
        }
        set
    }

    /// The values by name as written: `X` and `x` stay two until they are sent, and then the one
    /// that came up later counts.
    fn merged<'a>(&'a self, path: &str) -> Vec<(&'a str, &'a str)> {
        let mut merged: Vec<(&str, &str)> = Vec::new();
        for at in self.matching(path) {
            for (name, value) in &self.rules[at].1.values {
                let room = merged.len() < MAX_PATH_HEADERS || is_basic_auth(name);
                match merged.iter_mut().find(|(known, _)| known == name) {
                    Some(entry) => entry.1 = value,
                    None if room => merged.push((name, value)),
                    None => {}
                }
            }
        }
        merged
    }
}

fn set_header(headers: &mut Vec<(String, String)>, name: &str, value: &str) {
    headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    headers.push((name.to_owned(), value.to_owned()));
}

/// `user:password` pairs between white space; a comma at the end of one comes from joined lines.
fn credentials(value: &str) -> Vec<Credential> {
    let pairs = value.split_whitespace().filter_map(|pair| pair.trim_end_matches(',').split_once(':'));
    pairs
        .map(|(user, password)| Credential { user: user.to_owned(), password: password.to_owned() })
        .collect()
}
