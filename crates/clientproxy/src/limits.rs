//! Every limit of the proxy, by name. They guard this server against slow, idle and greedy
//! clients; which hosts may be reached at all is the business of the tunnel policy.

use std::time::Duration;

/// Tunnels that may be open at the same time; one more is answered 503.
pub const MAX_TUNNELS: usize = 256;

/// Connections to vendor hosts that may be open at the same time; one more is answered 503.
pub const MAX_VENDOR_CONNECTIONS: usize = 256;

/// Time for resolving a host and connecting to it, all its addresses together.
pub const DIAL_LIMIT: Duration = Duration::from_secs(10);

/// A tunnel in which no byte moves for this long is closed.
pub const TUNNEL_IDLE_LIMIT: Duration = Duration::from_secs(120);

/// Time from the 200 of a vendor CONNECT to the end of its TLS handshake.
pub const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// Time a vendor connection may take for the head of a request, waiting between two included.
pub const VENDOR_IDLE_LIMIT: Duration = Duration::from_secs(60);

/// The limits of one [`ClientProxy`](crate::ClientProxy); the default is the constants above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// See [`MAX_TUNNELS`].
    pub tunnels: usize,
    /// See [`MAX_VENDOR_CONNECTIONS`].
    pub vendor_connections: usize,
    /// See [`DIAL_LIMIT`].
    pub dial: Duration,
    /// See [`TUNNEL_IDLE_LIMIT`].
    pub tunnel_idle: Duration,
    /// See [`HANDSHAKE_LIMIT`].
    pub handshake: Duration,
    /// See [`VENDOR_IDLE_LIMIT`].
    pub vendor_idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tunnels: MAX_TUNNELS,
            vendor_connections: MAX_VENDOR_CONNECTIONS,
            dial: DIAL_LIMIT,
            tunnel_idle: TUNNEL_IDLE_LIMIT,
            handshake: HANDSHAKE_LIMIT,
            vendor_idle: VENDOR_IDLE_LIMIT,
        }
    }
}
