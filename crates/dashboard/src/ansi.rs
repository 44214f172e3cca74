//! Lines of a log as programs print them for a terminal: colours become names of styles, everything
//! else that would steer a terminal is dropped. Pure; what comes out is text still to be escaped.

use serde::Serialize;
use std::str::Chars;

/// A run of text with one look.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Span {
    /// Names of styles, separated by blanks; empty for plain text. Made here alone, never of the text.
    pub(crate) look: String,
    /// The text, on one line, without control characters.
    pub(crate) text: String,
}

/// The line in runs of one look each.
pub(crate) fn spans(line: &str) -> Vec<Span> {
    let mut spans = vec![Span::default()];
    let mut look = Look::default();
    walk(line, |piece| match piece {
        Piece::Char(char) => {
            if let Some(last) = spans.last_mut() {
                last.text.push(char);
            }
        }
        Piece::Style(codes) => {
            look.change(codes);
            spans.push(Span { look: look.names(), text: String::new() });
        }
    });
    spans.retain(|span| !span.text.is_empty());
    spans
}

/// The line as plain text.
pub(crate) fn plain(line: &str) -> String {
    spans(line).into_iter().map(|span| span.text).collect()
}

enum Piece<'a> {
    Char(char),
    /// Parameters of `ESC [ … m`.
    Style(&'a str),
}

fn walk<'a>(line: &'a str, mut take: impl FnMut(Piece<'a>)) {
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        match char {
            '\u{1b}' => escape(&mut chars).into_iter().for_each(|codes| take(Piece::Style(codes))),
            '\r' | '\n' | '\t' => take(Piece::Char(' ')),
            _ if char.is_control() => {}
            _ => take(Piece::Char(char)),
        }
    }
}

/// Skips the rest of an escape sequence; the parameters of one that sets a style.
fn escape<'a>(chars: &mut Chars<'a>) -> Option<&'a str> {
    let rest = chars.as_str();
    match rest.chars().next()? {
        '[' => control(chars),
        ']' | 'P' | '_' | '^' => {
            // up to BEL or ESC \, or the end
            let end = rest.find('\u{7}').map(|at| at + 1);
            let other = rest.find("\u{1b}\\").map(|at| at + 2);
            let end = end.into_iter().chain(other).min().unwrap_or(rest.len());
            *chars = rest[end..].chars();
            None
        }
        _ => {
            chars.next();
            None
        }
    }
}

/// `[ parameters final`: a sequence that is malformed ends before what does not belong to it.
fn control<'a>(chars: &mut Chars<'a>) -> Option<&'a str> {
    chars.next();
    let rest = chars.as_str();
    let end = rest.find(|char: char| !(' '..='?').contains(&char)).unwrap_or(rest.len());
    let last = rest[end..].chars().next().filter(|char| ('@'..='~').contains(char));
    *chars = rest[end + last.map_or(0, char::len_utf8)..].chars();
    (last == Some('m')).then(|| &rest[..end])
}

/// Names of the eight colours.
const COLOURS: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

#[derive(Default)]
struct Look {
    colour: Option<usize>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
}

impl Look {
    fn change(&mut self, codes: &str) {
        let mut codes = codes.split([';', ':']).map(|code| code.parse::<u16>().unwrap_or(0));
        while let Some(code) = codes.next() {
            match code {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                3 => self.italic = true,
                4 => self.underline = true,
                22 => (self.bold, self.dim) = (false, false),
                23 => self.italic = false,
                24 => self.underline = false,
                30..=37 => self.colour = Some(usize::from(code - 30)),
                90..=97 => self.colour = Some(usize::from(code - 90)),
                38 => self.colour = extended(&mut codes),
                39 => self.colour = None,
                48 => {
                    extended(&mut codes);
                }
                _ => {}
            }
        }
    }

    fn names(&self) -> String {
        let flags = [(self.bold, "b"), (self.dim, "d"), (self.italic, "i"), (self.underline, "u")];
        let flags = flags.into_iter().filter(|(on, _)| *on).map(|(_, name)| name);
        let colour = self.colour.and_then(|colour| COLOURS.get(colour).copied());
        flags.chain(colour).map(|name| format!("t-{name}")).collect::<Vec<_>>().join(" ")
    }
}

/// The rest of `38;5;n` or `38;2;r;g;b`: one of the first sixteen colours, or none of ours.
fn extended(codes: &mut impl Iterator<Item = u16>) -> Option<usize> {
    match codes.next()? {
        5 => codes.next().filter(|colour| *colour < 16).map(|colour| usize::from(colour % 8)),
        2 => {
            codes.nth(2);
            None
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expect: &[(&str, &str)]) {
        let spans = spans(line);
        let shown: Vec<_> = spans.iter().map(|span| (span.look.as_str(), span.text.as_str())).collect();
        assert_eq!(shown, expect, "{line:?}");
    }

    #[test]
    fn colours_become_styles() {
        check("plain", &[("", "plain")]);
        check("\u{1b}[31mred\u{1b}[0m!", &[("t-red", "red"), ("", "!")]);
        check("\u{1b}[1;92mok\u{1b}[22m on\u{1b}[m", &[("t-b t-green", "ok"), ("t-green", " on")]);
        check("\u{1b}[38;5;1mx\u{1b}[38;5;200my\u{1b}[38;2;1;2;3mz", &[("t-red", "x"), ("", "y"), ("", "z")]);
        check("\u{1b}[48;5;1;4mx", &[("t-u", "x")]);
        check("\u{1b}[2;3ma\u{1b}[39mb", &[("t-d t-i", "a"), ("t-d t-i", "b")]);
    }

    #[test]
    fn nothing_else_steers_the_page() {
        check("a\u{1b}[2Kb\u{1b}[1A\u{1b}Mc", &[("", "abc")]);
        check("a\u{1b}]8;;http://x\u{7}link\u{1b}]8;;\u{1b}\\b", &[("", "alinkb")]);
        check("a\u{1b}]0;never ended", &[("", "a")]);
        check("a\rb\nc\td\0\u{8}\u{9b}", &[("", "a b c d")]);
        check("a\u{1b}[31", &[("", "a")]);
        check("a\u{1b}", &[("", "a")]);
        check("a\u{1b}[3\u{e4}b", &[("", "a\u{e4}b")]);
        check("\u{1b}[99999999999;31mx", &[("t-red", "x")]);
    }

    #[test]
    fn looks_are_never_made_of_the_text() {
        check("\u{1b}[\"onclick=x\"mx", &[("", "nclick=x\"mx")]);
        assert_eq!(plain("\u{1b}[31m<b>\u{1b}[0m"), "<b>");
    }
}
