//! One connection of HTTP/1.1. Whoever has a request on it drives it; only while an answer has begun and
//! the request is still being sent a task of its own sends the rest, so that a visitor may first send
//! everything and then read. A connection that rests holds no buffer.

use super::answer::{Fault, Head};
use super::dial::Wire;
use super::heard::Heard;
use super::outgoing::Outgoing;
use bytes::{Bytes, BytesMut};
use http::Method;
use std::future::poll_fn;
use std::io::{self, Cursor};
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

/// Bytes read at once, most answers being shorter.
const READ_BYTES: usize = 16 * 1024;
/// Bytes read at once of answers that are longer, into room of their own.
const BULK_BYTES: usize = 64 * 1024;

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    wire: Wire,
    /// What came and was not looked at yet.
    came: Bytes,
    /// Whether the last time there was as much to read as there was room.
    flows: bool,
}

/// Why there is no answer.
pub(super) struct Broken {
    pub(super) why: io::Error,
    /// Whether the other side may not even have seen that there was a request.
    pub(super) unheard: bool,
}

impl Connection {
    pub(super) fn new(wire: Wire) -> Self {
        Self { wire, came: Bytes::new(), flows: false }
    }

    /// Whether another request can be sent, as far as is known: the other side neither has closed it nor
    /// said anything unasked.
    pub(super) fn is_alive(&mut self, cx: &mut Context<'_>) -> bool {
        self.came.is_empty() && self.poll_read(cx).is_pending()
    }

    /// The same where nobody waits for it.
    pub(super) fn seems_alive(&mut self) -> bool {
        self.is_alive(&mut Context::from_waker(Waker::noop()))
    }

    /// What came and was not looked at yet.
    pub(super) fn came(&mut self) -> &mut Bytes {
        &mut self.came
    }

    /// Reads more; how much, nothing at the end.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let more = ready!(if self.flows { self.poll_bulk(cx) } else { self.poll_some(cx) })?;
        let count = more.len();
        self.flows = count >= READ_BYTES;
        if self.came.is_empty() {
            self.came = more;
        } else {
            let mut joined = BytesMut::from(std::mem::take(&mut self.came));
            joined.extend_from_slice(&more);
            self.came = joined.freeze();
        }
        Poll::Ready(Ok(count))
    }

    /// What is kept takes no more room than it needs.
    fn poll_some(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let mut room = [const { MaybeUninit::uninit() }; READ_BYTES];
        let mut buffer = ReadBuf::uninit(&mut room);
        ready!(Pin::new(&mut self.wire).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(Bytes::copy_from_slice(buffer.filled())))
    }

    /// What is much is not copied.
    fn poll_bulk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let mut room = BytesMut::with_capacity(BULK_BYTES);
        let count = ready!(pin!(self.wire.read_buf(&mut room)).poll(cx));
        count.map(|_| room.freeze()).into()
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn exchange(&mut self, request: &mut Outgoing) -> Result<Head, Broken> {
        let mut heard = Heard::new(request.tolerant);
        poll_fn(|cx| {
            let sent = request.poll(cx, &mut self.wire);
            let answer = match &sent {
                Poll::Ready(Err(_)) if request.is_whole() => Poll::Pending,
                _ => self.poll_head(cx, &request.method, &mut heard),
            };
            match (answer, sent) {
                // who takes no more of a request may still have answered it
                (Poll::Pending, Poll::Ready(Err(why))) => Poll::Ready(Err(why)),
                (answer, _) => answer,
            }
        })
        .await
        .map_err(|why| Broken { why, unheard: heard.is_nothing() })
    }

    fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        method: &Method,
        heard: &mut Heard,
    ) -> Poll<io::Result<Head>> {
        loop {
            if let Some(head) = heard.head(&mut self.came, method).map_err(io::Error::other)? {
                return Poll::Ready(Ok(head));
            }
            if ready!(self.poll_read(cx))? == 0 {
                return Poll::Ready(Err(io::Error::other(Fault::Short)));
            }
        }
    }

    /// Lets a task of its own send the rest of a request. The connection can only be read from then on.
    pub(super) fn let_go(self, mut rest: Outgoing) -> Self {
        let (read, mut write) = tokio::io::split(self.wire);
        tokio::spawn(async move {
            if let Err(error) = poll_fn(|cx| rest.poll(cx, &mut write)).await {
                tracing::debug!(%error, "a request was not sent to its end");
            }
        });
        Self { wire: Wire::ReadOnly(read), ..self }
    }

    /// What is under HTTP, after the answer that ends it.
    pub(super) fn upgrade(self) -> impl AsyncRead + AsyncWrite + Send + Unpin + 'static {
        let (read, write) = tokio::io::split(self.wire);
        tokio::io::join(Cursor::new(self.came).chain(read), write)
    }
}
