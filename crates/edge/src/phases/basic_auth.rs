//! Passwords that header rules ask for (`Basic-Auth`, contract edge 1.4). A password guards a page
//! under all of its spellings: who closes `/a` does not leave `/a.html` open.

use crate::answer::{Answer, Next};
use crate::exchange::Exchange;
use crate::pages;
use crate::sites::SiteView;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rules::headers::{Credential, HeaderMatcher};
use std::ops::ControlFlow::{Break, Continue};

const CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"This page\", charset=\"UTF-8\"");
/// What may stand behind the name of a page in a path that leads to it.
const ENDINGS: [&str; 6] = ["", "/", ".html", ".htm", "/index.html", "/index.htm"];

/// On for who may see the path, 401 for others.
pub(crate) fn run(exchange: &mut Exchange, site: &SiteView) -> Next {
    let rules = &site.rules.headers;
    if !rules.has_basic_auth() {
        return Continue(());
    }
    let wanted = exchange.path_for_rules().and_then(|path| credentials(rules, &path));
    match wanted {
        None => Continue(()),
        Some(credentials) if is_one_of(exchange.headers(), &credentials) => {
            exchange.guarded = true;
            Continue(())
        }
        Some(_) => Break(refusal()),
    }
}

fn refusal() -> Answer {
    let sentence = "This page needs a name and a password.";
    pages::page(StatusCode::UNAUTHORIZED, "Unauthorized", sentence).with(header::WWW_AUTHENTICATE, CHALLENGE)
}

/// Who may see a path: what is said about it as it is written, else about another spelling.
fn credentials(rules: &HeaderMatcher, path: &str) -> Option<Vec<Credential>> {
    let ending = ENDINGS.iter().rev().find(|ending| path.ends_with(**ending));
    let stem = path.strip_suffix(ending.unwrap_or(&"")).unwrap_or(path);
    let written = rules.find(path).basic_auth;
    written.or_else(|| ENDINGS.iter().find_map(|ending| rules.find(&format!("{stem}{ending}")).basic_auth))
}

/// Whether the request names one of these. Looks at all of them, and at every byte, so that the time
/// it takes tells nothing.
fn is_one_of(headers: &HeaderMap, credentials: &[Credential]) -> bool {
    let Some((user, password)) = headers.get(header::AUTHORIZATION).and_then(sent) else { return false };
    credentials.iter().fold(false, |found, one| {
        let user = signing::same_secret(one.user.as_bytes(), &user);
        let password = signing::same_secret(one.password.as_bytes(), &password);
        found | (user & password)
    })
}

/// Name and password of an Authorization header.
fn sent(value: &HeaderValue) -> Option<(Vec<u8>, Vec<u8>)> {
    let (scheme, text) = value.to_str().ok()?.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let plain = STANDARD.decode(text.trim()).ok()?;
    let colon = plain.iter().position(|byte| *byte == b':')?;
    Some((plain[..colon].to_vec(), plain[colon + 1..].to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> HeaderMatcher {
        HeaderMatcher::new(rules::headers::parse_file(text).0)
    }

    #[test]
    fn every_spelling_of_a_page_is_guarded() {
        let guarded =
            rules("/a\n Basic-Auth: u:p\n/b/index.html\n Basic-Auth: u:p\n/c/*\n Basic-Auth: u:p\n");
        for (path, expect) in [
            ("/a", true),
            ("/a/", true),
            ("/a.html", true),
            ("/A.html", true),
            ("/a/index.html", true),
            ("/a/x", false),
            ("/b", true),
            ("/b/", true),
            ("/b.html", true),
            ("/c/x/y", true),
            ("/c\0x", true),
            ("/", false),
            ("/index.html", false),
        ] {
            assert_eq!(credentials(&guarded, path).is_some(), expect, "{path}");
        }
        let home = rules("/\n Basic-Auth: u:p\n");
        assert!(credentials(&home, "/index.html").is_some() && credentials(&home, "/x").is_none());
    }

    #[test]
    fn name_and_password_must_both_fit() {
        let wanted =
            rules("/a\n Basic-Auth: ann:one bob:two:three\n").find("/a").basic_auth.expect("guarded");
        for (text, expect) in [
            ("ann:one", true),
            ("bob:two:three", true),
            ("ann:two:three", false),
            ("ann:", false),
            (":one", false),
            ("ann", false),
        ] {
            for (scheme, counts) in [("Basic", true), ("basic", true), ("Bearer", false)] {
                let value = format!("{scheme} {}", STANDARD.encode(text));
                let value = HeaderValue::try_from(value).expect("base64 makes a header value");
                let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
                assert_eq!(is_one_of(&headers, &wanted), expect && counts, "{scheme} {text}");
            }
        }
        assert!(!is_one_of(&HeaderMap::new(), &wanted));
        let nobody = rules("/a\n Basic-Auth: none\n").find("/a").basic_auth.expect("guarded");
        let value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(":"))).expect("a value");
        assert!(!is_one_of(&HeaderMap::from_iter([(header::AUTHORIZATION, value)]), &nobody));
    }
}
