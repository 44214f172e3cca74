//! Fetches the bytes that the phases decided on: small blobs from a bounded cache in memory, large
//! ones straight from where they are kept.

use crate::answer::{Answer, BlobRef, Content, Spans};
use crate::body::{Body, FilePiece, Piece, Span};
use crate::exchange::Exchange;
use crate::pages;
use crate::phases::defaults;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use moka::sync::Cache;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use store::blob::Blobs;

/// Largest blob that is kept in memory, in bytes.
pub(crate) const SMALL_BLOB_BYTES: u64 = 64 * 1024;
/// Bytes of all blobs in memory.
pub(crate) const BLOB_CACHE_BYTES: u64 = 64 << 20;
/// Files of large blobs that stay open.
pub(crate) const OPEN_FILES: u64 = 256;
/// What an entry of the cache costs beside its bytes.
const ENTRY_BYTES: usize = 128;

/// The way from an [`Answer`] to a response.
pub(crate) struct Delivery {
    blobs: Blobs,
    small: Cache<[u8; 32], Bytes>,
    files: Cache<Box<str>, Arc<File>>,
}

impl Delivery {
    pub(crate) fn new(blobs: Blobs) -> Self {
        let small = Cache::builder()
            .max_capacity(BLOB_CACHE_BYTES)
            .weigher(|_, bytes: &Bytes| u32::try_from(bytes.len() + ENTRY_BYTES).unwrap_or(u32::MAX))
            .build();
        let files = Cache::builder().max_capacity(OPEN_FILES).build();
        Self { blobs, small, files }
    }

    /// The response of an answer; a page of apology when its blob cannot be read.
    pub(crate) async fn respond(&self, exchange: &Exchange, answer: Answer) -> Response<Body> {
        let Answer { status, headers, content, .. } = answer;
        if *exchange.method() == Method::HEAD {
            return head(status, headers, &content);
        }
        match self.fetch(content).await {
            Ok(body) => assemble(status, headers, body),
            Err(error) => {
                tracing::error!(id = ?exchange.id, peer = %exchange.peer, %error, "a blob of a deploy cannot be read");
                apology(exchange)
            }
        }
    }

    /// The bytes of a blob, when they are in memory.
    pub(crate) fn in_memory(&self, blob: &BlobRef) -> Option<Bytes> {
        if blob.size <= SMALL_BLOB_BYTES { self.small.get(&blob.digest) } else { None }
    }

    async fn fetch(&self, content: Content) -> io::Result<Body> {
        match content {
            Content::Empty => Ok(Body::empty()),
            Content::Bytes(bytes) => Ok(Body::bytes(bytes)),
            Content::Blob { blob, spans } if blob.size <= SMALL_BLOB_BYTES => {
                let bytes = self.small(blob).await?;
                Ok(cut(&bytes, spans))
            }
            Content::Blob { blob, spans } => self.large(blob, spans).await,
            Content::Stream { body, length } => Ok(Body::stream(body, length)),
        }
    }

    async fn small(&self, blob: BlobRef) -> io::Result<Bytes> {
        if let Some(bytes) = self.small.get(&blob.digest) {
            return Ok(bytes);
        }
        // boxed: the first request for a blob pays for the room, not every connection
        let digest = hex::encode(blob.digest);
        let bytes = Box::pin(self.blobs.get(&digest)).await.map_err(io::Error::other)?;
        if bytes.len() as u64 != blob.size {
            return Err(io::Error::other("the blob has another size than its deploy says"));
        }
        self.small.insert(blob.digest, bytes.clone());
        Ok(bytes)
    }

    async fn large(&self, blob: BlobRef, spans: Spans) -> io::Result<Body> {
        let length = spans.len();
        let digest = hex::encode(blob.digest);
        let spans = match spans {
            Spans::One(range) => vec![Span::Blob(range)],
            Spans::Many(spans) => spans,
        };
        let mut pieces = VecDeque::with_capacity(spans.len());
        for span in spans {
            pieces.push_back(match span {
                Span::Text(text) => Piece::Bytes(text),
                Span::Blob(range) => self.stretch(&digest, range).await?,
            });
        }
        Ok(Body::pieces(pieces, length))
    }

    async fn stretch(&self, digest: &str, range: Range<u64>) -> io::Result<Piece> {
        match self.blobs.path(digest) {
            Some(path) => {
                let file = self.open(digest, path).await?;
                Ok(Piece::File(Box::new(FilePiece::new(file, range))))
            }
            None => self.blobs.stream(digest, range).await.map(Piece::Stream).map_err(io::Error::other),
        }
    }

    /// The file of a blob; it stays open for the next who asks, since a blob never changes.
    async fn open(&self, digest: &str, path: PathBuf) -> io::Result<Arc<File>> {
        if let Some(file) = self.files.get(digest) {
            return Ok(file);
        }
        let opened = tokio::task::spawn_blocking(move || File::open(path)).await.map_err(io::Error::other)?;
        let file = Arc::new(opened?);
        self.files.insert(digest.into(), Arc::clone(&file));
        Ok(file)
    }
}

/// The answer to HEAD: the length the body would have, and no body. What comes from another server
/// says its length itself, if at all.
fn head(status: StatusCode, headers: HeaderMap, content: &Content) -> Response<Body> {
    let mut response = assemble(status, headers, Body::empty());
    if let Content::Bytes(_) | Content::Blob { .. } = content
        && let Some(length) = content.len()
    {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

fn apology(exchange: &Exchange) -> Response<Body> {
    let mut answer = pages::failure();
    defaults::run(exchange, &mut answer);
    let body = if let Content::Bytes(bytes) = answer.content { Body::bytes(bytes) } else { Body::empty() };
    assemble(answer.status, answer.headers, body)
}

fn assemble(status: StatusCode, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

fn cut(bytes: &Bytes, spans: Spans) -> Body {
    let length = spans.len();
    match spans {
        Spans::One(range) => Body::bytes(slice(bytes, &range)),
        Spans::Many(spans) => {
            let pieces = spans.into_iter().map(|span| match span {
                Span::Text(text) => Piece::Bytes(text),
                Span::Blob(range) => Piece::Bytes(slice(bytes, &range)),
            });
            Body::pieces(pieces.collect(), length)
        }
    }
}

fn slice(bytes: &Bytes, range: &Range<u64>) -> Bytes {
    let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    bytes.slice(place(range.start)..place(range.end))
}
