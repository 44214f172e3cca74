//! Headers of rules as they are written, for answers that are put together from texts. Says no to
//! blocks that change what an answer says of itself: those are worked in one by one.

use super::rules::Block;
use crate::phases::defaults::REQUEST_ID;
use http::{HeaderName, HeaderValue, header};

/// A block of headers, ready to be sent with a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Ready {
    /// In place of the usual Cache-Control.
    pub(crate) cache_control: Option<HeaderValue>,
    /// In place of the file's own type, where the answer has a body.
    pub(crate) content_type: Option<HeaderValue>,
    /// All others, each with its end of line.
    pub(crate) lines: Box<[u8]>,
}

/// What becomes of a header of a rule in an answer with a file.
enum Part {
    CacheControl,
    ContentType,
    /// The answer's own goes before it.
    Unheard,
    /// One of several of its name.
    Further,
    /// The only one of its name.
    Own,
    /// It depends on the answer.
    Unclear,
}

impl Ready {
    /// The block as it is written; none where that depends on the answer.
    pub(crate) fn of(block: &Block) -> Option<Self> {
        let mut ready = Self::default();
        let mut others: Vec<(&HeaderName, &HeaderValue)> = Vec::with_capacity(block.len());
        for (name, value) in block {
            match part(name) {
                Part::CacheControl => ready.cache_control = Some(value.clone()),
                Part::ContentType => ready.content_type = Some(value.clone()),
                Part::Unheard => {}
                Part::Further => others.push((name, value)),
                Part::Own => match others.iter_mut().find(|(known, _)| *known == name) {
                    Some(known) => known.1 = value,
                    None => others.push((name, value)),
                },
                Part::Unclear => return None,
            }
        }
        let lines = others.iter().map(|(name, value)| line(name, value));
        ready.lines = lines.collect::<Vec<_>>().concat().into();
        Some(ready)
    }

    /// Puts one more behind the others.
    pub(super) fn add(&mut self, name: &HeaderName, value: &HeaderValue) {
        self.lines = [&*self.lines, &line(name, value)].concat().into();
    }
}

fn part(name: &HeaderName) -> Part {
    match *name {
        header::CACHE_CONTROL => Part::CacheControl,
        header::CONTENT_TYPE => Part::ContentType,
        header::ETAG | header::LAST_MODIFIED | header::SERVER => Part::Unheard,
        header::VARY | header::SET_COOKIE => Part::Further,
        header::AGE
        | header::ACCEPT_RANGES
        | header::CONNECTION
        | header::CONTENT_ENCODING
        | header::CONTENT_LENGTH
        | header::DATE
        | header::TRANSFER_ENCODING => Part::Unclear,
        _ if *name == REQUEST_ID => Part::Unheard,
        _ => Part::Own,
    }
}

fn line(name: &HeaderName, value: &HeaderValue) -> Vec<u8> {
    [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(block: &[(&'static str, &'static str)]) -> Option<Ready> {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        Ready::of(&block.iter().map(pair).collect::<Vec<_>>())
    }

    #[test]
    fn headers_become_lines() {
        let block = [
            ("x-one", "1"),
            ("cache-control", "no-store"),
            ("vary", "a"),
            ("content-type", "text/x"),
            ("vary", "b"),
            ("etag", "mine"),
            ("server", "mine"),
            ("x-nf-request-id", "mine"),
            ("x-one", "2"),
        ];
        let expect = Ready {
            cache_control: Some(HeaderValue::from_static("no-store")),
            content_type: Some(HeaderValue::from_static("text/x")),
            lines: b"x-one: 2\r\nvary: a\r\nvary: b\r\n".as_slice().into(),
        };
        assert_eq!(ready(&block), Some(expect));
        assert_eq!(ready(&[]), Some(Ready::default()));
    }

    #[test]
    fn what_an_answer_says_of_itself_is_not_ready() {
        for name in ["age", "date", "content-encoding", "content-length", "accept-ranges", "connection"] {
            assert_eq!(ready(&[("x-one", "1"), (name, "1")]), None, "{name}");
        }
    }
}
