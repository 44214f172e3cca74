//! One file as the rules see it: its lines, which of them are tests, which crate it belongs to.
//! Tests are `#[cfg(test)]` items, the files such items name, and everything in a package of tests.

use std::collections::BTreeSet;

use super::mask::{Masked, mask};

/// A file of ours.
#[derive(Debug)]
pub struct Source {
    /// From the root of the checkout, with `/`.
    pub path: String,
    /// The text as it is.
    pub lines: Vec<String>,
    /// Code, comments and strings apart.
    pub masked: Masked,
    /// For each line, whether it is test code.
    pub is_test: Vec<bool>,
}

/// Prepares all files at once, because a file can be test code by the word of another.
pub fn all(texts: Vec<(String, String)>) -> Vec<Source> {
    let mut sources: Vec<Source> = texts.into_iter().map(|(path, text)| Source::new(path, &text)).collect();
    let named: BTreeSet<String> = sources.iter().flat_map(Source::test_modules).collect();
    for source in &mut sources {
        let stem = source.path.trim_end_matches(".rs");
        let by_name = named.iter().any(|module| stem == module || stem.starts_with(&format!("{module}/")));
        if by_name || is_test_path(&source.path) {
            source.is_test.fill(true);
        }
    }
    sources
}

/// Packages whose whole purpose is tests, and the folders cargo keeps for them.
fn is_test_path(path: &str) -> bool {
    let starts = ["tests/", "crates/testkit/", "fuzz/"];
    starts.iter().any(|start| path.starts_with(start))
        || path.contains("/tests/")
        || path.contains("/benches/")
        || path.ends_with("/tests.rs")
}

impl Source {
    /// A file by itself; `all` knows more about which files are tests.
    pub fn new(path: String, text: &str) -> Source {
        let masked = mask(text);
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut is_test = vec![false; lines.len()];
        for item in test_items(&masked.code) {
            is_test[item.first_line - 1..item.last_line.min(lines.len())].fill(true);
        }
        Source { path, lines, masked, is_test }
    }

    /// The folder name of the crate, or the path's first part outside `crates/`.
    pub fn package(&self) -> &str {
        let mut parts = self.path.split('/');
        match (parts.next(), parts.next()) {
            (Some("crates"), Some(folder)) => folder,
            (first, _) => first.unwrap_or_default(),
        }
    }

    /// Whether the line, counted from 1, is test code.
    pub fn in_test(&self, line: usize) -> bool {
        self.is_test.get(line - 1).copied().unwrap_or_default()
    }

    /// Lines of the code without comments and literals, counted from 1.
    pub fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.masked.code.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Lines outside tests.
    pub fn own_length(&self) -> usize {
        self.is_test.iter().filter(|test| !**test).count()
    }

    /// Paths without `.rs` of the modules that `#[cfg(test)] mod name;` declares here.
    fn test_modules(&self) -> Vec<String> {
        let stem = self.path.trim_end_matches(".rs");
        let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
        let home = if matches!(name, "lib" | "main" | "mod") { folder } else { stem };
        let items = test_items(&self.masked.code).into_iter();
        items.filter_map(|item| item.module).map(|module| format!("{home}/{module}")).collect()
    }
}

/// An item that is compiled for tests only.
#[derive(Debug, PartialEq)]
struct TestItem {
    first_line: usize,
    last_line: usize,
    /// The name in `mod name;`.
    module: Option<String>,
}

fn test_items(code: &str) -> Vec<TestItem> {
    let mut items = Vec::new();
    let mut from = 0;
    while let Some(found) = code[from..].find("#[cfg(") {
        let start = from + found;
        let end = start + code[start..].find(']').map_or(code.len() - start, |at| at + 1);
        from = end;
        if is_test_condition(&code[start..end]) {
            let last = end_of_item(code, end);
            let item = &code[end..last];
            items.push(TestItem {
                first_line: line_of(code, start),
                last_line: line_of(code, last.saturating_sub(1)),
                module: declared_module(item),
            });
            from = last;
        }
    }
    items
}

fn is_test_condition(attribute: &str) -> bool {
    let words = attribute.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    words.clone().any(|word| word == "test") && !words.clone().any(|word| word == "not")
}

/// Behind the brace that closes the item that follows `from`, or behind its semicolon.
fn end_of_item(code: &str, from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in code[from..].char_indices() {
        match letter {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && matches!(letter, ';' | '}') {
            return from + at + 1;
        }
    }
    code.len()
}

fn declared_module(item: &str) -> Option<String> {
    let body = item.trim().strip_suffix(';')?;
    let (_, name) = body.rsplit_once("mod ")?;
    Some(name.trim().to_owned())
}

/// The line of a byte of the text, counted from 1.
pub fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, test_lines: &[usize]) {
        let source = Source::new("crates/a/src/b.rs".to_owned(), text);
        let found: Vec<usize> = (1..=source.lines.len()).filter(|line| source.in_test(*line)).collect();
        assert_eq!(found, test_lines, "{text}");
    }

    #[test]
    fn items_for_tests_are_found() {
        check("fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() {}\n}\nfn c() {}", &[2, 3, 4, 5]);
        check("#[cfg(test)]\nuse x::{y, z};\nfn c() {}", &[1, 2]);
        check("#[cfg(all(test, unix))]\n#[path = \"[;\"]\nfn f() {\n}\n", &[1, 2, 3, 4]);
        check("#[cfg(not(test))]\nfn c() {}", &[]);
        check("#[cfg(unix)]\nfn c() {}\n// #[cfg(test)]\nfn d() {}", &[]);
    }

    #[test]
    fn a_file_is_a_test_by_the_word_of_another() {
        let text = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let sources = all(vec![
            text("crates/a/src/lib.rs", "#[cfg(test)]\nmod support;\nmod real;"),
            text("crates/a/src/support/deep.rs", "fn a() {}"),
            text("crates/a/src/real.rs", "#[cfg(test)]\nmod cases;"),
            text("crates/a/src/real/cases.rs", "fn a() {}"),
            text("crates/a/tests/x.rs", "fn a() {}"),
            text("crates/testkit/src/lib.rs", "fn a() {}"),
        ]);
        let own: Vec<usize> = sources.iter().map(Source::own_length).collect();
        assert_eq!(own, [1, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn the_package_is_the_folder() {
        let package = |path: &str| Source::new(path.to_owned(), "").package().to_owned();
        assert_eq!(package("crates/store/src/a.rs"), "store");
        assert_eq!(package("xtask/src/main.rs"), "xtask");
    }
}
