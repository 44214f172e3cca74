//! A line of a notice: words, strong words and links, written in the dialect of a product within a
//! limit. What comes from visitors or repositories can mark up nothing.

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    Plain(String),
    Strong(String),
    Link { text: String, url: String },
}

/// A sentence or paragraph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line(pub(crate) Vec<Span>);

impl Line {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn of(text: &str) -> Self {
        Self::new().plain_text(text)
    }

    pub(crate) fn plain_text(mut self, text: &str) -> Self {
        if !text.is_empty() {
            self.0.push(Span::Plain(legible(text)));
        }
        self
    }

    pub(crate) fn strong(mut self, text: &str) -> Self {
        self.0.push(Span::Strong(legible(text)));
        self
    }

    /// A link; only its text when the address is not one of the web.
    pub(crate) fn link(mut self, text: &str, url: Option<&str>) -> Self {
        let text = legible(text);
        self.0.push(match url.filter(|url| is_web(url)) {
            Some(url) => Span::Link { text, url: url.to_owned() },
            None => Span::Plain(text),
        });
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The words alone.
    pub(crate) fn plain(&self) -> String {
        let words = |span: &Span| match span {
            Span::Plain(text) | Span::Strong(text) | Span::Link { text, .. } => text.clone(),
        };
        self.0.iter().map(words).collect()
    }

    /// The line in a dialect, at most `most` units long.
    pub(crate) fn write(&self, dialect: &Dialect, most: usize) -> String {
        let mut page = Page { out: String::new(), left: most.saturating_sub(1), full: false };
        for span in &self.0 {
            match span {
                Span::Plain(text) => page.letters(text, dialect, ""),
                Span::Strong(text) => page.strong(text, dialect),
                Span::Link { text, url } => page.whole(&(dialect.link)(&escaped(text, dialect), url)),
            }
            if page.full {
                page.out.push('…');
                break;
            }
        }
        page.out
    }
}

/// How a product marks up.
pub(crate) struct Dialect {
    /// Writes a letter, given the one before it, so that it stands for itself.
    pub(crate) letter: fn(Option<char>, char, &mut String),
    /// What stands before and behind strong words.
    pub(crate) strong: (&'static str, &'static str),
    /// A link with this text, which is escaped already.
    pub(crate) link: fn(&str, &str) -> String,
}

/// Text of which nothing is markup.
pub(crate) fn escaped(text: &str, dialect: &Dialect) -> String {
    let mut out = String::new();
    let mut before = None;
    for letter in text.chars() {
        (dialect.letter)(before, letter, &mut out);
        before = Some(letter);
    }
    out
}

struct Page {
    out: String,
    left: usize,
    full: bool,
}

impl Page {
    /// As many letters as fit, with room for what must close them.
    fn letters(&mut self, text: &str, dialect: &Dialect, close: &str) {
        let room = self.left.saturating_sub(units(close));
        let (mut used, mut before) = (0, None);
        for letter in text.chars() {
            let start = self.out.len();
            (dialect.letter)(before, letter, &mut self.out);
            let size = units(&self.out[start..]);
            if used + size > room {
                self.out.truncate(start);
                self.full = true;
                break;
            }
            used += size;
            before = Some(letter);
        }
        self.out.push_str(close);
        self.left = self.left.saturating_sub(used + units(close));
    }

    fn strong(&mut self, text: &str, dialect: &Dialect) {
        let (open, close) = dialect.strong;
        let (opening, closing) = (units(open), units(close));
        if self.left < opening + closing {
            self.full = true;
            return;
        }
        self.left -= opening;
        self.out.push_str(open);
        self.letters(text, dialect, close);
    }

    fn whole(&mut self, text: &str) {
        match self.left.checked_sub(units(text)) {
            Some(left) => {
                self.left = left;
                self.out.push_str(text);
            }
            None => self.full = true,
        }
    }
}

/// Length as the strictest of the products counts: in units of UTF-16.
pub(crate) fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Plain text of at most `most` units.
pub(crate) fn cut(text: &str, most: usize) -> String {
    const AS_IT_IS: Dialect = Dialect {
        letter: |_, letter, out| out.push(letter),
        strong: ("", ""),
        link: |text, _| text.to_owned(),
    };
    if units(text) <= most { text.to_owned() } else { Line::of(text).write(&AS_IT_IS, most) }
}

/// Whether a link may lead there.
pub(crate) fn is_web(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://"))
        && !url.contains(|letter: char| letter.is_control() || letter.is_whitespace())
}

/// Without control characters; line ends become `\n`.
fn legible(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARS: Dialect = Dialect {
        letter: |_, letter, out| {
            if letter == '*' {
                out.push('\\');
            }
            out.push(letter);
        },
        strong: ("**", "**"),
        link: |text, url| format!("[{text}]({url})"),
    };

    fn line() -> Line {
        Line::of("a*b ").strong("site").plain_text(" ").link("go", Some("https://e.org"))
    }

    #[test]
    fn a_line_fits_or_is_cut_between_letters() {
        for (most, expect) in [
            (34, "a\\*b **site** [go](https://e.org)"),
            (33, "a\\*b **site** …"),
            (12, "a\\*b **si**…"),
            (7, "a\\*b …"),
            (3, "a…"),
            (1, "…"),
        ] {
            let written = line().write(&STARS, most);
            assert_eq!(written, expect, "{most}");
            assert!(units(&written) <= most, "{most}");
        }
        assert_eq!(line().plain(), "a*b site go");
    }

    #[test]
    fn text_is_cut_by_what_products_count() {
        assert_eq!((units("a😀"), cut("ab😀", 4).as_str()), (3, "ab😀"));
        assert_eq!(cut("ab😀c", 4), "ab…");
        assert_eq!(cut("", 0), "");
    }

    #[test]
    fn links_lead_to_the_web_alone() {
        for (url, expect) in [
            ("https://e.org/a?b", true),
            ("http://localhost:8888", true),
            ("javascript:alert(1)", false),
            ("https://e.org/ x", false),
            ("https://e.org\n", false),
            ("//e.org", false),
        ] {
            assert_eq!(is_web(url), expect, "{url:?}");
            let line = Line::new().link("x", Some(url));
            assert_eq!(matches!(line.0[0], Span::Link { .. }), expect, "{url:?}");
        }
    }

    #[test]
    fn control_characters_do_not_pass() {
        assert_eq!(Line::of("a\r\nb\rc\u{0}\u{1b}d").plain(), "a\nb\nc  d");
    }
}
