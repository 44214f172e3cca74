//! A receiver on a raw socket, so that tests see what went over the wire, byte by byte.

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// An answer that never comes.
pub(crate) const SILENCE: &str = "";
pub(crate) const OK: &str = "200 OK";

/// One request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    /// A header by its exact spelling.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

pub(crate) struct Receiver {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    answers: Arc<Mutex<VecDeque<&'static str>>>,
    arrived: Arc<Notify>,
}

impl Receiver {
    /// Answers with these statuses (and header lines) in turn, then with the last for ever.
    pub(crate) async fn start(answers: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/in", listener.local_addr().expect("bound"));
        let answers = Arc::new(Mutex::new(answers.iter().copied().collect()));
        let this = Self { url, seen: Arc::default(), answers, arrived: Arc::default() };
        let (seen, answers, arrived) = (this.seen.clone(), this.answers.clone(), this.arrived.clone());
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, seen.clone(), answers.clone(), arrived.clone()));
            }
        });
        this
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().clone()
    }

    pub(crate) fn now_answer(&self, answer: &'static str) {
        *self.answers.lock() = VecDeque::from([answer]);
    }

    /// Waits until so many requests came in.
    pub(crate) async fn wait_for(&self, count: usize) {
        while self.seen.lock().len() < count {
            self.arrived.notified().await;
        }
    }
}

async fn serve(
    mut socket: TcpStream,
    seen: Arc<Mutex<Vec<Seen>>>,
    answers: Arc<Mutex<VecDeque<&'static str>>>,
    arrived: Arc<Notify>,
) {
    let Some(request) = read(&mut socket).await else { return };
    seen.lock().push(request);
    arrived.notify_one();
    let answer = {
        let mut answers = answers.lock();
        if answers.len() > 1 { answers.pop_front() } else { answers.front().copied() }
    };
    match answer.unwrap_or(OK) {
        SILENCE => std::future::pending().await,
        status => {
            let text = format!("HTTP/1.1 {status}\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
            // The client may have hung up.
            let _ = socket.write_all(text.as_bytes()).await;
        }
    }
}

async fn read(socket: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    loop {
        let mut some = [0; 4096];
        let n = socket.read(&mut some).await.ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&some[..n]);
        let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
        let seen = Seen { head, body: bytes[end + 4..].to_vec() };
        let length: usize = seen.header("Content-Length")?.parse().ok()?;
        if seen.body.len() >= length {
            return Some(seen);
        }
    }
}
