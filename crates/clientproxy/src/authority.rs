//! The target of a CONNECT, `host:port`: parsed and put into one spelling. Pure; it does not
//! resolve names.

use http::Uri;

/// Longest host name that is taken, the limit of DNS.
const MAX_HOST: usize = 253;

/// Where a CONNECT wants to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authority {
    /// Lower case, without brackets and trailing dot.
    pub(crate) host: String,
    /// Never 0.
    pub(crate) port: u16,
}

impl Authority {
    /// Reads the authority form; `None` for anything else: a path, a scheme, user information, no
    /// port.
    pub(crate) fn of(uri: &Uri) -> Option<Self> {
        if uri.scheme().is_some() {
            return None;
        }
        let authority = uri.authority()?;
        if authority.as_str().contains('@') {
            return None;
        }
        let port = authority.port_u16().filter(|port| *port != 0)?;
        let host = plain_host(authority.host())?;
        Some(Self { host, port })
    }
}

fn plain_host(host: &str) -> Option<String> {
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let bare = bare.unwrap_or_else(|| host.strip_suffix('.').unwrap_or(host));
    let fits = !bare.is_empty() && bare.len() <= MAX_HOST;
    fits.then(|| bare.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(target: &str, expect: Option<(&str, u16)>) {
        let parsed = target.parse::<Uri>().ok().and_then(|uri| Authority::of(&uri));
        let expect = expect.map(|(host, port)| Authority { host: host.to_owned(), port });
        assert_eq!(parsed, expect, "{target}");
    }

    #[test]
    fn host_and_port_are_read_into_one_spelling() {
        check("example.com:443", Some(("example.com", 443)));
        check("Example.COM.:8443", Some(("example.com", 8443)));
        check("127.0.0.1:80", Some(("127.0.0.1", 80)));
        check("[::1]:443", Some(("::1", 443)));
    }

    #[test]
    fn anything_else_is_refused() {
        check("example.com", None);
        check("example.com:0", None);
        check("example.com:65536", None);
        check(".:443", None);
        check("/path", None);
        check("http://example.com:443/", None);
        check("user@example.com:443", None);
        check("*", None);
    }

    #[test]
    fn a_host_longer_than_dns_allows_is_refused() {
        let longest = "a".repeat(MAX_HOST);
        check(&format!("{longest}:443"), Some((&longest, 443)));
        check(&format!("{longest}a:443"), None);
    }
}
