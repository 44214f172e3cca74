//! Words that must not be in a source: promises to finish later, and clocks where values are pure.

use super::Violation;
use super::config::Ground;
use super::source::Source;

const PROMISES: [&str; 2] = ["TODO", "FIXME"];
const UNFINISHED: [(&str, &str); 3] = [
    ("todo!(", "finish it"),
    ("unimplemented!(", "finish it"),
    ("#[ignore", "a test runs or does not exist"),
];

/// Both kinds, tests included.
pub fn check(ground: &Ground, source: &Source) -> Vec<Violation> {
    let mut found = Vec::new();
    for (index, line) in source.masked.comments.lines().enumerate() {
        if let Some(word) = PROMISES.iter().find(|word| line.contains(**word)) {
            let advice = format!("`{word}`: do it, or leave it out");
            found.push(Violation::new(&source.path, index + 1, "unfinished", advice));
        }
    }
    for (line, code) in source.code_lines() {
        if let Some((word, advice)) = UNFINISHED.iter().find(|(word, _)| code.contains(word)) {
            found.push(Violation::new(&source.path, line, "unfinished", format!("`{word}`: {advice}")));
        }
        found.extend(clock(ground, source, line, code));
    }
    found
}

fn clock(ground: &Ground, source: &Source, line: usize, code: &str) -> Option<Violation> {
    if !ground.crates.iter().any(|name| name == source.package()) {
        return None;
    }
    let clock = ground.clocks.iter().find(|clock| code.contains(clock.as_str()))?;
    let advice = format!("`{clock}`: the ground crates read no clock, take the time as a parameter");
    Some(Violation::new(&source.path, line, "clock", advice))
}

#[cfg(test)]
mod tests {
    use super::super::config::Config;
    use super::*;

    fn check_rules(path: &str, text: &str, expect: &[(usize, &str)]) {
        let found = check(&Config::committed().ground, &Source::new(path.to_owned(), text));
        let found: Vec<_> = found.iter().map(|one| (one.line, one.rule)).collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn unfinished_work_is_found() {
        let path = "crates/api/src/a.rs";
        check_rules(path, "a\n// TODO later", &[(2, "unfinished")]);
        check_rules(path, "fn a() { todo!() }", &[(1, "unfinished")]);
        check_rules(path, "#[ignore = \"slow\"]", &[(1, "unfinished")]);
        check_rules(path, "let a = \"TODO todo!(\"; // a todo! item", &[]);
    }

    #[test]
    fn only_ground_crates_may_not_read_a_clock() {
        let text = "fn a() { SystemTime::now() }";
        check_rules("crates/model/src/a.rs", text, &[(1, "clock")]);
        check_rules("crates/api/src/a.rs", text, &[]);
        check_rules("crates/model/src/a.rs", "/// Not `SystemTime::now`.", &[]);
    }
}
