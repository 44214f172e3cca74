//! Where requests are passed on to: scheme, host and port, made ready once for many requests.

use http::HeaderValue;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use url::{Host, Url};

/// An origin (RFC 6454), `http` or `https`. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Origin(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    secure: bool,
    host: Host<String>,
    port: u16,
    authority: HeaderValue,
}

impl Origin {
    /// The origin of an address; none when it is not one of `http` or `https`, or names no host.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        let secure = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let host = url.host()?.to_owned();
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        let authority = HeaderValue::try_from(authority).ok()?;
        Some(Self(Arc::new(Parts { secure, host, port: url.port_or_known_default()?, authority })))
    }

    /// Host, and port where it is not the usual one: the value of `Host`.
    #[must_use]
    pub fn authority(&self) -> &HeaderValue {
        &self.0.authority
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.0.secure
    }

    pub(crate) fn host(&self) -> &Host<String> {
        &self.0.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.port
    }
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        let (one, two) = (&self.0, &other.0);
        Arc::ptr_eq(one, two) || (one.secure == two.secure && one.authority == two.authority)
    }
}

impl Eq for Origin {}

impl Hash for Origin {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.secure.hash(state);
        self.0.authority.as_bytes().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Option<Origin> {
        Origin::of(&Url::parse(text).expect("an address of this test"))
    }

    #[test]
    fn origins_are_read_from_addresses() {
        for (text, expect) in [
            ("http://a.example/x", Some((false, "a.example", 80))),
            ("https://A.example:443/", Some((true, "a.example", 443))),
            ("https://a.example:8443", Some((true, "a.example:8443", 8443))),
            ("http://[::1]:80/", Some((false, "[::1]", 80))),
            ("http://user:word@10.0.0.1:81/", Some((false, "10.0.0.1:81", 81))),
            ("ftp://a.example/", None),
            ("data:text/plain,x", None),
        ] {
            let found = origin(text);
            let found =
                found.as_ref().map(|o| (o.is_secure(), o.authority().to_str().unwrap_or(""), o.port()));
            assert_eq!(found, expect, "{text}");
        }
    }

    #[test]
    fn what_is_reached_in_the_same_way_is_the_same() {
        assert_eq!(origin("http://a.example/x"), origin("http://a.example:80/y?z"));
        assert_ne!(origin("http://a.example/"), origin("https://a.example:80/"));
        assert_ne!(origin("http://a.example/"), origin("http://a.example:81/"));
    }
}
