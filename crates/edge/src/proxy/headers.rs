//! Which headers pass. Pure: from what was sent to what is sent on, in both directions.

use super::MAX_HOPS;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use rules::redirects::Rule;
use std::net::IpAddr;

/// Headers about one connection, which end here (RFC 9110 section 7.6.1), and `Expect`, which this
/// server has answered itself.
const HOP_BY_HOP: [&str; 13] = [
    "connection",
    "expect",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "trailers",
    "transfer-encoding",
    "upgrade",
];
/// Headers that are added to those of a visitor, at most.
const HEADERS_ADDED: usize = 12;
/// Names that only the platform gives to requests.
const PLATFORM: &str = "x-nf-";
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Where every server that passes a request on leaves its mark (RFC 8586).
const LOOP: HeaderName = HeaderName::from_static("cdn-loop");
/// Ours.
const MARK: &str = "boathook";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-nf-request-id");
const UPGRADE: HeaderValue = HeaderValue::from_static("upgrade");

/// What an origin is told of the visitor.
pub(super) struct Visitor<'a> {
    pub(super) address: IpAddr,
    /// `http` or `https`.
    pub(super) scheme: &'a str,
    /// As the visitor wrote it.
    pub(super) host: &'a str,
    /// Name of the request.
    pub(super) id: &'a HeaderValue,
}

/// The request came back too often.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Loop;

/// The headers of the request that goes to the origin whose `Host` is given, without those that frame
/// its body.
///
/// # Errors
/// When it went through [`MAX_HOPS`] servers of this kind already.
pub(super) fn request(
    sent: &HeaderMap,
    visitor: &Visitor<'_>,
    host: &HeaderValue,
) -> Result<HeaderMap, Loop> {
    let hops = hops(sent);
    if hops >= MAX_HOPS {
        return Err(Loop);
    }
    let named = named_by_connection(sent);
    let mut passed = HeaderMap::with_capacity(sent.len() + HEADERS_ADDED);
    passed.insert(header::HOST, host.clone());
    for (name, value) in sent {
        if !(is_hop_by_hop(name) || named.has(name) || is_framing(name) || is_platform(name)) {
            passed.append(name, value.clone());
        }
    }
    join_cookies(&mut passed);
    describe(&mut passed, visitor);
    add(&mut passed, LOOP, MARK);
    Ok(passed)
}

/// Asks the origin for another protocol on this connection.
pub(super) fn ask_upgrade(passed: &mut HeaderMap, protocol: &HeaderValue) {
    passed.insert(header::CONNECTION, UPGRADE);
    passed.insert(header::UPGRADE, protocol.clone());
}

/// The protocol that a client wants to change to, where that may be passed on. HTTP/2 may not: it
/// would carry requests that nobody here looks at.
pub(super) fn wanted_upgrade(sent: &HeaderMap) -> Option<&HeaderValue> {
    let protocol = sent.get(header::UPGRADE)?;
    let text = protocol.to_str().ok()?.to_ascii_lowercase();
    let hidden =
        text.split(',').map(str::trim).any(|name| name.starts_with("h2") || name.starts_with("http/"));
    (named_by_connection(sent).has(&header::UPGRADE) && !hidden).then_some(protocol)
}

/// The headers of the origin's answer that go to the visitor. How long the body is, is known from
/// the body, save for answers that describe one without having it.
pub(super) fn answer(sent: &HeaderMap, method: &Method, status: StatusCode) -> HeaderMap {
    let named = named_by_connection(sent);
    let bodiless = *method == Method::HEAD || status == StatusCode::NOT_MODIFIED;
    let mut passed = HeaderMap::with_capacity(sent.len() + 4);
    for (name, value) in sent {
        let frames = *name == header::CONTENT_LENGTH && !bodiless;
        if !(is_hop_by_hop(name) || named.has(name) || frames) {
            passed.append(name, value.clone());
        }
    }
    if status == StatusCode::SWITCHING_PROTOCOLS
        && let Some(protocol) = sent.get(header::UPGRADE)
    {
        ask_upgrade(&mut passed, protocol);
    }
    passed
}

fn is_hop_by_hop(name: &HeaderName) -> bool {
    HOP_BY_HOP.contains(&name.as_str())
}

/// The address says the host and the body its own length.
fn is_framing(name: &HeaderName) -> bool {
    *name == header::HOST || *name == header::CONTENT_LENGTH
}

fn is_platform(name: &HeaderName) -> bool {
    name.as_str().starts_with(PLATFORM)
}

/// Names in `Connection`.
struct Named<'h>(Vec<&'h str>);

impl Named<'_> {
    fn has(&self, name: &HeaderName) -> bool {
        self.0.iter().any(|named| named.eq_ignore_ascii_case(name.as_str()))
    }
}

fn named_by_connection(sent: &HeaderMap) -> Named<'_> {
    let values = sent.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    Named(values.flat_map(|value| value.split(',')).map(str::trim).collect())
}

fn hops(sent: &HeaderMap) -> usize {
    let values = sent.get_all(LOOP).iter().filter_map(|value| value.to_str().ok());
    let marks = values.flat_map(|value| value.split(','));
    marks.filter(|mark| mark.split(';').next().is_some_and(|id| id.trim().eq_ignore_ascii_case(MARK))).count()
}

/// HTTP/2 may cut cookies into several fields; HTTP/1.1 knows one (RFC 9113 section 8.2.3).
fn join_cookies(passed: &mut HeaderMap) {
    let cookies: Vec<&[u8]> = passed.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if cookies.len() > 1
        && let Ok(joined) = HeaderValue::from_bytes(&cookies.join(&b"; "[..]))
    {
        passed.insert(header::COOKIE, joined);
    }
}

fn describe(passed: &mut HeaderMap, visitor: &Visitor<'_>) {
    add(passed, FORWARDED_FOR, &visitor.address.to_canonical().to_string());
    for (name, text) in [(FORWARDED_PROTO, visitor.scheme), (FORWARDED_HOST, visitor.host)] {
        match HeaderValue::from_str(text) {
            Ok(value) => passed.insert(name, value),
            Err(_) => passed.remove(name),
        };
    }
    passed.insert(REQUEST_ID, visitor.id.clone());
}

/// Puts an item at the end of a list.
fn add(passed: &mut HeaderMap, name: HeaderName, item: &str) {
    if !passed.contains_key(&name)
        && let Ok(only) = HeaderValue::from_str(item)
    {
        passed.insert(name, only);
        return;
    }
    let mut items: Vec<&[u8]> = passed.get_all(&name).iter().map(HeaderValue::as_bytes).collect();
    items.push(item.as_bytes());
    let list = HeaderValue::from_bytes(&items.join(&b", "[..]));
    passed.insert(name, list.expect("header values and plain text make a header value"));
}

/// The rule's own headers win over the visitor's. What cannot be a header, or frames the request,
/// is left out.
pub(super) fn add_rule_headers(passed: &mut HeaderMap, rule: &Rule) {
    for (name, value) in &rule.headers {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
            continue;
        };
        if !is_hop_by_hop(&name) && !is_framing(&name) {
            passed.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn map(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().expect("a name"), value.parse::<HeaderValue>().expect("a value"))
        };
        pairs.iter().map(pair).collect()
    }

    fn list(map: &HeaderMap, name: &str) -> Vec<String> {
        map.get_all(name).iter().map(|value| value.to_str().expect("text").to_owned()).collect()
    }

    fn send(sent: &[(&str, &str)], rule: &[(&str, &str)]) -> Result<HeaderMap, Loop> {
        let headers = rule.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let id = HeaderValue::from_static("id");
        let address = Ipv4Addr::new(192, 0, 2, 7).into();
        let visitor = Visitor { address, scheme: "https", host: "site.example", id: &id };
        let mut passed = request(&map(sent), &visitor, &HeaderValue::from_static("origin.example"))?;
        add_rule_headers(&mut passed, &Rule { headers, ..Rule::default() });
        Ok(passed)
    }

    #[test]
    fn what_is_about_the_connection_or_the_platform_stays_here() {
        let sent = [
            ("host", "site.example"),
            ("connection", "close, X-Mine"),
            ("x-mine", "1"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("transfer-encoding", "chunked"),
            ("content-length", "3"),
            ("upgrade", "websocket"),
            ("proxy-authorization", "secret"),
            ("expect", "100-continue"),
            ("x-nf-sign", "forged"),
            ("x-nf-anything", "forged"),
            ("authorization", "Bearer t"),
            ("accept-encoding", "br"),
        ];
        let passed = send(&sent, &[]).expect("no loop");
        for name in sent.map(|(name, _)| name) {
            let stays = matches!(name, "authorization" | "accept-encoding" | "host");
            assert_eq!(passed.contains_key(name), stays, "{name}");
        }
        assert_eq!(list(&passed, "host"), ["origin.example"]);
        assert_eq!(list(&passed, "x-nf-request-id"), ["id"]);
    }

    #[test]
    fn the_origin_learns_of_the_visitor() {
        let sent =
            [("x-forwarded-for", "10.0.0.1"), ("x-forwarded-host", "forged"), ("x-forwarded-proto", "x")];
        let passed = send(&sent, &[]).expect("no loop");
        assert_eq!(list(&passed, "x-forwarded-for"), ["10.0.0.1, 192.0.2.7"]);
        assert_eq!(list(&passed, "x-forwarded-host"), ["site.example"]);
        assert_eq!(list(&passed, "x-forwarded-proto"), ["https"]);
    }

    #[test]
    fn the_rule_adds_its_headers_and_frames_nothing() {
        let rule =
            [("X-From", "rule"), ("Host", "x"), ("Content-Length", "9"), ("bad name", "x"), ("X-Bad", "\n")];
        let passed = send(&[("x-from", "client")], &rule).expect("no loop");
        assert_eq!(list(&passed, "x-from"), ["rule"]);
        assert_eq!(list(&passed, "host"), ["origin.example"]);
        for name in ["content-length", "x-bad"] {
            assert!(!passed.contains_key(name), "{name}");
        }
    }

    #[test]
    fn repeated_headers_stay_apart_and_cookies_come_together() {
        let passed =
            send(&[("cookie", "a=1"), ("cookie", "b=2"), ("x", "1"), ("x", "2")], &[]).expect("no loop");
        assert_eq!(list(&passed, "cookie"), ["a=1; b=2"]);
        assert_eq!(list(&passed, "x"), ["1", "2"]);
    }

    #[test]
    fn a_request_goes_round_so_often_and_no_more() {
        for (marks, expect) in [
            ("", Ok("boathook")),
            ("other", Ok("other, boathook")),
            ("notboathook", Ok("notboathook, boathook")),
            (
                "boathook, other, Boathook; n=1, boathook",
                Ok("boathook, other, Boathook; n=1, boathook, boathook"),
            ),
            ("boathook, boathook, boathook, boathook", Err(Loop)),
        ] {
            let sent: &[_] = if marks.is_empty() { &[] } else { &[("cdn-loop", marks)] };
            let passed = send(sent, &[]).map(|passed| list(&passed, "cdn-loop").concat());
            assert_eq!(passed.as_deref().map_err(|_| Loop), expect, "{marks}");
        }
        assert_eq!(MAX_HOPS, 4);
    }

    #[test]
    fn upgrades_are_passed_on_save_to_http() {
        for (connection, upgrade, expect) in [
            ("Upgrade", "websocket", true),
            ("keep-alive, upgrade", "WebSocket", true),
            ("keep-alive", "websocket", false),
            ("Upgrade, HTTP2-Settings", "h2c", false),
            ("Upgrade", "websocket, H2C", false),
            ("Upgrade", "HTTP/2.0", false),
        ] {
            let sent = map(&[("connection", connection), ("upgrade", upgrade)]);
            assert_eq!(wanted_upgrade(&sent).is_some(), expect, "{connection} {upgrade}");
        }
    }

    #[test]
    fn answers_pass_without_what_is_about_the_connection() {
        let sent = map(&[
            ("connection", "close, x-mine"),
            ("x-mine", "1"),
            ("content-length", "3"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
            ("location", "/x"),
        ]);
        for (method, status, length) in
            [(Method::GET, 302, false), (Method::HEAD, 200, true), (Method::GET, 304, true)]
        {
            let passed = answer(&sent, &method, StatusCode::from_u16(status).expect("a status"));
            assert_eq!(list(&passed, "set-cookie"), ["a=1", "b=2"]);
            assert_eq!(list(&passed, "location"), ["/x"]);
            assert_eq!(passed.contains_key("content-length"), length, "{method} {status}");
            assert!(!passed.contains_key("x-mine") && !passed.contains_key("connection"));
        }
    }

    #[test]
    fn a_change_of_protocol_is_told() {
        let sent = map(&[("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-accept", "k")]);
        let passed = answer(&sent, &Method::GET, StatusCode::SWITCHING_PROTOCOLS);
        assert_eq!(list(&passed, "upgrade"), ["websocket"]);
        assert_eq!(list(&passed, "connection"), ["upgrade"]);
        assert_eq!(list(&passed, "sec-websocket-accept"), ["k"]);
    }
}
