//! What a subcommand says to its user: the one place that writes.

use std::io::{self, Write};

/// A writer of lines.
pub(crate) struct Screen<'a> {
    out: &'a mut dyn Write,
}

impl<'a> Screen<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self { out }
    }

    /// One line, shown at once.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        writeln!(self.out, "{}", text.as_ref())?;
        self.out.flush()
    }

    /// A heading with an empty line before it.
    pub(crate) fn step(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        self.line("")?;
        self.line(text)
    }

    /// Lines under a heading.
    pub(crate) fn indented(&mut self, text: &str) -> io::Result<()> {
        text.lines().try_for_each(|line| self.line(format!("    {line}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_where_they_are_told() {
        let mut out = Vec::new();
        let mut screen = Screen::new(&mut out);
        screen.step("One").unwrap();
        screen.indented("a\nb").unwrap();
        assert_eq!(out, b"\nOne\n    a\n    b\n");
    }
}
