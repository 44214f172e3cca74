//! How a request came in, as far as its head does not say so itself.

use std::net::SocketAddr;

/// Where a request comes from and by which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The visitor's address: of the connection, or the one a trusted proxy names.
    pub peer: SocketAddr,
    /// Whether the visitor came by https, to this server or to the proxy in front of it.
    pub secure: bool,
    /// Whether a trusted proxy in front of this server says how the visitor came: https then leads
    /// to the proxy, at its usual port.
    pub proxied: bool,
}

impl From<SocketAddr> for Visit {
    /// A visitor who came by plain http, straight.
    fn from(peer: SocketAddr) -> Self {
        Self { peer, secure: false, proxied: false }
    }
}

/// What the edge must know of this server's own TLS.
pub trait Https: Send + Sync {
    /// The port at which `host` (lower case, no port) is reached by https, when there is a
    /// certificate for it now: sending a visitor to where none is would lock him out. May see to it
    /// that there will be one soon. Does not wait.
    fn port(&self, host: &str) -> Option<u16>;
}

/// A server that speaks no TLS.
pub(crate) struct NoHttps;

impl Https for NoHttps {
    fn port(&self, _: &str) -> Option<u16> {
        None
    }
}
