//! Reads the head of an answer and finds out where its body ends (RFC 9112 sections 6 and 9.3). What
//! another reader might frame in another way is no answer. Pure.

use super::chunks::Chunks;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use httparse::{ParserConfig, Response, Status};
use std::mem::MaybeUninit;

/// Bytes of the head of an answer, those of interim answers before it included.
pub(super) const HEAD_BYTES: usize = 64 * 1024;
/// Fields of a head.
pub(super) const MAX_FIELDS: usize = 100;

/// Why what came is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("the head of the answer is malformed")]
    Malformed,
    #[error("the head of the answer is too long")]
    TooLong,
    #[error("the answer does not say clearly where its body ends")]
    Framing,
    #[error("the chunks of the answer are malformed")]
    Chunks,
    #[error("the answer broke off")]
    Short,
}

/// The head of an answer.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    /// All fields, as they were sent.
    pub(super) headers: HeaderMap,
    pub(super) body: Rest,
    /// Whether the other side takes another request behind this answer.
    pub(super) stays: bool,
}

/// What is still to come of a body.
#[derive(Debug)]
pub(super) enum Rest {
    /// So many bytes.
    Bytes(u64),
    /// What the chunks say.
    Chunks(Chunks),
    /// What comes until the connection is closed.
    ToTheEnd,
    /// Nobody can say how much: nothing of it is read.
    Unclear,
}

impl Head {
    /// Whether another answer to the same request follows.
    pub(super) fn is_interim(&self) -> bool {
        self.status.is_informational() && self.status != StatusCode::SWITCHING_PROTOCOLS
    }
}

/// The head at the beginning of these bytes, as an answer to such a request, and its length; none when
/// more bytes are needed. With `tolerant`, one that does not say where its body ends is an answer without
/// a body that can be read.
///
/// # Errors
/// When it is none, is too long, or does not say where its body ends.
pub(super) fn read(bytes: &Bytes, method: &Method, tolerant: bool) -> Result<Option<(Head, usize)>, Fault> {
    let mut fields = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut parsed = Response::new(&mut []);
    let reading = ParserConfig::default();
    let end = match reading.parse_response_with_uninit_headers(&mut parsed, bytes, &mut fields) {
        Ok(Status::Complete(end)) => end,
        Ok(Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Fault::TooLong),
        Err(_) => return Err(Fault::Malformed),
    };
    let status = parsed.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(Fault::Malformed)?;
    let mut framing = Framing::new(parsed.version == Some(1));
    let mut clear = true;
    let mut headers = HeaderMap::with_capacity(parsed.headers.len());
    for field in &*parsed.headers {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| Fault::Malformed)?;
        let value = HeaderValue::from_maybe_shared(bytes.slice_ref(field.value));
        let value = value.map_err(|_| Fault::Malformed)?;
        match framing.look_at(&name, &value) {
            Err(Fault::Framing) if tolerant => clear = false,
            looked => looked?,
        }
        headers.append(name, value);
    }
    let (body, stays) = if clear { framing.of(status, method) } else { (Rest::Unclear, false) };
    Ok(Some((Head { status, headers, body, stays }, end)))
}

/// What the fields of a head say of its body.
struct Framing {
    /// Whether it is HTTP/1.1; else it is HTTP/1.0.
    current: bool,
    length: Option<u64>,
    chunked: bool,
    closes: bool,
}

impl Framing {
    fn new(current: bool) -> Self {
        Self { current, length: None, chunked: false, closes: !current }
    }

    /// Several lengths, a length beside chunks, and encodings other than chunks are refused: whoever else
    /// reads the answer may go by another of them.
    fn look_at(&mut self, name: &HeaderName, value: &HeaderValue) -> Result<(), Fault> {
        match *name {
            header::CONTENT_LENGTH if self.length.is_none() && !self.chunked => {
                self.length = Some(digits(value.as_bytes()).ok_or(Fault::Framing)?);
            }
            header::TRANSFER_ENCODING if self.length.is_none() && !self.chunked && self.current => {
                self.chunked = value.as_bytes().eq_ignore_ascii_case(b"chunked");
                return if self.chunked { Ok(()) } else { Err(Fault::Framing) };
            }
            header::CONTENT_LENGTH | header::TRANSFER_ENCODING => return Err(Fault::Framing),
            header::CONNECTION => self.closes |= says_close(value.as_bytes()),
            _ => {}
        }
        Ok(())
    }

    /// The body of an answer, and whether the connection stays.
    fn of(self, status: StatusCode, method: &Method) -> (Rest, bool) {
        let bodiless = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let body = match self.length {
            _ if bodiless || status.is_informational() || method == Method::HEAD => Rest::Bytes(0),
            Some(length) => Rest::Bytes(length),
            None if self.chunked => Rest::Chunks(Chunks::default()),
            None => Rest::ToTheEnd,
        };
        let stays = !self.closes && !matches!(body, Rest::ToTheEnd);
        (body, stays && status != StatusCode::SWITCHING_PROTOCOLS)
    }
}

/// A number in digits and nothing else.
fn digits(text: &[u8]) -> Option<u64> {
    let fine = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    if fine { std::str::from_utf8(text).ok()?.parse().ok() } else { None }
}

fn says_close(value: &[u8]) -> bool {
    value.split(|byte| *byte == b',').any(|item| item.trim_ascii().eq_ignore_ascii_case(b"close"))
}

impl Rest {
    /// Bytes of the body out of those that came; none when it takes more of them, or none are left.
    ///
    /// # Errors
    /// When they are not what was announced.
    pub(super) fn take(&mut self, came: &mut Bytes) -> Result<Option<Bytes>, Fault> {
        let piece = match self {
            Self::Bytes(left) => {
                let count = usize::try_from(*left).map_or(came.len(), |left| left.min(came.len()));
                *left -= count as u64;
                came.split_to(count)
            }
            Self::Chunks(chunks) => return chunks.take(came),
            Self::ToTheEnd => std::mem::take(came),
            Self::Unclear => Bytes::new(),
        };
        Ok(if piece.is_empty() { None } else { Some(piece) })
    }

    /// Whether all of the body was taken, as far as its bytes tell.
    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Bytes(left) => *left == 0,
            Self::Chunks(chunks) => chunks.is_over(),
            Self::ToTheEnd => false,
            Self::Unclear => true,
        }
    }

    /// Nothing more comes.
    ///
    /// # Errors
    /// When more was announced.
    pub(super) fn end(&mut self) -> Result<(), Fault> {
        if matches!(self, Self::ToTheEnd) {
            *self = Self::Bytes(0);
        }
        if self.is_over() { Ok(()) } else { Err(Fault::Short) }
    }

    /// Bytes that are still to come, where that was announced.
    pub(super) fn length(&self) -> Option<u64> {
        match self {
            Self::Bytes(left) => Some(*left),
            Self::Chunks(_) | Self::ToTheEnd | Self::Unclear => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer to such a request, in short: status, body and whether the connection stays.
    fn shown(method: &Method, text: &str) -> Result<Option<String>, Fault> {
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        let Some((head, end)) = read(&bytes, method, false)? else { return Ok(None) };
        assert_eq!(&text[end..], "rest", "the head ends where the body begins");
        let body = match head.body {
            Rest::Bytes(count) => count.to_string(),
            Rest::Chunks(_) => "chunks".to_owned(),
            Rest::ToTheEnd => "to the end".to_owned(),
            Rest::Unclear => "unclear".to_owned(),
        };
        let stays = if head.stays { "stays" } else { "closes" };
        Ok(Some(format!("{} {body} {stays}", head.status.as_u16())))
    }

    #[test]
    fn an_answer_says_where_its_body_ends() {
        let (get, head) = (Method::GET, Method::HEAD);
        for (method, status, fields, expect) in [
            (&get, "1.1 200 OK", "Content-Length: 5\r\n", "200 5 stays"),
            (&get, "1.1 200", "Content-Length: 0\r\n", "200 0 stays"),
            (&get, "1.1 200 Gut", "Transfer-Encoding: Chunked\r\n", "200 chunks stays"),
            (&get, "1.1 404 No", "", "404 to the end closes"),
            (&get, "1.1 200 OK", "Content-Length: 5\r\nConnection: keep-alive, Close\r\n", "200 5 closes"),
            (&get, "1.1 200 OK", "Connection: keep-alive\r\nContent-Length: 5\r\n", "200 5 stays"),
            (&get, "1.0 200 OK", "Content-Length: 5\r\nConnection: keep-alive\r\n", "200 5 closes"),
            (&get, "1.0 200 OK", "", "200 to the end closes"),
            (&head, "1.1 200 OK", "Content-Length: 5\r\n", "200 0 stays"),
            (&head, "1.1 200 OK", "Transfer-Encoding: chunked\r\n", "200 0 stays"),
            (&head, "1.1 200 OK", "", "200 0 stays"),
            (&get, "1.1 204 No", "", "204 0 stays"),
            (&get, "1.1 204 No", "Content-Length: 5\r\n", "204 0 stays"),
            (&get, "1.1 304 No", "Content-Length: 5\r\n", "304 0 stays"),
            (&get, "1.1 100 Go on", "", "100 0 stays"),
            (&get, "1.1 101 Change", "Upgrade: x\r\n", "101 0 closes"),
        ] {
            let text = format!("HTTP/{status}\r\n{fields}\r\nrest");
            assert_eq!(shown(method, &text).as_ref().map(Option::as_deref), Ok(Some(expect)), "{text:?}");
        }
    }

    #[test]
    fn what_could_be_framed_in_two_ways_is_refused() {
        for fields in [
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nContent-Length: 5",
            "Content-Length: 5\r\nContent-Length: 6",
            "Content-Length: 5\r\nContent-Length: 5",
            "Content-Length: 5, 5",
            "Content-Length: +5",
            "Content-Length: 0x5",
            "Content-Length: -1",
            "Content-Length:",
            "Content-Length: 18446744073709551616",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: chunked, identity",
            "Transfer-Encoding: identity",
        ] {
            for method in [Method::GET, Method::HEAD] {
                let text = format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\nrest");
                assert_eq!(shown(&method, &text), Err(Fault::Framing), "{text:?}");
            }
        }
        let old = "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nrest";
        assert_eq!(shown(&Method::GET, old), Err(Fault::Framing));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for text in [
            "GET / HTTP/1.1\r\n\r\n",
            "HTTP/2.0 200 OK\r\n\r\n",
            "HTTP/1.1 099 No\r\n\r\n",
            "HTTP/1.1 20 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n Transfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA: \0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        ] {
            assert_eq!(shown(&Method::GET, text), Err(Fault::Malformed), "{text:?}");
        }
        for (count, expect) in [(MAX_FIELDS, true), (MAX_FIELDS + 1, false)] {
            let text = format!("HTTP/1.1 204 No\r\n{}\r\nrest", "A: b\r\n".repeat(count));
            assert_eq!(shown(&Method::GET, &text).is_ok(), expect, "{count}");
        }
    }

    #[test]
    fn what_is_not_over_waits_for_more() {
        let whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
        for end in 0..whole.len() {
            assert_eq!(shown(&Method::GET, &whole[..end]), Ok(None), "{end}");
        }
    }

    #[test]
    fn a_body_ends_where_it_was_said_to() {
        for (mut rest, expect) in [
            (Rest::Bytes(2), Ok(("ab", "c"))),
            (Rest::Bytes(4), Err(Fault::Short)),
            (Rest::ToTheEnd, Ok(("abc", ""))),
        ] {
            let mut came = Bytes::from_static(b"abc");
            let body = rest.take(&mut came).expect("it is a body").expect("something came");
            assert_eq!(rest.take(&mut Bytes::new()), Ok(None));
            let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
            let found = rest.end().map(|()| (text(&body), text(&came)));
            assert_eq!(found, expect.map(|(body, rest): (&str, &str)| (body.to_owned(), rest.to_owned())));
        }
    }
}
