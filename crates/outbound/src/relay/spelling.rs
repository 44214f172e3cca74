//! Header names as a receiver spells them where title case is not its way: `X-NF-UUID`. The HTTP library
//! keeps the spelling of a request it has read, to pass it on, and takes it from nobody else; so it is
//! given a request to read, once.

use bytes::Bytes;
use http::{Extensions, Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use parking_lot::Mutex;
use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// How some names are written; all others go out in title case.
#[derive(Clone, Debug, Default)]
pub struct Spelling(Extensions);

impl Spelling {
    /// These names as they stand here.
    #[must_use]
    pub fn of(names: &[&str]) -> Self {
        let lines: String = names.iter().map(|name| format!("{name}: x\r\n")).collect();
        let kept = Mutex::new(Extensions::new());
        let service = service_fn(|request: Request<Incoming>| {
            *kept.lock() = request.into_parts().0.extensions;
            std::future::ready(Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new())))
        });
        let said = Said(Bytes::from(format!("GET / HTTP/1.1\r\n{lines}\r\n")));
        let mut reading = http1::Builder::new();
        let reading = pin!(reading.preserve_header_case(true).serve_connection(said, service));
        // it never has to wait: all there is to read is there, and what it writes is not kept
        let _ = reading.poll(&mut Context::from_waker(Waker::noop()));
        Self(kept.into_inner())
    }

    pub(super) fn into_extensions(self) -> Extensions {
        self.0
    }
}

/// A peer who says this and hangs up.
struct Said(Bytes);

impl Read for Said {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let count = buffer.remaining().min(self.0.len());
        buffer.put_slice(&self.0.split_to(count));
        Poll::Ready(Ok(()))
    }
}

impl Write for Said {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
