//! The shape of xtask/tidy.toml. Holds numbers and words, no rule.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// The whole file; a key that is not known is an error.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub files: Files,
    pub functions: Functions,
    pub panics: Panics,
    pub tests: Tests,
    pub borders: Vec<Border>,
    pub ground: Ground,
    pub tree: Tree,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    pub p95: usize,
    pub ceiling: usize,
    pub module_doc: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Functions {
    pub median: usize,
    pub p95: usize,
    pub ceiling: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Panics {
    pub per_1000_lines: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tests {
    pub floor: f64,
    pub goal: f64,
}

/// A word that only `crates` may use; `in_tests` opens it to test code everywhere.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Border {
    pub word: String,
    pub crates: Vec<String>,
    pub why: String,
    pub in_tests: bool,
}

/// The crates that read no clock, and how a clock is read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ground {
    pub crates: Vec<String>,
    pub clocks: Vec<String>,
}

/// Packages that must not be in the dependency tree.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tree {
    pub refused: Vec<String>,
}

impl Config {
    /// Reads the committed file.
    pub fn read(path: &Path) -> Result<Config> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is not usable", path.display()))
    }

    /// The committed settings, for the tests of the rules.
    #[cfg(test)]
    pub fn committed() -> Config {
        Config::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tidy.toml")).unwrap()
    }
}
