//! The body of an answer: pieces one after the other, from memory, from a file or from a distant
//! store or another server, and never more bytes than were announced.

mod file;
mod held;

pub(crate) use file::FilePiece;
pub(crate) use held::Held;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use http_body::{Frame, SizeHint};
use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use store::blob::BlobStream;

/// The body of an answer of the edge.
pub struct Body {
    now: Piece,
    then: VecDeque<Piece>,
    left: Left,
}

/// What is still to come.
#[derive(Clone, Copy)]
enum Left {
    /// This many bytes.
    Bytes(u64),
    /// Whatever comes.
    Unknown,
    /// Nothing: the end of a body of unknown length.
    Nothing,
}

/// A part of a body.
pub(crate) enum Piece {
    /// In memory.
    Bytes(Bytes),
    /// A stretch of a file.
    File(Box<FilePiece>),
    /// A stretch of a blob that is elsewhere.
    Stream(BlobStream),
    /// From another server.
    Relayed(BoxStream<'static, io::Result<Bytes>>),
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
        let left = Left::Bytes(bytes.len() as u64);
        Self { now: Piece::Bytes(bytes), then: VecDeque::new(), left }
    }

    /// Pieces that come to `length` bytes.
    pub(crate) fn pieces(mut pieces: VecDeque<Piece>, length: u64) -> Self {
        let now = pieces.pop_front().unwrap_or(Piece::Bytes(Bytes::new()));
        Self { now, then: pieces, left: Left::Bytes(length) }
    }

    /// What comes, to its end; where a length is given, so many bytes.
    pub(crate) fn stream(stream: BoxStream<'static, io::Result<Bytes>>, length: Option<u64>) -> Self {
        let left = length.map_or(Left::Unknown, Left::Bytes);
        Self { now: Piece::Relayed(stream), then: VecDeque::new(), left }
    }
}

impl Left {
    fn is_nothing(self) -> bool {
        matches!(self, Self::Nothing | Self::Bytes(0))
    }

    /// What is sent of these bytes.
    fn take(&mut self, mut bytes: Bytes) -> Bytes {
        if let Self::Bytes(left) = self {
            bytes.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= bytes.len() as u64;
        }
        bytes
    }

    /// Nothing more comes: an error where more was announced.
    fn end(&mut self) -> Option<io::Error> {
        match self {
            Self::Bytes(1..) => Some(io::ErrorKind::UnexpectedEof.into()),
            _ => {
                *self = Self::Nothing;
                None
            }
        }
    }
}

impl Piece {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        match self {
            Self::Bytes(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Bytes(bytes) => Poll::Ready(Some(Ok(std::mem::take(bytes)))),
            Self::File(file) => file.poll(cx),
            Self::Stream(stream) => stream.as_mut().poll_next(cx).map_err(io::Error::other),
            Self::Relayed(stream) => stream.as_mut().poll_next(cx),
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            if self.left.is_nothing() {
                return Poll::Ready(None);
            }
            match ready!(self.now.poll(cx)) {
                Some(Ok(bytes)) => return Poll::Ready(Some(Ok(Frame::data(self.left.take(bytes))))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => match self.then.pop_front() {
                    Some(piece) => self.now = piece,
                    None => return Poll::Ready(self.left.end().map(Err)),
                },
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_nothing()
    }

    fn size_hint(&self) -> SizeHint {
        match self.left {
            Left::Bytes(left) => SizeHint::with_exact(left),
            Left::Nothing => SizeHint::with_exact(0),
            Left::Unknown => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt as _;
    use http_body::Body as _;
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

    fn stream(texts: &'static [&'static str]) -> BoxStream<'static, io::Result<Bytes>> {
        futures_util::stream::iter(texts.iter().map(|text| Ok(Bytes::from_static(text.as_bytes())))).boxed()
    }

    #[tokio::test]
    async fn a_stream_is_as_long_as_it_is_or_as_was_said() -> io::Result<()> {
        assert_eq!(Body::stream(stream(&["abc", "d"]), None).size_hint().exact(), None);
        assert_eq!(read(Body::stream(stream(&["abc", "d"]), None)).await?, "abcd");
        assert_eq!(read(Body::stream(stream(&[]), None)).await?, "");
        assert_eq!(Body::stream(stream(&["abc"]), Some(3)).size_hint().exact(), Some(3));
        assert_eq!(read(Body::stream(stream(&["abc", "d"]), Some(3))).await?, "abc");
        let short = read(Body::stream(stream(&["abc"]), Some(4))).await;
        assert_eq!(short.map_err(|error| error.kind()), Err(io::ErrorKind::UnexpectedEof));
        Ok(())
    }
}
