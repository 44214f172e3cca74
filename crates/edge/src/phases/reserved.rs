//! `/.netlify` belongs to the platform: no file of a deploy is ever served from there.

use crate::answer::{Answer, Content, Next};
use crate::exchange::Exchange;
use crate::pages;
use crate::sites::SiteView;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use std::ops::ControlFlow;

const ROOT: &str = "/.netlify";
const FUNCTIONS: &str = "/.netlify/functions/";
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// 501 for a function the deploy has, 404 for everything else under `/.netlify`.
pub(crate) fn run(exchange: &Exchange, site: &SiteView) -> Next {
    let Some(path) = exchange.path().filter(|path| is_reserved(path)) else {
        return ControlFlow::Continue(());
    };
    ControlFlow::Break(match function_name(path) {
        Some(name) if site.deploy.has_function(name) => not_implemented(),
        Some(_) => nothing("There is no function of this name in this deploy."),
        None => nothing("There is nothing at this address."),
    })
}

fn is_reserved(path: &str) -> bool {
    path.strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn function_name(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(FUNCTIONS)?;
    rest.split('/').next().filter(|name| !name.is_empty())
}

fn not_implemented() -> Answer {
    let body = Bytes::from_static(br#"{"code":501,"message":"This server does not run functions."}"#);
    Answer::new(StatusCode::NOT_IMPLEMENTED, Content::Bytes(body)).with(header::CONTENT_TYPE, JSON)
}

fn nothing(sentence: &'static str) -> Answer {
    pages::page(StatusCode::NOT_FOUND, "Not found", sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_segment_is_reserved() {
        for (path, expect) in [
            ("/.netlify", true),
            ("/.netlify/", true),
            ("/.netlify/functions/a", true),
            ("/.netlifyx", false),
            ("/a/.netlify/b", false),
            ("/", false),
        ] {
            assert_eq!(is_reserved(path), expect, "{path}");
        }
    }

    #[test]
    fn a_function_is_the_segment_behind_functions() {
        for (path, expect) in [
            ("/.netlify/functions/hello", Some("hello")),
            ("/.netlify/functions/hello/more", Some("hello")),
            ("/.netlify/functions/", None),
            ("/.netlify/functions", None),
            ("/.netlify/images", None),
        ] {
            assert_eq!(function_name(path), expect, "{path}");
        }
    }
}
