//! Measures of the whole: medians and percentiles of lengths, panics for each thousand lines, tests against code.

use super::Violation;
use super::config::Config;
use super::functions::outside_tests;
use super::source::Source;

const PANICS: [&str; 3] = [".unwrap()", ".expect(", "panic!("];
/// How many of the longest an error names.
const SHOWN: usize = 5;
const WHOLE: &str = "workspace";

/// A length and whose it is.
type Length = (usize, String);

/// What the sources add up to.
struct Totals {
    functions: Vec<Length>,
    files: Vec<Length>,
    /// Files with some, and how many.
    panics: Vec<Length>,
    code_lines: usize,
    test_lines: usize,
}

impl Totals {
    fn of(sources: &[Source]) -> Totals {
        let mut totals =
            Totals { functions: vec![], files: vec![], panics: vec![], code_lines: 0, test_lines: 0 };
        for source in sources {
            let named = outside_tests(source);
            let place = |line: usize| format!("{}:{line}", source.path);
            totals.functions.extend(named.iter().map(|one| (one.length, place(one.line))));
            let own = source.own_length();
            totals.code_lines += own;
            totals.test_lines += source.lines.len() - own;
            totals.panics.push((panics(source), place(1)));
            if own > 0 {
                totals.files.push((own, place(1)));
            }
        }
        totals.functions.sort();
        totals.files.sort();
        totals.panics.retain(|(count, _)| *count > 0);
        totals.panics.sort();
        totals
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of lines are far below 2^52")]
    fn ratio(&self) -> f64 {
        self.test_lines as f64 / (self.code_lines as f64).max(1.0)
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of lines are far below 2^52")]
    fn panics_per_1000_lines(&self) -> f64 {
        self.panics.iter().map(|(count, _)| *count).sum::<usize>() as f64 * 1000.0
            / (self.code_lines as f64).max(1.0)
    }
}

fn panics(source: &Source) -> usize {
    let own = source.code_lines().filter(|(line, _)| !source.in_test(*line));
    own.map(|(_, code)| PANICS.iter().map(|word| code.matches(word).count()).sum::<usize>()).sum()
}

/// The value below which `percent` of the sorted lengths lie; 0 of none.
fn percentile(sorted: &[Length], percent: usize) -> usize {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).map_or(0, |(length, _)| *length)
}

/// One violation for each measure that is over its limit.
pub fn check(config: &Config, sources: &[Source]) -> Vec<Violation> {
    let totals = Totals::of(sources);
    let (functions, files) = (&totals.functions, &totals.files);
    let mut found = Vec::new();
    found.extend(over("function-median", functions, 50, config.functions.median));
    found.extend(over("function-p95", functions, 95, config.functions.p95));
    found.extend(over("file-p95", files, 95, config.files.p95));
    let panics = totals.panics_per_1000_lines();
    if panics > config.panics.per_1000_lines {
        let (limit, most) = (config.panics.per_1000_lines, largest(&totals.panics));
        let advice = format!(
            "{panics:.1} unwrap, expect and panic! in 1000 lines, at most {limit}: return errors; the most: {most}"
        );
        found.push(Violation::new(WHOLE, 0, "panics", advice));
    }
    if totals.ratio() < config.tests.floor {
        let (ratio, floor, goal) = (totals.ratio(), config.tests.floor, config.tests.goal);
        let advice =
            format!("{ratio:.2} test lines for a line of code, the floor is {floor} and the goal {goal}");
        found.push(Violation::new(WHOLE, 0, "tests", advice));
    }
    found
}

fn over(rule: &'static str, lengths: &[Length], percent: usize, limit: usize) -> Option<Violation> {
    let value = percentile(lengths, percent);
    if value <= limit {
        return None;
    }
    let longest = largest(lengths);
    let advice = format!("{value} lines, at most {limit}: split what is long; the longest: {longest}");
    Some(Violation::new(WHOLE, 0, rule, advice))
}

/// The last of a sorted list, largest first.
fn largest(sorted: &[Length]) -> String {
    let shown = sorted.iter().rev().take(SHOWN);
    shown.map(|(length, place)| format!("{place} ({length})")).collect::<Vec<_>>().join(", ")
}

/// The measures in one line.
pub fn summary(sources: &[Source]) -> String {
    let totals = Totals::of(sources);
    let (functions, files) = (&totals.functions, &totals.files);
    format!(
        "tidy: {} files, {} lines of code, {:.2} test lines for each; functions: median {}, p95 {}; files: p95 {}; {:.1} panics in 1000 lines",
        sources.len(),
        totals.code_lines,
        totals.ratio(),
        percentile(functions, 50),
        percentile(functions, 95),
        percentile(files, 95),
        totals.panics_per_1000_lines(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new("crates/a/src/b.rs".to_owned(), text)
    }

    fn check_rules(text: &str, expect: &[&str]) {
        let found = check(&Config::committed(), &[source(text)]);
        assert_eq!(found.iter().map(|one| one.rule).collect::<Vec<_>>(), expect, "{found:?}");
    }

    fn with_tests(code: &str) -> String {
        format!("{code}\n#[cfg(test)]\nmod tests {{\n{}}}\n", "x.unwrap();\n".repeat(code.lines().count()))
    }

    #[test]
    fn percentiles_are_values_of_the_list() {
        let lengths: Vec<Length> = (1..=20).map(|length| (length, String::new())).collect();
        assert_eq!(
            (percentile(&lengths, 50), percentile(&lengths, 95), percentile(&lengths, 100)),
            (10, 19, 20)
        );
        assert_eq!(percentile(&[], 95), 0);
        assert_eq!(percentile(&lengths[..1], 50), 1);
    }

    #[test]
    fn long_functions_raise_the_median() {
        let function = |lines: usize| format!("fn a() {{\n{}}}\n", "x;\n".repeat(lines - 2));
        check_rules(&with_tests(&function(8)), &[]);
        check_rules(&with_tests(&function(9)), &["function-median"]);
        check_rules(&with_tests(&function(46)), &["function-median", "function-p95"]);
    }

    #[test]
    fn long_files_raise_the_percentile() {
        check_rules(&with_tests(&"x;\n".repeat(449)), &[]);
        check_rules(&with_tests(&"x;\n".repeat(450)), &["file-p95"]);
    }

    #[test]
    fn panics_outside_tests_are_counted() {
        check_rules(&with_tests(&("x;\n".repeat(300) + "a.unwrap();")), &["panics"]);
        check_rules(&with_tests(&("x;\n".repeat(300) + "a.unwrap_or(1); // .unwrap()")), &[]);
        assert_eq!(panics(&source("a.unwrap().expect(\"x\"); panic!(\"y\")")), 3);
    }

    #[test]
    fn too_few_tests_are_an_error() {
        check_rules(&"x;\n".repeat(10), &["tests"]);
    }
}
