//! Which bytes of a file a client asks for, and how several stretches are framed (RFC 9110
//! section 14).

use crate::body::Span;
use crate::protocol::conditional::range_applies;
use crate::sites::Form;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use std::ops::Range;

/// Stretches one answer holds at most; who asks for more gets the whole file.
pub(crate) const MAX_RANGES: usize = 16;

/// What a client asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Requested {
    /// Everything, or a range that this server may ignore.
    Whole,
    /// One stretch.
    One(Range<u64>),
    /// Several, in the order of the request.
    Many(Vec<Range<u64>>),
    /// Nothing that the file has.
    Unsatisfiable,
}

/// What the Range header asks of a form of `size` bytes. What cannot be read is ignored, and so is
/// a list of stretches that together are larger than the file.
pub(crate) fn requested(headers: &HeaderMap, etag: &HeaderValue, size: u64) -> Requested {
    let Some(range) = headers.get(header::RANGE) else { return Requested::Whole };
    if !range_applies(headers, etag) {
        return Requested::Whole;
    }
    range.to_str().ok().and_then(stretches).map_or(Requested::Whole, |list| satisfy(list, size))
}

fn satisfy(list: &str, size: u64) -> Requested {
    let mut ranges = Vec::new();
    for item in list.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        let Some(stretch) = stretch(item, size) else { return Requested::Whole };
        if !stretch.is_empty() {
            ranges.push(stretch);
        }
        if ranges.len() > MAX_RANGES {
            return Requested::Whole;
        }
    }
    match ranges.len() {
        0 => Requested::Unsatisfiable,
        1 => Requested::One(ranges.remove(0)),
        _ if ranges.iter().map(|range| range.end - range.start).sum::<u64>() > size => Requested::Whole,
        _ => Requested::Many(ranges),
    }
}

/// What follows `bytes=`; other units are not known here.
fn stretches(value: &str) -> Option<&str> {
    let (unit, list) = value.split_once('=')?;
    let known = unit.trim().eq_ignore_ascii_case("bytes") && !list.trim().is_empty();
    known.then_some(list)
}

/// `5-9`, `5-` or `-5`, cut to the file; empty where the file has none of it, none where it is not
/// of this form.
fn stretch(item: &str, size: u64) -> Option<Range<u64>> {
    let (first, last) = item.split_once('-')?;
    if first.is_empty() {
        let length = number(last)?;
        return Some(size.saturating_sub(length)..size);
    }
    let first = number(first)?;
    let last = if last.is_empty() { u64::MAX } else { number(last)? };
    if last < first {
        return None;
    }
    Some(first.min(size)..last.saturating_add(1).min(size))
}

/// Digits as a number; more than fit count as the largest.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// `bytes 0-9/100`.
pub(crate) fn content_range(range: &Range<u64>, size: u64) -> HeaderValue {
    ascii(format!("bytes {}/{size}", bounds(range)))
}

/// `bytes */100`.
pub(crate) fn unsatisfied(size: u64) -> HeaderValue {
    ascii(format!("bytes */{size}"))
}

fn bounds(range: &Range<u64>) -> String {
    format!("{}-{}", range.start, range.end.saturating_sub(1))
}

fn ascii(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("letters and digits make a header value")
}

/// The frames of several stretches, and the media type that names their boundary. The boundary is
/// taken from the digest of the file, which no one can make the file contain.
pub(crate) fn multipart(ranges: &[Range<u64>], mime: &HeaderValue, form: &Form) -> (HeaderValue, Vec<Span>) {
    let boundary = hex::encode(&form.blob.digest[16..]);
    let mime = String::from_utf8_lossy(mime.as_bytes());
    let mut spans = Vec::with_capacity(ranges.len() * 2 + 1);
    for (index, range) in ranges.iter().enumerate() {
        let line = if index == 0 { "" } else { "\r\n" };
        let head = format!(
            "{line}--{boundary}\r\ncontent-type: {mime}\r\ncontent-range: bytes {}/{}\r\n\r\n",
            bounds(range),
            form.blob.size
        );
        spans.push(Span::Text(Bytes::from(head)));
        spans.push(Span::Blob(range.clone()));
    }
    spans.push(Span::Text(Bytes::from(format!("\r\n--{boundary}--\r\n"))));
    (ascii(format!("multipart/byteranges; boundary={boundary}")), spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ETAG: HeaderValue = HeaderValue::from_static("\"abc\"");

    fn ask(value: &str, size: u64) -> Requested {
        let range = (header::RANGE, HeaderValue::from_str(value).expect("a test's own header"));
        requested(&HeaderMap::from_iter([range]), &ETAG, size)
    }

    #[test]
    fn one_stretch_is_cut_to_the_file() {
        for (value, expect) in [
            ("bytes=0-9", 0..10),
            ("bytes=0-", 0..1000),
            ("bytes=990-5000", 990..1000),
            ("bytes=-5", 995..1000),
            ("bytes=-5000", 0..1000),
            ("BYTES = 1-1", 1..2),
            ("bytes=0-99999999999999999999999", 0..1000),
            ("bytes=5-6, 2000-", 5..7),
            ("bytes=,5-6,", 5..7),
        ] {
            assert_eq!(ask(value, 1000), Requested::One(expect), "{value}");
        }
    }

    #[test]
    fn what_the_file_has_not_is_unsatisfiable() {
        for value in ["bytes=1000-", "bytes=2000-3000", "bytes=-0", "bytes=1000-,2000-"] {
            assert_eq!(ask(value, 1000), Requested::Unsatisfiable, "{value}");
        }
        assert_eq!(ask("bytes=0-0", 0), Requested::Unsatisfiable);
        assert_eq!(ask("bytes=-1", 0), Requested::Unsatisfiable);
    }

    #[test]
    fn what_cannot_be_read_is_ignored() {
        for value in [
            "lines=0-9",
            "bytes=abc",
            "bytes=",
            "bytes",
            "bytes=9-1",
            "bytes=1-2,x",
            "bytes=+1-2",
            "bytes=1--2",
        ] {
            assert_eq!(ask(value, 1000), Requested::Whole, "{value}");
        }
        assert_eq!(requested(&HeaderMap::new(), &ETAG, 10), Requested::Whole);
    }

    #[test]
    fn many_stretches_are_bounded_in_number_and_in_sum() {
        assert_eq!(ask("bytes=0-0,-1", 10), Requested::Many(vec![0..1, 9..10]));
        assert_eq!(ask("bytes=0-,0-", 10), Requested::Whole);
        let list = |count: usize| format!("bytes={}", vec!["1-1"; count].join(","));
        assert!(matches!(ask(&list(MAX_RANGES), 1000), Requested::Many(_)));
        assert_eq!(ask(&list(MAX_RANGES + 1), 1000), Requested::Whole);
    }
}
