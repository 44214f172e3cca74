//! The small pages of the edge itself, for when no file of a site says it better.

use crate::answer::{Answer, Content};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// A page of a title and a sentence. Both are the edge's own words: nothing a client sent may
/// stand in them.
pub(crate) fn page(status: StatusCode, title: &'static str, sentence: &'static str) -> Answer {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title></head>\n\
         <body><h1>{title}</h1><p>{sentence}</p></body>\n</html>\n"
    );
    Answer::new(status, Content::Bytes(Bytes::from(html))).with(header::CONTENT_TYPE, HTML)
}

/// The page of a failure that is this server's own.
pub(crate) fn failure() -> Answer {
    page(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Internal error",
        "This page could not be read. The request id is in the log.",
    )
}
