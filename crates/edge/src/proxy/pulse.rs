//! Tells a slow visitor from a slow origin: a request body that remembers when it moved last and for
//! whom it waits.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use parking_lot::Mutex;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;

/// When something moved last. Clones are one pulse.
#[derive(Clone)]
pub(super) struct Pulse(Arc<Mutex<Beat>>);

struct Beat {
    at: Instant,
    awaits_visitor: bool,
}

impl Pulse {
    /// Something moved now.
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Beat { at: Instant::now(), awaits_visitor: false })))
    }

    /// Something moves.
    pub(super) fn beat(&self) {
        *self.0.lock() = Beat { at: Instant::now(), awaits_visitor: false };
    }

    /// Whether the next move is the visitor's.
    pub(super) fn awaits_visitor(&self) -> bool {
        self.0.lock().awaits_visitor
    }

    /// The output of `work`; none when nothing moved for `limit` before it was done.
    pub(super) async fn while_it_beats<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let mut work = std::pin::pin!(work);
        loop {
            let last = self.0.lock().at;
            match tokio::time::timeout_at(last + limit, &mut work).await {
                Ok(done) => return Some(done),
                Err(_) if self.0.lock().at > last => {}
                Err(_) => return None,
            }
        }
    }
}

/// A request body under way.
pub(super) struct Upload<B> {
    body: B,
    pulse: Pulse,
}

impl<B> Upload<B> {
    pub(super) fn new(body: B, pulse: Pulse) -> Self {
        Self { body, pulse }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Upload<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        match &frame {
            Poll::Ready(_) => self.pulse.beat(),
            Poll::Pending => self.pulse.0.lock().awaits_visitor = true,
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::{BodyExt as _, Full, StreamBody};
    use std::convert::Infallible;
    use std::future::pending;

    const LIMIT: Duration = Duration::from_millis(40);

    #[tokio::test]
    async fn work_goes_on_while_something_moves() {
        let pulse = Pulse::new();
        let beats = pulse.clone();
        let begun = Instant::now();
        let work = async {
            while begun.elapsed() < 3 * LIMIT {
                tokio::time::sleep(LIMIT / 10).await;
                beats.beat();
            }
            "done"
        };
        assert_eq!(pulse.while_it_beats(LIMIT, work).await, Some("done"));
        assert_eq!(pulse.while_it_beats(LIMIT, pending::<()>()).await, None);
        assert!(!pulse.awaits_visitor());
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_the_visitors_affair() {
        let pulse = Pulse::new();
        let silent = StreamBody::new(futures_util::stream::pending::<Result<Frame<Bytes>, Infallible>>());
        let upload = Upload::new(silent, pulse.clone()).collect();
        assert!(pulse.while_it_beats(LIMIT, upload).await.is_none());
        assert!(pulse.awaits_visitor());
    }

    #[tokio::test]
    async fn a_body_passes_as_it_is() {
        let pulse = Pulse::new();
        let upload = Upload::new(Full::new(Bytes::from_static(b"abc")), pulse.clone());
        assert_eq!(upload.size_hint().exact(), Some(3));
        let whole = upload.collect().await.map(http_body_util::Collected::to_bytes);
        assert_eq!(whole.as_deref(), Ok(&b"abc"[..]));
        assert!(!pulse.awaits_visitor());
    }
}
