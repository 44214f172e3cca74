//! Closing a connection so that the last answer arrives. A client that is refused in the middle of a
//! large body is still sending; closing at once would make the kernel reset the connection and throw
//! away the refusal before the client reads it. Knows no HTTP.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// What a client may go on sending after its answer.
pub(crate) const PATIENCE: Patience = Patience { time: Duration::from_secs(5), bytes: 64 << 20 };
/// Bytes thrown away at once.
const SWALLOW: usize = 16 * 1024;

/// How long, and how much, is swallowed before a connection is closed regardless.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    pub(crate) time: Duration,
    pub(crate) bytes: usize,
}

/// A stream that, when it is shut down, first says so to the other side and then swallows what that
/// was still sending, as long as its [`Patience`] lasts.
pub(crate) struct Lingering<S> {
    inner: S,
    patience: Patience,
    closing: Option<Closing>,
}

struct Closing {
    said: bool,
    until: Pin<Box<Sleep>>,
    left: usize,
}

impl<S> Lingering<S> {
    pub(crate) fn new(inner: S, patience: Patience) -> Self {
        Self { inner, patience, closing: None }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Lingering<S> {
    /// Ready when the other side is done too, or had its time.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { inner, patience, closing } = self;
        let begin = || Closing { said: false, until: Box::pin(sleep(patience.time)), left: patience.bytes };
        let closing = closing.get_or_insert_with(begin);
        if !closing.said {
            ready!(Pin::new(&mut *inner).poll_shutdown(cx))?;
            closing.said = true;
        }
        let mut bytes = [0; SWALLOW];
        loop {
            if closing.until.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ok(()));
            }
            let mut buffer = ReadBuf::new(&mut bytes);
            let end = ready!(Pin::new(&mut *inner).poll_read(cx, &mut buffer)).is_err();
            let read = buffer.filled().len();
            if end || read == 0 || read >= closing.left {
                return Poll::Ready(Ok(()));
            }
            closing.left -= read;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lingering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_linger(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    const SOON: Patience = Patience { time: Duration::from_millis(20), bytes: 1 << 20 };

    #[tokio::test]
    async fn what_was_under_way_is_swallowed_and_the_answer_read() -> io::Result<()> {
        let (server, mut client) = duplex(1024);
        let mut server = Lingering::new(server, PATIENCE);
        server.write_all(b"no").await?;
        let closed = tokio::spawn(async move { server.shutdown().await });
        client.write_all(&[b'x'; 100_000]).await?;
        let mut answer = String::new();
        client.read_to_string(&mut answer).await?;
        assert_eq!(answer, "no");
        drop(client);
        closed.await.map_err(io::Error::other)?
    }

    #[tokio::test]
    async fn patience_ends() -> io::Result<()> {
        let (server, client) = duplex(1024);
        Lingering::new(server, SOON).shutdown().await?;
        drop(client);
        Ok(())
    }

    #[tokio::test]
    async fn a_flood_ends_it() -> io::Result<()> {
        let (server, mut client) = duplex(1024);
        let patience = Patience { time: PATIENCE.time, ..SOON };
        let mut server = Lingering::new(server, patience);
        let closed = tokio::spawn(async move { server.shutdown().await });
        assert!(client.write_all(&vec![b'x'; 2 * patience.bytes]).await.is_err());
        closed.await.map_err(io::Error::other)?
    }
}
