//! Writes the head of an answer: what the phases set, then length, date and what becomes of the
//! connection (RFC 9112 sections 6 and 9). Pure, save for one date a second that each thread remembers.

use http::response::Parts;
use http::{StatusCode, header};
use model::Timestamp;
use std::cell::RefCell;
use std::io::Write as _;
use std::time::{Duration, UNIX_EPOCH};

/// Bytes of most heads.
const ROOM: usize = 512;
/// Bytes of a date in a header.
const DATE_BYTES: usize = 29;

/// What becomes of the connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    KeepAlive,
    Close,
}

thread_local! {
    static DATE: RefCell<(i64, String)> = RefCell::new((i64::MIN, String::with_capacity(DATE_BYTES)));
}

/// The head of an answer whose body has `length` bytes, or none that is known before its end: then the
/// body goes out in chunks. `bodiless` answers, those to HEAD, have their length from the phases.
pub(super) fn write(
    parts: &Parts,
    length: Option<u64>,
    bodiless: bool,
    ending: Ending,
    now: Timestamp,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(ROOM);
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(parts.status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(parts.status.canonical_reason().unwrap_or("").as_bytes());
    out.extend_from_slice(b"\r\n");
    for (name, value) in &parts.headers {
        field(&mut out, name.as_str(), value.as_bytes());
    }
    framing(&mut out, parts, length, bodiless);
    if ending == Ending::Close {
        field(&mut out, "connection", b"close");
    }
    if !parts.headers.contains_key(header::DATE) {
        date(&mut out, now);
    }
    out.extend_from_slice(b"\r\n");
    out
}

pub(super) fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// How a client knows where the body ends.
fn framing(out: &mut Vec<u8>, parts: &Parts, body: Option<u64>, bodiless: bool) {
    if bodiless || never_has_body(parts.status) || parts.headers.contains_key(header::CONTENT_LENGTH) {
        return;
    }
    match body {
        Some(bytes) => length(out, bytes),
        None => field(out, "transfer-encoding", b"chunked"),
    }
}

pub(super) fn length(out: &mut Vec<u8>, bytes: u64) {
    // writing to a vector does not fail
    let _ = write!(out, "content-length: {bytes}\r\n");
}

/// Whether answers of this status end with their head.
pub(super) fn never_has_body(status: StatusCode) -> bool {
    status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

pub(super) fn date(out: &mut Vec<u8>, now: Timestamp) {
    let second = now.seconds();
    DATE.with_borrow_mut(|(known, text)| {
        if *known != second {
            *text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(second.unsigned_abs()));
            *known = second;
        }
        field(out, "date", text.as_bytes());
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderValue, Response};

    fn text(status: u16, length: Option<u64>, bodiless: bool, ending: Ending) -> String {
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        response.headers_mut().insert(header::ETAG, HeaderValue::from_static("\"x\""));
        let parts = response.into_parts().0;
        let head = write(&parts, length, bodiless, ending, Timestamp(999));
        String::from_utf8(head).expect("text")
    }

    #[test]
    fn a_head_says_where_its_body_ends() {
        const DATE: &str = "date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n";
        let stay = Ending::KeepAlive;
        for (status, length, bodiless, ending, first, rest) in [
            (200, Some(3), false, stay, "HTTP/1.1 200 OK\r\n", "content-length: 3\r\n"),
            (200, None, false, stay, "HTTP/1.1 200 OK\r\n", "transfer-encoding: chunked\r\n"),
            (200, Some(0), true, stay, "HTTP/1.1 200 OK\r\n", ""),
            (304, Some(0), false, stay, "HTTP/1.1 304 Not Modified\r\n", ""),
            (
                404,
                Some(0),
                false,
                Ending::Close,
                "HTTP/1.1 404 Not Found\r\n",
                "content-length: 0\r\nconnection: close\r\n",
            ),
            (299, Some(1), false, stay, "HTTP/1.1 299 \r\n", "content-length: 1\r\n"),
        ] {
            let expect = format!("{first}etag: \"x\"\r\n{rest}{DATE}");
            assert_eq!(text(status, length, bodiless, ending), expect);
        }
    }
}
