//! The body of a request that is passed on, of one type whatever its source, and a mark that says when
//! all of it was taken.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

type Error = Box<dyn StdError + Send + Sync>;

/// A request body.
pub(super) enum Upload {
    /// None.
    Nothing,
    /// What comes.
    Coming { body: UnsyncBoxBody<Bytes, Error>, _mark: Mark },
}

/// Set when the body of a request has been taken, or given up.
#[derive(Clone, Debug)]
pub(super) struct UploadEnd(Option<Arc<AtomicBool>>);

/// Sets it: a body is let go of as soon as nothing more is wanted of it.
pub(super) struct Mark(Arc<AtomicBool>);

impl Drop for Mark {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

impl UploadEnd {
    pub(super) fn is_reached(&self) -> bool {
        self.0.as_ref().is_none_or(|mark| mark.load(Ordering::Acquire))
    }
}

impl Upload {
    pub(super) fn of<B>(body: Option<B>) -> (Self, UploadEnd)
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Error>,
    {
        let Some(body) = body else { return (Self::Nothing, UploadEnd(None)) };
        let mark = Arc::new(AtomicBool::new(false));
        let body = body.map_err(Into::into).boxed_unsync();
        let coming = Self::Coming { body, _mark: Mark(Arc::clone(&mark)) };
        (coming, UploadEnd(Some(mark)))
    }

    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match &mut *self {
            Self::Nothing => Poll::Ready(None),
            Self::Coming { body, .. } => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Coming { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Nothing => SizeHint::with_exact(0),
            Self::Coming { body, .. } => body.size_hint(),
        }
    }
}
