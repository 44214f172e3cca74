//! A request on its way out: its head as it goes over the wire, then its body as it comes, framed by its
//! length where that is known and in chunks where it is not.

use super::{Passed, Spelling};
use bytes::Bytes;
use http::{Method, header};
use http_body::Body;
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use std::error::Error as StdError;
use std::io::{self, IoSlice, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncWrite;

type Error = Box<dyn StdError + Send + Sync>;

/// A request that is being sent.
pub(super) struct Outgoing {
    pub(super) method: Method,
    /// The head, and later the lines before each chunk.
    text: Vec<u8>,
    /// What of the body follows.
    piece: Bytes,
    /// What closes a chunk.
    tail: &'static [u8],
    /// Bytes of these three that were sent.
    sent: usize,
    /// Where the rest of the body comes from.
    upload: Option<Upload>,
    bodiless: bool,
    /// Whether an answer counts that does not say where its body ends.
    pub(super) tolerant: bool,
    state: State,
}

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Going,
    /// All of it was sent.
    Over,
    /// Its body broke off: nothing of it may be sent any more, its end least of all.
    Broken,
}

struct Upload {
    body: UnsyncBoxBody<Bytes, Error>,
    /// Bytes that are still to come; none for a body in chunks.
    left: Option<u64>,
}

impl Outgoing {
    pub(super) fn new<B>(passed: &Passed, body: Option<B>) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Error>,
    {
        let left = body.as_ref().map(|body| body.size_hint().exact());
        let upload =
            body.zip(left).map(|(body, left)| Upload { body: body.map_err(Into::into).boxed_unsync(), left });
        Self {
            method: passed.method.clone(),
            text: head(passed, left),
            piece: Bytes::new(),
            tail: b"",
            sent: 0,
            bodiless: upload.is_none(),
            tolerant: false,
            upload: upload.filter(|upload| upload.left != Some(0)),
            state: State::Going,
        }
    }

    /// Whether all of it can still be sent.
    pub(super) fn is_whole(&self) -> bool {
        self.sent == 0 && self.state == State::Going
    }

    /// Whether all of it was sent.
    pub(super) fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// Makes it ready to be sent once more, where sending it twice does no harm.
    pub(super) fn rewind(&mut self) -> bool {
        let harmless = self.bodiless && self.method.is_safe();
        if harmless {
            (self.sent, self.state) = (0, State::Going);
        }
        harmless
    }

    /// Sends what can be sent now.
    ///
    /// # Errors
    /// When the other side takes no more, or the body breaks off.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        wire: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<io::Result<()>> {
        match self.state {
            State::Going => {}
            State::Over => return Poll::Ready(Ok(())),
            State::Broken => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
        }
        // what there is of the body goes out with the head
        if self.sent == 0
            && self.piece.is_empty()
            && let Poll::Ready(Err(error)) = self.poll_load(cx)
        {
            return Poll::Ready(Err(error));
        }
        loop {
            ready!(self.poll_write(cx, wire))?;
            ready!(Pin::new(&mut *wire).poll_flush(cx))?;
            if !ready!(self.poll_load(cx))? {
                self.state = State::Over;
                return Poll::Ready(Ok(()));
            }
        }
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        wire: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<io::Result<()>> {
        loop {
            let mut slices = [&*self.text, &*self.piece, self.tail].map(IoSlice::new);
            let mut left = &mut slices[..];
            IoSlice::advance_slices(&mut left, self.sent);
            let count = match left {
                [] => return Poll::Ready(Ok(())),
                [only] => ready!(Pin::new(&mut *wire).poll_write(cx, only))?,
                several => ready!(Pin::new(&mut *wire).poll_write_vectored(cx, several))?,
            };
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent += count;
        }
    }

    /// Takes the next piece of the body, behind a head that is still to be sent or in place of what was;
    /// false when there is none.
    fn poll_load(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let Some(upload) = &mut self.upload else { return Poll::Ready(Ok(false)) };
        let piece = ready!(upload.poll_piece(cx)).and_then(|piece| upload.count(piece));
        let piece = piece.inspect_err(|_| self.state = State::Broken)?;
        if self.sent > 0 {
            self.text.clear();
            (self.sent, self.tail) = (0, b"");
        }
        match upload.left {
            Some(0) => self.upload = None,
            Some(_) => {}
            None if piece.is_empty() => {
                self.text.extend_from_slice(b"0\r\n\r\n");
                self.upload = None;
            }
            None => {
                write!(self.text, "{:x}\r\n", piece.len())?;
                self.tail = b"\r\n";
            }
        }
        self.piece = piece;
        Poll::Ready(Ok(true))
    }
}

impl Upload {
    /// The next bytes; none of them at the end.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        loop {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                None => return Poll::Ready(Ok(Bytes::new())),
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                // trailers end here, as what was said of the connection does
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) if !bytes.is_empty() => return Poll::Ready(Ok(bytes)),
                    _ => {}
                },
            }
        }
    }

    /// A piece that is no more than was announced, and the end only where that was.
    fn count(&mut self, piece: Bytes) -> io::Result<Bytes> {
        if let Some(left) = &mut self.left {
            let short = || io::Error::other("the body of the request is not as long as was said");
            *left = left.checked_sub(piece.len() as u64).filter(|_| !piece.is_empty()).ok_or_else(short)?;
        }
        Ok(piece)
    }
}

/// The head of a request. `body` says whether there is one, and its length where that is known.
fn head(passed: &Passed, body: Option<Option<u64>>) -> Vec<u8> {
    const AROUND: usize = 96;
    let Passed { method, origin, target, headers, spelling } = passed;
    let fields = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    let room = fields.sum::<usize>() + origin.authority().len() + target.as_str().len() + AROUND;
    let mut out = Vec::with_capacity(room);
    out.extend_from_slice(method.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(target.path().as_bytes());
    if let Some(query) = target.query() {
        out.push(b'?');
        out.extend_from_slice(query.as_bytes());
    }
    out.extend_from_slice(b" HTTP/1.1\r\n");
    field(&mut out, *spelling, "host", origin.authority().as_bytes());
    for (name, value) in headers.iter() {
        let own = matches!(*name, header::HOST | header::CONTENT_LENGTH | header::TRANSFER_ENCODING);
        if !own {
            field(&mut out, *spelling, name.as_str(), value.as_bytes());
        }
    }
    frame(&mut out, method, body);
    out.extend_from_slice(b"\r\n");
    out
}

fn field(out: &mut Vec<u8>, spelling: Spelling, name: &str, value: &[u8]) {
    spelling.write(name, out);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Says where the body ends. Receivers of these methods expect one (RFC 9110 section 8.6).
fn frame(out: &mut Vec<u8>, method: &Method, body: Option<Option<u64>>) {
    let expected = matches!(*method, Method::POST | Method::PUT | Method::PATCH);
    match body {
        Some(None) => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
        Some(Some(length)) => length_line(out, length),
        None if expected => length_line(out, 0),
        None => {}
    }
}

fn length_line(out: &mut Vec<u8>, length: u64) {
    // writing to a vector does not fail
    let _ = write!(out, "Content-Length: {length}\r\n");
}
