//! Foreign text in a sentence: between quotation marks, with nothing in it that could break a log or a
//! terminal, and otherwise as whoever wrote it knows it.

/// The text between quotation marks. Characters that cannot be seen are written as Rust writes them;
/// backslashes and quotation marks stay single, unlike in a debug print.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut shown = String::with_capacity(text.len() + 2);
    shown.push('"');
    let as_it_is = |char| matches!(char, '\\' | '"' | '\'');
    for piece in text.split_inclusive(as_it_is) {
        let body = piece.trim_end_matches(as_it_is);
        shown.extend(body.escape_debug());
        shown.push_str(&piece[body.len()..]);
    }
    shown.push('"');
    shown
}

/// The words of a parser, which prints what it found as Rust does, with the backslashes of that as they
/// were written.
#[must_use]
pub fn single_backslashes(words: &str) -> String {
    words.replace(r"\\", r"\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_shown_as_it_was_written() {
        for (text, expect) in [
            ("", r#""""#),
            ("a b ü e\u{301}", "\"a b ü e\u{301}\""),
            (r"\\", r#""\\""#),
            (r"a\b", r#""a\b""#),
            (r#"say "a" or 'b'"#, r#""say "a" or 'b'""#),
            ("a\nb\t\u{1b}[0m\0", r#""a\nb\t\u{1b}[0m\0""#),
            ("a\u{202e}b\u{7f}", r#""a\u{202e}b\u{7f}""#),
        ] {
            assert_eq!(quoted(text), expect);
        }
    }

    #[test]
    fn a_parser_says_what_was_written() {
        let error = serde_json::from_str::<u8>(r#""C:\\temp""#).expect_err("it is text");
        assert!(single_backslashes(&error.to_string()).contains(r#"string "C:\temp""#), "{error}");
    }
}
