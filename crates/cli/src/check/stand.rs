//! A server of a few lines for tests of the checkers: keeps connections, keeps header names as they
//! came, and answers what it is told to.

use reqwest::Url;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub(crate) struct Received {
    pub(crate) method: String,
    /// With the query.
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(each, _)| each.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The header spelled exactly so.
    pub(crate) fn exact(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
    }
}

/// What to answer.
pub(crate) enum Reply {
    Json(u16, Value),
    Text(u16, &'static str, String),
    Nothing(u16),
    /// No answer at all.
    Silence,
    /// The head of a 201 with a body of this length, and some of it.
    HalfOf(usize),
}

type Answering = dyn Fn(&Received) -> Reply + Send + Sync;

pub(crate) struct Stand {
    port: u16,
    task: JoinHandle<()>,
}

impl Stand {
    pub(crate) async fn serving(answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let answer: Arc<Answering> = Arc::new(answer);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answer)));
            }
        });
        Self { port, task }
    }

    /// A consumer of notifications: `answer` is told how often the delivery's id came so far, and gives a
    /// status, or 0 for no answer.
    pub(crate) async fn start(answer: impl Fn(&Received, usize) -> u16 + Send + Sync + 'static) -> Self {
        let seen: Mutex<HashMap<String, usize>> = Mutex::default();
        Self::serving(move |request| {
            let id = request.header("webhook-id").unwrap_or_default().to_owned();
            let seen = *seen.lock().unwrap().entry(id).and_modify(|count| *count += 1).or_insert(1);
            match answer(request, seen) {
                0 => Reply::Silence,
                status => Reply::Nothing(status),
            }
        })
        .await
    }

    pub(crate) fn url(&self) -> Url {
        self.at("/in")
    }

    pub(crate) fn at(&self, path: &str) -> Url {
        format!("http://127.0.0.1:{}{path}", self.port).parse().unwrap()
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, answer: Arc<Answering>) {
    let mut bytes = Vec::new();
    while let Some(request) = read(&mut stream, &mut bytes).await {
        let (status, kind, body) = match answer(&request) {
            Reply::Json(status, value) => (status, "application/json", value.to_string()),
            Reply::Text(status, kind, text) => (status, kind, text),
            Reply::Nothing(status) => (status, "text/plain", String::new()),
            Reply::Silence => std::future::pending().await,
            Reply::HalfOf(length) => {
                let head = format!("HTTP/1.1 201 Said\r\nContent-Length: {length}\r\n\r\n{{\"id\":");
                let _ = stream.write_all(head.as_bytes()).await;
                return;
            }
        };
        let location = if (300..400).contains(&status) { "Location: /elsewhere\r\n" } else { "" };
        let length =
            if status == 204 { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let head = format!("HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\n{location}{length}\r\n");
        if stream.write_all((head + &body).as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<Received> {
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let mut lines = head.lines();
            let mut first = lines.next()?.split(' ').map(str::to_owned);
            let (method, path) = (first.next()?, first.next()?);
            let pair = |line: &str| line.split_once(": ").map(|(k, v)| (k.to_owned(), v.to_owned()));
            let mut request =
                Received { method, path, headers: lines.filter_map(pair).collect(), body: Vec::new() };
            let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                request.body = bytes[end + 4..end + 4 + length].to_vec();
                bytes.drain(..end + 4 + length);
                return Some(request);
            }
        }
        if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
}
