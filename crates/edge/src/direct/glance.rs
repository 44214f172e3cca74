//! Reads the head of the simplest request, a GET whose headers ask for nothing but an encoding or a
//! newer version, in the bytes as they came. Saying no is always safe: [`super::request`] then reads
//! the same bytes with all their headers. Pure.

use super::head::Ending;
use super::request::{MAX_FIELDS, stays};
use crate::exchange::is_plain;
use std::mem::MaybeUninit;

/// A request that was understood at a glance.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Glance<'b> {
    /// The path, in its clean form already.
    pub(super) path: &'b str,
    /// The host, as it is looked up: lower case, without port and final dot.
    pub(super) host: &'b str,
    pub(super) accept_encoding: Option<&'b str>,
    pub(super) if_none_match: Option<&'b [u8]>,
    pub(super) if_modified_since: Option<&'b [u8]>,
    /// What the client wants to become of the connection.
    pub(super) ending: Ending,
}

/// The request whose head these bytes are, exactly: nothing is missing, nothing follows.
pub(super) fn read(bytes: &[u8]) -> Option<Glance<'_>> {
    let mut fields = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut parsed = httparse::Request::new(&mut []);
    let end = parsed.parse_with_uninit_headers(bytes, &mut fields).ok()?;
    let whole = end == httparse::Status::Complete(bytes.len()) && bytes.ends_with(b"\r\n\r\n");
    if !whole || parsed.version != Some(1) || parsed.method != Some("GET") {
        return None;
    }
    let mut seen = Seen::default();
    for field in &*parsed.headers {
        seen.look_at(field.name, field.value)?;
    }
    Some(Glance {
        path: parsed.path.and_then(path)?,
        host: seen.host.and_then(host)?,
        accept_encoding: seen.accept_encoding.map(text).unwrap_or(Some(None))?,
        if_none_match: seen.if_none_match,
        if_modified_since: seen.if_modified_since,
        ending: seen.ending.unwrap_or(Ending::KeepAlive),
    })
}

/// The headers that matter.
#[derive(Default)]
struct Seen<'b> {
    host: Option<&'b [u8]>,
    accept_encoding: Option<&'b [u8]>,
    if_none_match: Option<&'b [u8]>,
    if_modified_since: Option<&'b [u8]>,
    ending: Option<Ending>,
}

impl<'b> Seen<'b> {
    /// None where more has to be understood than is understood here: a part of a file is asked for,
    /// a body follows, or a header that matters comes twice.
    fn look_at(&mut self, name: &str, value: &'b [u8]) -> Option<()> {
        // by length first: most headers of a browser are told apart from these by it alone
        let slot = match (name.len(), name.as_bytes().first()? | 0x20) {
            (4, b'h') if is(name, "host") => &mut self.host,
            (15, b'a') if is(name, "accept-encoding") => &mut self.accept_encoding,
            (13, b'i') if is(name, "if-none-match") => &mut self.if_none_match,
            (17, b'i') if is(name, "if-modified-since") => &mut self.if_modified_since,
            (10, b'c') if is(name, "connection") => {
                let ending = if stays(value)? { Ending::KeepAlive } else { Ending::Close };
                return self.ending.replace(ending).is_none().then_some(());
            }
            (2, b't')
            | (5, b'r')
            | (6, b'e')
            | (7, b't' | b'u')
            | (8 | 19, b'i')
            | (14, b'c')
            | (17, b't')
                if UNUSUAL.iter().any(|unusual| is(name, unusual)) =>
            {
                return None;
            }
            _ => return Some(()),
        };
        slot.replace(value).is_none().then_some(())
    }
}

/// Headers that ask for more than a whole file, or announce more than a head.
const UNUSUAL: [&str; 10] = [
    "content-length",
    "transfer-encoding",
    "upgrade",
    "expect",
    "te",
    "trailer",
    "range",
    "if-range",
    "if-match",
    "if-unmodified-since",
];

fn is(name: &str, expect: &str) -> bool {
    name.len() == expect.len() && name.eq_ignore_ascii_case(expect)
}

/// The text of a value; none where it says something that is not text.
fn text(value: &[u8]) -> Option<Option<&str>> {
    let visible = value.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    visible.then(|| std::str::from_utf8(value).ok())
}

/// The path of a request line, when it is written as it is looked up and no reader could take what
/// stands in it for anything else. None that is reserved is: those have a segment with a dot in front.
fn path(target: &str) -> Option<&str> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let usual = path.bytes().all(|byte| PATH[usize::from(byte)]);
    let usual = usual && query.bytes().all(|byte| QUERY[usize::from(byte)]);
    (usual && is_plain(path)).then_some(path)
}

/// What may stand in a path without being encoded (RFC 3986 section 3.3).
static PATH: [bool; 256] = among(b"-._~!$&'()*+,;=:@/", true);
/// What may stand in a query (section 3.4).
static QUERY: [bool; 256] = among(b"-._~!$&'()*+,;=:@/?%", true);
/// What stands in the names of hosts.
static HOST: [bool; 256] = among(b"-.", false);

/// Letters, `upper` ones too, digits, and these.
const fn among(marks: &[u8], upper: bool) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        let small = byte.is_ascii_digit() || byte.is_ascii_lowercase();
        table[byte as usize] = small || (upper && byte.is_ascii_uppercase());
        byte += 1;
    }
    let mut next = 0;
    while next < marks.len() {
        table[marks[next] as usize] = true;
        next += 1;
    }
    table
}

/// A host as it is looked up. Any other spelling, and whatever is no host, is for those who read
/// hosts with all care.
fn host(value: &[u8]) -> Option<&str> {
    let end = value.iter().position(|byte| !HOST[usize::from(*byte)]).unwrap_or(value.len());
    let (name, rest) = value.split_at(end);
    let port = match rest {
        [] => None,
        [b':', port @ ..] => Some(port),
        _ => return None,
    };
    let named = name.first().is_some_and(u8::is_ascii_alphanumeric) && !name.ends_with(b".");
    let ported = port.is_none_or(|port| matches!(port.len(), 1..=5) && port.iter().all(u8::is_ascii_digit));
    (named && ported).then(|| std::str::from_utf8(name).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::direct::request;
    use bytes::Bytes;

    fn glance(target: &str, headers: &str) -> String {
        format!("GET {target} HTTP/1.1\r\nHost: a.localhost:8888\r\n{headers}\r\n")
    }

    #[test]
    fn simple_requests_are_understood() {
        let head = glance(
            "/a/b.html?c=%20",
            "ACCEPT-encoding: gzip\r\nIf-None-Match: \"x\"\r\nIf-Modified-Since: never\r\nCookie: a=b\r\n",
        );
        let expect = Glance {
            path: "/a/b.html",
            host: "a.localhost",
            accept_encoding: Some("gzip"),
            if_none_match: Some(b"\"x\""),
            if_modified_since: Some(b"never"),
            ending: Ending::KeepAlive,
        };
        assert_eq!(read(head.as_bytes()), Some(expect));
        let closing = read(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n");
        assert_eq!(closing.map(|glance| glance.ending), Some(Ending::Close));
    }

    #[test]
    fn what_is_understood_here_is_understood_by_all() {
        for target in ["/", "/a/b.css?c=d&e", "/a..b/~c!$&'()*+,;=:@", "/a?/?%zz"] {
            let head = glance(target, "Accept: */*\r\n");
            let path = read(head.as_bytes()).map(|glance| glance.path).expect("it is simple");
            let begun = request::begin(&Bytes::from(head.clone())).expect("it is simple");
            assert_eq!((begun.request.uri.path(), begun.keep_alive), (path, true), "{target}");
        }
    }

    #[test]
    fn everything_else_is_left_to_others() {
        for target in [
            "*",
            "a",
            "",
            "http://a/",
            "//a",
            "/a//b",
            "/.x",
            "/.well-known/acme-challenge/x",
            "/a%20b",
            "/a#b",
            "/a?b#c",
            "/é",
            "/a|b",
        ] {
            assert_eq!(read(glance(target, "").as_bytes()), None, "{target}");
        }
        for header in [
            "Range: bytes=0-1",
            "If-Range: x",
            "If-Match: x",
            "IF-UNMODIFIED-SINCE: x",
            "Content-Length: 0",
            "Transfer-Encoding: chunked",
            "Upgrade: x",
            "Expect: 100-continue",
            "TE: trailers",
            "Trailer: x",
            "Connection: upgrade",
            "Connection: close\r\nConnection: close",
            "Host: a",
            "If-None-Match: a\r\nIf-None-Match: b",
            "Accept-Encoding: gzip\r\nAccept-Encoding: br",
            "Accept-Encoding: é",
            " folded",
        ] {
            assert_eq!(read(glance("/", &format!("{header}\r\n")).as_bytes()), None, "{header}");
        }
        for text in [
            "",
            "GET / HTTP/1.1\r\nHost: a\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.0\r\nHost: a\r\n\r\n",
            "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\nHost: a\n\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        ] {
            assert_eq!(read(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn a_host_is_known_by_its_usual_spelling_alone() {
        for (value, expect) in [
            ("a", Some("a")),
            ("a-b.example", Some("a-b.example")),
            ("a.example:80", Some("a.example")),
            ("1.2.3.4:80", Some("1.2.3.4")),
            ("A.example", None),
            ("a.example.", None),
            ("", None),
            (":80", None),
            ("-a", None),
            ("a:", None),
            ("a:123456", None),
            ("a:8x", None),
            ("a:80:80", None),
            ("[::1]:80", None),
            ("u@a", None),
            ("a b", None),
            ("é", None),
        ] {
            assert_eq!(host(value.as_bytes()), expect, "{value:?}");
        }
    }
}
