//! Refuses requests that do not say clearly whom they are for: two readers of one, a proxy in front
//! and this server, might take it for different sites (RFC 9112 section 3.2, RFC 9113 section 8.3.1).
//! Pure.

use http::uri::Authority;
use http::{HeaderMap, Uri, Version, header};

/// What is wrong with how a request is addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misaddressed {
    /// It names no host.
    Nobody,
    /// It names more than one.
    Several,
    /// What it names cannot be a host.
    Malformed,
}

impl Misaddressed {
    /// A sentence for whoever sent it.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Nobody => "The request does not say which host it is for.",
            Self::Several => "The request names more than one host.",
            Self::Malformed => "The host of the request is malformed.",
        }
    }
}

/// Whether a request names one host. HTTP/1.0, which need not name any, may leave it out.
///
/// # Errors
/// When it does not.
pub(crate) fn check(version: Version, uri: &Uri, headers: &HeaderMap) -> Result<(), Misaddressed> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(Misaddressed::Several);
    }
    let host = host.map(|host| host.to_str().map_err(|_| Misaddressed::Malformed)).transpose()?;
    match (uri.authority(), host) {
        (None, None | Some("")) if version == Version::HTTP_10 => Ok(()),
        (None, None | Some("")) => Err(Misaddressed::Nobody),
        (None, Some(host)) => well_formed(host),
        (Some(authority), None) => well_formed(authority.as_str()),
        (Some(authority), Some(host)) if same(authority.as_str(), host, uri) => well_formed(host),
        (Some(_), Some(_)) => Err(Misaddressed::Several),
    }
}

fn well_formed(host: &str) -> Result<(), Misaddressed> {
    let authority = host.parse::<Authority>().map_err(|_| Misaddressed::Malformed)?;
    let fine = !authority.host().is_empty() && !authority.as_str().contains('@');
    if fine { Ok(()) } else { Err(Misaddressed::Malformed) }
}

/// Equal but for case and a port that goes without saying.
fn same(authority: &str, host: &str, uri: &Uri) -> bool {
    let port = if uri.scheme_str() == Some("https") { ":443" } else { ":80" };
    let bare = |name: &str| name.strip_suffix(port).unwrap_or(name).to_ascii_lowercase();
    bare(authority) == bare(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn checked(version: Version, uri: &str, hosts: &[&str]) -> Result<(), Misaddressed> {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, HeaderValue::from_bytes(host.as_bytes()).expect("a value"));
        }
        check(version, &uri.parse().expect("a URI of this test"), &headers)
    }

    #[test]
    fn a_request_names_one_host() {
        let (both, none, bad) = (Misaddressed::Several, Misaddressed::Nobody, Misaddressed::Malformed);
        for (uri, hosts, expect) in [
            ("/", &["a.example"][..], Ok(())),
            ("/", &["a.example:8080"], Ok(())),
            ("/", &["[::1]:80"], Ok(())),
            ("/", &[], Err(none)),
            ("/", &[""], Err(none)),
            ("/", &["a.example", "a.example"], Err(both)),
            ("/", &["a.example", "b.example"], Err(both)),
            ("/", &["a.example b.example"], Err(bad)),
            ("/", &["a.example/b"], Err(bad)),
            ("/", &["user@a.example"], Err(bad)),
            ("/", &["é.example"], Err(bad)),
            ("/", &[":80"], Err(bad)),
            ("http://a.example/", &["a.example"], Ok(())),
            ("http://a.example/", &["A.example:80"], Ok(())),
            ("https://a.example:443/", &["a.example"], Ok(())),
            ("http://a.example/", &[], Ok(())),
            ("http://a.example/", &["b.example"], Err(both)),
            ("http://a.example:81/", &["a.example"], Err(both)),
            ("http://user@a.example/", &["user@a.example"], Err(bad)),
        ] {
            assert_eq!(checked(Version::HTTP_11, uri, hosts), expect, "{uri} {hosts:?}");
        }
        assert_eq!(checked(Version::HTTP_10, "/", &[]), Ok(()));
        assert_eq!(checked(Version::HTTP_10, "/", &["a", "b"]), Err(Misaddressed::Several));
        assert_eq!(checked(Version::HTTP_2, "https://a.example/", &[]), Ok(()));
    }
}
