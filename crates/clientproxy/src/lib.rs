//! The CONNECT door: it lets unmodified Netlify clients, which have some of the vendor's hosts
//! written into their code, reach this server through the proxy variables that Node already
//! honours. It answers vendor hosts itself and tunnels the rest as far as a policy allows. It knows
//! nothing of sites, users or routes: who may come in, what a vendor host answers and which
//! addresses may be dialled are parameters.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failed unwrap is how a test says no"))]

mod answer;
mod authority;
mod ca;
mod certificate;
mod connect;
mod credentials;
mod limits;
mod tunnel;
mod vendor;

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;

pub use ca::{CA_CERTIFICATE_FILE, CA_DAYS, CA_KEY_FILE, CaError, LEAF_DAYS, LocalCa, RENEW_DAYS};
pub use certificate::not_after;
pub use connect::ClientProxy;
pub use credentials::ConnectToken;
pub use limits::{
    DIAL_LIMIT, HANDSHAKE_LIMIT, Limits, MAX_TUNNELS, MAX_VENDOR_CONNECTIONS, TUNNEL_IDLE_LIMIT,
    VENDOR_IDLE_LIMIT,
};
pub use tunnel::MAX_ADDRESSES;
pub use vendor::{VENDOR_HOSTS, VENDOR_PORT, VendorOrigin};

/// A boxed future that may move between threads.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Any error of a response body.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of every answer; `Sync` is not asked for, so a body of axum fits.
pub type ResponseBody = UnsyncBoxBody<Bytes, BoxError>;

/// Says whether a token may use the proxy. It gets the password of the `Proxy-Authorization`
/// header and must not log it.
pub type Authorise = Arc<dyn Fn(String) -> BoxFuture<bool> + Send + Sync>;

/// Answers the decrypted requests for the vendor hosts. Every request carries a [`VendorOrigin`]
/// extension, which names the host of the CONNECT and the token that was accepted.
pub type VendorService = Arc<dyn Fn(Request<Incoming>) -> BoxFuture<Response<ResponseBody>> + Send + Sync>;

/// Says whether a tunnel to this address may be dialled: the host as asked for (lower case, no
/// brackets, no trailing dot), the port, and the resolved address (never an IPv4-mapped one).
pub type TunnelPolicy = Arc<dyn Fn(&str, u16, IpAddr) -> bool + Send + Sync>;
