//! Puts an answer on the wire: bytes in one call with their head, files by sendfile, everything else
//! frame by frame.

use crate::body::{Body, Held};
use http_body::Body as _;
use rustix::fs::sendfile;
use rustix::net::{SendFlags, send};
use std::fs::File;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::ops::Range;
use std::pin::pin;
use std::time::Duration;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Bytes of a file handed to the kernel at once: between two such steps others have their turn.
const STEP: u64 = 512 * 1024;

/// Sends head and body. `length` is none for a body that goes out in chunks.
///
/// # Errors
/// When the client is gone, takes nothing for `patience`, or the body breaks off.
pub(super) async fn all(
    stream: &TcpStream,
    head: &[u8],
    body: Body,
    length: Option<u64>,
    patience: Duration,
) -> io::Result<()> {
    match body.held() {
        Held::Bytes(bytes) => gather(stream, [head, &bytes, &[]], patience).await,
        Held::File(file, range) => {
            more(stream, head, patience).await?;
            file_range(stream, &file, range, patience).await
        }
        Held::Frames(body) => {
            gather(stream, [head, &[], &[]], patience).await?;
            frames(stream, body, length.is_none(), patience).await
        }
    }
}

/// Sends what is left of an answer.
///
/// # Errors
/// When the client is gone, or takes nothing for `patience`.
pub(super) async fn rest(stream: &TcpStream, left: &[u8], patience: Duration) -> io::Result<()> {
    gather(stream, [left, &[], &[]], patience).await
}

/// What there is, one after the other, in one call where the socket takes it.
async fn gather(stream: &TcpStream, parts: [&[u8]; 3], patience: Duration) -> io::Result<()> {
    let mut slices = parts.map(IoSlice::new);
    let mut left = &mut slices[..];
    // drops parts that are empty
    IoSlice::advance_slices(&mut left, 0);
    while !left.is_empty() {
        match stream.try_write_vectored(left) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(sent) => IoSlice::advance_slices(&mut left, sent),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                timeout(patience, stream.writable()).await??;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Bytes after which more follow at once: the kernel waits for those before it sends a packet.
async fn more(stream: &TcpStream, bytes: &[u8], patience: Duration) -> io::Result<()> {
    let mut left = bytes;
    while !left.is_empty() {
        let send_some = || send(stream, left, SendFlags::MORE | SendFlags::NOSIGNAL).map_err(io::Error::from);
        let sent = when_writable(stream, patience, send_some).await?;
        left = &left[sent..];
    }
    Ok(())
}

async fn file_range(
    stream: &TcpStream,
    file: &File,
    range: Range<u64>,
    patience: Duration,
) -> io::Result<()> {
    let mut offset = range.start;
    while offset < range.end {
        let count = usize::try_from(STEP.min(range.end - offset)).unwrap_or(usize::MAX);
        let step = || {
            let mut at = offset;
            sendfile(stream, file, Some(&mut at), count).map_err(io::Error::from)
        };
        match when_writable(stream, patience, step).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            sent => offset += sent as u64,
        }
        tokio::task::consume_budget().await;
    }
    Ok(())
}

/// Tries at once, and again whenever the socket takes more.
async fn when_writable<T>(
    stream: &TcpStream,
    patience: Duration,
    mut step: impl FnMut() -> io::Result<T>,
) -> io::Result<T> {
    loop {
        match stream.try_io(Interest::WRITABLE, &mut step) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            done => return done,
        }
        timeout(patience, stream.writable()).await??;
    }
}

async fn frames(stream: &TcpStream, body: Body, chunked: bool, patience: Duration) -> io::Result<()> {
    let mut body = pin!(body);
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let Ok(bytes) = frame?.into_data() else { continue };
        let size = format!("{:x}\r\n", bytes.len());
        let parts: [&[u8]; 3] = if chunked { [size.as_bytes(), &bytes, b"\r\n"] } else { [&[], &bytes, &[]] };
        // an empty chunk would be the end
        if !bytes.is_empty() {
            gather(stream, parts, patience).await?;
        }
    }
    if chunked { gather(stream, [b"0\r\n\r\n", &[], &[]], patience).await } else { Ok(()) }
}
