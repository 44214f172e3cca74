//! One request on its way through the phases: what the client sent, and the path that is looked up,
//! which a phase may replace.

use crate::phases::split_test::Share;
use crate::visit::Visit;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use hyper::body::Incoming;
use rules::paths::{self, PathError};
use std::borrow::Cow;
use std::net::SocketAddr;

/// A request being answered.
pub(crate) struct Exchange {
    /// Its head, as the client sent it.
    head: Parts,
    /// Its body, if it has one, until a phase takes it.
    body: Option<Incoming>,
    /// Who sent it.
    pub(crate) peer: SocketAddr,
    /// Whether it came by https.
    pub(crate) secure: bool,
    /// Whether a trusted proxy in front of this server says so.
    pub(crate) proxied: bool,
    /// Name of this request in answers and logs.
    pub(crate) id: HeaderValue,
    /// Whether a password had to be given for what is asked: no shared cache may keep the answer.
    pub(crate) guarded: bool,
    /// How a split test shared it out, until the answer says so.
    pub(crate) share: Option<Share>,
    target: Target,
    /// Status that a rule wants for the path it put in the place of the one that was asked for.
    rewritten: Option<StatusCode>,
}

/// The path that is looked up.
enum Target {
    /// The path of the request line is in its clean form already.
    AsSent,
    /// Another path, in the form of [`rules::paths::clean`].
    Path(String),
    /// No file can have this path.
    Nowhere,
}

impl Exchange {
    pub(crate) fn new(request: Request<Option<Incoming>>, visit: Visit, id: HeaderValue) -> Self {
        let (head, body) = request.into_parts();
        let Visit { peer, secure, proxied } = visit;
        Self {
            head,
            body,
            peer,
            secure,
            proxied,
            id,
            guarded: false,
            share: None,
            target: Target::AsSent,
            rewritten: None,
        }
    }

    /// How the visitor came: `http` or `https`.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }

    /// The body, for the one phase that reads it; none when it was taken before.
    pub(crate) fn take_body(&mut self) -> Option<Incoming> {
        self.body.take()
    }

    /// The head, for a phase that passes the request on.
    pub(crate) fn head_mut(&mut self) -> &mut Parts {
        &mut self.head
    }

    pub(crate) fn method(&self) -> &Method {
        &self.head.method
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.head.uri
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The path to look up, clean; none when no file can have it.
    pub(crate) fn path(&self) -> Option<&str> {
        match &self.target {
            Target::AsSent => Some(self.uri().path()),
            Target::Path(path) => Some(path),
            Target::Nowhere => None,
        }
    }

    /// Cleans the path of the request line, once, before any phase looks at it.
    ///
    /// # Errors
    /// When the path cannot be meant: not absolute, too long, or with a NUL.
    pub(crate) fn settle_path(&mut self) -> Result<(), PathError> {
        self.target = if is_plain(behind_platform(self.uri().path())) {
            Target::AsSent
        } else {
            match paths::clean(self.uri().path()) {
                Ok(path) => Target::Path(path),
                Err(PathError::EncodedSlash | PathError::NotUtf8) => Target::Nowhere,
                Err(error) => return Err(error),
            }
        };
        Ok(())
    }

    /// Puts another path, percent-encoded, in the place of the one that was asked for; what is found
    /// there is answered with `status`.
    pub(crate) fn rewrite(&mut self, path: &str, status: StatusCode) {
        self.target = paths::clean(path).map_or(Target::Nowhere, Target::Path);
        self.rewritten = Some(status);
    }

    /// The status of [`Exchange::rewrite`], once there was one.
    pub(crate) fn rewritten(&self) -> Option<StatusCode> {
        self.rewritten
    }

    /// The path as rules see it: also one that no file can have.
    pub(crate) fn path_for_rules(&self) -> Option<Cow<'_, str>> {
        match self.path() {
            Some(path) => Some(Cow::Borrowed(path)),
            None if self.rewritten.is_some() => None,
            None => paths::clean_for_rules(self.uri().path()).ok().map(Cow::Owned),
        }
    }

    /// The host the client asked for, as written; empty when it named none. The request line's
    /// goes before the header's.
    ///
    /// # Errors
    /// When there are several Host headers, or one that is no text: two readers of such a request
    /// may disagree on whom it is for.
    pub(crate) fn host(&self) -> Result<&str, AmbiguousHost> {
        if let Some(authority) = self.uri().authority() {
            return Ok(authority.as_str());
        }
        let mut hosts = self.headers().get_all(header::HOST).iter();
        let host = hosts.next().map_or(Ok(""), HeaderValue::to_str).map_err(|_| AmbiguousHost)?;
        if hosts.next().is_some() { Err(AmbiguousHost) } else { Ok(host) }
    }
}

/// A request that does not say clearly which host it is for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AmbiguousHost;

/// A path without the folder of the platform, which alone begins with a dot and is clean nevertheless.
fn behind_platform(path: &str) -> &str {
    let behind = path.strip_prefix("/.netlify").filter(|rest| rest.starts_with('/'));
    behind.filter(|_| path.len() <= paths::MAX_PATH_BYTES).unwrap_or(path)
}

/// Whether cleaning would leave the path as it is. Says no to some clean paths, yes to no other.
pub(crate) fn is_plain(path: &str) -> bool {
    let bytes = path.as_bytes();
    let mut before = 0;
    for &byte in bytes {
        if byte == b'%' || byte == 0 || (before == b'/' && matches!(byte, b'/' | b'.')) {
            return false;
        }
        before = byte;
    }
    bytes.first() == Some(&b'/') && bytes.len() <= paths::MAX_PATH_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_are_those_that_cleaning_leaves_alone() {
        for path in ["/", "/a", "/a/", "/a/b.html", "/a..b", "/a.b/c", "/a+b", "/é"] {
            assert!(is_plain(path), "{path}");
            assert_eq!(paths::clean(path).as_deref(), Ok(path));
        }
        for path in ["", "*", "a", "//", "/a//b", "/.", "/a/../b", "/.x", "/%61", "/a\0"] {
            assert!(!is_plain(path), "{path}");
        }
        assert!(!is_plain(&format!("/{}", "a".repeat(paths::MAX_PATH_BYTES))));
    }

    #[test]
    fn what_is_behind_the_platforms_folder_decides_whether_its_path_is_plain() {
        for path in ["/.netlify/", "/.netlify/a/b.c"] {
            assert!(is_plain(behind_platform(path)), "{path}");
            assert_eq!(paths::clean(path).as_deref(), Ok(path));
        }
        let long = format!("/.netlify/{}", "a".repeat(paths::MAX_PATH_BYTES - 1));
        for path in
            ["/.netlify", "/.netlify//", "/.netlify/..", "/.netlify/%61", "/.netlifyx/", "/.x/", &long]
        {
            assert!(!is_plain(behind_platform(path)), "{path}");
        }
    }
}
