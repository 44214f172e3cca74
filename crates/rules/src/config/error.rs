//! The one error of `netlify.toml`: which line, what is wrong, and what to write instead.

use std::ops::Range;

use super::MAX_CONFIG_BYTES;

/// Why a `netlify.toml` could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("netlify.toml, line {line}: {message} ({hint})")]
pub struct ConfigError {
    /// Line of the fault, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: &'static str,
}

/// What the parser says, and the advice that goes with it; the first fit wins.
const HINTS: [(&str, &str); 7] = [
    ("duplicate key", "give the key once, or merge the two tables of that name"),
    ("expected a sequence", "write a list of tables with two brackets, as in [[plugins]]"),
    ("missing field `package`", "every [[plugins]] needs package = \"name\""),
    ("expected a string", "put the value in double quotes"),
    ("text, a number or a boolean", "environment values are single values; quote a list as one text"),
    ("expected struct", "write it as a table, as in [build]"),
    ("expected a map", "write it as a table, as in [build.environment]"),
];

const GENERAL_HINT: &str = "text values need double quotes, and a key is written once in its table";

impl ConfigError {
    pub(super) fn from_toml(text: &str, error: &toml::de::Error) -> Self {
        Self {
            line: line_of(text, error.span()),
            message: error.message().replace('\n', ", ").replace(r"\\", r"\"),
            hint: hint_for(error.message()),
        }
    }

    pub(super) fn too_long() -> Self {
        Self {
            line: 1,
            message: format!("the file is longer than {MAX_CONFIG_BYTES} bytes"),
            hint: "move long lists of rules to _redirects or _headers",
        }
    }
}

fn hint_for(message: &str) -> &'static str {
    let found = HINTS.iter().find(|(sign, _)| message.contains(sign));
    found.map_or(GENERAL_HINT, |(_, hint)| hint)
}

/// Line of a byte position, from 1; 1 where the parser gives no position.
pub(crate) fn line_of(text: &str, span: Option<Range<usize>>) -> usize {
    let start = span.map_or(0, |span| span.start.min(text.len()));
    1 + text.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count()
}
