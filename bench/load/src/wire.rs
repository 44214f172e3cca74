//! One HTTP/1.1 connection that is kept open. It is as thin as can be, because what the client spends
//! is missing from the server on the same machine.

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::fs::File;
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::net::TcpStream;

/// Bytes read from a file at once.
const STEP: usize = 64 * 1024;

/// A request's body.
pub type Body = http_body_util::combinators::UnsyncBoxBody<Bytes, io::Error>;

/// No body.
#[must_use]
pub fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// A body in memory.
#[must_use]
pub fn full(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

/// A body streamed from a file.
///
/// # Errors
/// When the file cannot be opened.
pub fn file(path: &Path) -> Result<Body> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let left = file.metadata()?.len();
    Ok(FileBody { file, left }.boxed_unsync())
}

/// Reads on the event loop: each connection has a loop of its own, and the files are in the page
/// cache, so that a hop to another thread would cost more than the read.
struct FileBody {
    file: File,
    left: u64,
}

impl http_body::Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let mut chunk = vec![0; usize::try_from(self.left).unwrap_or(STEP).min(STEP)];
        let read = self.file.read_exact(&mut chunk);
        self.left -= chunk.len() as u64;
        Poll::Ready(Some(read.map(|()| Frame::data(chunk.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// A connection.
pub struct Wire {
    sender: SendRequest<Body>,
}

impl Wire {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("cannot reach {address}"))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn send(&mut self, request: Request<Body>) -> Result<(StatusCode, Bytes)> {
        self.sender.ready().await?;
        let (head, body) = self.sender.send_request(request).await?.into_parts();
        Ok((head.status, body.collect().await?.to_bytes()))
    }
}
