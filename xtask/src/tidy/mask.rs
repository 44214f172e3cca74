//! Splits Rust text into code, comments and string literals, keeping every character in its place: a rule
//! about code is then not fooled by a brace in a string. Knows the lexical grammar and nothing above it.

/// The parts of one text. `code` and `comments` have the length and the lines of the text in characters;
/// what belongs elsewhere is blank.
#[derive(Debug, Default)]
pub struct Masked {
    /// Without comments and without the insides of literals.
    pub code: String,
    /// Only the comments.
    pub comments: String,
    /// Each string literal: the line it starts on, counted from 1, and what is between its quotes.
    pub strings: Vec<(usize, String)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Code,
    Comment,
    Literal,
}

struct Scanner {
    chars: Vec<char>,
    at: usize,
    line: usize,
    masked: Masked,
}

/// Splits `text`.
pub fn mask(text: &str) -> Masked {
    let mut scanner = Scanner { chars: text.chars().collect(), at: 0, line: 1, masked: Masked::default() };
    while let Some(next) = scanner.peek(0) {
        scanner.token(next);
    }
    scanner.masked
}

impl Scanner {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn token(&mut self, next: char) {
        match (next, self.peek(1)) {
            ('/', Some('/')) => self.line_comment(),
            ('/', Some('*')) => self.block_comment(),
            ('"', _) => self.string(),
            ('\'', _) if self.is_char() => self.char_literal(),
            (letter, _) if letter.is_alphabetic() || letter == '_' => self.word(),
            _ => self.take(Part::Code),
        }
    }

    /// Moves one character to its part; line ends belong to both.
    fn take(&mut self, part: Part) {
        let Some(next) = self.peek(0) else { return };
        let keep = |wanted| if next == '\n' || part == wanted { next } else { ' ' };
        self.masked.code.push(keep(Part::Code));
        self.masked.comments.push(keep(Part::Comment));
        if next == '\n' {
            self.line += 1;
        }
        self.at += 1;
    }

    fn line_comment(&mut self) {
        while self.peek(0).is_some_and(|next| next != '\n') {
            self.take(Part::Comment);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while let Some(next) = self.peek(0) {
            match (next, self.peek(1)) {
                ('/', Some('*')) => depth += 1,
                ('*', Some('/')) => depth -= 1,
                _ => {
                    self.take(Part::Comment);
                    continue;
                }
            }
            self.take(Part::Comment);
            self.take(Part::Comment);
            if depth == 0 {
                return;
            }
        }
    }

    /// An identifier, or the prefix of a raw or byte string.
    fn word(&mut self) {
        let start = self.at;
        while self.peek(0).is_some_and(|next| next.is_alphanumeric() || next == '_') {
            self.take(Part::Code);
        }
        let raw = matches!(self.chars[start..self.at], ['r'] | ['b', 'r'] | ['c', 'r']);
        if raw && self.raw_hashes().is_some() {
            self.raw_string();
        }
    }

    /// The number of `#` before the quote of a raw string, if one starts here.
    fn raw_hashes(&self) -> Option<usize> {
        let hashes = self.chars[self.at..].iter().take_while(|next| **next == '#').count();
        (self.peek(hashes) == Some('"')).then_some(hashes)
    }

    fn raw_string(&mut self) {
        let hashes = self.raw_hashes().unwrap_or_default();
        let line = self.line;
        self.take_code(hashes + 1);
        let start = self.at;
        while self.peek(0).is_some() && !self.closes(hashes) {
            self.take(Part::Literal);
        }
        self.keep_string(line, start);
        self.take_code(hashes + 1);
    }

    fn closes(&self, hashes: usize) -> bool {
        self.peek(0) == Some('"') && (1..=hashes).all(|ahead| self.peek(ahead) == Some('#'))
    }

    fn string(&mut self) {
        let line = self.line;
        self.take(Part::Code);
        let start = self.at;
        while self.peek(0).is_some_and(|next| next != '"') {
            self.literal_char();
        }
        self.keep_string(line, start);
        self.take(Part::Code);
    }

    fn char_literal(&mut self) {
        self.take(Part::Code);
        while self.peek(0).is_some_and(|next| next != '\'') {
            self.literal_char();
        }
        self.take(Part::Code);
    }

    fn literal_char(&mut self) {
        if self.peek(0) == Some('\\') {
            self.take(Part::Literal);
        }
        self.take(Part::Literal);
    }

    /// A quote starts a character, unless it starts a lifetime: `'a'` against `'a`.
    fn is_char(&self) -> bool {
        self.peek(1) == Some('\\') || self.peek(2) == Some('\'')
    }

    fn take_code(&mut self, count: usize) {
        for _ in 0..count {
            self.take(Part::Code);
        }
    }

    fn keep_string(&mut self, line: usize, start: usize) {
        let inside = self.chars[start..self.at].iter().collect();
        self.masked.strings.push((line, inside));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, code: &str) {
        let masked = mask(text);
        assert_eq!(masked.code, code, "{text}");
        assert_eq!(masked.comments.chars().count(), text.chars().count(), "{text}");
    }

    fn check_strings(text: &str, expect: &[(usize, &str)]) {
        let found = mask(text).strings;
        let found: Vec<_> = found.iter().map(|(line, inside)| (*line, inside.as_str())).collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn comments_leave_the_code() {
        check("a // {\nb", "a     \nb");
        check("a /* { /* } */ { */ b", "a                   b");
        assert_eq!(mask("a // x\nb").comments, "  // x\n ");
    }

    #[test]
    fn the_insides_of_literals_leave_the_code() {
        check(r#"f("{") }"#, r#"f(" ") }"#);
        check(r#"f("\"{") }"#, r#"f("   ") }"#);
        check(r##"r#"{"}"# b"##, r##"r#"   "# b"##);
        check(r#"b"{" 'x' '{' '\'' '\u{7d}'"#, r#"b" " ' ' ' ' '  ' '      '"#);
        check("\"a\nb\" c", "\" \n \" c");
    }

    #[test]
    fn lifetimes_are_code() {
        check("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}");
        check("'outer: loop { break 'outer; }", "'outer: loop { break 'outer; }");
    }

    #[test]
    fn words_that_only_look_like_raw_strings_are_code() {
        check("for r in r#type { bar\"{\" }", "for r in r#type { bar\" \" }");
    }

    #[test]
    fn strings_are_kept_with_their_line() {
        check_strings("a\n\"b\" r\"c\"\nr#\"\nd\"#", &[(2, "b"), (2, "c"), (3, "\nd")]);
        check_strings("// \"no\"", &[]);
    }

    #[test]
    fn text_that_ends_early_is_no_trouble() {
        for text in ["\"a", "r#\"a", "/* a", "'\\", "'"] {
            assert_eq!(mask(text).code.chars().count(), text.chars().count(), "{text}");
        }
    }
}
