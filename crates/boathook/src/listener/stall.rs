//! Closing a connection whose other side does nothing: does not begin to speak, or does not take what
//! is sent to it. How long the head of a request may take is hyper's to watch, how long an answer may
//! take is nobody's.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// What an HTTP/2 connection begins with (RFC 9113 section 3.4). Until it is there or cannot come any
/// more, hyper does not know which protocol is spoken and watches no time.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A stream that breaks off when its other side stalls.
pub(crate) struct Stalling<S> {
    inner: S,
    opening: Option<Opening>,
    write_limit: Duration,
    stuck: Option<Pin<Box<Sleep>>>,
}

/// A connection on which no protocol is known yet.
struct Opening {
    until: Pin<Box<Sleep>>,
    seen: usize,
}

impl Opening {
    /// Whether the protocol is still open after these further bytes.
    fn goes_on(&mut self, bytes: &[u8]) -> bool {
        let rest = &PREFACE[self.seen..];
        self.seen += bytes.len();
        !bytes.is_empty() && bytes.len() < rest.len() && rest.starts_with(bytes)
    }
}

impl<S> Stalling<S> {
    /// The other side has `open_limit` to begin, and may leave what is sent to it for `write_limit`
    /// without taking any of it.
    pub(crate) fn new(inner: S, open_limit: Duration, write_limit: Duration) -> Self {
        let opening = Some(Opening { until: Box::pin(sleep(open_limit)), seen: 0 });
        Self { inner, opening, write_limit, stuck: None }
    }

    fn judge<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stuck = None;
            return written;
        }
        let limit = self.write_limit;
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(sleep(limit)));
        stuck.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stalling<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buffer);
        let Some(opening) = &mut self.opening else { return read };
        if read.is_pending() {
            return opening.until.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()));
        }
        if !opening.goes_on(&buffer.filled()[before..]) {
            self.opening = None;
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stalling<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.judge(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        self.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    const SOON: Duration = Duration::from_millis(20);
    const LATE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_client_that_does_not_begin_is_dropped() {
        for begun in [&b""[..], b"P", b"PRI * HTTP/2.0\r\n"] {
            let (server, mut client) = duplex(64);
            let mut server = Stalling::new(server, SOON, LATE);
            client.write_all(begun).await.expect("there is room");
            let read = server.read_to_end(&mut Vec::new()).await;
            assert_eq!(read.map_err(|error| error.kind()), Err(io::ErrorKind::TimedOut), "{begun:?}");
        }
    }

    #[tokio::test]
    async fn a_client_that_has_begun_is_left_alone() {
        for begun in [&b"GET"[..], b"POST", b"PRI * HTTP/1.0", PREFACE] {
            let (server, mut client) = duplex(64);
            let mut server = Stalling::new(server, SOON, LATE);
            client.write_all(begun).await.expect("there is room");
            let mut bytes = vec![0; begun.len()];
            server.read_exact(&mut bytes).await.expect("they came");
            let more = tokio::time::timeout(3 * SOON, server.read(&mut bytes)).await;
            assert!(more.is_err(), "{begun:?}");
        }
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_is_dropped() {
        let (server, mut client) = duplex(8);
        let mut server = Stalling::new(server, LATE, SOON);
        let written = server.write_all(b"123456789").await;
        assert_eq!(written.map_err(|error| error.kind()), Err(io::ErrorKind::TimedOut));
        let mut taken = [0; 8];
        client.read_exact(&mut taken).await.expect("it was sent");
        server.stuck = None;
        server.write_all(b"more").await.expect("there is room again");
    }
}
