//! Text that goes into Markdown as itself. Pure.

/// Characters that mean something to Markdown, to tables or to mentions.
const SPECIAL: &str = "\\`*_{}[]()<>#+!|~@&:$";

/// Text that shows as it is: no markup, no mention, no line of its own.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            // a backslash does not keep the hosts from reading a mention
            '@' => out.push_str("@\u{200b}"),
            c if c.is_control() => out.push(' '),
            c => {
                if SPECIAL.contains(c) {
                    out.push('\\');
                }
                out.push(c);
            }
        }
    }
    out
}

/// A link; an address that is none is left out.
pub(crate) fn link(text: &str, address: &str) -> String {
    match url::Url::parse(address) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => {
            let address = url.as_str().replace('(', "%28").replace(')', "%29").replace('|', "%7C");
            format!("[{text}]({address})")
        }
        _ => text.to_owned(),
    }
}

/// The first `most` characters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_is_markup() {
        for (text, expect) in [
            ("plain-name", "plain-name"),
            ("a|b", "a\\|b"),
            ("*x*_y_", "\\*x\\*\\_y\\_"),
            ("[x](javascript:1)", "\\[x\\]\\(javascript\\:1\\)"),
            ("<img src=x>", "\\<img src=x\\>"),
            ("@team", "@\u{200b}team"),
            ("two\nlines", "two lines"),
            ("`code`", "\\`code\\`"),
        ] {
            assert_eq!(escape(text), expect);
        }
    }

    #[test]
    fn links_lead_to_pages_alone() {
        assert_eq!(link("x", "https://h/a(b)|c"), "[x](https://h/a%28b%29%7Cc)");
        assert_eq!(link("x", "javascript:alert(1)"), "x");
        assert_eq!(link("x", "no address"), "x");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
    }
}
