//! Reads the head of a request that has no body, and says no to everything else. Saying no is always
//! safe: the general server then reads the same bytes. Pure.

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, Uri, header};

/// Header fields of a request that is answered here; browsers send about fifteen.
pub(super) const MAX_FIELDS: usize = 40;

/// A request that was understood.
pub(super) struct Begun {
    pub(super) request: Parts,
    /// Whether the client wants the connection to stay.
    pub(super) keep_alive: bool,
}

/// The request whose head these bytes are, exactly: nothing is missing, nothing follows.
pub(super) fn begin(bytes: &Bytes) -> Option<Begun> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut parsed = httparse::Request::new(&mut fields);
    // a second request that was sent along would leave bytes behind the head
    let whole = parsed.parse(bytes).ok()? == httparse::Status::Complete(bytes.len());
    if !whole || !bytes.ends_with(b"\r\n\r\n") || parsed.version != Some(1) {
        return None;
    }
    let method = match parsed.method? {
        "GET" => Method::GET,
        "HEAD" => Method::HEAD,
        _ => return None,
    };
    let path = parsed.path.filter(|path| path.starts_with('/'))?;
    let uri = Uri::from_maybe_shared(bytes.slice_ref(path.as_bytes())).ok()?;
    let mut request = Request::new(()).into_parts().0;
    (request.method, request.uri) = (method, uri);
    request.headers.reserve(parsed.headers.len());
    let mut keep_alive = true;
    for field in parsed.headers {
        let name = HeaderName::from_bytes(field.name.as_bytes()).ok()?;
        let value = HeaderValue::from_maybe_shared(bytes.slice_ref(field.value)).ok()?;
        match name {
            header::CONTENT_LENGTH
            | header::TRANSFER_ENCODING
            | header::UPGRADE
            | header::EXPECT
            | header::TE
            | header::TRAILER => return None,
            header::CONNECTION => keep_alive = stays(value.as_bytes())?,
            _ => {}
        }
        request.headers.append(name, value);
    }
    Some(Begun { request, keep_alive })
}

/// Whether a connection stays; none when the field says anything else besides.
pub(super) fn stays(value: &[u8]) -> Option<bool> {
    match value {
        _ if value.eq_ignore_ascii_case(b"keep-alive") => Some(true),
        _ if value.eq_ignore_ascii_case(b"close") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<(String, bool)> {
        let begun = begin(&Bytes::copy_from_slice(text.as_bytes()))?;
        let head = begun.request;
        let fields: Vec<_> = head
            .headers
            .iter()
            .map(|(name, value)| format!("{name}={}", value.to_str().unwrap_or("?")))
            .collect();
        Some((format!("{} {} {}", head.method, head.uri, fields.join(" ")), begun.keep_alive))
    }

    #[test]
    fn simple_requests_are_read() {
        for (text, expect, keep_alive) in [
            ("GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a?b=c host=x", true),
            (
                "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                "HEAD / host=x connection=close",
                false,
            ),
            (
                "GET / HTTP/1.1\r\nA: 1\r\nA: 2\r\nConnection: Keep-Alive\r\n\r\n",
                "GET / a=1 a=2 connection=Keep-Alive",
                true,
            ),
            ("GET / HTTP/1.1\r\n\r\n", "GET / ", true),
        ] {
            assert_eq!(shown(text), Some((expect.to_owned(), keep_alive)), "{text:?}");
        }
    }

    #[test]
    fn everything_else_is_left_to_the_general_server() {
        for text in [
            "",
            "GET / HTTP/1.1\r\nHost: x\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\n\r\nx",
            "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET / HTTP/1.0\r\nHost: x\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n",
            "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
            "GET / HTTP/1.1\nHost: x\n\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ] {
            assert_eq!(shown(text), None, "{text:?}");
        }
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(MAX_FIELDS + 1));
        assert_eq!(shown(&many), None);
    }
}
