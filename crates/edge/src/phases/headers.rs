//! Header rules on the way out (contract edge 1.4): only answers that show a file of the site get
//! their headers, by the path that was asked for, or by the target of a rewrite.

use crate::answer::Answer;
use crate::exchange::Exchange;
use crate::sites::{Block, SiteView};
use http::{HeaderName, HeaderValue, StatusCode, header};

/// For pages behind a password: a shared cache would show them to everybody.
const PRIVATE: HeaderValue = HeaderValue::from_static("private,max-age=0,must-revalidate");

/// Sets what the rules of the site say about the path.
pub(crate) fn run(exchange: &Exchange, site: &SiteView, answer: &mut Answer) {
    if site.rules.headers.is_empty() || !answer.of_file {
        return;
    }
    if exchange.guarded {
        answer.headers.insert(header::CACHE_CONTROL, PRIVATE);
    }
    if let Some(path) = exchange.path_for_rules() {
        apply(&site.rules.block(&path, &site.deploy), answer);
    }
}

fn apply(block: &Block, answer: &mut Answer) {
    for (name, value) in block {
        if !may_set(name, answer) {
            continue;
        }
        if *name == header::VARY || *name == header::SET_COOKIE {
            answer.headers.append(name.clone(), value.clone());
        } else {
            answer.headers.insert(name.clone(), value.clone());
        }
    }
}

/// What says something about the very bytes that are sent stays true; and no rule may have visitors
/// remember for a year that a page is missing.
fn may_set(name: &HeaderName, answer: &Answer) -> bool {
    match *name {
        header::ETAG | header::LAST_MODIFIED => false,
        header::CACHE_CONTROL => answer.status.is_success() || answer.status == StatusCode::NOT_MODIFIED,
        header::CONTENT_TYPE => answer
            .headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|mime| !mime.as_bytes().starts_with(b"multipart/byteranges")),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Content;

    fn check(status: u16, before: &'static str, expect: &[(&str, &str)]) {
        let pair =
            |name: &'static str, value| (HeaderName::from_static(name), HeaderValue::from_static(value));
        let block = [
            pair("cache-control", "max-age=9"),
            pair("content-type", "text/x"),
            pair("etag", "\"mine\""),
            pair("vary", "cookie"),
            pair("x-one", "1"),
        ];
        let status = StatusCode::from_u16(status).expect("a status");
        let mut answer = Answer::new(status, Content::Empty)
            .with(header::VARY, HeaderValue::from_static("accept-encoding"))
            .with(header::ETAG, HeaderValue::from_static("\"true\""));
        if !before.is_empty() {
            answer.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(before));
        }
        apply(&block, &mut answer);
        let mut found: Vec<_> = answer
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap_or("")))
            .collect();
        found.sort_unstable();
        assert_eq!(found, expect, "{status} {before}");
    }

    #[test]
    fn rules_change_what_is_theirs_to_change() {
        let (etag, vary) = (("etag", "\"true\""), ("vary", "accept-encoding"));
        let (cache, added, one) = (("cache-control", "max-age=9"), ("vary", "cookie"), ("x-one", "1"));
        check(200, "text/html", &[cache, ("content-type", "text/x"), etag, vary, added, one]);
        let parts = "multipart/byteranges; boundary=x";
        check(206, parts, &[cache, ("content-type", parts), etag, vary, added, one]);
        check(304, "", &[cache, etag, vary, added, one]);
        check(404, "text/html", &[("content-type", "text/x"), etag, vary, added, one]);
    }
}
