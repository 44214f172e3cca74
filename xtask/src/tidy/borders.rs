//! Libraries that only some crates may name, in code and in Cargo.toml.

use std::path::Path;

use anyhow::Result;

use super::Violation;
use super::config::Border;
use super::edges::{Manifest, manifests};
use super::source::Source;

/// In code.
pub fn check(borders: &[Border], source: &Source) -> Vec<Violation> {
    let mut found = Vec::new();
    for border in borders.iter().filter(|border| !is_inside(border, source.package())) {
        for (line, code) in source.code_lines() {
            let open = border.in_tests && source.in_test(line);
            if !open && names(code, &border.word) {
                found.push(violation(border, &source.path, line));
            }
        }
    }
    found
}

/// In the `[dependencies]` of every crate.
pub fn check_manifests(root: &Path, borders: &[Border]) -> Result<Vec<Violation>> {
    let manifests = manifests(root)?;
    Ok(manifests.iter().flat_map(|manifest| check_manifest(borders, manifest)).collect())
}

fn check_manifest(borders: &[Border], manifest: &Manifest) -> Vec<Violation> {
    let outside = borders.iter().filter(|border| !is_inside(border, &manifest.folder));
    let found = outside.filter_map(|border| {
        let dependency = manifest.dependencies.iter().find(|one| one.name == border.word)?;
        Some(violation(border, &manifest.path, dependency.line))
    });
    found.collect()
}

fn is_inside(border: &Border, package: &str) -> bool {
    border.crates.iter().any(|name| name == package)
}

fn violation(border: &Border, path: &str, line: usize) -> Violation {
    let advice = format!("`{}` belongs to {}: {}", border.word, border.crates.join(", "), border.why);
    Violation::new(path, line, "border", advice)
}

/// Whether the word stands in the code as a path or an import, not as a part of another name or
/// the name of a field or function.
fn names(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].trim_end();
        let after = code[at + word.len()..].trim_start();
        let whole = !code[..at].ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
        whole && (after.starts_with("::") || (before.ends_with("use") && after.starts_with([';', ' '])))
    })
}

#[cfg(test)]
mod tests {
    use super::super::config::Config;
    use super::super::edges::Dependency;
    use super::*;

    fn check_code(path: &str, text: &str, expect: &[usize]) {
        let found = check(&Config::committed().borders, &Source::new(path.to_owned(), text));
        assert_eq!(found.iter().map(|one| one.line).collect::<Vec<_>>(), expect, "{path}: {text}");
    }

    #[test]
    fn a_library_is_named_only_where_it_belongs() {
        let text = "fn a() { sqlx::query(x) }";
        check_code("crates/api/src/a.rs", text, &[1]);
        check_code("crates/store/src/a.rs", text, &[]);
        check_code("crates/api/src/a.rs", "use reqwest;", &[1]);
        check_code("crates/api/src/a.rs", "let my_sqlx::x = 1; // sqlx::y", &[]);
        check_code("crates/api/src/a.rs", "let reqwest = 1;", &[]);
    }

    #[test]
    fn tests_may_call_over_http_but_not_write_sql() {
        let text = |word: &str| format!("#[cfg(test)]\nmod tests {{\n  use {word}::X;\n}}");
        check_code("crates/api/src/a.rs", &text("reqwest"), &[]);
        check_code("crates/api/src/a.rs", &text("sqlx"), &[3]);
    }

    #[test]
    fn a_dependency_is_a_name_too() {
        let manifest = |folder: &str| Manifest {
            folder: folder.to_owned(),
            path: format!("crates/{folder}/Cargo.toml"),
            dependencies: vec![Dependency { name: "sqlx".to_owned(), line: 9 }],
        };
        let borders = Config::committed().borders;
        assert_eq!(check_manifest(&borders, &manifest("api"))[0].line, 9);
        assert_eq!(check_manifest(&borders, &manifest("store")), []);
    }
}
