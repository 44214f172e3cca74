//! Keeps secret values out of logs: whatever a build prints passes here first.

/// Shortest value that is masked; shorter ones would turn a log into stars without hiding anything.
pub(crate) const SHORTEST: usize = 4;
/// What is shown instead.
pub(crate) const MASK: &str = "[secret]";

/// Values that must not be shown.
#[derive(Debug, Default)]
pub(crate) struct Masker {
    /// Longest first, so that a value which contains another is masked as a whole.
    values: Vec<String>,
}

impl Masker {
    /// Masks `values`, and each line of those that have several.
    pub(crate) fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut values: Vec<String> = values
            .into_iter()
            .flat_map(str::lines)
            .map(str::trim)
            .filter(|line| line.len() >= SHORTEST)
            .map(str::to_owned)
            .collect();
        values.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        values.dedup();
        Self { values }
    }

    pub(crate) fn mask(&self, text: String) -> String {
        self.values.iter().fold(
            text,
            |text, value| {
                if text.contains(value) { text.replace(value, MASK) } else { text }
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_show() {
        let masker = Masker::new(["hunter2", "abc", "hunter2-long", "line one\nline two\n", "", "    "]);
        for (line, shown) in [
            ("token=hunter2;", "token=[secret];"),
            ("hunter2-long hunter2", "[secret] [secret]"),
            ("abc is too short", "abc is too short"),
            ("  line two", "  [secret]"),
            ("nothing    here", "nothing    here"),
        ] {
            assert_eq!(masker.mask(line.to_owned()), shown);
        }
    }

    #[test]
    fn the_shortest_masked_value_has_four_bytes() {
        let masker = Masker::new(["1234", "xyz"]);
        assert_eq!(masker.mask("1234 xyz".to_owned()), "[secret] xyz");
    }
}
