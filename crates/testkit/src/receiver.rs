//! A receiver of notifications that records each request byte by byte and answers as it is told.

use crate::until_within;
use parking_lot::Mutex;
use serde_json::Value;
use std::collections::{HashSet, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// What to do with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Answer with this status.
    Status(u16),
    /// Answer with this status and header.
    With(u16, &'static str, String),
    /// Answer 200 after a while.
    Late(Duration),
    /// Never answer.
    Hang,
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// Method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers in their order and spelling.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Delivered {
    /// The value of a header spelled exactly so.
    #[must_use]
    pub fn header(&self, spelled: &str) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name == spelled).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The value of a header however it is spelled.
    #[must_use]
    pub fn any_case(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(spelled, _)| spelled.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Name of the event.
    #[must_use]
    pub fn event(&self) -> &str {
        self.header("X-Netlify-Event").unwrap_or_default()
    }

    /// Id of the event, the same on every try.
    #[must_use]
    pub fn id(&self) -> &str {
        self.any_case("webhook-id").unwrap_or_default()
    }
}

/// Listens until dropped.
pub struct Receiver {
    address: SocketAddr,
    desk: Arc<Mutex<Desk>>,
    task: JoinHandle<()>,
}

struct Desk {
    delivered: Vec<Delivered>,
    next: VecDeque<Reaction>,
    usual: Reaction,
}

impl Receiver {
    /// Starts one that answers 200.
    ///
    /// # Panics
    /// When the machine has no port left.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("some port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let desk = Desk { delivered: Vec::new(), next: VecDeque::new(), usual: Reaction::Status(200) };
        let desk = Arc::new(Mutex::new(desk));
        let task = tokio::spawn(listen(listener, Arc::clone(&desk)));
        Self { address, desk, task }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/in", self.address)
    }

    /// What to do from now on.
    pub fn usually(&self, reaction: Reaction) {
        self.desk.lock().usual = reaction;
    }

    /// What to do with the next requests, one each, before the usual.
    pub fn next(&self, reactions: impl IntoIterator<Item = Reaction>) {
        self.desk.lock().next.extend(reactions);
    }

    /// Everything so far.
    #[must_use]
    pub fn delivered(&self) -> Vec<Delivered> {
        self.desk.lock().delivered.clone()
    }

    /// How much came so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.desk.lock().delivered.len()
    }

    /// The ids of all events that came so far.
    #[must_use]
    pub fn ids(&self) -> HashSet<String> {
        self.desk.lock().delivered.iter().map(|one| one.id().to_owned()).collect()
    }

    /// Waits until at least `count` requests came; all that came.
    ///
    /// # Panics
    /// When they do not come in time.
    pub async fn wait_for(&self, count: usize) -> Vec<Delivered> {
        self.wait_within(crate::LIMIT, count).await
    }

    /// The same with another limit.
    ///
    /// # Panics
    /// When they do not come in time.
    pub async fn wait_within(&self, limit: Duration, count: usize) -> Vec<Delivered> {
        let what = format!("{count} deliveries at {}", self.address);
        until_within(limit, &what, async || (self.count() >= count).then(|| self.delivered())).await
    }

    /// Waits until this event came; its request.
    ///
    /// # Panics
    /// When it does not come in time.
    pub async fn wait_for_event(&self, event: &str) -> Delivered {
        let what = format!("{event} at {}", self.address);
        let found = async || self.delivered().into_iter().find(|one| one.event() == event);
        until_within(crate::LIMIT, &what, found).await
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(listener: TcpListener, desk: Arc<Mutex<Desk>>) {
    let mut open = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        open.spawn(serve(stream, Arc::clone(&desk)));
        while open.try_join_next().is_some() {}
    }
}

async fn serve(mut stream: TcpStream, desk: Arc<Mutex<Desk>>) {
    let Some(delivered) = read(&mut stream).await else { return };
    let reaction = {
        let mut desk = desk.lock();
        desk.delivered.push(delivered);
        desk.next.pop_front().unwrap_or_else(|| desk.usual.clone())
    };
    let answer = match reaction {
        Reaction::Status(status) => head(status, ""),
        Reaction::With(status, name, value) => head(status, &format!("{name}: {value}\r\n")),
        Reaction::Late(wait) => {
            tokio::time::sleep(wait).await;
            head(200, "")
        }
        Reaction::Hang => std::future::pending().await,
    };
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn head(status: u16, more: &str) -> String {
    format!("HTTP/1.1 {status} So\r\n{more}Content-Length: 0\r\nConnection: close\r\n\r\n")
}

/// A whole request with a length; none when the sender broke off.
async fn read(stream: &mut TcpStream) -> Option<Delivered> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        (stream.read_buf(&mut bytes).await.ok()? > 0).then_some(())?;
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let header =
        |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
    let headers: Vec<(String, String)> = lines.filter_map(header).collect();
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.map_or(Some(0), |(_, value)| value.parse().ok())?;
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        (stream.read_buf(&mut body).await.ok()? > 0).then_some(())?;
    }
    Some(Delivered { method, path, headers, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn send(receiver: &Receiver, request: &str) -> String {
        let mut stream = TcpStream::connect(receiver.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn requests_are_kept_as_they_were_sent() {
        let receiver = Receiver::start().await;
        receiver.next([Reaction::Status(500), Reaction::With(503, "Retry-After", "9".to_owned())]);
        let request = "POST /in?a=%20 HTTP/1.1\r\nHost: x\r\nX-MiXed: a: b\r\nContent-Length: 4\r\n\r\nbody";
        let answers =
            [send(&receiver, request).await, send(&receiver, request).await, send(&receiver, request).await];
        assert!(answers[0].starts_with("HTTP/1.1 500 ") && answers[1].contains("\r\nRetry-After: 9\r\n"));
        assert!(answers[2].starts_with("HTTP/1.1 200 "));
        let first = receiver.wait_for(3).await.remove(0);
        assert_eq!(
            (first.method.as_str(), first.path.as_str(), &first.body[..]),
            ("POST", "/in?a=%20", &b"body"[..])
        );
        assert_eq!((first.header("X-MiXed"), first.header("x-mixed")), (Some("a: b"), None));
        assert_eq!(first.any_case("x-mixed"), Some("a: b"));
    }
}
