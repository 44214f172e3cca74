//! A receiver of webhooks on a free loopback port. It keeps every header exactly as it was sent,
//! which is what the demonstration shows; it answers 200 to whatever it could read.

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Most bytes of a request line with its headers.
const HEAD_LIMIT: usize = 32 * 1024;
/// Most bytes of a body.
const BODY_LIMIT: usize = 1024 * 1024;
/// Deliveries that may wait to be looked at.
const WAITING: usize = 16;

/// One request as it came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// `POST / HTTP/1.1`.
    pub(crate) request_line: String,
    /// Names and values in their order and spelling.
    pub(crate) headers: Vec<(String, String)>,
    /// The exact bytes.
    pub(crate) body: Vec<u8>,
}

impl Delivery {
    /// A header's value, whatever the case of its name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(each, _)| each.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// Listens until it is dropped.
pub(crate) struct Receiver {
    port: u16,
    deliveries: mpsc::Receiver<Delivery>,
    task: JoinHandle<()>,
}

impl Receiver {
    pub(crate) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let (sender, deliveries) = mpsc::channel(WAITING);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, sender.clone()));
            }
        });
        Ok(Self { port, deliveries, task })
    }

    /// What to point a hook at.
    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// The next delivery.
    pub(crate) async fn next(&mut self) -> Option<Delivery> {
        self.deliveries.recv().await
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, sender: mpsc::Sender<Delivery>) {
    let read = read(&mut stream).await;
    let status = if read.is_ok() { "200 OK" } else { "400 Bad Request" };
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    // The sender sees by itself when the answer does not arrive.
    let _ = stream.write_all(answer.as_bytes()).await;
    if let Ok(delivery) = read {
        let _ = sender.send(delivery).await;
    }
}

async fn read(stream: &mut TcpStream) -> anyhow::Result<Delivery> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if bytes.len() > HEAD_LIMIT || stream.read_buf(&mut bytes).await? == 0 {
            bail!("the request's head is cut off or too long");
        }
    };
    let mut delivery = head(&String::from_utf8_lossy(&bytes[..end]));
    let length: usize = delivery.header("Content-Length").context("the request has no length")?.parse()?;
    if length > BODY_LIMIT {
        bail!("the body is too long");
    }
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await? == 0 {
            bail!("the body is cut off");
        }
    }
    body.truncate(length);
    delivery.body = body;
    Ok(delivery)
}

fn head(text: &str) -> Delivery {
    let mut lines = text.split("\r\n");
    let request_line = lines.next().unwrap_or_default().to_owned();
    let pair = |line: &str| line.split_once(':').map(|(k, v)| (k.to_owned(), v.trim().to_owned()));
    Delivery { request_line, headers: lines.filter_map(pair).collect(), body: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn send(receiver: &Receiver, pieces: &[&str]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", receiver.port)).await.unwrap();
        for piece in pieces {
            stream.write_all(piece.as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
        }
        stream.shutdown().await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer.lines().next().unwrap_or_default().to_owned()
    }

    #[tokio::test]
    async fn headers_and_body_arrive_as_they_were_sent() {
        let mut receiver = Receiver::start().await.unwrap();
        let pieces = ["POST / HTTP/1.1\r\nX-Nf-Sign: a:b\r\ncontent-", "length: 4\r\n\r", "\n{\"", "}x"];
        assert_eq!(send(&receiver, &pieces).await, "HTTP/1.1 200 OK");
        let delivery = receiver.next().await.unwrap();
        assert_eq!(delivery.headers[0], ("X-Nf-Sign".to_owned(), "a:b".to_owned()));
        assert_eq!(delivery.body, b"{\"}x");
        assert_eq!(delivery.header("x-nf-sign"), Some("a:b"));
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_refused() {
        let receiver = Receiver::start().await.unwrap();
        let long = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n", BODY_LIMIT + 1);
        for request in
            ["POST / HTTP/1.1\r\n\r\n", "POST / HT", "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx", &long]
        {
            assert_eq!(send(&receiver, &[request]).await, "HTTP/1.1 400 Bad Request", "{request:?}");
        }
    }
}
