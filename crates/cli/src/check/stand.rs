//! A consumer of a few lines: keeps connections, keeps header names as they came, and answers what
//! it is told to. The status 0 is no answer at all.

use reqwest::Url;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub(crate) struct Received {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(each, _)| each.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// How often each id came, and what to answer.
struct Mind<F> {
    seen: Mutex<HashMap<String, usize>>,
    answer: F,
}

pub(crate) struct Stand {
    port: u16,
    task: JoinHandle<()>,
}

impl Stand {
    /// `answer` is told how often the delivery's id came so far.
    pub(crate) async fn start<F>(answer: F) -> Self
    where
        F: Fn(&Received, usize) -> u16 + Send + Sync + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mind = Arc::new(Mind { seen: Mutex::default(), answer });
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&mind)));
            }
        });
        Self { port, task }
    }

    pub(crate) fn url(&self) -> Url {
        format!("http://127.0.0.1:{}/in", self.port).parse().unwrap()
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve<F: Fn(&Received, usize) -> u16>(mut stream: TcpStream, mind: Arc<Mind<F>>) {
    let mut bytes = Vec::new();
    while let Some(request) = read(&mut stream, &mut bytes).await {
        let id = request.header("webhook-id").unwrap_or_default().to_owned();
        let seen = {
            let mut seen = mind.seen.lock().unwrap();
            let count = seen.entry(id).or_default();
            *count += 1;
            *count
        };
        let status = (mind.answer)(&request, seen);
        if status == 0 {
            std::future::pending::<()>().await;
        }
        let answer = format!("HTTP/1.1 {status} Said\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<Received> {
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let pair = |line: &str| line.split_once(": ").map(|(k, v)| (k.to_owned(), v.to_owned()));
            let headers: Vec<_> = head.lines().skip(1).filter_map(pair).collect();
            let mut request = Received { headers, body: Vec::new() };
            let length: usize = request.header("content-length")?.parse().ok()?;
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
