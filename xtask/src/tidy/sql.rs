//! SQL is written in `store`, and in `testkit` for what only somebody at the machine could do. A
//! statement is a string that opens like one, so that the method `DELETE` or a label "Select a site" is
//! none.

use super::Violation;
use super::source::Source;

/// `store` writes SQL; `testkit` tampers with databases; this tool writes it in the tests of this rule.
const ALLOWED: [&str; 3] = ["store", "testkit", "xtask"];

/// Every statement where none belongs.
pub fn check(source: &Source) -> Vec<Violation> {
    if ALLOWED.contains(&source.package()) {
        return Vec::new();
    }
    let statements = source.masked.strings.iter().filter(|(_, text)| is_statement(text));
    let advice = "move the statement into crates/store and give it a name there";
    statements.map(|(line, _)| Violation::new(&source.path, *line, "sql", advice)).collect()
}

fn is_statement(text: &str) -> bool {
    let mut words = text.split_whitespace();
    match words.next() {
        Some("SELECT") => words.next().is_some(),
        Some("INSERT") => matches!(words.next(), Some("INTO" | "OR")),
        Some("DELETE") => words.next() == Some("FROM"),
        Some("UPDATE") => words.any(|word| word == "SET"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_statement(text: &str, expect: bool) {
        assert_eq!(is_statement(text), expect, "{text}");
    }

    #[test]
    fn statements_are_told_from_words() {
        check_statement("SELECT 1", true);
        check_statement("\n    SELECT id\n    FROM sites", true);
        check_statement("INSERT INTO sites VALUES (1)", true);
        check_statement("INSERT OR IGNORE INTO sites", true);
        check_statement("UPDATE sites SET a = 1", true);
        check_statement("DELETE FROM sites", true);
        check_statement("DELETE", false);
        check_statement("DELETE /api/v1/sites/1", false);
        check_statement("Select a site", false);
        check_statement("UPDATE", false);
    }

    #[test]
    fn features_may_not_have_them() {
        let text = "fn a() { q(\"SELECT 1\") }\n// \"SELECT 1\"";
        let count = |path: &str| check(&Source::new(path.to_owned(), text)).len();
        assert_eq!((count("crates/api/src/a.rs"), count("crates/store/src/a.rs")), (1, 0));
    }
}
