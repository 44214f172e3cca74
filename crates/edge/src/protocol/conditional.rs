//! Preconditions of a read: whether what the client holds is still what it would get (RFC 9110
//! section 13).

use http::{HeaderMap, HeaderValue, header};

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
        Some(list) => names(list, etag.as_bytes()),
        None => since.is_some_and(|since| since == modified.as_bytes()),
    }
}

/// Whether a range may be cut from this form of the file: If-Range is absent or names its entity
/// tag. A date never fits, because two deploys can go live within the second it counts in.
pub(crate) fn range_applies(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    headers.get(header::IF_RANGE).is_none_or(|condition| condition == etag)
}

/// Whether a list of entity tags, or `*`, names `etag` by the weak comparison.
fn names(list: &[u8], etag: &[u8]) -> bool {
    let mut rest = list.trim_ascii();
    if rest == b"*" {
        return true;
    }
    while let Some((tag, after)) = first_tag(rest) {
        if tag == etag {
            return true;
        }
        rest = after;
    }
    false
}

/// The first quoted tag of a list, without its weak mark, and what follows it.
fn first_tag(list: &[u8]) -> Option<(&[u8], &[u8])> {
    let open = list.iter().position(|&byte| byte == b'"')?;
    let length = list[open + 1..].iter().position(|&byte| byte == b'"')?;
    let close = open + 1 + length;
    Some((&list[open..=close], &list[close + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ETAG: HeaderValue = HeaderValue::from_static("\"abc\"");
    const DATE: HeaderValue = HeaderValue::from_static("Fri, 02 Jan 2026 03:04:05 GMT");

    fn headers(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
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
