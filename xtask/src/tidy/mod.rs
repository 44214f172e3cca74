//! The rules of style and structure, held on every file: one line for each violation, with what to do.
//! Reads source text only; it neither builds nor runs anything but `cargo tree`.

mod borders;
mod config;
mod edges;
mod files;
mod functions;
mod mask;
mod measures;
mod source;
mod sql;
mod tree;
mod words;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use self::config::Config;
use self::source::Source;
use crate::step::note;
use crate::workspace::Workspace;

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    path: String,
    /// Counted from 1; 0 where the rule is about the whole.
    line: usize,
    rule: &'static str,
    advice: String,
}

impl Violation {
    /// `line` is counted from 1.
    fn new(path: &str, line: usize, rule: &'static str, advice: impl Into<String>) -> Violation {
        Violation { path: path.to_owned(), line, rule, advice: advice.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.path, self.line, self.rule, self.advice)
    }
}

/// Checks the whole workspace; any violation is an error.
pub fn run(workspace: &Workspace) -> Result<()> {
    let root = &workspace.root;
    let config = Config::read(&root.join("xtask/tidy.toml"))?;
    let sources = read(root)?;
    let mut found = check(&config, &sources);
    found.extend(edges::check(root)?);
    found.extend(borders::check_manifests(root, &config.borders)?);
    found.extend(tree::check(workspace, &config.tree)?);
    found.sort();
    for violation in &found {
        println!("{violation}");
    }
    note(&measures::summary(&sources));
    match found.len() {
        0 => Ok(()),
        count => bail!("tidy: {count} violations"),
    }
}

/// Everything that can be said from the text of the sources.
fn check(config: &Config, sources: &[Source]) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in sources {
        found.extend(files::check(config, source));
        found.extend(functions::check(&config.functions, source));
        found.extend(borders::check(&config.borders, source));
        found.extend(words::check(&config.ground, source));
        found.extend(sql::check(source));
    }
    found.extend(measures::check(config, sources));
    found
}

fn read(root: &Path) -> Result<Vec<Source>> {
    let mut texts = Vec::new();
    for path in sources(root)? {
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        texts.push((name, text));
    }
    Ok(source::all(texts))
}

/// Every Rust file of ours.
pub fn sources(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in ["crates", "tests", "xtask", "examples", "fuzz"] {
        walk(&root.join(folder), &mut found)?;
    }
    found.sort();
    Ok(found)
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "node_modules" && name != "target" && !name.starts_with('.') {
            walk(&path, found)?;
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_is_one_line() {
        let violation = Violation::new("crates/a/src/b.rs", 7, "sql", "move it");
        assert_eq!(violation.to_string(), "crates/a/src/b.rs:7: sql: move it");
    }

    #[test]
    fn installed_and_built_files_are_not_ours() {
        let root = tempfile::tempdir().unwrap();
        for file in ["crates/a/src/lib.rs", "tests/x/node_modules/y/z.rs", "xtask/target/b.rs", "other/c.rs"]
        {
            let path = root.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        assert_eq!(sources(root.path()).unwrap(), [root.path().join("crates/a/src/lib.rs")]);
    }

    #[test]
    fn the_committed_settings_are_readable() {
        Config::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tidy.toml")).unwrap();
    }
}
