//! Which headers pass. Pure: from what was sent to what is sent on, in both directions.

use super::MAX_HOPS;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use outbound::Fields;
use rules::redirects::Rule;
use std::net::{IpAddr, Ipv4Addr};

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
const MARK: HeaderValue = HeaderValue::from_static("boathook");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-nf-request-id");
const UPGRADE: HeaderValue = HeaderValue::from_static("upgrade");
const HTTP: HeaderValue = HeaderValue::from_static("http");
const HTTPS: HeaderValue = HeaderValue::from_static("https");

/// What an origin is told of the visitor.
pub(super) struct Visitor<'a> {
    pub(super) address: IpAddr,
    /// Whether he came by https.
    pub(super) secure: bool,
    /// The host as he wrote it.
    pub(super) host: Option<HeaderValue>,
    /// Name of the request.
    pub(super) id: &'a HeaderValue,
}

/// The request came back too often.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Loop;

/// The headers of the request that goes to the origin, without those that frame its body.
///
/// # Errors
/// When it went through [`MAX_HOPS`] servers of this kind already.
pub(super) fn request(sent: &HeaderMap, visitor: &Visitor<'_>) -> Result<Fields, Loop> {
    let named = named_by_connection(sent);
    let mut passed = Fields::with_capacity(sent.len() + HEADERS_ADDED);
    let (mut cookies, mut addresses, mut marks) = (List::default(), List::default(), List::default());
    for (name, value) in sent {
        if ends_here(name) || named.has(name) {
            continue;
        }
        match name {
            &header::COOKIE => cookies.0.push(value),
            name if *name == FORWARDED_FOR => addresses.0.push(value),
            name if *name == LOOP => marks.0.push(value),
            name => passed.append(name.clone(), value.clone()),
        }
    }
    if marks.hops() >= MAX_HOPS {
        return Err(Loop);
    }
    // HTTP/2 may cut cookies into several fields; HTTP/1.1 knows one (RFC 9113 section 8.2.3)
    if let Some(cookies) = cookies.joined(b"; ", None) {
        passed.append(header::COOKIE, cookies);
    }
    describe(&mut passed, visitor, &addresses);
    passed.append(LOOP, marks.joined(b", ", Some(MARK)).unwrap_or(MARK));
    Ok(passed)
}

/// Asks the origin for another protocol on this connection.
pub(super) fn ask_upgrade(passed: &mut Fields, protocol: &HeaderValue) {
    passed.set(header::CONNECTION, UPGRADE);
    passed.set(header::UPGRADE, protocol.clone());
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

/// Leaves of the origin's answer the headers that go to the visitor. How long the body is, is known from
/// the body, save for answers that describe one without having it.
pub(super) fn answer(headers: &mut HeaderMap, method: &Method, status: StatusCode) {
    let bodiless = *method == Method::HEAD || status == StatusCode::NOT_MODIFIED;
    let changes = status == StatusCode::SWITCHING_PROTOCOLS;
    let protocol = if changes { headers.get(header::UPGRADE).cloned() } else { None };
    for name in leaving(headers) {
        if name != header::CONTENT_LENGTH || !bodiless {
            headers.remove(name);
        }
    }
    if let Some(protocol) = protocol {
        headers.insert(header::CONNECTION, UPGRADE);
        headers.insert(header::UPGRADE, protocol);
    }
}

/// The names in the head of an answer that do not go further.
fn leaving(sent: &HeaderMap) -> Vec<HeaderName> {
    let named = named_by_connection(sent);
    let leaves =
        |name: &&HeaderName| is_hop_by_hop(name) || named.has(name) || **name == header::CONTENT_LENGTH;
    sent.keys().filter(leaves).cloned().collect()
}

/// Headers about one connection, which end here (RFC 9110 section 7.6.1), and `Expect`, which this
/// server has answered itself.
fn is_hop_by_hop(name: &HeaderName) -> bool {
    match *name {
        header::CONNECTION
        | header::EXPECT
        | header::PROXY_AUTHENTICATE
        | header::PROXY_AUTHORIZATION
        | header::TE
        | header::TRAILER
        | header::TRANSFER_ENCODING
        | header::UPGRADE => true,
        _ => matches!(
            name.as_str(),
            "http2-settings" | "keep-alive" | "proxy-authentication-info" | "proxy-connection" | "trailers"
        ),
    }
}

/// The address says the host and the body its own length.
fn is_framing(name: &HeaderName) -> bool {
    *name == header::HOST || *name == header::CONTENT_LENGTH
}

/// Whether a visitor's header is not for the origin, or is said anew by this server.
fn ends_here(name: &HeaderName) -> bool {
    let platform = name.as_str().starts_with(PLATFORM);
    // `Forwarded` says the same in other words, and is not said by this server
    let said_anew = *name == FORWARDED_PROTO || *name == FORWARDED_HOST || *name == header::FORWARDED;
    platform || said_anew || is_framing(name) || is_hop_by_hop(name)
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

/// Values of one name.
#[derive(Default)]
struct List<'h>(Vec<&'h HeaderValue>);

impl List<'_> {
    /// They and another one behind them, as one value.
    fn joined(&self, between: &[u8], last: Option<HeaderValue>) -> Option<HeaderValue> {
        match (&*self.0, &last) {
            ([], _) => return last,
            ([only], None) => return Some((*only).clone()),
            _ => {}
        }
        let all: Vec<&[u8]> = self.0.iter().copied().chain(&last).map(HeaderValue::as_bytes).collect();
        let joined = HeaderValue::from_bytes(&all.join(between));
        Some(joined.expect("header values and plain text make a header value"))
    }

    /// How many of these marks of servers are ours.
    fn hops(&self) -> usize {
        let marks = self.0.iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
        let ids = marks.filter_map(|mark| mark.split(|byte| *byte == b';').next());
        ids.filter(|id| id.trim_ascii().eq_ignore_ascii_case(MARK.as_bytes())).count()
    }
}

fn describe(passed: &mut Fields, visitor: &Visitor<'_>, before: &List<'_>) {
    let address = address(visitor.address);
    if let Some(addresses) = before.joined(b", ", address) {
        passed.append(FORWARDED_FOR, addresses);
    }
    passed.append(FORWARDED_PROTO, if visitor.secure { HTTPS } else { HTTP });
    if let Some(host) = &visitor.host {
        passed.append(FORWARDED_HOST, host.clone());
    }
    passed.append(REQUEST_ID, visitor.id.clone());
}

/// An address as it is written in a header.
fn address(address: IpAddr) -> Option<HeaderValue> {
    let text = match address.to_canonical() {
        IpAddr::V4(address) => dotted(address),
        IpAddr::V6(address) => address.to_string().into_bytes(),
    };
    HeaderValue::from_maybe_shared(Bytes::from(text)).ok()
}

/// Four numbers between dots: most requests have one of these, and formatting in general takes its time.
fn dotted(address: Ipv4Addr) -> Vec<u8> {
    let mut text = Vec::with_capacity("255.255.255.255".len());
    for (place, number) in address.octets().into_iter().enumerate() {
        if place > 0 {
            text.push(b'.');
        }
        for (least, unit) in [(100, 100), (10, 10), (0, 1)] {
            if number >= least {
                text.push(b'0' + number / unit % 10);
            }
        }
    }
    text
}

/// The rule's own headers win over the visitor's. What cannot be a header, or frames the request,
/// is left out.
pub(super) fn add_rule_headers(passed: &mut Fields, rule: &Rule) {
    for (name, value) in &rule.headers {
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) else {
            continue;
        };
        if !is_hop_by_hop(&name) && !is_framing(&name) {
            passed.set(name, value);
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

    fn table(fields: &Fields) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in fields.iter() {
            map.append(name, value.clone());
        }
        map
    }

    fn send(sent: &[(&str, &str)], rule: &[(&str, &str)]) -> Result<HeaderMap, Loop> {
        let headers = rule.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let id = HeaderValue::from_static("id");
        let address = Ipv4Addr::new(192, 0, 2, 7).into();
        let host = Some(HeaderValue::from_static("site.example"));
        let visitor = Visitor { address, secure: true, host, id: &id };
        let mut passed = request(&map(sent), &visitor)?;
        add_rule_headers(&mut passed, &Rule { headers, ..Rule::default() });
        Ok(table(&passed))
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
            ("forwarded", "for=192.0.2.1;host=forged"),
            ("authorization", "Bearer t"),
            ("accept-encoding", "br"),
        ];
        let passed = send(&sent, &[]).expect("no loop");
        for name in sent.map(|(name, _)| name) {
            let stays = matches!(name, "authorization" | "accept-encoding");
            assert_eq!(passed.contains_key(name), stays, "{name}");
        }
        assert_eq!(list(&passed, "x-nf-request-id"), ["id"]);
    }

    #[test]
    fn every_header_about_a_connection_ends_here() {
        let framing = ["content-length", "host"];
        for name in rules::RESERVED_IN_REQUESTS.into_iter().filter(|name| !framing.contains(name)) {
            assert!(!send(&[(name, "x")], &[("X-Rule", "x")]).expect("no loop").contains_key(name), "{name}");
            assert!(!send(&[], &[(name, "x")]).expect("no loop").contains_key(name), "a rule's {name}");
            let mut passed = map(&[(name, "x"), ("x-kept", "1")]);
            answer(&mut passed, &Method::GET, StatusCode::OK);
            assert_eq!(passed.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-kept"], "{name}");
        }
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
        for name in ["host", "content-length", "x-bad"] {
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
            let mut passed = sent.clone();
            answer(&mut passed, &method, StatusCode::from_u16(status).expect("a status"));
            assert_eq!(list(&passed, "set-cookie"), ["a=1", "b=2"]);
            assert_eq!(list(&passed, "location"), ["/x"]);
            assert_eq!(passed.contains_key("content-length"), length, "{method} {status}");
            assert!(!passed.contains_key("x-mine") && !passed.contains_key("connection"));
        }
    }

    #[test]
    fn a_change_of_protocol_is_told() {
        let sent = [("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-accept", "k")];
        let mut passed = map(&sent);
        answer(&mut passed, &Method::GET, StatusCode::SWITCHING_PROTOCOLS);
        assert_eq!(list(&passed, "upgrade"), ["websocket"]);
        assert_eq!(list(&passed, "connection"), ["upgrade"]);
        assert_eq!(list(&passed, "sec-websocket-accept"), ["k"]);
    }

    #[test]
    fn addresses_are_written_as_usual() {
        for text in ["0.0.0.0", "1.22.133.204", "10.100.9.99", "255.255.255.255", "::1", "2001:db8::7"] {
            let written = address(text.parse().expect("an address"));
            assert_eq!(written, Some(HeaderValue::from_static(text)));
        }
        let mapped = address("::ffff:192.0.2.7".parse().expect("an address"));
        assert_eq!(mapped, Some(HeaderValue::from_static("192.0.2.7")));
    }
}
