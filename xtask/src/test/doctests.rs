//! Examples in doc comments. rustdoc is asked only for packages that have one: elsewhere it takes
//! seconds to find nothing.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;

use crate::shell;
use crate::step::step;
use crate::tidy::sources;
use crate::workspace::Workspace;

/// Runs the examples of every package that has some.
pub fn run(workspace: &Workspace) -> Result<()> {
    let mut packages = BTreeSet::new();
    for path in sources(&workspace.root)? {
        let relative = path.strip_prefix(&workspace.root).unwrap_or(&path);
        if let Some(folder) = crate_folder(relative)
            && has_example(&std::fs::read_to_string(&path)?)
        {
            packages.insert(folder);
        }
    }
    if packages.is_empty() {
        return Ok(());
    }
    step("cargo test --doc", || {
        let mut cargo = workspace.cargo();
        cargo.args(["test", "--doc", "--quiet"]);
        for folder in &packages {
            cargo.args(["-p", &package(folder)]);
        }
        shell::run(&mut cargo)
    })
}

/// The folder of a file in the library part of one of our crates.
fn crate_folder(path: &Path) -> Option<String> {
    let parts: Vec<_> = path.iter().filter_map(|part| part.to_str()).collect();
    match parts.as_slice() {
        ["crates", folder, "src", ..] => Some((*folder).to_owned()),
        _ => None,
    }
}

/// The binary's package has the bare name.
fn package(folder: &str) -> String {
    if folder == "boathook" { folder.to_owned() } else { format!("boathook-{folder}") }
}

/// Whether a doc comment opens a block that rustdoc would compile: a fence with no language, or
/// with words that are all rustdoc's own.
fn has_example(text: &str) -> bool {
    const OWN: [&str; 6] = ["rust", "no_run", "should_panic", "compile_fail", "edition2021", "edition2024"];
    let docs = text.lines().map(str::trim_start);
    let docs = docs.filter_map(|line| line.strip_prefix("///").or_else(|| line.strip_prefix("//!")));
    let fences = docs.filter_map(|line| line.trim().strip_prefix("```"));
    // Fences come in pairs, and only the first of a pair says what the block is.
    fences.step_by(2).any(|words| words.split(',').all(|word| word.is_empty() || OWN.contains(&word.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: bool) {
        assert_eq!(has_example(text), expect, "{text}");
    }

    #[test]
    fn only_blocks_that_rustdoc_compiles_count() {
        check("fn f() {}", false);
        check("/// ```\n/// f();\n/// ```", true);
        check("    //! ```rust,no_run\n//! ```", true);
        check("/// ```text\n/// a\n/// ```", false);
        check("/// ```ignore\n/// a\n/// ```", false);
        check("/// ```text\n/// ```\n/// ```\n/// ```", true);
        check("// ```\n// a\n// ```", false);
    }

    #[test]
    fn packages_are_named_after_their_folder() {
        assert_eq!(
            (package("boathook"), package("model")),
            ("boathook".to_owned(), "boathook-model".to_owned())
        );
    }

    #[test]
    fn only_the_library_part_of_a_crate_has_doc_tests() {
        assert_eq!(crate_folder(Path::new("crates/model/src/a/b.rs")), Some("model".to_owned()));
        assert_eq!(crate_folder(Path::new("crates/model/tests/b.rs")), None);
        assert_eq!(crate_folder(Path::new("xtask/src/main.rs")), None);
    }
}
