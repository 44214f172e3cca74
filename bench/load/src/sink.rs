//! A receiver of notifications that costs as little as can be: it reads requests off the socket, notes
//! when each came and how it was answered, and keeps no body. The first part of a path says how its
//! receiver behaves, the second which hook it is.

use anyhow::{Context as _, Result};
use bytes::{Buf as _, BytesMut};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// How long a slow receiver takes.
pub const SLOW: Duration = Duration::from_secs(5);
/// How long a receiver takes that works a little before it answers.
pub const BUSY: Duration = Duration::from_millis(5);
/// One of so many requests fails at a receiver that fails sometimes.
const FAILS: u64 = 10;
/// Headers of a request.
const HEADERS: usize = 32;
/// Between two looks at what has arrived.
const POLL: Duration = Duration::from_millis(10);

/// How a receiver behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Answers 200 at once.
    Healthy,
    /// Answers 200 after [`BUSY`].
    Busy,
    /// Answers 500 to one of ten, drawn by lot.
    Failing,
    /// Never answers.
    Hanging,
    /// Answers 200 after [`SLOW`].
    Slow,
}

impl Manner {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Healthy, "healthy"),
        (Self::Busy, "busy"),
        (Self::Failing, "failing"),
        (Self::Hanging, "hanging"),
        (Self::Slow, "slow"),
    ];

    /// The word that stands for it in a path.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(manner, _)| *manner == self).map_or("", |(_, word)| word)
    }

    fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(manner, _)| *manner)
    }
}

/// A request that came in and, unless its receiver hangs, was answered.
#[derive(Clone, Copy, Debug)]
pub struct Note {
    /// The event, as a number.
    pub event: u128,
    /// The hook.
    pub hook: u16,
    /// When the head of the request was there.
    pub at: Instant,
    /// Whether it was answered with 200.
    pub ok: bool,
}

#[derive(Default)]
struct Desk {
    notes: Mutex<Vec<Note>>,
    good: AtomicUsize,
    calls: AtomicUsize,
    connections: AtomicUsize,
    lots: AtomicU64,
}

impl Desk {
    fn notes(&self) -> MutexGuard<'_, Vec<Note>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One of [`FAILS`], by a generator that is the same on every run.
    fn unlucky(&self) -> bool {
        let n = self.lots.fetch_add(1, Ordering::Relaxed);
        crate::Noise(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).draw().is_multiple_of(FAILS)
    }
}

/// A receiver on a thread and an event loop of its own, which runs until the process ends.
pub struct Sink {
    /// Where it listens.
    pub address: SocketAddr,
    desk: Arc<Desk>,
}

impl Sink {
    /// Starts to listen.
    ///
    /// # Errors
    /// When there is no port.
    pub fn start() -> Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let desk = Arc::new(Desk::default());
        let noted = Arc::clone(&desk);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::spawn(move || runtime.block_on(accept(listener, noted)));
        Ok(Self { address, desk })
    }

    /// Address of one hook's receiver.
    #[must_use]
    pub fn url(&self, manner: Manner, hook: usize) -> String {
        format!("http://{}/{}/{hook}", self.address, manner.word())
    }

    /// How many requests were answered with 200 since the last [`Sink::clear`].
    #[must_use]
    pub fn good(&self) -> usize {
        self.desk.good.load(Ordering::Relaxed)
    }

    /// How many requests came in since then.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.desk.calls.load(Ordering::Relaxed)
    }

    /// How many connections were opened since then.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.desk.connections.load(Ordering::Relaxed)
    }

    /// Forgets everything; what was noted.
    #[must_use]
    pub fn take(&self) -> Vec<Note> {
        self.desk.connections.store(0, Ordering::Relaxed);
        self.desk.good.store(0, Ordering::Relaxed);
        self.desk.calls.store(0, Ordering::Relaxed);
        std::mem::take(&mut *self.desk.notes())
    }

    /// Forgets everything.
    pub fn clear(&self) {
        drop(self.take());
    }

    /// The first request that came in after an instant.
    #[must_use]
    pub fn first_after(&self, from: Instant) -> Option<Instant> {
        self.desk.notes().iter().rev().take_while(|note| note.at >= from).map(|note| note.at).min()
    }

    /// Each event and hook that was answered with 200, and how often.
    #[must_use]
    pub fn accepted(&self) -> HashMap<(u128, u16), usize> {
        let mut times = HashMap::new();
        for note in self.desk.notes().iter().filter(|note| note.ok) {
            *times.entry((note.event, note.hook)).or_insert(0) += 1;
        }
        times
    }

    /// How many requests of the hooks below this number were answered with 200 since then.
    #[must_use]
    pub fn good_of(&self, hooks: usize) -> usize {
        self.desk.notes().iter().filter(|note| note.ok && usize::from(note.hook) < hooks).count()
    }

    /// Waits until `count` requests were answered with 200, as long as more keep coming; whether
    /// they were.
    pub async fn wait(&self, count: usize, patience: Duration) -> bool {
        self.wait_until(|| self.good() >= count, patience).await
    }

    /// Waits until `count` requests of the hooks below this number were answered with 200. Others
    /// of a slow receiver count for nothing.
    pub async fn wait_for_hooks(&self, hooks: usize, count: usize, patience: Duration) -> bool {
        // Counting looks through all of them: not before there can be enough.
        self.wait(count, patience).await && self.wait_until(|| self.good_of(hooks) >= count, patience).await
    }

    async fn wait_until(&self, enough: impl Fn() -> bool, patience: Duration) -> bool {
        let (mut seen, mut since) = (self.calls(), Instant::now());
        while !enough() {
            if self.calls() != seen {
                (seen, since) = (self.calls(), Instant::now());
            }
            if since.elapsed() > patience {
                return false;
            }
            tokio::time::sleep(POLL).await;
        }
        true
    }
}

/// The number of an event: its id is `msg_` and 24 hex digits.
#[must_use]
pub fn event_number(id: &str) -> Option<u128> {
    u128::from_str_radix(id.strip_prefix("msg_")?, 16).ok()
}

async fn accept(listener: std::net::TcpListener, desk: Arc<Desk>) -> Result<()> {
    let listener = TcpListener::from_std(listener).context("cannot listen")?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        desk.connections.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(serve(stream, Arc::clone(&desk)));
    }
}

struct Asked {
    manner: Manner,
    hook: u16,
    event: u128,
    at: Instant,
}

/// Serves one connection until it ends or says something that is no notification.
async fn serve(mut stream: TcpStream, desk: Arc<Desk>) -> Option<()> {
    let mut buffer = BytesMut::with_capacity(8 << 10);
    loop {
        let asked = next(&mut stream, &mut buffer).await?;
        desk.calls.fetch_add(1, Ordering::Relaxed);
        match asked.manner {
            Manner::Healthy | Manner::Failing => {}
            Manner::Busy => tokio::time::sleep(BUSY).await,
            Manner::Slow => tokio::time::sleep(SLOW).await,
            Manner::Hanging => std::future::pending().await,
        }
        let ok = asked.manner != Manner::Failing || !desk.unlucky();
        let answer: &[u8] = if ok {
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        } else {
            b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\nno"
        };
        stream.write_all(answer).await.ok()?;
        desk.notes().push(Note { event: asked.event, hook: asked.hook, at: asked.at, ok });
        desk.good.fetch_add(usize::from(ok), Ordering::Relaxed);
    }
}

/// The next whole request; none when there is none.
async fn next(stream: &mut TcpStream, buffer: &mut BytesMut) -> Option<Asked> {
    let (asked, whole) = loop {
        if let Some(found) = head(buffer)? {
            break found;
        }
        (stream.read_buf(buffer).await.ok()? > 0).then_some(())?;
    };
    while buffer.len() < whole {
        (stream.read_buf(buffer).await.ok()? > 0).then_some(())?;
    }
    buffer.advance(whole);
    Some(asked)
}

/// What is asked for, and the length of the request; `Some(None)` while the head is not whole.
fn head(buffer: &[u8]) -> Option<Option<(Asked, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(end) = request.parse(buffer).ok()? else { return Some(None) };
    let at = Instant::now();
    let mut path = request.path?.split('/').skip(1);
    let (manner, hook) = (Manner::named(path.next()?)?, path.next()?.parse().ok()?);
    let value = |name: &str| {
        let found = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(found.value).ok()
    };
    let length: usize = value("content-length")?.parse().ok()?;
    let event = value("webhook-id").and_then(event_number)?;
    Some(Some((Asked { manner, hook, event, at }, end + length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str = "POST /healthy/3 HTTP/1.1\r\nHost: x\r\nWebhook-Id: msg_00000000000000000000000a\r\nContent-Length: 2\r\n\r\n{}";

    fn check(text: &str, expect: Option<Option<usize>>) {
        let found = head(text.as_bytes()).map(|found| found.map(|(_, whole)| whole));
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn heads_are_read() {
        check(REQUEST, Some(Some(REQUEST.len())));
        check(&REQUEST[..40], Some(None));
        check("POST /unheard-of/3 HTTP/1.1\r\nContent-Length: 0\r\n\r\n", None);
        let Some(Some((asked, _))) = head(REQUEST.as_bytes()) else { unreachable!("it is whole") };
        assert_eq!((asked.manner, asked.hook, asked.event), (Manner::Healthy, 3, 10));
    }

    #[tokio::test]
    async fn requests_are_noted_and_answered_on_one_connection() {
        let sink = Sink::start().unwrap();
        let mut stream = TcpStream::connect(sink.address).await.unwrap();
        for _ in 0..2 {
            stream.write_all(REQUEST.as_bytes()).await.unwrap();
            let mut answer = [0; 40];
            let read = stream.read(&mut answer).await.unwrap();
            assert!(answer[..read].starts_with(b"HTTP/1.1 200 "));
        }
        assert!(sink.wait(2, Duration::from_secs(30)).await);
        assert_eq!(sink.connections(), 1);
        assert_eq!(sink.accepted(), HashMap::from([((10, 3), 2)]));
        assert!(sink.take().iter().all(|note| note.hook == 3 && note.ok));
        assert_eq!((sink.good(), sink.calls(), sink.connections()), (0, 0, 0));
    }

    #[test]
    fn one_of_ten_is_unlucky() {
        let desk = Desk::default();
        let unlucky = (0..10_000).filter(|_| desk.unlucky()).count();
        assert!((900..1100).contains(&unlucky), "{unlucky}");
    }
}
