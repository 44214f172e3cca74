//! Sends what a connection writes in one turn of its task in one go. HTTP/2 flushes after every frame
//! with a part of a body; when a client asks for several things at once, their answers then cost one
//! call of the system, and over TLS few records, instead of one for each. Knows no HTTP.

use bytes::{Buf as _, BytesMut};
use parking_lot::Mutex;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that are held back at most.
const HELD_BYTES: usize = 16 * 1024;
/// Texts of this length are not copied: they are worth a call of their own.
const LONG_BYTES: usize = 4 * 1024;

/// A stream that holds back what is written to it while its connection has its turn.
pub(crate) struct Gathering<S>(Arc<Mutex<Gathered<S>>>);

/// What gives a connection its turns, and sends what was held back when one ends.
pub(crate) struct Turns<S>(Arc<Mutex<Gathered<S>>>);

struct Gathered<S> {
    inner: S,
    held: BytesMut,
    /// Whether somebody is going to send what is held back.
    turn: bool,
    /// Whether the connection wants what it wrote to be on its way.
    flush: bool,
    /// Who reads while something is owed; after a handing over, it is who sends that.
    reader: Option<Waker>,
    /// Who waits to write out of turn while something is owed. A stream wakes one task alone when it
    /// can be written to, and that can be the reader.
    writer: Option<Waker>,
}

/// Both ends of this: the stream, and what its connection is run by.
pub(crate) fn gathering<S>(inner: S) -> (Gathering<S>, Turns<S>) {
    let gathered =
        Gathered { inner, held: BytesMut::new(), turn: false, flush: false, reader: None, writer: None };
    let shared = Arc::new(Mutex::new(gathered));
    (Gathering(Arc::clone(&shared)), Turns(shared))
}

impl<S: AsyncWrite + Unpin> Turns<S> {
    /// Runs the connection of the stream to its end. What it leaves behind when it hands the stream to
    /// somebody else is sent before what that one writes.
    ///
    /// # Errors
    /// When what was held back cannot be sent.
    pub(crate) async fn run<C: Future>(self, connection: C) -> io::Result<C::Output> {
        let mut connection = pin!(connection);
        poll_fn(|cx| {
            self.0.lock().turn = true;
            let polled = connection.as_mut().poll(cx);
            let sent = self.0.lock().end_turn(cx);
            if polled.is_ready() {
                self.0.lock().hand_over();
            }
            match (polled, sent) {
                (Poll::Ready(output), _) => Poll::Ready(Ok(output)),
                (Poll::Pending, Poll::Ready(Err(error))) => Poll::Ready(Err(error)),
                (Poll::Pending, _) => Poll::Pending,
            }
        })
        .await
    }
}

impl<S: AsyncWrite + Unpin> Gathered<S> {
    fn end_turn(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.turn = false;
        self.poll_settle(cx)
    }

    /// Whether something that was written in a turn is not on its way yet.
    fn owes(&self) -> bool {
        !self.held.is_empty() || self.flush
    }

    /// Sends what is held back, and what the stream itself holds back if the connection wanted so.
    fn poll_settle(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx))?;
        // a connection that waits holds no buffer
        self.held = BytesMut::new();
        if self.flush {
            ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
            self.flush = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Leaves what could not be sent yet to whoever reads now: it may wait for an answer to just that.
    fn hand_over(&mut self) {
        if let Some(reader) = self.reader.take().filter(|_| self.owes()) {
            reader.wake();
        }
    }

    /// Settles for a reader out of turn; fails when that fails.
    fn settle_for_reader(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if let Poll::Ready(settled) = self.poll_settle(cx) {
            settled?;
            self.writer.take().into_iter().for_each(Waker::wake);
        }
        Ok(())
    }

    /// Remembers who waits to write while a reader may be woken in its place.
    fn waits<T>(&mut self, polled: Poll<T>, cx: &Context<'_>) -> Poll<T> {
        if polled.is_pending() && !self.turn && self.owes() {
            self.writer = Some(cx.waker().clone());
        }
        polled
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.held.is_empty() {
            let sent = ready!(Pin::new(&mut self.inner).poll_write(cx, &self.held))?;
            self.held.advance(some(sent)?);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_take(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let length = slices.iter().map(|slice| slice.len()).sum::<usize>();
        if self.turn && length < LONG_BYTES && self.held.len() + length <= HELD_BYTES {
            if self.held.capacity() == 0 {
                self.held.reserve(HELD_BYTES);
            }
            slices.iter().for_each(|slice| self.held.extend_from_slice(slice));
            return Poll::Ready(Ok(length));
        }
        self.poll_pass(cx, slices)
    }

    /// Sends what is held back, and with it what it can of these.
    fn poll_pass(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        while !self.held.is_empty() {
            let mut all = Vec::with_capacity(slices.len() + 1);
            all.push(IoSlice::new(&self.held));
            all.extend_from_slice(slices);
            let sent = some(ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, &all))?)?;
            let of_held = sent.min(self.held.len());
            self.held.advance(of_held);
            if sent > of_held {
                return Poll::Ready(Ok(sent - of_held));
            }
        }
        Pin::new(&mut self.inner).poll_write_vectored(cx, slices)
    }
}

/// At least one byte: a stream that takes none never will.
fn some(sent: usize) -> io::Result<usize> {
    if sent == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(sent) }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Gathering<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut gathered = self.0.lock();
        if gathered.turn {
            gathered.reader = gathered.owes().then(|| cx.waker().clone());
        } else if gathered.owes() {
            gathered.settle_for_reader(cx)?;
        }
        Pin::new(&mut gathered.inner).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gathering<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut gathered = self.0.lock();
        let taken = gathered.poll_take(cx, &[IoSlice::new(bytes)]);
        gathered.waits(taken, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut gathered = self.0.lock();
        let taken = gathered.poll_take(cx, slices);
        gathered.waits(taken, cx)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut gathered = self.0.lock();
        if gathered.turn {
            gathered.flush = true;
            return Poll::Ready(Ok(()));
        }
        gathered.flush = true;
        let settled = gathered.poll_settle(cx);
        gathered.waits(settled, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut gathered = self.0.lock();
        let sent = gathered.poll_send(cx);
        ready!(gathered.waits(sent, cx))?;
        Pin::new(&mut gathered.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    /// Takes so many bytes at a time, and remembers in which portions they came.
    struct Narrow(usize, Vec<Vec<u8>>);

    impl AsyncWrite for Narrow {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            let count = bytes.len().min(self.0);
            self.1.push(bytes[..count].to_vec());
            Poll::Ready(Ok(count))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// The portions that leave when these texts are written and flushed in one turn.
    async fn portions(width: usize, texts: &[&[u8]]) -> Vec<Vec<u8>> {
        let (mut stream, turns) = gathering(Narrow(width, Vec::new()));
        let shared = Arc::clone(&stream.0);
        let connection = async {
            for text in texts {
                stream.write_all(text).await?;
                stream.flush().await?;
            }
            Ok::<_, io::Error>(())
        };
        turns.run(connection).await.expect("it is sent").expect("it is written");
        let gathered = shared.lock();
        gathered.inner.1.clone()
    }

    #[tokio::test]
    async fn short_texts_of_a_turn_leave_together() {
        assert_eq!(portions(100, &[b"ab", b"cd", b"e"]).await, [b"abcde"]);
        assert_eq!(portions(3, &[b"ab", b"cd", b"e"]).await, [&b"abc"[..], b"de"]);
    }

    #[tokio::test]
    async fn long_texts_keep_their_place() {
        let (long, many) = (vec![b'x'; LONG_BYTES], vec![b'y'; LONG_BYTES - 1]);
        for texts in [[&b"ab"[..], &long, b"cd"], [&many, &many, &many]] {
            for width in [7, 1 << 20] {
                assert_eq!(portions(width, &texts).await.concat(), texts.concat());
            }
        }
        let much = [&many[..]; 20];
        assert_eq!(portions(1 << 20, &much).await.concat(), much.concat());
    }

    #[tokio::test]
    async fn what_is_written_out_of_turn_leaves_at_once() {
        let (inner, mut other) = tokio::io::duplex(64);
        let (mut stream, turns) = gathering(inner);
        turns.run(stream.write_all(b"first")).await.expect("it is sent").expect("it is written");
        stream.write_all(b" second").await.expect("there is room");
        let mut read = [0; 12];
        other.read_exact(&mut read).await.expect("it was sent");
        assert_eq!(&read, b"first second");
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_does_not_lose_what_is_held_for_it() {
        let (inner, mut other) = tokio::io::duplex(2);
        let (mut stream, turns) = gathering(inner);
        let reader = tokio::spawn(async move {
            let mut all = Vec::new();
            other.read_to_end(&mut all).await.map(|_| all)
        });
        let connection = async {
            stream.write_all(b"abcdef").await?;
            stream.shutdown().await
        };
        turns.run(connection).await.expect("it is sent").expect("it is written");
        drop(stream);
        assert_eq!(reader.await.expect("it ends").expect("it is read"), b"abcdef");
    }

    /// A stream that a connection got which said `switching` and ended while nothing could be written.
    async fn handed_over<S: AsyncRead + AsyncWrite + Unpin>(inner: S) -> Gathering<S> {
        let (mut stream, turns) = gathering(inner);
        let (give, given) = tokio::sync::oneshot::channel();
        let connection = async move {
            stream.write_all(b"switching").await?;
            stream.flush().await?;
            let _kept = give.send(stream);
            io::Result::Ok(())
        };
        turns.run(connection).await.expect("sent").expect("written");
        given.await.expect("handed over")
    }

    /// Waits for an answer without a word of its own.
    async fn answer(mut stream: impl AsyncRead + Unpin) -> [u8; 2] {
        let mut answer = [0; 2];
        stream.read_exact(&mut answer).await.expect("read");
        answer
    }

    /// Reads what was said, answers, and reads on.
    async fn heard(mut other: impl AsyncRead + AsyncWrite + Unpin, length: usize) -> Vec<u8> {
        let mut said = vec![0; length];
        other.read_exact(&mut said[..9]).await.expect("everything arrives");
        other.write_all(b"ok").await.expect("answered");
        other.read_exact(&mut said[9..]).await.expect("everything arrives");
        said
    }

    #[tokio::test]
    async fn who_gets_the_stream_sends_what_is_left_before_it_waits() {
        let (inner, other) = tokio::io::duplex(4);
        let reader = tokio::spawn(answer(handed_over(inner).await));
        assert_eq!(heard(other, 9).await, b"switching");
        assert_eq!(&reader.await.expect("it ends"), b"ok");
    }

    /// As TLS does, which takes more than it can send.
    #[tokio::test]
    async fn what_the_stream_itself_holds_back_is_sent_too() {
        let (inner, other) = tokio::io::duplex(4);
        let reader = tokio::spawn(answer(handed_over(tokio::io::BufWriter::new(inner)).await));
        assert_eq!(heard(other, 9).await, b"switching");
        assert_eq!(&reader.await.expect("it ends"), b"ok");
    }

    #[tokio::test]
    async fn a_writer_is_not_forgotten_when_the_reader_sends_what_is_left() {
        let (inner, other) = tokio::io::duplex(4);
        let (reader, mut writer) = tokio::io::split(handed_over(inner).await);
        let writer = tokio::spawn(async move { writer.write_all(b"more").await.map(|()| writer) });
        tokio::task::yield_now().await;
        let reader = tokio::spawn(answer(reader));
        tokio::task::yield_now().await;
        assert_eq!(heard(other, 13).await, b"switchingmore");
        assert_eq!(&reader.await.expect("it ends"), b"ok");
        writer.await.expect("it ends").expect("written");
    }

    /// The new owner may be at work on another thread before the turn is over.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_reader_that_came_within_the_turn_is_woken() {
        let (inner, other) = tokio::io::duplex(4);
        let (mut stream, turns) = gathering(inner);
        let connection = async move {
            stream.write_all(b"switching").await?;
            let (tell, waits) = std::sync::mpsc::channel();
            let mut early = Box::pin(answer(stream));
            let reader = tokio::spawn(poll_fn(move |cx| {
                let polled = early.as_mut().poll(cx);
                // nobody listens any more when this is not the first time
                let _first = tell.send(());
                polled
            }));
            waits.recv().expect("it waits");
            io::Result::Ok(reader)
        };
        let reader = turns.run(connection).await.expect("sent").expect("written");
        assert_eq!(heard(other, 9).await, b"switching");
        assert_eq!(&reader.await.expect("it ends"), b"ok");
    }
}
