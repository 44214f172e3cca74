//! Who is visiting: a personal access token in an encrypted cookie that scripts cannot read and other
//! sites cannot send along with their own posts.

use crate::App;
use crate::client::with_query;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::{COOKIE, ORIGIN};

/// Name of the cookie.
pub(crate) const COOKIE_NAME: &str = "boathook_session";

/// How long a browser keeps the cookie, in seconds: 30 days. The token inside may end earlier.
pub(crate) const MAX_AGE_SECONDS: u32 = 30 * 24 * 60 * 60;

/// Longest token that is taken for one, in bytes: cookies hold about 4 kB.
pub(crate) const TOKEN_LIMIT: usize = 1024;

/// The cookie that ends a session. It needs no `Secure` to be obeyed.
pub(crate) const FORGET: &str = "boathook_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0";

/// The cookie that begins a session, for the browser that sent these headers.
pub(crate) fn remember(app: &App, headers: &HeaderMap, token: &str) -> String {
    let value = URL_SAFE_NO_PAD.encode((app.seal)(token.as_bytes()));
    let secure = if came_by_https(headers) { "; Secure" } else { "" };
    format!("{COOKIE_NAME}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={MAX_AGE_SECONDS}{secure}")
}

/// Whether the browser reads these pages by https. It says so with every post, and is right also
/// where something in front of the server ends the encryption.
fn came_by_https(headers: &HeaderMap) -> bool {
    headers.get(ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https://"))
}

/// The token of the request's session cookie.
pub(crate) fn token(app: &App, headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut values = lines.flat_map(|line| line.split(';')).filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == COOKIE_NAME).then_some(value)
    });
    values.find_map(|value| opened(app, value))
}

fn opened(app: &App, value: &str) -> Option<String> {
    let sealed = URL_SAFE_NO_PAD.decode(value).ok()?;
    let token = String::from_utf8((app.open)(&sealed)?).ok()?;
    is_token(&token).then_some(token)
}

/// Whether a text can be a token at all: visible ASCII of bounded length, so that it fits a header.
pub(crate) fn is_token(text: &str) -> bool {
    (1..=TOKEN_LIMIT).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

/// The log-in page that leads back to `back`.
pub(crate) fn log_in_address(back: &str) -> String {
    with_query("/login", &[("next", if back == "/" { "" } else { back })])
}

/// `next` when it is a path on this host, else the first page. Browsers read `//host`, `/\host` and
/// paths with control characters inside as other hosts.
pub(crate) fn local(next: &str) -> &str {
    let foreign = next.starts_with("//") || next.contains(['\\', '\r', '\n', '\t', '\0']);
    let plain = next.bytes().all(|b| b.is_ascii_graphic());
    if next.starts_with('/') && !foreign && plain { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn app() -> App {
        let flip = |bytes: &[u8]| bytes.iter().map(|b| b ^ 0x55).collect::<Vec<_>>();
        let open = move |bytes: &[u8]| (!bytes.is_empty()).then(|| flip(bytes));
        let api = |_| panic!("sessions ask nobody");
        App { api: Arc::new(api), seal: Box::new(flip), open: Box::new(open) }
    }

    fn from(origin: &str) -> HeaderMap {
        HeaderMap::from_iter([(ORIGIN, origin.parse().unwrap())])
    }

    #[test]
    fn the_way_back_is_local() {
        for (next, expect) in [
            ("/", "/"),
            ("/sites/a?x=1#y", "/sites/a?x=1#y"),
            ("", "/"),
            ("https://evil.example", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/\t/evil.example", "/"),
            ("/a\r\nSet-Cookie: x=y", "/"),
            ("javascript:alert(1)", "/"),
        ] {
            assert_eq!(local(next), expect, "{next:?}");
        }
    }

    #[test]
    fn cookies_carry_their_flags_and_not_the_token() {
        let cookie = remember(&app(), &from("https://h.example"), "nfp_abc");
        for part in ["boathook_session=", "HttpOnly", "SameSite=Lax", "Path=/", "; Secure"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(!cookie.contains("nfp_abc"));
        assert!(!remember(&app(), &from("http://h.example"), "nfp_abc").contains("Secure"));
    }

    #[test]
    fn a_session_comes_back_out_of_its_cookie() {
        let cookie = remember(&app(), &HeaderMap::new(), "nfp_abc");
        let pair = cookie.split(';').next().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, format!("a=b; boathook_session=!!; {pair}").parse().unwrap());
        assert_eq!(token(&app(), &headers).as_deref(), Some("nfp_abc"));
        headers.insert(COOKIE, "boathook_session=; x=y".parse().unwrap());
        assert_eq!(token(&app(), &headers), None);
    }

    #[test]
    fn tokens_fit_a_header() {
        assert!(is_token("nfp_abc"));
        assert!(!is_token("") && !is_token("a b") && !is_token("a\nb"));
        assert!(is_token(&"a".repeat(TOKEN_LIMIT)) && !is_token(&"a".repeat(TOKEN_LIMIT + 1)));
    }
}
