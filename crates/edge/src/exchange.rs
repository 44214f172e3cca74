//! One request on its way through the phases: what the client sent, and the path that is looked up,
//! which a phase may replace.

use http::{HeaderMap, HeaderValue, Method, Request, Uri, header};
use hyper::body::Incoming;
use rules::paths::{self, PathError};
use std::net::SocketAddr;

/// A request being answered.
pub(crate) struct Exchange {
    /// As the client sent it.
    pub(crate) request: Request<Incoming>,
    /// Who sent it.
    pub(crate) peer: SocketAddr,
    /// Name of this request in answers and logs.
    pub(crate) id: HeaderValue,
    target: Target,
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
    pub(crate) fn new(request: Request<Incoming>, peer: SocketAddr, id: HeaderValue) -> Self {
        Self { request, peer, id, target: Target::AsSent }
    }

    pub(crate) fn method(&self) -> &Method {
        self.request.method()
    }

    pub(crate) fn uri(&self) -> &Uri {
        self.request.uri()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.request.headers()
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
        self.target = if is_plain(self.uri().path()) {
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

/// Whether cleaning would leave the path as it is. Says no to some clean paths, yes to no other.
fn is_plain(path: &str) -> bool {
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
}
