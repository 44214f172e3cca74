//! Finds the few rules that can match a path among very many. Narrows down only: every candidate is
//! judged again by the matcher.

use std::collections::HashMap;

/// Number of a rule in the global order.
pub(super) type Order = u32;

/// What is known of a rule beforehand.
pub(super) enum Key<'a> {
    /// The rule is for exactly this path (without a trailing slash).
    Exact(&'a str),
    /// Every path of the rule begins with this text.
    Prefix(&'a str),
}

/// Rules that share a path, told apart by one query value they need.
#[derive(Debug, Default)]
struct Bucket {
    any: Vec<Order>,
    by_parameter: HashMap<Box<str>, HashMap<Box<str>, Vec<Order>>>,
}

/// Maps from paths to rules.
#[derive(Debug, Default)]
pub(super) struct Index {
    exact: HashMap<Box<str>, Bucket>,
    prefixes: HashMap<Box<str>, Bucket>,
    /// Lengths in bytes of all keys of `prefixes`, sorted: the only cuts of a path worth a look.
    prefix_lengths: Vec<usize>,
}

impl Index {
    /// Adds a rule; `parameter` is a query parameter it needs with exactly this value.
    pub(super) fn add(&mut self, order: Order, key: &Key<'_>, parameter: Option<(&str, &str)>) {
        let bucket = match key {
            Key::Exact(path) => self.exact.entry((*path).into()).or_default(),
            Key::Prefix(prefix) => {
                if let Err(at) = self.prefix_lengths.binary_search(&prefix.len()) {
                    self.prefix_lengths.insert(at, prefix.len());
                }
                self.prefixes.entry((*prefix).into()).or_default()
            }
        };
        bucket.add(order, parameter);
    }

    /// Whether some rule may match a clean decoded path. Allocates nothing.
    pub(super) fn may_match(&self, path: &str) -> bool {
        let exact = || self.exact.contains_key(path.strip_suffix('/').unwrap_or(path));
        let begins = |length: &usize| path.get(..*length).is_some_and(|cut| self.prefixes.contains_key(cut));
        (!self.exact.is_empty() && exact()) || self.prefix_lengths.iter().any(begins)
    }

    /// The rules that may match a decoded path, in global order.
    pub(super) fn candidates<K: AsRef<str>>(&self, path: &str, query: &[(K, K)]) -> Vec<Order> {
        let mut found = Vec::new();
        if let Some(bucket) = self.exact.get(path.strip_suffix('/').unwrap_or(path)) {
            bucket.collect(query, &mut found);
        }
        for length in &self.prefix_lengths {
            let Some(prefix) = path.get(..*length) else {
                continue;
            };
            if let Some(bucket) = self.prefixes.get(prefix) {
                bucket.collect(query, &mut found);
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl Bucket {
    fn add(&mut self, order: Order, parameter: Option<(&str, &str)>) {
        let list = match parameter {
            None => &mut self.any,
            Some((name, value)) => {
                let values = self.by_parameter.entry(name.into()).or_default();
                values.entry(value.into()).or_default()
            }
        };
        list.push(order);
    }

    fn collect<K: AsRef<str>>(&self, query: &[(K, K)], found: &mut Vec<Order>) {
        found.extend(&self.any);
        if self.by_parameter.is_empty() {
            return;
        }
        for (name, value) in query {
            let values = self.by_parameter.get(name.as_ref());
            let list = values.and_then(|values| values.get(value.as_ref()));
            found.extend(list.into_iter().flatten());
        }
    }
}
