//! The `for` pattern of a header rule, matched without regard to case. More lenient than a redirect
//! path: `/a/*` also matches `/a`, `/ab` and `/a.html`.

use std::borrow::Cow;

/// One step of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Char(char),
    /// Any one character: a `.` in a segment that holds a `*`, where the original does not escape.
    Any,
    /// Any number of characters.
    Rest,
    /// A slash or nothing.
    MaybeSlash,
    /// One or more characters that are no slash.
    Segment,
}

/// A compiled `for` pattern: text that every matching path begins with, and what may follow it.
#[derive(Debug)]
pub(super) struct HeaderPattern {
    start: Box<str>,
    rest: Rest,
}

/// What follows the text of a pattern. The first two are most patterns, and cost nothing.
#[derive(Debug, PartialEq, Eq)]
enum Rest {
    /// Nothing but a slash.
    Slash,
    /// Anything.
    Anything,
    /// What these steps allow.
    Steps(Box<[Step]>),
}

impl HeaderPattern {
    pub(super) fn new(path: &str) -> Self {
        let mut steps = Vec::new();
        let segments = path.split('/').map(str::trim_end).filter(|segment| !segment.is_empty());
        for segment in segments {
            push_segment(&mut steps, segment);
        }
        if steps.is_empty() {
            steps.push(Step::Char('/'));
        }
        steps.push(Step::MaybeSlash);
        let text = |step: &Step| if let Step::Char(char) = step { Some(*char) } else { None };
        let start: String = steps.iter().map_while(text).collect();
        let rest = match &steps[start.chars().count()..] {
            [Step::MaybeSlash] => Rest::Slash,
            [Step::MaybeSlash, Step::Rest, Step::MaybeSlash] | [Step::Rest, Step::MaybeSlash] => {
                Rest::Anything
            }
            steps => Rest::Steps(steps.into()),
        };
        Self { start: start.into(), rest }
    }

    /// The text that every matching path begins with, folded.
    pub(super) fn start(&self) -> &str {
        &self.start
    }

    /// Steps that have to be followed character by character.
    pub(super) fn walk_steps(&self) -> usize {
        if let Rest::Steps(steps) = &self.rest { steps.len() } else { 0 }
    }

    /// Whether a decoded path matches that [`fold_path`] has folded.
    pub(super) fn matches(&self, folded: &str) -> bool {
        let Some(rest) = folded.strip_prefix(&*self.start) else { return false };
        match &self.rest {
            Rest::Slash => matches!(rest, "" | "/"),
            Rest::Anything => true,
            Rest::Steps(steps) => walk(steps, rest),
        }
    }
}

/// Follows all ways at once, so the time is bounded by steps times characters.
fn walk(steps: &[Step], text: &str) -> bool {
    let mut now = vec![false; steps.len() + 1];
    let mut next = now.clone();
    now[0] = true;
    skip(steps, &mut now);
    for char in text.chars() {
        next.fill(false);
        for (at, step) in steps.iter().enumerate().filter(|(at, _)| now[*at]) {
            step.take(char, at, &mut next);
        }
        if !next.contains(&true) {
            return false;
        }
        skip(steps, &mut next);
        std::mem::swap(&mut now, &mut next);
    }
    now[steps.len()]
}

/// Marks what is reached without taking a character.
fn skip(steps: &[Step], reached: &mut [bool]) {
    for (at, step) in steps.iter().enumerate() {
        if reached[at] && matches!(step, Step::Rest | Step::MaybeSlash) {
            reached[at + 1] = true;
        }
    }
}

/// A path in the form in which patterns are compared.
pub(super) fn fold_path(path: &str) -> Cow<'_, str> {
    if path.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(path);
    }
    path.chars().map(fold).collect::<String>().into()
}

impl Step {
    /// Marks where one character leads from this step, which stands at `at`.
    fn take(self, char: char, at: usize, next: &mut [bool]) {
        match self {
            Self::Char(wanted) => next[at + 1] |= wanted == char,
            Self::Any => next[at + 1] = true,
            Self::Rest => next[at] = true,
            Self::MaybeSlash => next[at + 1] |= char == '/',
            Self::Segment => {
                next[at] |= char != '/';
                next[at + 1] |= char != '/';
            }
        }
    }
}

fn push_segment(steps: &mut Vec<Step>, segment: &str) {
    if segment == "*" {
        return steps.extend([Step::MaybeSlash, Step::Rest]);
    }
    steps.push(Step::Char('/'));
    if segment.starts_with(':') {
        return steps.push(Step::Segment);
    }
    let loose = segment.contains('*');
    steps.extend(segment.chars().map(|char| match char {
        '*' => Step::Rest,
        '.' if loose => Step::Any,
        other => Step::Char(fold(other)),
    }));
}

/// The lower-case form, where it is one character.
fn fold(char: char) -> char {
    let mut lower = char.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(single), None) => single,
        _ => char,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, yes: &[&str], no: &[&str]) {
        let compiled = HeaderPattern::new(pattern);
        for (paths, expect) in [(yes, true), (no, false)] {
            for path in paths {
                assert_eq!(compiled.matches(&fold_path(path)), expect, "{pattern} on {path}");
            }
        }
    }

    #[test]
    fn patterns() {
        check("/a", &["/a", "/a/", "/A"], &["/", "/a/b", "/ab", "/a.html"]);
        check("a", &["/a"], &["/b"]);
        check("/", &["/"], &["/a"]);
        check("/É", &["/é"], &["/e"]);
        check("/*", &["/", "/a", "/a/b/c", "/é"], &[]);
        check("/a/*", &["/a", "/a/", "/a/b", "/ab", "/a.html"], &["/", "/b"]);
        check("/a/*/c", &["/a/c", "/a/b/c", "/a/b/b/c/", "/ab/c"], &["/a/b"]);
        check("/*.js", &["/x.js", "/a/b.js", "/xxjs"], &["/x.css", "/js"]);
        check("/a.b", &["/a.b"], &["/axb"]);
        check("/pre*", &["/pre", "/prefix", "/pre/x"], &["/pr"]);
        check("/a/:b/c", &["/a/x/c", "/a/x/c/"], &["/a//c", "/a/x/y/c", "/a/c"]);
        check("//a //b/", &["/a/b"], &["/a"]);
        check("/a*b*c*d", &["/axbxcxd"], &["/axbxcx"]);
    }

    #[test]
    fn a_hostile_pattern_stays_cheap() {
        let pattern = format!("/{}x", "*a".repeat(200));
        check(&pattern, &[], &[&format!("/{}", "a".repeat(2_000))]);
    }
}
