//! The forms in which a log leaves: JSON lines, text as it was printed, or text alone. Pure.

use model::LogLine;
use serde::Serialize;

/// Form of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// One JSON object a line, with its number.
    Json,
    /// Time, section and message, with colours as they were printed.
    Ansi,
    /// The same without colours and other control characters.
    Text,
}

/// A line and its number.
#[derive(Serialize)]
pub(super) struct Numbered<'a> {
    pub(super) line: i64,
    #[serde(flatten)]
    pub(super) text: &'a LogLine,
}

impl Format {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "json" => Some(Self::Json),
            "ansi" => Some(Self::Ansi),
            "text" => Some(Self::Text),
            _ => None,
        }
    }

    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/x-ndjson",
            Self::Ansi | Self::Text => "text/plain; charset=utf-8",
        }
    }

    /// Ending of a file in this form.
    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Json => "ndjson",
            Self::Ansi | Self::Text => "log",
        }
    }

    /// One line with its end.
    pub(super) fn write(self, line: i64, text: &LogLine) -> String {
        match self {
            Self::Json => serde_json::to_string(&Numbered { line, text }).unwrap_or_default() + "\n",
            Self::Ansi => format!("{} {}: {}\n", text.ts, text.section, text.message),
            Self::Text => format!("{} {}: {}\n", text.ts, plain(&text.section), plain(&text.message)),
        }
    }
}

/// Where a walk through control sequences (ECMA-48) stands.
#[derive(Clone, Copy)]
enum At {
    Text,
    /// Behind an escape character.
    Escape,
    /// In a sequence of parameters that a letter ends.
    Parameters,
    /// In a string that a bell or `ESC \` ends.
    Title,
    /// Behind an escape character in such a string.
    TitleEscape,
}

/// The text without control sequences and control characters; tabs stay.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = At::Text;
    for char in text.chars() {
        at = match (at, char) {
            (At::Text | At::Parameters, '\u{1b}') => At::Escape,
            (At::Title, '\u{1b}') => At::TitleEscape,
            (At::Escape, '[') => At::Parameters,
            (At::Escape, ']' | 'P' | '^' | '_') => At::Title,
            (At::Escape, ' '..='/') => At::Escape,
            (At::Escape, _) | (At::Title, '\u{7}') | (At::TitleEscape, '\\') => At::Text,
            (At::Parameters, '@'..='~') => At::Text,
            (At::TitleEscape, _) => At::Title,
            (At::Text, char) => {
                if char == '\t' || !char.is_control() {
                    out.push(char);
                }
                At::Text
            }
            (at, _) => at,
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Timestamp;

    #[test]
    fn control_sequences_go_and_text_stays() {
        for (printed, shown) in [
            ("plain\ttext ü", "plain\ttext ü"),
            ("\u{1b}[1;31mred\u{1b}[0m and \u{1b}[38;5;9mmore\u{1b}[m", "red and more"),
            ("\u{1b}]8;;https://x\u{7}link\u{1b}]8;;\u{1b}\\ on", "link on"),
            ("\u{1b}]0;title\u{1b}[31m\u{1b}\\text", "text"),
            ("\u{1b}(Bset\u{1b}7saved\u{8}\u{7}", "setsaved"),
            ("\u{1b}[2K\u{1b}[1Gover", "over"),
            ("cut \u{1b}[31", "cut "),
            ("\u{1b}", ""),
        ] {
            assert_eq!(plain(printed), shown, "{printed:?}");
        }
    }

    #[test]
    fn each_form_writes_a_line() {
        let (section, message) = ("build".to_owned(), "\u{1b}[31mno\u{1b}[0m \"q\"".to_owned());
        let line = LogLine { ts: Timestamp(0), section, message, error: true };
        for (name, expect) in [
            (
                "json",
                "{\"line\":3,\"ts\":\"1970-01-01T00:00:00.000Z\",\"section\":\"build\",\"message\":\"\\u001b[31mno\\u001b[0m \\\"q\\\"\",\"error\":true}\n",
            ),
            ("ansi", "1970-01-01T00:00:00.000Z build: \u{1b}[31mno\u{1b}[0m \"q\"\n"),
            ("text", "1970-01-01T00:00:00.000Z build: no \"q\"\n"),
        ] {
            assert_eq!(Format::parse(name).map(|format| format.write(3, &line)).as_deref(), Some(expect));
        }
        assert_eq!(Format::parse("html"), None);
    }
}
