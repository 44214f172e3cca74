//! A request that is passed on while its body is still coming in, and an answer that is passed back the
//! same way. Whoever calls decides how long to wait. Connections are kept for the next request, and are
//! driven by the task of their request: no other one has to be woken.

mod body;
mod connection;
mod dial;
mod pool;
mod spelling;

#[cfg(test)]
mod tests;

pub use pool::{IDLE_IN_ALL, IDLE_LIMIT, IDLE_PER_ORIGIN};
pub use spelling::Spelling;

use crate::client::{Failure, FailureClass};
use crate::resolver::{Lookup, SYSTEM};
use crate::{AddressPolicy, Origin};
use body::{Upload, UploadEnd};
use bytes::Bytes;
use connection::Connection;
use dial::{Dialer, Unreached};
use futures_util::Stream;
use http::response::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, Version, header};
use http_body::Body;
use hyper::body::Incoming;
use pool::Pool;
use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};

/// How long a connection must have rested before what is sent on it is sent again when nobody answers:
/// the other side may just have closed it. One that was busy a moment ago is not closed for being idle.
const RESTED: Duration = Duration::from_secs(1);

/// A request to pass on. Header names leave in title case (`X-Nf-Sign`) or as `spelling` says.
#[derive(Clone, Debug)]
pub struct Passed {
    /// Method.
    pub method: Method,
    /// Where to.
    pub origin: Origin,
    /// Path and query, sent as they are.
    pub target: PathAndQuery,
    /// Headers beside those that frame the body; `Host` is the origin's.
    pub headers: HeaderMap,
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

    fn with_lookup(policy: AddressPolicy, connect: Duration, lookup: Lookup) -> Self {
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
        let began = Instant::now();
        let origin = passed.origin.clone();
        let (upload, sent) = Upload::of(body);
        let mut request = request(passed, upload);
        while let Some((mut connection, rested)) = self.0.pool.take(&origin, began) {
            if !connection.is_alive().await {
                continue;
            }
            let spare = (rested >= RESTED).then(|| copy(&request)).flatten();
            match connection.exchange(request).await {
                Ok(answer) => return Ok(self.relayed(answer, connection, origin, &sent)),
                Err((error, unsent)) => match unsent.or(spare) {
                    Some(again) => request = again,
                    None => return Err(broken_off(&error, began)),
                },
            }
        }
        let wire = self.0.dialer.dial(&origin).await.map_err(|why| not_reached(&why, began))?;
        let opened = Connection::open(wire).await.map_err(|error| broken_off(&error, began));
        let mut connection = Box::new(opened?);
        match connection.exchange(request).await {
            Ok(answer) => Ok(self.relayed(answer, connection, origin, &sent)),
            Err((error, _)) => Err(broken_off(&error, began)),
        }
    }

    fn relayed(
        &self,
        answer: Response<Incoming>,
        mut connection: Box<Connection>,
        origin: Origin,
        sent: &UploadEnd,
    ) -> Relayed {
        let (head, body) = answer.into_parts();
        if !sent.is_reached() && head.status != StatusCode::SWITCHING_PROTOCOLS {
            connection.let_go();
        }
        let pool = Arc::clone(&self.0.pool);
        let connection = Some(connection);
        Relayed {
            body: RelayedBody { body, connection, pool, origin, life: pool::life(&head.headers) },
            head,
        }
    }
}

fn request(passed: Passed, body: Upload) -> Request<Upload> {
    let Passed { method, origin, target, mut headers, spelling } = passed;
    headers.insert(header::HOST, origin.authority().clone());
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = Uri::from(target);
    *request.version_mut() = Version::HTTP_11;
    *request.headers_mut() = headers;
    *request.extensions_mut() = spelling.into_extensions();
    request
}

/// The same request once more, where sending it twice does no harm.
fn copy(request: &Request<Upload>) -> Option<Request<Upload>> {
    if !request.body().is_nothing() || !request.method().is_safe() {
        return None;
    }
    let mut copy = Request::new(Upload::Nothing);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    Some(copy)
}

fn failure(class: FailureClass, message: String, began: Instant) -> Failure {
    let total_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    Failure { class, message, total_ms }
}

fn not_reached(why: &Unreached, began: Instant) -> Failure {
    failure(why.class(), why.to_string(), began)
}

fn broken_off(error: &hyper::Error, began: Instant) -> Failure {
    let mut root: &dyn StdError = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    failure(FailureClass::Other, format!("the call broke off: {root}"), began)
}

/// An answer whose body has not been read.
#[derive(Debug)]
pub struct Relayed {
    head: Parts,
    body: RelayedBody,
}

impl Relayed {
    /// Status. Redirects are not followed.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// Headers as they were sent.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// Bytes of the body, when the other side said so.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.body.body.size_hint().exact()
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
    /// When the answer was another, or the connection broke.
    pub async fn upgrade(mut self) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static> {
        let changed = self.status() == StatusCode::SWITCHING_PROTOCOLS;
        match self.body.connection.take().filter(|_| changed) {
            Some(connection) => connection.upgrade().await,
            None => Err(io::Error::other("the connection goes on with HTTP")),
        }
    }
}

/// The body of an answer. While nobody reads it, nothing is read from the other side.
#[derive(Debug)]
pub struct RelayedBody {
    body: Incoming,
    /// None once the body has come to its end.
    connection: Option<Box<Connection>>,
    pool: Arc<Pool>,
    origin: Origin,
    /// How long the other side keeps the connection.
    life: Duration,
}

impl RelayedBody {
    /// What comes next, as far as it is there: bytes, or the end.
    pub fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            let Some(connection) = &mut self.connection else { return Poll::Ready(None) };
            let mut frame = Pin::new(&mut self.body).poll_frame(cx);
            if frame.is_pending() {
                connection.drive(cx);
                frame = Pin::new(&mut self.body).poll_frame(cx);
            }
            match ready!(frame) {
                Some(Ok(frame)) => {
                    let Ok(bytes) = frame.into_data() else { continue };
                    if self.body.is_end_stream() {
                        self.finish(cx);
                    }
                    return Poll::Ready(Some(Ok(bytes)));
                }
                Some(Err(error)) => {
                    self.connection = None;
                    return Poll::Ready(Some(Err(io::Error::other(error))));
                }
                None => self.finish(cx),
            }
        }
    }

    /// Keeps the connection for the next request, if it can have one.
    fn finish(&mut self, cx: &mut Context<'_>) {
        if let Some(mut connection) = self.connection.take() {
            connection.drive(cx);
            if connection.is_free() {
                self.pool.put(&self.origin, connection, self.life);
            }
        }
    }
}

impl Stream for RelayedBody {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        self.poll_bytes(cx)
    }
}
