//! The credentials of a CONNECT: the access token is the password of `Proxy-Authorization: Basic`;
//! the user name is free. Pure; whether the token is valid is asked elsewhere.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::PROXY_AUTHORIZATION;

/// The access token a CONNECT was accepted with. Its `Debug` form hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectToken(Arc<str>);

impl ConnectToken {
    /// The secret itself, for the one who checks it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Reads the token from the request's headers; `None` when there is no usable one.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(PROXY_AUTHORIZATION)?.to_str().ok()?;
        let (scheme, encoded) = value.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (_, password) = pair.split_once(':')?;
        (!password.is_empty()).then(|| Self(password.into()))
    }
}

impl fmt::Debug for ConnectToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectToken(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(header: Option<&str>, expect: Option<&str>) {
        let mut headers = HeaderMap::new();
        if let Some(value) = header {
            headers.insert(PROXY_AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        let token = ConnectToken::of(&headers);
        assert_eq!(token.as_ref().map(ConnectToken::expose), expect, "{header:?}");
    }

    fn basic(pair: &str) -> String {
        format!("Basic {}", STANDARD.encode(pair))
    }

    #[test]
    fn the_password_is_the_token() {
        check(Some(&basic("boathook:abc")), Some("abc"));
        check(Some(&basic(":abc")), Some("abc"));
        check(Some(&basic("u:a:b")), Some("a:b"));
        check(Some(&basic("u:abc").replace("Basic", "bAsIc")), Some("abc"));
    }

    #[test]
    fn anything_else_is_no_token() {
        check(None, None);
        check(Some("Basic"), None);
        check(Some("Basic ***"), None);
        check(Some("Bearer abc"), None);
        check(Some(&basic("abc")), None);
        check(Some(&basic("boathook:")), None);
    }

    #[test]
    fn the_debug_form_hides_the_token() {
        let token = ConnectToken("abc".into());
        assert_eq!(format!("{token:?}"), "ConnectToken(hidden)");
    }
}
