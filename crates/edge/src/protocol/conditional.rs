//! Preconditions of a read: whether what the client holds is still what it would get (RFC 9110
//! section 13). In the order of section 13.2.2: [`holds`], [`is_fresh`], [`range_applies`].

use http::{HeaderMap, HeaderValue, header};

/// Whether the client gets anything: 412 says that the file is another by now. If-Match goes before
/// If-Unmodified-Since; a date that cannot be read, or several, ask for nothing.
pub(crate) fn holds(headers: &HeaderMap, etag: &HeaderValue, modified: &HeaderValue) -> bool {
    let mut listed = headers.get_all(header::IF_MATCH).iter().map(HeaderValue::as_bytes).peekable();
    if listed.peek().is_some() {
        return listed.any(|list| names(list, etag.as_bytes(), Comparison::Strong));
    }
    let mut dates = headers.get_all(header::IF_UNMODIFIED_SINCE).iter();
    match (dates.next(), dates.next()) {
        (Some(date), None) => !is_after(modified, date),
        _ => true,
    }
}

/// Whether one date is later than another, where both are dates.
fn is_after(date: &HeaderValue, other: &HeaderValue) -> bool {
    let read = |value: &HeaderValue| httpdate::parse_http_date(value.to_str().ok()?).ok();
    matches!((read(date), read(other)), (Some(date), Some(other)) if date > other)
}

/// Whether a 304 says all there is to say. If-None-Match goes before If-Modified-Since, which must
/// name the very date that was sent: after going back to an older deploy a later date is no proof.
pub(crate) fn is_fresh(headers: &HeaderMap, etag: &HeaderValue, modified: &HeaderValue) -> bool {
    let mut listed = headers.get_all(header::IF_NONE_MATCH).iter().map(HeaderValue::as_bytes).peekable();
    let since = headers.get(header::IF_MODIFIED_SINCE).map(HeaderValue::as_bytes);
    if listed.peek().is_none() {
        return is_fresh_by(None, since, etag, modified);
    }
    listed.any(|list| is_fresh_by(Some(list), since, etag, modified))
}

/// The same by the values of If-None-Match and If-Modified-Since.
pub(crate) fn is_fresh_by(
    none_match: Option<&[u8]>,
    since: Option<&[u8]>,
    etag: &HeaderValue,
    modified: &HeaderValue,
) -> bool {
    match none_match {
        Some(list) => names(list, etag.as_bytes(), Comparison::Weak),
        None => since.is_some_and(|since| since == modified.as_bytes()),
    }
}

/// Whether a range may be cut from this form of the file: If-Range is absent or names its entity
/// tag. A date never fits, because two deploys can go live within the second it counts in.
pub(crate) fn range_applies(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    headers.get(header::IF_RANGE).is_none_or(|condition| condition == etag)
}

/// How entity tags are compared (RFC 9110 section 8.8.3.2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    /// A weak tag is none.
    Strong,
    /// Weak or not, the same text is the same tag.
    Weak,
}

/// Whether a list of entity tags, or `*`, names `etag`, which is a strong one.
fn names(list: &[u8], etag: &[u8], comparison: Comparison) -> bool {
    let mut rest = list.trim_ascii();
    if rest == b"*" {
        return true;
    }
    while let Some((before, tag, after)) = first_tag(rest) {
        if tag == etag && (comparison == Comparison::Weak || !before.ends_with(b"W/")) {
            return true;
        }
        rest = after;
    }
    false
}

/// The first quoted tag of a list, what stands before it, its weak mark included, and what follows.
fn first_tag(list: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let open = list.iter().position(|&byte| byte == b'"')?;
    let length = list[open + 1..].iter().position(|&byte| byte == b'"')?;
    let close = open + 1 + length;
    Some((&list[..open], &list[open..=close], &list[close + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ETAG: HeaderValue = HeaderValue::from_static("\"abc\"");
    const DATE: HeaderValue = HeaderValue::from_static("Fri, 02 Jan 2026 03:04:05 GMT");

    fn headers(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    /// The same, each pair as a line of its own.
    fn several(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn entity_tags_are_compared_weakly() {
        for (list, expect) in [
            ("\"abc\"", true),
            ("W/\"abc\"", true),
            ("\"x\", \"abc\"", true),
            ("\"x\",W/\"abc\" , \"y\"", true),
            ("\"a,b\", \"abc\"", true),
            ("*", true),
            (" * ", true),
            ("\"*\"", false),
            ("\"ab\"", false),
            ("abc", false),
            ("\"abc", false),
            ("", false),
        ] {
            let headers = headers(&[(header::IF_NONE_MATCH, list)]);
            assert_eq!(is_fresh(&headers, &ETAG, &DATE), expect, "{list}");
        }
    }

    #[test]
    fn a_file_that_is_another_by_now_is_not_sent() {
        let (tags, since) = (header::IF_MATCH, header::IF_UNMODIFIED_SINCE);
        let (before, same, after) = (
            "Fri, 02 Jan 2026 03:04:04 GMT",
            "Fri, 02 Jan 2026 03:04:05 GMT",
            "Fri, 02 Jan 2026 03:04:06 GMT",
        );
        for (pairs, expect) in [
            (vec![], true),
            (vec![(tags.clone(), "\"abc\"")], true),
            (vec![(tags.clone(), "\"x\", \"abc\"")], true),
            (vec![(tags.clone(), "*")], true),
            (vec![(tags.clone(), "\"x\"")], false),
            (vec![(tags.clone(), "")], false),
            (vec![(tags.clone(), "abc")], false),
            (vec![(tags.clone(), "\"*\"")], false),
            (vec![(tags.clone(), "W/\"abc\"")], false),
            (vec![(tags.clone(), "W/\"abc\", \"abc\"")], true),
            (vec![(tags.clone(), "\"x\""), (tags.clone(), "\"abc\"")], true),
            (vec![(since.clone(), before)], false),
            (vec![(since.clone(), same)], true),
            (vec![(since.clone(), after)], true),
            (vec![(since.clone(), "Thursday, 01-Jan-26 03:04:05 GMT")], false),
            (vec![(since.clone(), "Thu Jan  1 03:04:05 2026")], false),
            (vec![(since.clone(), "yesterday")], true),
            (vec![(since.clone(), before), (since.clone(), before)], true),
            (vec![(tags.clone(), "\"abc\""), (since.clone(), before)], true),
            (vec![(tags.clone(), "\"x\""), (since.clone(), after)], false),
        ] {
            let headers = several(&pairs);
            assert_eq!(holds(&headers, &ETAG, &DATE), expect, "{pairs:?}");
        }
    }

    #[test]
    fn several_header_lines_are_one_list() {
        let mut two = headers(&[(header::IF_NONE_MATCH, "\"x\"")]);
        two.append(header::IF_NONE_MATCH, ETAG);
        assert!(is_fresh(&two, &ETAG, &DATE));
    }

    #[test]
    fn a_date_counts_only_without_tags_and_only_if_it_is_the_same() {
        let date = "Fri, 02 Jan 2026 03:04:05 GMT";
        for (pairs, expect) in [
            (vec![(header::IF_MODIFIED_SINCE, date)], true),
            (vec![(header::IF_MODIFIED_SINCE, "Fri, 01 Jan 2100 00:00:00 GMT")], false),
            (vec![(header::IF_MODIFIED_SINCE, "nonsense")], false),
            (vec![(header::IF_MODIFIED_SINCE, date), (header::IF_NONE_MATCH, "\"x\"")], false),
            (vec![], false),
        ] {
            assert_eq!(is_fresh(&headers(&pairs), &ETAG, &DATE), expect, "{pairs:?}");
        }
    }

    #[test]
    fn if_range_takes_the_same_strong_tag_only() {
        for (value, expect) in [
            ("\"abc\"", true),
            ("W/\"abc\"", false),
            ("\"x\"", false),
            ("Fri, 02 Jan 2026 03:04:05 GMT", false),
        ] {
            assert_eq!(range_applies(&headers(&[(header::IF_RANGE, value)]), &ETAG), expect, "{value}");
        }
        assert!(range_applies(&HeaderMap::new(), &ETAG));
    }
}
