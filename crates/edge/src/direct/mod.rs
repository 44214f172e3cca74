//! HTTP/1.1 straight on the socket for what visitors ask most: GET and HEAD without a body. Requests go
//! through the same phases as all others; what is saved is the machinery around them, and files leave
//! by sendfile. Whatever is unusual is handed over to the general server, with what was read of it.

mod head;
mod prefixed;
mod request;
mod send;

pub use prefixed::Prefixed;

use crate::Edge;
use crate::visit::Visit;
use bytes::Bytes;
use head::Ending;
use http::request::Parts;
use http::{Method, Request};
use request::Begun;
use std::cell::RefCell;
use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::CancellationToken;

/// Bytes read at once. A head that is longer, or comes in pieces, is the general server's.
const READ_BYTES: usize = 8 * 1024;

thread_local! {
    /// Read into by whichever connection has bytes: one that waits holds no buffer.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

/// How long a client is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Between two requests, and for the first.
    pub idle: Duration,
    /// While it takes nothing of what is sent to it.
    pub stalled: Duration,
}

/// How a connection ended here.
pub enum End {
    /// It is closed.
    Over,
    /// The general server goes on with it, beginning with these bytes.
    HandOver(TcpStream, Bytes),
}

impl Edge {
    /// Answers the requests of a connection until it ends, or until one comes that is not simple or
    /// that `admit` does not want answered here. `stop` ends it between two requests.
    pub async fn serve_directly(
        &self,
        stream: TcpStream,
        patience: Patience,
        stop: &CancellationToken,
        admit: impl Fn(&Parts) -> Option<Visit>,
    ) -> End {
        let mut line = Line::new(stream, patience, stop);
        while let Some(read) = line.next().await {
            let begun = request::begin(&read);
            let Some((Begun { request, keep_alive }, visit)) =
                begun.and_then(|begun| admit(&begun.request).map(|visit| (begun, visit)))
            else {
                return End::HandOver(line.stream, read);
            };
            let ending = if keep_alive && !stop.is_cancelled() { Ending::KeepAlive } else { Ending::Close };
            match self.answer(&mut line, request, visit, ending).await {
                Ok(Ending::KeepAlive) => {}
                Ok(Ending::Close) => break,
                Err(error) => {
                    tracing::debug!(%error, "an answer broke off");
                    break;
                }
            }
        }
        End::Over
    }

    async fn answer(
        &self,
        line: &mut Line<'_>,
        request: Parts,
        visit: Visit,
        ending: Ending,
    ) -> io::Result<Ending> {
        let bodiless = request.method == Method::HEAD;
        let response = self.handle_bodiless(Request::from_parts(request, ()), visit).await;
        let (parts, body) = response.into_parts();
        let length = body.length();
        let head = head::write(&parts, length, bodiless, ending, self.0.cx.now());
        send::all(&mut line.stream, &head, body, length, line.patience.stalled).await?;
        Ok(ending)
    }
}

/// One connection.
struct Line<'s> {
    stream: TcpStream,
    patience: Patience,
    stop: &'s CancellationToken,
    /// Goes off when the connection may have been idle for too long: set anew then, not with each
    /// request.
    alarm: Pin<Box<Sleep>>,
}

impl<'s> Line<'s> {
    fn new(stream: TcpStream, patience: Patience, stop: &'s CancellationToken) -> Self {
        let alarm = Box::pin(sleep_until(Instant::now() + patience.idle));
        Self { stream, patience, stop, alarm }
    }

    /// The bytes that come next; none when there will be none.
    async fn next(&mut self) -> Option<Bytes> {
        let until = Instant::now() + self.patience.idle;
        let mut stopped = pin!(self.stop.cancelled());
        poll_fn(|cx| match self.poll_read(cx) {
            Poll::Ready(read) => Poll::Ready(read.ok().filter(|bytes| !bytes.is_empty())),
            Poll::Pending if stopped.as_mut().poll(cx).is_ready() => Poll::Ready(None),
            Poll::Pending => self.poll_idle(cx, until).map(|()| None),
        })
        .await
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            let read = Pin::new(&mut self.stream).poll_read(cx, &mut buffer);
            read.map_ok(|()| Bytes::copy_from_slice(buffer.filled()))
        })
    }

    fn poll_idle(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<()> {
        while self.alarm.as_mut().poll(cx).is_ready() {
            if Instant::now() >= until {
                return Poll::Ready(());
            }
            self.alarm.as_mut().reset(until);
        }
        Poll::Pending
    }
}
