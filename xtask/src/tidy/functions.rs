//! Finds functions and their lengths by braces. A length is the number of lines from `fn` to the closing brace.

use super::Violation;
use super::config::Functions;
use super::source::{Source, line_of};

/// One function with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line of `fn`, counted from 1.
    pub line: usize,
    /// From there to the closing brace, both included.
    pub length: usize,
}

/// The ceiling, for functions outside tests.
pub fn check(config: &Functions, source: &Source) -> Vec<Violation> {
    let functions = outside_tests(source).into_iter();
    let long = functions.filter(|function| function.length > config.ceiling);
    long.map(|function| {
        let Function { name, line, length } = function;
        let advice =
            format!("`{name}` has {length} lines, the ceiling is {}: give its parts names", config.ceiling);
        Violation::new(&source.path, line, "function-length", advice)
    })
    .collect()
}

/// The functions of a file that are not test code.
pub fn outside_tests(source: &Source) -> Vec<Function> {
    let mut functions = find(&source.masked.code);
    functions.retain(|function| !source.in_test(function.line));
    functions
}

/// Every function with a body in a text without comments and literals.
fn find(code: &str) -> Vec<Function> {
    let starts = code.match_indices("fn ").filter(|(at, _)| !code[..*at].ends_with(is_word));
    starts.filter_map(|(at, _)| function(code, at)).collect()
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn function(code: &str, at: usize) -> Option<Function> {
    let rest = code[at..].strip_prefix("fn ")?.trim_start();
    let name: String = rest.chars().take_while(|letter| is_word(*letter)).collect();
    // A pointer type has no name, and one in a macro is `$name`.
    if name.is_empty() {
        return None;
    }
    let open = at + body_start(&code[at..])?;
    let line = line_of(code, at);
    let length = line_of(code, open + closing(&code[open..])) - line + 1;
    Some(Function { name, line, length })
}

/// The brace that opens the body; none where a semicolon ends a declaration.
fn body_start(code: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, letter) in code.char_indices() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '{' if depth == 0 => return Some(at),
            ';' | '}' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// The brace that closes the one at the start.
fn closing(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in code.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return at;
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_found(code: &str, expect: &[(&str, usize, usize)]) {
        let found = find(code);
        let found: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.line, one.length)).collect();
        assert_eq!(found, expect, "{code}");
    }

    #[test]
    fn lengths_run_from_fn_to_the_brace() {
        check_found("fn a() {}", &[("a", 1, 1)]);
        check_found(
            "\npub async fn a(\n  x: [u8; 4],\n) -> B\nwhere\n  B: C,\n{\n  if x { y }\n}",
            &[("a", 2, 8)],
        );
        check_found("fn a() {\n  fn b() {\n  }\n}", &[("a", 1, 4), ("b", 2, 2)]);
    }

    #[test]
    fn what_has_no_body_is_no_function() {
        check_found("trait T { fn a(&self); fn b(&self) -> fn (u8); }", &[]);
        check_found("type F = fn (u8) -> u8; let my_fn = 1; fn $name() {}", &[]);
    }

    #[test]
    fn only_code_outside_tests_has_a_ceiling() {
        let body = "x;\n".repeat(69);
        let long = format!("fn a() {{\n{body}}}\n");
        let source = Source::new(
            "crates/a/src/b.rs".to_owned(),
            &format!("{long}#[cfg(test)]\nmod tests {{\n{long}}}"),
        );
        let found = check(&super::super::config::Config::committed().functions, &source);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            found[0].to_string(),
            "crates/a/src/b.rs:1: function-length: `a` has 71 lines, the ceiling is 70: give its parts names"
        );
    }
}
