//! Redirect rules: read from `_redirects` and `netlify.toml`, compiled once, matched per request.
//! Contract edge 1.3. Knows no files: whether one shadows a hit is for the caller to say.

mod captures;
mod conditions;
mod fields;
mod index;
mod matcher;
mod parse;
mod pattern;
mod rule;
mod target;

pub use crate::list::merge;
pub use conditions::{DEFAULT_LANGUAGE, RequestFacts};
pub use matcher::{Effect, Hit, Hits, Matcher, Outcome};
pub use parse::{MAX_LINE_BYTES, parse_file, parse_toml};
pub use rule::{MAX_RULES, Rule};

pub(crate) use fields::from_json;
pub(crate) use rule::bound;

#[cfg(test)]
mod tests;
