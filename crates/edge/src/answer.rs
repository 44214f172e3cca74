//! What the phases decide: a status, headers, and which bytes go out. No byte of a blob is read
//! before all phases agreed.

use crate::body::Span;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::io;
use std::ops::ControlFlow;

/// What a request phase says: go on to the next one, or this is the answer.
pub(crate) type Next = ControlFlow<Answer>;

/// Headers of an answer, with room for those of the defaults: most answers have fewer.
const HEADERS_EXPECTED: usize = 12;

/// An answer before its bytes are fetched.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) content: Content,
    /// Whether it shows a file of the site: its header rules are for such answers alone.
    pub(crate) of_file: bool,
}

/// The bytes of an answer.
pub(crate) enum Content {
    /// None.
    Empty,
    /// These.
    Bytes(Bytes),
    /// Parts of a blob, possibly with text between them.
    Blob {
        /// The blob.
        blob: BlobRef,
        /// What of it, in this order.
        spans: Spans,
    },
    /// What another server sends, as it comes.
    Stream {
        /// It.
        body: BoxStream<'static, io::Result<Bytes>>,
        /// Bytes of it, where that is known.
        length: Option<u64>,
    },
}

/// A blob and its size in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlobRef {
    /// SHA-256.
    pub(crate) digest: [u8; 32],
    /// Bytes.
    pub(crate) size: u64,
}

/// What of a blob is sent.
pub(crate) enum Spans {
    /// One stretch.
    One(std::ops::Range<u64>),
    /// Several, framed as `multipart/byteranges`.
    Many(Vec<Span>),
}

impl Answer {
    pub(crate) fn new(status: StatusCode, content: Content) -> Self {
        Self { status, headers: HeaderMap::with_capacity(HEADERS_EXPECTED), content, of_file: false }
    }

    /// Sets a header, in place of one of that name.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

impl Content {
    /// Bytes it comes to, where that is known.
    pub(crate) fn len(&self) -> Option<u64> {
        match self {
            Self::Empty => Some(0),
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Blob { spans, .. } => Some(spans.len()),
            Self::Stream { length, .. } => *length,
        }
    }
}

impl Spans {
    /// Bytes they come to.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::One(range) => range.end - range.start,
            Self::Many(spans) => spans.iter().map(Span::len).sum(),
        }
    }
}

impl BlobRef {
    /// All of the blob.
    pub(crate) fn whole(self) -> Content {
        Content::Blob { blob: self, spans: Spans::One(0..self.size) }
    }
}
