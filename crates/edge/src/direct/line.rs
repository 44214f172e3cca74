//! One connection: waits for what comes next on it, and answers on the spot what can be answered
//! without waiting. Buffers belong to the thread, so that a connection that waits holds none.

use super::head::Ending;
use super::plain::{self, Plain};
use crate::Shared;
use bytes::Bytes;
use std::cell::RefCell;
use std::future::{Future as _, poll_fn};
use std::io::{self, IoSlice, Read as _, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::io::{AsyncRead as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

/// Bytes read at once. A head that is longer, or comes in pieces, is the general server's.
const READ_BYTES: usize = 8 * 1024;
/// Bytes of a body that are copied behind their head: to send one text costs less than to send two.
const COPY_BYTES: usize = 8 * 1024;

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::default());
}

/// What a thread reads into and writes from.
struct Scratch {
    read: Vec<u8>,
    written: Vec<u8>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self { read: vec![0; READ_BYTES], written: Vec::with_capacity(READ_BYTES + COPY_BYTES) }
    }
}

/// What came next on a connection.
pub(super) enum Came {
    /// Nothing any more.
    End,
    /// A request that is not answered yet.
    Request(Bytes),
    /// One that is; the socket has yet to take this much of the answer.
    Answered { left: Bytes, ending: Ending },
}

/// What answers on a connection.
pub(super) struct Line<'s> {
    pub(super) edge: &'s Shared,
    pub(super) stop: &'s CancellationToken,
}

impl Line<'_> {
    /// What comes next, unless the wait for it ends before.
    pub(super) async fn next(&self, stream: &mut TcpStream, waits: &mut Waits<'_, '_>) -> Came {
        waits.begin();
        poll_fn(|cx| match self.poll_next(stream, cx) {
            Poll::Pending if waits.are_over(cx) => Poll::Ready(Came::End),
            polled => polled,
        })
        .await
    }

    fn poll_next(&self, stream: &mut TcpStream, cx: &mut Context<'_>) -> Poll<Came> {
        SCRATCH.with_borrow_mut(|Scratch { read, written }| {
            let mut buffer = ReadBuf::new(read);
            Pin::new(&mut *stream).poll_read(cx, &mut buffer).map(|done| match done {
                Ok(()) => self.take(buffer.filled(), written, &*stream),
                Err(_) => Came::End,
            })
        })
    }

    /// What has come already on a connection that nobody watches yet; none when nothing has.
    pub(super) fn first(&self, mut socket: &std::net::TcpStream) -> Option<Came> {
        SCRATCH.with_borrow_mut(|Scratch { read, written }| match socket.read(read) {
            Ok(count) => Some(self.take(&read[..count], written, socket)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Err(_) => Some(Came::End),
        })
    }

    fn take(&self, read: &[u8], written: &mut Vec<u8>, socket: &impl Now) -> Came {
        if read.is_empty() {
            return Came::End;
        }
        match plain::answer(self.edge, read, self.stop.is_cancelled(), written) {
            Some(Plain { body, ending }) => match send(socket, written, body) {
                Ok(left) => Came::Answered { left, ending },
                Err(_) => Came::End,
            },
            None => Came::Request(Bytes::copy_from_slice(read)),
        }
    }
}

/// Sends head and body as far as the socket takes them now; what is left of them.
fn send(socket: &impl Now, head: &mut Vec<u8>, mut body: Bytes) -> io::Result<Bytes> {
    if body.len() <= COPY_BYTES {
        head.extend_from_slice(&body);
        body.clear();
    }
    let sent = match socket.write_now(head, &body) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
        sent => sent?,
    };
    match sent.checked_sub(head.len()) {
        Some(sent) => Ok(body.slice(sent..)),
        None => Ok([&head[sent..], &body].concat().into()),
    }
}

/// A socket that takes what it can without making anybody wait.
trait Now {
    /// How many bytes it took of one text and another behind it, which may be empty.
    fn write_now(&self, one: &[u8], other: &[u8]) -> io::Result<usize>;
}

impl Now for TcpStream {
    fn write_now(&self, one: &[u8], other: &[u8]) -> io::Result<usize> {
        if other.is_empty() { self.try_write(one) } else { self.try_write_vectored(&both(one, other)) }
    }
}

impl Now for std::net::TcpStream {
    fn write_now(&self, one: &[u8], other: &[u8]) -> io::Result<usize> {
        let mut socket = self;
        if other.is_empty() { socket.write(one) } else { socket.write_vectored(&both(one, other)) }
    }
}

fn both<'b>(one: &'b [u8], other: &'b [u8]) -> [IoSlice<'b>; 2] {
    [IoSlice::new(one), IoSlice::new(other)]
}

/// What ends the wait for a request.
pub(super) struct Waits<'w, 's> {
    /// Goes off when the connection may have been idle for too long: set anew then, not with each
    /// request.
    alarm: Pin<&'w mut Sleep>,
    stopped: Pin<&'w mut WaitForCancellationFuture<'s>>,
    idle: Duration,
    /// When this wait is over; none while it has not begun.
    until: Option<Instant>,
    /// Whom both wake.
    waker: Option<Waker>,
}

impl<'w, 's> Waits<'w, 's> {
    pub(super) fn new(
        alarm: Pin<&'w mut Sleep>,
        stopped: Pin<&'w mut WaitForCancellationFuture<'s>>,
        idle: Duration,
    ) -> Self {
        Self { alarm, stopped, idle, until: None, waker: None }
    }

    fn begin(&mut self) {
        self.until = None;
    }

    /// Whether nothing may be waited for any more. The first time in a wait neither needs to be asked
    /// when both know already whom to wake: a stop in the meantime shows in the answer before.
    fn are_over(&mut self, cx: &mut Context<'_>) -> bool {
        let known = self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if !known {
            self.waker = Some(cx.waker().clone());
        }
        let begins = self.until.is_none();
        let until = *self.until.get_or_insert_with(|| Instant::now() + self.idle);
        if begins && known && !self.alarm.is_elapsed() {
            return false;
        }
        self.stopped.as_mut().poll(cx).is_ready() || self.rings(cx, until)
    }

    fn rings(&mut self, cx: &mut Context<'_>, until: Instant) -> bool {
        while self.alarm.as_mut().poll(cx).is_ready() {
            if Instant::now() >= until {
                return true;
            }
            self.alarm.as_mut().reset(until);
        }
        false
    }
}
