//! What a match captured, and how each piece is written into a URL again.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::paths::{ENCODED_SLASH, IN_A_PATH};

/// Where in a target a captured text is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    Host,
    Path,
    Query,
    Fragment,
}

/// What was captured: decoded text of the path, or the decoded value of a query parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Captured<'a> {
    Path(&'a str),
    Query(Cow<'a, str>),
}

/// What the text of a target itself must not carry into a header or a URL; its `%` are its own.
const TEMPLATE: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'{').add(b'}').add(b'\\');

/// In a query or host, everything but the unreserved characters, so that nothing can be smuggled
/// into another parameter or another host.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

impl Captured<'_> {
    /// Appends the text, encoded for its place. A query value keeps its query form everywhere
    /// (`a b` is `a+b`), as the original has it.
    pub(super) fn write(&self, zone: Zone, out: &mut String) {
        match self {
            Self::Query(value) => {
                for (index, word) in value.split(' ').enumerate() {
                    let gap = if index > 0 { "+" } else { "" };
                    out.push_str(gap);
                    out.extend(utf8_percent_encode(word, COMPONENT));
                }
            }
            Self::Path(text) => {
                let set = if matches!(zone, Zone::Path | Zone::Fragment) { IN_A_PATH } else { COMPONENT };
                for (index, piece) in text.split(ENCODED_SLASH).enumerate() {
                    let slash = if index > 0 { "%2F" } else { "" };
                    out.push_str(slash);
                    out.extend(utf8_percent_encode(piece, set));
                }
            }
        }
    }
}

/// Appends text of the target itself, made fit for a header.
pub(super) fn write_template(text: &str, out: &mut String) {
    out.extend(utf8_percent_encode(text, TEMPLATE));
}
