//! What the phases decide: a status, headers, and which bytes go out. No byte of a blob is read
//! before all phases agreed.

use crate::body::Span;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
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
        Self { status, headers: HeaderMap::with_capacity(HEADERS_EXPECTED), content }
    }

    /// Sets a header, in place of one of that name.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

impl Content {
    /// Bytes it comes to.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Blob { spans: Spans::One(range), .. } => range.end - range.start,
            Self::Blob { spans: Spans::Many(spans), .. } => spans.iter().map(Span::len).sum(),
        }
    }
}

impl BlobRef {
    /// All of the blob.
    pub(crate) fn whole(self) -> Content {
        Content::Blob { blob: self, spans: Spans::One(0..self.size) }
    }
}
