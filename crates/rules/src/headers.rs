//! Header rules: read from `_headers` and `netlify.toml`, merged, matched on a path. Contract edge
//! 1.4. Passwords of `Basic-Auth` come out apart, never among the headers to send.

mod fields;
mod matcher;
mod parse;
mod pattern;
mod rule;

pub use matcher::{Credential, HeaderMatcher, HeaderSet};
pub use parse::{parse_file, parse_toml};
pub use rule::{HeaderRule, MAX_HEADER_RULES, merge};

pub(crate) use fields::from_json;

#[cfg(test)]
mod tests;
