//! All header rules of one deploy, compiled once: what a path gets, and who may see it.

use std::fmt;

use super::pattern::HeaderPattern;
use super::rule::{HeaderRule, MAX_HEADER_RULES, is_basic_auth};

/// Names a rule cannot set: the server itself answers for them.
const RESERVED: [&str; 14] = [
    "accept-ranges",
    "age",
    "allow",
    "alt-svc",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "date",
    "location",
    "server",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// All header rules of one deploy.
#[derive(Debug, Default)]
pub struct HeaderMatcher {
    rules: Vec<(HeaderPattern, HeaderRule)>,
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
    /// Compiles rules in their order. Left out are reserved names, and names or values that HTTP
    /// cannot carry.
    #[must_use]
    pub fn new(rules: Vec<HeaderRule>) -> Self {
        let rules = rules.into_iter().take(MAX_HEADER_RULES).map(|mut rule| {
            rule.values.retain(|name, value| is_basic_auth(name) || sendable(name, value));
            (HeaderPattern::new(&rule.path), rule)
        });
        Self { rules: rules.filter(|(_, rule)| !rule.values.is_empty()).collect() }
    }

    /// Whether there is no rule at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether any path asks for a password; answers of such a site are not for shared caches.
    #[must_use]
    pub fn has_basic_auth(&self) -> bool {
        self.rules.iter().any(|(_, rule)| rule.values.keys().any(|name| is_basic_auth(name)))
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
        for (_, rule) in self.rules.iter().filter(|(pattern, _)| pattern.matches(path)) {
            for (name, value) in &rule.values {
                match merged.iter_mut().find(|(known, _)| known == name) {
                    Some(entry) => entry.1 = value,
                    None => merged.push((name, value)),
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

fn sendable(name: &str, value: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let text = |byte: u8| byte == b'\t' || (byte >= b' ' && byte != 0x7f);
    let reserved = RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name));
    !reserved && !name.is_empty() && name.bytes().all(token) && value.bytes().all(text)
}
