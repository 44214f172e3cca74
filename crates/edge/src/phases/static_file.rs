//! Answers with a file of the deploy: method, encoding, preconditions and ranges, in this order
//! (RFC 9110 sections 12.5.3, 13 and 14; contract edge 1.5).

use crate::answer::{Answer, Content, Next, Spans};
use crate::exchange::Exchange;
use crate::pages;
use crate::protocol::{conditional, negotiate, range};
use crate::sites::{FileView, Form, SiteView};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use std::ops::ControlFlow;

const BYTES: HeaderValue = HeaderValue::from_static("bytes");
const ACCEPT_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");
const ALLOW: HeaderValue = HeaderValue::from_static("GET, HEAD");
const AGE: HeaderValue = HeaderValue::from_static("0");
/// What answers with files say of caching where no rule does.
pub(crate) const REVALIDATE: HeaderValue = HeaderValue::from_static("public,max-age=0,must-revalidate");

/// The file at the path of the request, if the deploy has one.
pub(crate) fn run(exchange: &Exchange, site: &SiteView) -> Next {
    let Some(file) = exchange.path().and_then(|path| site.deploy.file(path)) else {
        return ControlFlow::Continue(());
    };
    let fails = exchange.rewritten().is_some_and(|status| !status.is_success());
    if !fails && !matches!(*exchange.method(), Method::GET | Method::HEAD) {
        let sentence = "Files of a site can be read and nothing else.";
        let refusal = pages::page(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed", sentence);
        return ControlFlow::Break(refusal.with(header::ALLOW, ALLOW));
    }
    ControlFlow::Break(match exchange.rewritten() {
        Some(status) if status != StatusCode::OK => stand_in(status, exchange.headers(), file),
        _ => answer(exchange.headers(), site, file),
    })
}

fn answer(request: &HeaderMap, site: &SiteView, file: &FileView) -> Answer {
    let form = file.form(negotiate::choose(request, file.encodings()));
    let modified = &site.deploy.last_modified;
    if !conditional::holds(request, &form.etag, modified) {
        return pages::page(StatusCode::PRECONDITION_FAILED, "Precondition failed", "The file has changed.");
    }
    if conditional::is_fresh(request, &form.etag, modified) {
        return validators(described(StatusCode::NOT_MODIFIED, Content::Empty, file), form, modified);
    }
    let answer = match wanted(request, file, form) {
        range::Requested::Whole => whole(StatusCode::OK, file, form),
        range::Requested::One(range) => one_range(file, form, range),
        range::Requested::Many(ranges) => many_ranges(file, form, &ranges),
        range::Requested::Unsatisfiable => return unsatisfiable(form),
    };
    validators(answer, form, modified).with(header::ACCEPT_RANGES, BYTES)
}

/// A page that snippets are put into goes out as a whole: its places are not those of the file.
fn wanted(request: &HeaderMap, file: &FileView, form: &Form) -> range::Requested {
    if file.composed {
        return range::Requested::Whole;
    }
    range::requested(request, &form.etag, form.blob.size)
}

/// A file as it is, with another status: the page of a 404, which has no validators because it is
/// not what is found at that address.
pub(crate) fn stand_in(status: StatusCode, request: &HeaderMap, file: &FileView) -> Answer {
    whole(status, file, file.form(negotiate::choose(request, file.encodings())))
}

fn whole(status: StatusCode, file: &FileView, form: &Form) -> Answer {
    encoded(described(status, form.blob.whole(), file), form).with(header::CONTENT_TYPE, file.mime.clone())
}

fn one_range(file: &FileView, form: &Form, range: std::ops::Range<u64>) -> Answer {
    let bounds = range::content_range(&range, form.blob.size);
    let content = Content::Blob { blob: form.blob, spans: Spans::One(range) };
    encoded(described(StatusCode::PARTIAL_CONTENT, content, file), form)
        .with(header::CONTENT_TYPE, file.mime.clone())
        .with(header::CONTENT_RANGE, bounds)
}

fn many_ranges(file: &FileView, form: &Form, ranges: &[std::ops::Range<u64>]) -> Answer {
    let (mime, spans) = range::multipart(ranges, &file.mime, form);
    let content = Content::Blob { blob: form.blob, spans: Spans::Many(spans) };
    encoded(described(StatusCode::PARTIAL_CONTENT, content, file), form).with(header::CONTENT_TYPE, mime)
}

fn unsatisfiable(form: &Form) -> Answer {
    let sentence = "The file has no such range.";
    pages::page(StatusCode::RANGE_NOT_SATISFIABLE, "Range not satisfiable", sentence)
        .with(header::CONTENT_RANGE, range::unsatisfied(form.blob.size))
}

/// What every answer from a file says, whatever it carries.
fn described(status: StatusCode, content: Content, file: &FileView) -> Answer {
    let mut answer =
        Answer::new(status, content).with(header::CACHE_CONTROL, REVALIDATE).with(header::AGE, AGE);
    answer.of_file = true;
    if file.encodings().is_empty() && !file.composed {
        answer
    } else {
        answer.with(header::VARY, ACCEPT_ENCODING)
    }
}

fn encoded(answer: Answer, form: &Form) -> Answer {
    match form.encoding.header() {
        Some(encoding) => answer.with(header::CONTENT_ENCODING, encoding),
        None => answer,
    }
}

fn validators(answer: Answer, form: &Form, modified: &HeaderValue) -> Answer {
    answer.with(header::ETAG, form.etag.clone()).with(header::LAST_MODIFIED, modified.clone())
}
