//! What is wrong with one line or one entry of a rule file. Such a fault never fails a deploy.

use std::fmt;

/// Most faults reported for one file; the rest are counted in one last entry.
pub const MAX_LINE_ERRORS: usize = 100;

/// One rule that was left out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// Line in a text file, or number of the entry in a TOML list, from 1.
    pub line: usize,
    /// What is wrong, in one sentence.
    pub message: String,
}

impl LineError {
    /// A fault at `line` (from 1).
    #[must_use]
    pub fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.line, self.message)
    }
}

/// Shortens a list of faults to [`MAX_LINE_ERRORS`] and one entry that counts the others.
pub(crate) fn cap(mut errors: Vec<LineError>) -> Vec<LineError> {
    if errors.len() > MAX_LINE_ERRORS {
        let line = errors[MAX_LINE_ERRORS].line;
        let more = errors.len() - MAX_LINE_ERRORS;
        errors.truncate(MAX_LINE_ERRORS);
        errors.push(LineError::new(line, format!("{more} more entries are at fault")));
    }
    errors
}

/// One sentence for each limit that was passed: how many rules were left out, and of which kind.
pub(crate) fn left_out(counts: &[(usize, String)]) -> Vec<String> {
    counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_ends_with_a_count() {
        let faults = |count| (1..=count).map(|line| LineError::new(line, "x")).collect::<Vec<_>>();
        assert_eq!(cap(faults(MAX_LINE_ERRORS)).len(), MAX_LINE_ERRORS);
        let capped = cap(faults(MAX_LINE_ERRORS + 7));
        assert_eq!(capped.len(), MAX_LINE_ERRORS + 1);
        assert_eq!(capped[MAX_LINE_ERRORS].message, "7 more entries are at fault");
    }
}
