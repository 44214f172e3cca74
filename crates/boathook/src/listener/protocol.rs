//! How HTTP is spoken on every connection: the limits of hyper's two servers.

use super::at_once::AtOnce;
use hyper_util::rt::TokioTimer;
use hyper_util::server::conn::auto::Builder;
use std::time::Duration;

/// Bytes of a request's head; larger ones are answered 431, and so are more than 100 header fields:
/// that is hyper's own limit, for which it needs no memory of its own.
pub(crate) const HEAD_BYTES: usize = 64 * 1024;
/// How long a client may leave what is sent to it without taking any of it.
pub(crate) const WRITE_LIMIT: Duration = Duration::from_secs(60);
/// Requests at once on one HTTP/2 connection.
const H2_STREAMS: u32 = 128;
/// How often an HTTP/2 client is asked whether it is still there.
const H2_PING: Duration = Duration::from_secs(30);
/// How long it may take to say so.
const H2_PONG: Duration = Duration::from_secs(20);

/// Both protocols, told apart by how a client begins. `head` is how long it may take over the head of
/// a request, and how long an HTTP/1.1 connection may be idle between two.
pub(crate) fn builder(head: Duration) -> Builder<AtOnce> {
    let mut builder = Builder::new(AtOnce);
    builder.http1().timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(HEAD_BYTES).unwrap_or(u32::MAX))
        .max_concurrent_streams(H2_STREAMS)
        .keep_alive_interval(H2_PING)
        .keep_alive_timeout(H2_PONG);
    builder
}
