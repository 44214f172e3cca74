//! Header rules: read from `_headers` and `netlify.toml`, merged, matched on a path. Contract edge
//! 1.4. Passwords of `Basic-Auth` come out apart, never among the headers to send.

mod fields;
mod matcher;
mod parse;
mod pattern;
mod rule;

pub use crate::list::merge;
pub use matcher::{Credential, HeaderMatcher, HeaderSet, MAX_PATH_HEADERS};
pub use parse::{parse_file, parse_toml};
pub use rule::{HeaderRule, MAX_HEADER_RULES, MAX_VALUE_BYTES};

pub(crate) use fields::from_json;
pub(crate) use rule::bound;

#[cfg(test)]
mod tests;
