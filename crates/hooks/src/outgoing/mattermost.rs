//! Target `mattermost`: Slack's shape, which Mattermost takes, with its own markup and limits.

use super::chat::{self, Attachments, FieldLimits, Product};
use super::notice::{Dialect, Notice, cut};
use super::{Gear, Message, Tried};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

/// Units of the headline and of the text. Mattermost splits posts above 16,383 characters.
pub(crate) const TEXT_MAX: usize = 3_000;
/// Units of the attachment's title.
pub(crate) const TITLE_MAX: usize = 300;
/// Units of the footer: Mattermost cuts there.
pub(crate) const FOOTER_MAX: usize = 300;
/// Fields of a message.
pub(crate) const FIELDS: FieldLimits = FieldLimits { count: 50, title: 300, value: 2_000, total: 10_000 };

/// Mattermost has no answer that tells a removed webhook from a wrong one.
const PRODUCT: Product = Product { shape, gone: |_| false };

/// Posts the message.
pub(crate) fn send<'a>(gear: &'a Gear, message: &'a Message<'a>) -> BoxFuture<'a, Tried> {
    chat::send(gear, message, &PRODUCT).boxed()
}

/// Markdown. A webhook's `@all` would call everybody, so that an `@` at the beginning of a word is
/// taken apart from what follows.
pub(crate) fn dialect() -> Dialect {
    Dialect { letter, strong: ("**", "**"), link }
}

/// Writes a letter so that it marks up nothing and calls nobody.
pub(crate) fn letter(before: Option<char>, letter: char, out: &mut String) {
    if "\\`*_{}[]<>#~|!".contains(letter) {
        out.push('\\');
    }
    out.push(letter);
    if letter == '@' && before.is_none_or(|before| !before.is_alphanumeric()) {
        out.push('\u{200b}');
    }
}

/// A link whose address cannot end it.
pub(crate) fn link(text: &str, url: &str) -> String {
    let url = url.replace('(', "%28").replace(')', "%29").replace('<', "%3C").replace('>', "%3E");
    format!("[{text}]({url})")
}

fn shape(notice: &Notice, data: &Map<String, Value>) -> Value {
    let how = Attachments {
        dialect: dialect(),
        aside: |line, most| cut(&line.plain(), most),
        text: TEXT_MAX,
        title: TITLE_MAX,
        footer: FOOTER_MAX,
        fields: FIELDS,
    };
    how.message(notice, data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outgoing::notice::Line;
    use crate::outgoing::samples;

    #[test]
    fn nothing_is_markup_and_nobody_is_called() {
        let line = Line::of("@all *a* ann@e.org <b> [x](y) !c").link("a]", Some("https://e.org/(a)"));
        let expect = "@\u{200b}all \\*a\\* ann@e.org \\<b\\> \\[x\\](y) \\!c[a\\]](https://e.org/%28a%29)";
        assert_eq!(line.write(&dialect(), 999), expect);
    }

    #[test]
    fn every_event_has_a_message() {
        insta::assert_snapshot!(samples::shaped(shape));
    }
}
