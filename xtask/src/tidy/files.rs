//! The length of a file and the words at its top.

use super::Violation;
use super::config::Config;
use super::source::Source;

/// The ceiling, and the module doc.
pub fn check(config: &Config, source: &Source) -> Vec<Violation> {
    let mut found = Vec::new();
    let length = source.lines.len();
    if length > config.files.ceiling {
        let advice = format!(
            "{length} lines, the ceiling is {}: split the file by what it does",
            config.files.ceiling
        );
        found.push(Violation::new(&source.path, 1, "file-length", advice));
    }
    let doc = source.lines.iter().take_while(|line| line.starts_with("//!"));
    match doc.filter(|line| line.trim() != "//!").count() {
        0 => found.push(Violation::new(
            &source.path,
            1,
            "module-doc",
            "open the file with `//!`: what it is for and what it must not know",
        )),
        count if count > config.files.module_doc => found.push(Violation::new(
            &source.path,
            1,
            "module-doc",
            format!("{count} lines, at most {}: say less, or say it in a guide", config.files.module_doc),
        )),
        _ => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_rules(text: &str, expect: &[&str]) {
        let source = Source::new("crates/a/src/b.rs".to_owned(), text);
        let found: Vec<_> = check(&Config::committed(), &source).iter().map(|one| one.rule).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn a_file_opens_with_a_doc_of_few_lines() {
        check_rules("//! Why.\nfn a() {}", &[]);
        check_rules("fn a() {}", &["module-doc"]);
        check_rules("//!\nfn a() {}", &["module-doc"]);
        check_rules("use a;\n//! Why.", &["module-doc"]);
        check_rules(&"//! a\n".repeat(6), &[]);
        check_rules(&"//! a\n".repeat(7), &["module-doc"]);
    }

    #[test]
    fn the_ceiling_counts_every_line() {
        let text = |lines: usize| format!("//! a\n{}", "\n".repeat(lines - 1));
        check_rules(&text(700), &[]);
        check_rules(&text(701), &["file-length"]);
    }
}
