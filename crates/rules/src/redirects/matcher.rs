//! The rules of one deploy, compiled once and asked per request. The first rule whose path, query and
//! conditions hold wins; what follows it can be asked for as well.

use std::borrow::Cow;
use std::vec;

use super::captures::Captured;
use super::conditions::{RequestFacts, Verdict, capture_name, judge, match_query, parse_query, query_names};
use super::index::{Index, Key, Order};
use super::pattern::Pattern;
use super::rule::{MAX_RULES, Rule, is_url};
use super::target::{Filled, Target};
use crate::paths::clean_for_rules;

/// All redirect rules of one deploy.
#[derive(Debug, Default)]
pub struct Matcher {
    rules: Vec<Compiled>,
    index: Index,
    /// The rules alone that can keep a file from its visitor: forced ones, and those with a role.
    overriding: Index,
}

#[derive(Debug)]
struct Compiled {
    rule: Rule,
    origin: Option<Origin>,
    pattern: Pattern,
    target: Target,
}

/// The text by which a rule is found: that which its paths begin with, or its only path, which no
/// other text begins with, and the query value that it needs.
pub(super) fn crowd_key(rule: &Rule) -> String {
    let (_, path) = split_origin(&rule.from);
    let pattern = Pattern::new(&path);
    match (pattern.literal(), needed_value(rule)) {
        (None, _) => pattern.head().to_owned(),
        (Some(path), None) => format!("{path}\0"),
        (Some(path), Some((name, value))) => format!("{path}\0{name}={value}\0"),
    }
}

/// The first query parameter that a rule needs with one value.
fn needed_value(rule: &Rule) -> Option<(&str, &str)> {
    let mut query = rule.query.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    query.find(|(_, value)| capture_name(value).is_none())
}

/// Scheme and host of a rule that is for one of them only.
#[derive(Debug)]
struct Origin {
    scheme: String,
    host: String,
}

/// What a request finds.
#[derive(Debug)]
pub enum Outcome<'m> {
    /// The first rule that applies.
    Hit(Hit<'m>),
    /// Nothing applies, but something would if the visitor had another role: the answer is 404,
    /// even where a file exists.
    Denied,
    /// No rule is for this request.
    NoRule,
}

/// One rule that applies to the request.
#[derive(Debug)]
pub struct Hit<'m> {
    /// Place of the rule in the global order, from 0.
    pub order: usize,
    /// The rule, for its `signed` name and its `headers`.
    pub rule: &'m Rule,
    /// What to do.
    pub effect: Effect,
    /// A rule before this one was held back by nothing but the visitor's role.
    pub after_denial: bool,
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Answer with a Location, ready to send.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// Path or absolute URL with query and fragment.
        location: String,
    },
    /// Serve another path of the site with this status; if nothing is there the answer is 404, and
    /// rules are not asked again.
    Rewrite {
        /// Status of the answer.
        status: u16,
        /// Encoded path; may name a function or an image.
        path: String,
        /// Query for whatever answers there, without `?`.
        query: Option<String>,
    },
    /// Pass the request on and its answer back, whatever status that has.
    Proxy {
        /// Absolute URL with query.
        url: String,
    },
    /// `404!`: the site's 404 page, although a file may exist.
    NotFound,
}

impl Hit<'_> {
    /// Whether the rule applies although a file answers the path. So does every rule behind a
    /// denied one: a file must not open what a role protects.
    #[must_use]
    pub fn overrides_files(&self) -> bool {
        self.rule.force || self.after_denial
    }
}

impl Matcher {
    /// Compiles rules in their global order; those beyond [`MAX_RULES`] are left out.
    #[must_use]
    pub fn new(rules: Vec<Rule>) -> Self {
        let mut matcher = Self::default();
        for (order, rule) in (0..).zip(rules.into_iter().take(MAX_RULES)) {
            let compiled = Compiled::new(rule);
            compiled.add_to(&mut matcher.index, order);
            if compiled.protects() {
                compiled.add_to(&mut matcher.overriding, order);
            }
            matcher.rules.push(compiled);
        }
        matcher
    }

    /// Number of rules.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is no rule at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether a rule may apply to a clean path ([`crate::paths::clean`]) that no file answers. A no
    /// is certain, and costs no memory.
    #[must_use]
    pub fn may_apply(&self, path: &str) -> bool {
        self.index.may_match(path)
    }

    /// The same for a path that a file answers.
    #[must_use]
    pub fn may_override(&self, path: &str) -> bool {
        self.overriding.may_match(path)
    }

    /// Whether a rule is for this host (lower case, no port) alone: its owner wants to decide what
    /// is found there.
    #[must_use]
    pub fn names_host(&self, host: &str) -> bool {
        let origins = self.rules.iter().filter_map(|rule| rule.origin.as_ref());
        origins.map(|origin| without_port(&origin.host)).any(|named| named.eq_ignore_ascii_case(host))
    }

    /// The first rule that applies.
    #[must_use]
    pub fn find(&self, facts: &RequestFacts<'_>) -> Outcome<'_> {
        let mut hits = self.hits(facts);
        match hits.next() {
            Some(hit) => Outcome::Hit(hit),
            None if hits.denied() => Outcome::Denied,
            None => Outcome::NoRule,
        }
    }

    /// All rules that apply, in global order. A path that names nothing finds none.
    #[must_use]
    pub fn hits<'m, 'f>(&'m self, facts: &'f RequestFacts<'f>) -> Hits<'m, 'f> {
        let path = if self.is_empty() { None } else { clean_for_rules(facts.path).ok() };
        let query = if path.is_some() { parse_query(facts.query) } else { Vec::new() };
        let candidates = path.as_deref().map(|path| self.index.candidates(path, &query));
        Hits {
            matcher: self,
            facts,
            path: path.unwrap_or_default(),
            query,
            candidates: candidates.unwrap_or_default().into_iter(),
            denied: false,
        }
    }
}

/// The rules that apply to one request, found one by one.
pub struct Hits<'m, 'f> {
    matcher: &'m Matcher,
    facts: &'f RequestFacts<'f>,
    path: String,
    query: Vec<(Cow<'f, str>, Cow<'f, str>)>,
    candidates: vec::IntoIter<Order>,
    denied: bool,
}

impl Hits<'_, '_> {
    /// Whether a rule so far was held back by nothing but the visitor's role.
    #[must_use]
    pub fn denied(&self) -> bool {
        self.denied
    }

    #[cfg(test)]
    pub(super) fn candidate_count(&self) -> usize {
        self.candidates.len()
    }
}

impl<'m> Iterator for Hits<'m, '_> {
    type Item = Hit<'m>;

    fn next(&mut self) -> Option<Hit<'m>> {
        for order in self.candidates.by_ref() {
            let order = order as usize;
            let compiled = &self.matcher.rules[order];
            let Some(captures) = compiled.captures(self.facts, &self.path, &self.query) else {
                continue;
            };
            match judge(&compiled.rule, self.facts) {
                Verdict::Fails => {}
                Verdict::RoleDenied => self.denied = true,
                Verdict::Holds => {
                    let effect = compiled.effect(compiled.target.fill(&captures), self.facts.query);
                    return Some(Hit { order, rule: &compiled.rule, effect, after_denial: self.denied });
                }
            }
        }
        None
    }
}

impl Compiled {
    fn new(rule: Rule) -> Self {
        let (origin, path) = split_origin(&rule.from);
        let pattern = Pattern::new(&path);
        let mut names = pattern.names().to_vec();
        names.extend(query_names(&rule.query));
        let target = Target::new(&rule.to, &names);
        Self { rule, origin, pattern, target }
    }

    fn add_to(&self, index: &mut Index, order: Order) {
        let key = match self.pattern.literal() {
            Some(path) => Key::Exact(path),
            None => Key::Prefix(self.pattern.head()),
        };
        index.add(order, &key, needed_value(&self.rule));
    }

    /// What the request captured, if origin, path and query match.
    fn captures<'q>(
        &self,
        facts: &RequestFacts<'_>,
        path: &'q str,
        query: &'q [(Cow<'q, str>, Cow<'q, str>)],
    ) -> Option<Vec<Captured<'q>>> {
        if !self.origin.as_ref().is_none_or(|origin| origin.is_of(facts)) || !self.fits_ending(facts.path) {
            return None;
        }
        let from_path = self.pattern.captures(path)?;
        let mut captures: Vec<_> = from_path.into_iter().map(Captured::Path).collect();
        captures.extend(match_query(&self.rule.query, query)?);
        Some(captures)
    }

    /// `/a//` is not `/a`, save for a rule that overrides files: it must see the path as the files
    /// do, or it could be walked around with one more slash.
    fn fits_ending(&self, raw_path: &str) -> bool {
        self.protects() || self.pattern.ends_in_splat() || !raw_path.ends_with("//") || raw_path.len() == 2
    }

    /// Whether the rule can apply although a file answers the path.
    fn protects(&self) -> bool {
        self.rule.force || self.rule.roles().is_some()
    }

    fn effect(&self, filled: Filled, request_query: &str) -> Effect {
        let status = self.rule.effective_status();
        let query = filled.query.or_else(|| (!request_query.is_empty()).then(|| request_query.to_owned()));
        match status {
            404 if self.rule.force => Effect::NotFound,
            300..=399 => {
                let location = join(filled.base, query.as_deref(), filled.fragment.as_deref());
                Effect::Redirect { status, location }
            }
            _ if self.target.is_absolute() => {
                Effect::Proxy { url: join(filled.base, query.as_deref(), None) }
            }
            _ => Effect::Rewrite { status, path: filled.base, query },
        }
    }
}

fn join(mut url: String, query: Option<&str>, fragment: Option<&str>) -> String {
    for (mark, part) in [('?', query), ('#', fragment)] {
        if let Some(part) = part {
            url.push(mark);
            url.push_str(part);
        }
    }
    url
}

impl Origin {
    fn is_of(&self, facts: &RequestFacts<'_>) -> bool {
        let host = if has_port(&self.host) { facts.host } else { without_port(facts.host) };
        self.scheme.eq_ignore_ascii_case(facts.scheme) && self.host.eq_ignore_ascii_case(host)
    }
}

fn without_port(host: &str) -> &str {
    if has_port(host) { host.rsplit_once(':').map_or(host, |(name, _)| name) } else { host }
}

/// An IPv6 address holds colons of its own, inside brackets.
fn has_port(host: &str) -> bool {
    host.rsplit_once(':')
        .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Cuts an absolute from-URL; its path keeps the encoding it is written in.
fn split_origin(from: &str) -> (Option<Origin>, Cow<'_, str>) {
    let Some((scheme, rest)) = from.split_once("://").filter(|_| is_url(from)) else {
        return (None, Cow::Borrowed(from));
    };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let default_port = if scheme == "https" { ":443" } else { ":80" };
    let host = host.strip_suffix(default_port).unwrap_or(host);
    (Some(Origin { scheme: scheme.to_owned(), host: host.to_owned() }), Cow::Borrowed(path))
}
