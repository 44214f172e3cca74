//! What may be kept of a call: everything but secrets. Pure.

use crate::registry::secrets::MASK;
use http::{HeaderMap, header};
use serde_json::{Map, Value};

/// Parts of names under which people keep secrets.
const TELLING: [&str; 8] =
    ["secret", "password", "passwd", "token", "credential", "apikey", "api_key", "private_key"];
/// Names under which this server sends one.
const OURS: [&str; 2] = ["incoming_hook_url", "auth_url"];
/// Headers whose values are secrets.
const HEADERS: [header::HeaderName; 4] =
    [header::AUTHORIZATION, header::COOKIE, header::SET_COOKIE, header::WWW_AUTHENTICATE];

/// Headers as they are kept, names as they leave.
pub(super) fn headers(headers: &HeaderMap, secrets: &[&str]) -> Value {
    let mut shown = Map::new();
    for (name, value) in headers {
        let text = String::from_utf8_lossy(value.as_bytes());
        let kept = match name {
            name if HEADERS.contains(name) => text.split_once(' ').map_or(MASK.to_owned(), |(scheme, _)| {
                if *name == header::AUTHORIZATION { format!("{scheme} {MASK}") } else { MASK.to_owned() }
            }),
            name if name.as_str().starts_with("x-nf-sign") => unsigned(&text),
            _ => without(&text, secrets),
        };
        shown.insert(title(name.as_str()), kept.into());
    }
    Value::Object(shown)
}

/// A token of which the claims can be read and nothing can be proven.
fn unsigned(token: &str) -> String {
    token.rsplit_once('.').map_or_else(|| MASK.to_owned(), |(signed, _)| format!("{signed}.{MASK}"))
}

fn title(name: &str) -> String {
    let mut start = true;
    name.chars()
        .map(|letter| {
            let shown = if start { letter.to_ascii_uppercase() } else { letter };
            start = letter == '-';
            shown
        })
        .collect()
}

/// A body as it is kept: JSON with its secrets masked, or text.
pub(super) fn body(bytes: &[u8], secrets: &[&str], most: usize) -> String {
    let text = match serde_json::from_slice::<Value>(bytes) {
        Ok(mut value) => {
            mask(&mut value, secrets);
            value.to_string()
        }
        Err(_) => without(&String::from_utf8_lossy(bytes), secrets),
    };
    // a character is at most four bytes, so that a cut one is no more than its limit
    text.char_indices().take_while(|(at, letter)| at + letter.len_utf8() <= most).map(|(_, c)| c).collect()
}

fn mask(value: &mut Value, secrets: &[&str]) {
    match value {
        Value::String(text) => *text = without(text, secrets),
        Value::Array(list) => list.iter_mut().for_each(|one| mask(one, secrets)),
        Value::Object(map) => {
            for (name, value) in map.iter_mut() {
                if name == "env" {
                    mask_all(value);
                } else if value.is_string() && is_telling(name) {
                    *value = MASK.into();
                } else {
                    mask(value, secrets);
                }
            }
        }
        _ => {}
    }
}

/// Values of variables are secrets until somebody says otherwise.
fn mask_all(value: &mut Value) {
    match value {
        Value::Object(map) => map.values_mut().for_each(mask_all),
        Value::Array(list) => list.iter_mut().for_each(mask_all),
        Value::Null => {}
        other => *other = MASK.into(),
    }
}

fn is_telling(name: &str) -> bool {
    let lower = name.to_ascii_lowercase().replace('-', "_");
    OURS.contains(&lower.as_str()) || TELLING.iter().any(|part| lower.contains(part))
}

/// A text without these secrets, wherever in it they are.
pub(super) fn without(text: &str, secrets: &[&str]) -> String {
    let known = secrets.iter().filter(|secret| !secret.is_empty());
    known.fold(text.to_owned(), |text, secret| text.replace(secret, MASK))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nothing_of_a_secret_is_left() {
        let sent = json!({
            "uuid": "u",
            "config": {
                "jwt": { "secret": "the-secret" }, "incoming_hook_url": "http://x/build_hooks/1",
                "config": { "name": "n", "apiKey": "k1", "dbPassword": "k2", "echo": "a the-secret b" },
            },
            "env": { "KEY": "k3", "DEEP": { "x": ["k4"] } },
        });
        let kept = body(sent.to_string().as_bytes(), &["the-secret"], 10_000);
        for secret in ["the-secret", "build_hooks", "k1", "k2", "k3", "k4"] {
            assert!(!kept.contains(secret), "{secret} in {kept}");
        }
        for plain in ["\"uuid\":\"u\"", "\"name\":\"n\"", "\"KEY\":"] {
            assert!(kept.contains(plain), "{plain} in {kept}");
        }
        assert_eq!(body(b"<html>the-secret", &["the-secret"], 100), "<html>********");
        assert_eq!(body("ääää".as_bytes(), &[], 5), "ää");
    }

    #[test]
    fn headers_show_who_was_meant_and_prove_nothing() {
        let mut sent = HeaderMap::new();
        for (name, value) in [
            ("authorization", "Bearer the-secret"),
            ("x-nf-sign", "head.claims.signature"),
            ("set-cookie", "session=1"),
            ("content-type", "application/json"),
            ("x-echo", "the-secret"),
        ] {
            sent.insert(name, value.parse().unwrap());
        }
        let expect = json!({
            "Authorization": "Bearer ********", "X-Nf-Sign": "head.claims.********", "Set-Cookie": "********",
            "Content-Type": "application/json", "X-Echo": "********",
        });
        assert_eq!(headers(&sent, &["the-secret"]), expect);
    }
}
