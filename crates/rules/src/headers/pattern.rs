//! The `for` pattern of a header rule, matched without regard to case. More lenient than a redirect
//! path: `/a/*` also matches `/a`, `/ab` and `/a.html`.

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

/// A compiled `for` pattern.
#[derive(Debug)]
pub(super) struct HeaderPattern {
    steps: Vec<Step>,
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
        Self { steps }
    }

    /// Whether the decoded `path` matches. Follows all ways at once, so the time is bounded by
    /// steps times characters.
    pub(super) fn matches(&self, path: &str) -> bool {
        let mut now = vec![false; self.steps.len() + 1];
        now[0] = true;
        self.skip(&mut now);
        for char in path.chars().map(fold) {
            let mut next = vec![false; now.len()];
            for (at, step) in self.steps.iter().enumerate().filter(|(at, _)| now[*at]) {
                step.take(char, at, &mut next);
            }
            self.skip(&mut next);
            now = next;
        }
        now[self.steps.len()]
    }

    /// Marks what is reached without taking a character.
    fn skip(&self, reached: &mut [bool]) {
        for (at, step) in self.steps.iter().enumerate() {
            if reached[at] && matches!(step, Step::Rest | Step::MaybeSlash) {
                reached[at + 1] = true;
            }
        }
    }
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
                assert_eq!(compiled.matches(path), expect, "{pattern} on {path}");
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
