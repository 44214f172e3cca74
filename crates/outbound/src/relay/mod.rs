//! A request that is passed on while its body is still coming in, and an answer that is passed back the
//! same way. Whoever calls decides how long to wait. Connections are kept for the next request, and are
//! driven by the task of their request: no other one has to be woken.

mod answer;
mod chunks;
mod connection;
mod dial;
mod fields;
mod heard;
mod outgoing;
mod pool;

#[cfg(test)]
mod tests;

pub(crate) use dial::{Dialer, Unreached};
pub use fields::{Fields, Spelling};
pub use pool::{IDLE_IN_ALL, IDLE_LIMIT, IDLE_PER_ORIGIN};

use crate::client::{Failure, FailureClass};
use crate::resolver::{Lookup, SYSTEM};
use crate::{AddressPolicy, Origin};
use answer::{Head, Rest};
use bytes::Bytes;
use connection::{Broken, Connection};
use futures_util::Stream;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, StatusCode};
use http_body::Body;
use http_body_util::Full;
use outgoing::Outgoing;
use pool::Pool;
use std::error::Error as StdError;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};

/// How long a connection must have rested before what is sent on it is sent again when nobody answers:
/// the other side may just have closed it. One that was busy a moment ago is not closed for being idle.
const RESTED: Duration = Duration::from_secs(1);

/// What is said when a connection goes over to another protocol in the middle of a request.
const UNFINISHED: &str = "the protocol was changed before the request was over";

/// A request to pass on. Header names leave in title case (`X-Nf-Sign`) or as `spelling` says.
#[derive(Clone, Debug)]
pub struct Passed {
    /// Method.
    pub method: Method,
    /// Where to.
    pub origin: Origin,
    /// Path and query, sent as they are.
    pub target: PathAndQuery,
    /// Headers. Those that frame the body are left out, and so is `Host`, which is the origin's.
    pub headers: Fields,
    /// How the names of headers are written.
    pub spelling: Spelling,
}

/// The guarded way of requests that are passed on. Cloning is cheap and shares connections.
#[derive(Clone, Debug)]
pub struct Relay(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    dialer: Dialer,
    pool: Arc<Pool>,
}

impl Relay {
    /// A way to addresses that this policy permits, each reached within `connect`, name and TLS included.
    #[must_use]
    pub fn new(policy: AddressPolicy, connect: Duration) -> Self {
        Self::with_lookup(policy, connect, SYSTEM)
    }

    pub(crate) fn with_lookup(policy: AddressPolicy, connect: Duration, lookup: Lookup) -> Self {
        // Fails only when another part of the program was first, with the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dialer = Dialer::new(policy, connect, lookup);
        Self(Arc::new(Inner { dialer, pool: Arc::default() }))
    }

    /// Sends the request, its body as it comes, and returns when status and headers are there.
    /// Only connecting has a limit of its own. Drop the future to give up. What has no body and changes
    /// nothing is sent again when it met a connection that had just been closed.
    ///
    /// # Errors
    /// When there is no answer; [`Failure`] says why.
    pub async fn send<B>(&self, passed: Passed, body: Option<B>) -> Result<Relayed, Failure>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let request = Outgoing::new(&passed, body);
        self.exchange(request, passed.origin).await
    }

    /// The same for whoever goes by the status: an answer that does not say clearly where its body ends is
    /// one without a body, and the last on its connection.
    pub(crate) async fn ask(&self, passed: Passed, body: Option<Full<Bytes>>) -> Result<Relayed, Failure> {
        let mut request = Outgoing::new(&passed, body);
        request.tolerant = true;
        self.exchange(request, passed.origin).await
    }

    async fn exchange(&self, mut request: Outgoing, origin: Origin) -> Result<Relayed, Failure> {
        let began = Instant::now();
        while let Some((mut connection, rested)) = self.0.pool.take(&origin, began) {
            if !poll_fn(|cx| Poll::Ready(connection.is_alive(cx))).await {
                continue;
            }
            match connection.exchange(&mut request).await {
                Ok(head) => return self.relayed(head, connection, request, origin, began),
                Err(broken) => {
                    let again = broken.unheard && rested >= RESTED && request.rewind();
                    if !(again || request.is_whole()) {
                        return Err(broken_off(&broken, began));
                    }
                }
            }
        }
        // boxed, so that requests that find a connection do not carry the room of making one
        let dialled = Box::pin(self.0.dialer.dial(&origin)).await;
        let wire = dialled.map_err(|why| not_reached(&why, began))?;
        let mut connection = Box::new(Connection::new(wire));
        match connection.exchange(&mut request).await {
            Ok(head) => self.relayed(head, connection, request, origin, began),
            Err(broken) => Err(broken_off(&broken, began)),
        }
    }

    fn relayed(
        &self,
        head: Head,
        mut connection: Box<Connection>,
        request: Outgoing,
        origin: Origin,
        began: Instant,
    ) -> Result<Relayed, Failure> {
        let Head { status, headers, body, mut stays } = head;
        if !request.is_over() {
            if status == StatusCode::SWITCHING_PROTOCOLS {
                return Err(failure(FailureClass::Other, UNFINISHED.to_owned(), began));
            }
            stays = false;
            connection = Box::new(connection.let_go(request));
        }
        let pool = Arc::clone(&self.0.pool);
        let keep = stays.then(|| Keep { pool, origin, life: pool::life(&headers) });
        Ok(Relayed { status, headers, body: RelayedBody { rest: body, connection: Some(connection), keep } })
    }
}

fn failure(class: FailureClass, message: String, began: Instant) -> Failure {
    let total_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    Failure { class, message, total_ms }
}

fn not_reached(why: &Unreached, began: Instant) -> Failure {
    failure(why.class(), why.to_string(), began)
}

fn broken_off(broken: &Broken, began: Instant) -> Failure {
    let mut root: &dyn StdError = &broken.why;
    while let Some(cause) = root.source() {
        root = cause;
    }
    failure(FailureClass::Other, format!("the call broke off: {root}"), began)
}

/// An answer whose body has not been read.
#[derive(Debug)]
pub struct Relayed {
    status: StatusCode,
    headers: HeaderMap,
    body: RelayedBody,
}

impl Relayed {
    /// Status. Redirects are not followed.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Headers as they were sent.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Takes the headers out.
    pub fn take_headers(&mut self) -> HeaderMap {
        std::mem::take(&mut self.headers)
    }

    /// Bytes of the body, when the other side said so.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.body.rest.length()
    }

    /// Whether nobody can say where the body ends.
    pub(crate) fn is_unclear(&self) -> bool {
        matches!(self.body.rest, Rest::Unclear)
    }

    /// The body, as it comes. It is not decompressed. Dropped before its end it takes the connection
    /// along.
    #[must_use]
    pub fn into_body(self) -> RelayedBody {
        self.body
    }

    /// The connection itself, after an answer of 101.
    ///
    /// # Errors
    /// When the answer was another.
    pub fn upgrade(self) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static> {
        let changed = self.status == StatusCode::SWITCHING_PROTOCOLS;
        match self.body.connection.filter(|_| changed) {
            Some(connection) => Ok(connection.upgrade()),
            None => Err(io::Error::other("the connection goes on with HTTP")),
        }
    }
}

/// The body of an answer. While nobody reads it, nothing is read from the other side.
#[derive(Debug)]
pub struct RelayedBody {
    rest: Rest,
    /// None once the body has come to its end.
    connection: Option<Box<Connection>>,
    /// Where the connection goes then, if it can have another request.
    keep: Option<Keep>,
}

/// A place for a connection.
#[derive(Debug)]
struct Keep {
    pool: Arc<Pool>,
    origin: Origin,
    /// How long the other side keeps the connection.
    life: Duration,
}

impl RelayedBody {
    /// What comes next, as far as it is there: bytes, or the end.
    pub fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let next = ready!(self.poll_piece(cx)).transpose();
        match &next {
            Some(Err(_)) => self.connection = None,
            _ if self.rest.is_over() => self.finish(),
            _ => {}
        }
        Poll::Ready(next)
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        let Self { rest, connection: Some(connection), .. } = self else { return Poll::Ready(Ok(None)) };
        loop {
            let piece = rest.take(connection.came()).map_err(io::Error::other)?;
            if piece.is_some() || rest.is_over() {
                return Poll::Ready(Ok(piece));
            }
            if ready!(connection.poll_read(cx))? == 0 {
                rest.end().map_err(io::Error::other)?;
            }
        }
    }

    /// Keeps the connection for the next request, if it can have one. Who says more than was asked for
    /// is not asked again.
    fn finish(&mut self) {
        if let (Some(mut connection), Some(keep)) = (self.connection.take(), self.keep.take())
            && connection.came().is_empty()
        {
            keep.pool.put(&keep.origin, connection, keep.life);
        }
    }
}

impl Stream for RelayedBody {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        self.poll_bytes(cx)
    }
}
