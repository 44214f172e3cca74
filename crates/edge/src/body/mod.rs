//! The body of an answer: pieces one after the other, from memory, from a file or from a distant
//! store, and never more bytes than were announced.

mod file;

pub(crate) use file::FilePiece;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use store::blob::BlobStream;

/// The body of an answer of the edge. Its length is known before its first byte.
pub struct Body {
    now: Piece,
    then: VecDeque<Piece>,
    left: u64,
}

/// A part of a body.
pub(crate) enum Piece {
    /// In memory.
    Bytes(Bytes),
    /// A stretch of a file.
    File(Box<FilePiece>),
    /// A stretch of a blob that is elsewhere.
    Stream(BlobStream),
}

/// A part of a body whose blob is not read yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// This text.
    Text(Bytes),
    /// This stretch of the blob.
    Blob(Range<u64>),
}

impl Span {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Blob(range) => range.end - range.start,
        }
    }
}

impl Body {
    /// No byte.
    #[must_use]
    pub fn empty() -> Self {
        Self::bytes(Bytes::new())
    }

    /// These bytes.
    #[must_use]
    pub fn bytes(bytes: Bytes) -> Self {
        let left = bytes.len() as u64;
        Self { now: Piece::Bytes(bytes), then: VecDeque::new(), left }
    }

    /// Pieces that come to `length` bytes.
    pub(crate) fn pieces(mut pieces: VecDeque<Piece>, length: u64) -> Self {
        let now = pieces.pop_front().unwrap_or(Piece::Bytes(Bytes::new()));
        Self { now, then: pieces, left: length }
    }
}

impl Piece {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        match self {
            Self::Bytes(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Bytes(bytes) => Poll::Ready(Some(Ok(std::mem::take(bytes)))),
            Self::File(file) => file.poll(cx),
            Self::Stream(stream) => stream.as_mut().poll_next(cx).map_err(io::Error::other),
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            if self.left == 0 {
                return Poll::Ready(None);
            }
            match ready!(self.now.poll(cx)) {
                Some(Ok(mut bytes)) => {
                    bytes.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
                    self.left -= bytes.len() as u64;
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => match self.then.pop_front() {
                    Some(piece) => self.now = piece,
                    None => return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
                },
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt as _;
    use http_body_util::BodyExt as _;

    async fn read(body: Body) -> io::Result<Bytes> {
        Ok(body.collect().await?.to_bytes())
    }

    fn pieces(texts: &[&'static str]) -> VecDeque<Piece> {
        texts.iter().map(|text| Piece::Bytes(Bytes::from_static(text.as_bytes()))).collect()
    }

    #[tokio::test]
    async fn pieces_follow_each_other() -> io::Result<()> {
        let chunks =
            futures_util::stream::iter([Ok(Bytes::from_static(b"cd")), Ok(Bytes::from_static(b"e"))]);
        let mut all = pieces(&["a", "", "b"]);
        all.push_back(Piece::Stream(chunks.boxed()));
        assert_eq!(read(Body::pieces(all, 5)).await?, "abcde");
        assert_eq!(read(Body::empty()).await?, "");
        Ok(())
    }

    #[tokio::test]
    async fn a_body_is_never_longer_nor_shorter_than_announced() -> io::Result<()> {
        assert_eq!(read(Body::pieces(pieces(&["abc", "def"]), 4)).await?, "abcd");
        let short = read(Body::pieces(pieces(&["abc"]), 4)).await;
        assert_eq!(short.map_err(|error| error.kind()), Err(io::ErrorKind::UnexpectedEof));
        Ok(())
    }
}
