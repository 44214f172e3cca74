//! A receiver of notifications, so plain that header names stay spelled as they came.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

/// How long a notification may be on its way, with a build before it.
const LIMIT: Duration = Duration::from_secs(120);

/// One received request.
#[derive(Debug)]
pub(crate) struct Notification {
    /// Names as they were spelled on the wire.
    pub(crate) headers: Vec<(String, String)>,
    /// The exact bytes.
    pub(crate) body: Vec<u8>,
}

impl Notification {
    /// The value of a header that is spelled exactly so.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(spelled, _)| spelled == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers))
    }
}

/// Takes every request with 200.
pub(crate) struct Receiver {
    address: SocketAddr,
    queue: UnboundedReceiver<Notification>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (sender, queue) = unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take(stream, sender.clone()));
            }
        });
        Self { address, queue }
    }

    /// Where to send to.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/inbox", self.address)
    }

    /// The next request.
    pub(crate) async fn next(&mut self) -> Notification {
        timeout(LIMIT, self.queue.recv()).await.ok().flatten().expect("a notification arrives")
    }
}

async fn take(mut stream: TcpStream, sender: UnboundedSender<Notification>) {
    if let Some(notification) = read(&mut stream).await {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        // the sender may be gone by then; the request was received all the same
        let _gone = stream.write_all(answer).await;
        let _over = sender.send(notification);
    }
}

async fn read(stream: &mut TcpStream) -> Option<Notification> {
    let mut bytes = Vec::new();
    let head = loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break bytes.drain(..end + 4).collect::<Vec<u8>>();
        }
    };
    let headers = headers(&String::from_utf8_lossy(&head));
    let length =
        headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?.1.parse().ok()?;
    while bytes.len() < length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(Notification { headers, body: bytes })
}

fn headers(head: &str) -> Vec<(String, String)> {
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
