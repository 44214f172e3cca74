//! The body of an origin's answer on its way to the visitor: broken off when the origin is silent for
//! too long. While the visitor does not read, nobody waits for the origin.

use super::slots::Slot;
use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::BoxStream;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep};

/// A body that is waited for so long and no longer. It holds the request's place.
pub(super) struct Patient {
    body: BoxStream<'static, io::Result<Bytes>>,
    limit: Duration,
    silence: Pin<Box<Sleep>>,
    waiting: bool,
    _slot: Slot,
}

impl Patient {
    pub(super) fn new(body: BoxStream<'static, io::Result<Bytes>>, limit: Duration, slot: Slot) -> Self {
        Self { body, limit, silence: Box::pin(sleep(limit)), waiting: false, _slot: slot }
    }
}

impl Stream for Patient {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let next = self.body.as_mut().poll_next(cx);
        if next.is_ready() {
            self.waiting = false;
            return next;
        }
        if !self.waiting {
            self.waiting = true;
            let until = Instant::now() + self.limit;
            self.silence.as_mut().reset(until);
        }
        match self.silence.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into()))),
            Poll::Pending => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::slots::{Asker, Slots};
    use futures_util::{StreamExt as _, stream};

    const RULES: Asker<'static> = Asker::Rules { site: "s" };

    fn patient(body: impl Stream<Item = io::Result<Bytes>> + Send + 'static, slots: &Slots) -> Patient {
        Patient::new(body.boxed(), Duration::from_millis(20), slots.take(&RULES).expect("a place"))
    }

    #[tokio::test]
    async fn bytes_pass_until_silence_breaks_them_off() {
        let slots = Slots::new(1, 1);
        let pieces = stream::iter(["a", "b"].map(|text| Ok(Bytes::from(text))));
        let all = patient(pieces.chain(stream::pending()), &slots).take(3).collect::<Vec<_>>().await;
        let kinds = all.into_iter().map(|piece| piece.map_err(|error| error.kind()));
        let expect = [Ok(Bytes::from("a")), Ok(Bytes::from("b")), Err(io::ErrorKind::TimedOut)];
        assert_eq!(kinds.collect::<Vec<_>>(), expect);
        assert!(slots.take(&RULES).is_some(), "the place is free again");
    }

    #[tokio::test]
    async fn a_visitor_who_does_not_read_is_not_the_origins_fault() {
        let slots = Slots::new(1, 1);
        let (feed, pieces) = tokio::sync::mpsc::channel(1);
        let pieces = stream::unfold(pieces, async |mut pieces| Some((pieces.recv().await?, pieces)));
        let mut body = patient(pieces, &slots);
        assert!(feed.send(Ok(Bytes::from("a"))).await.is_ok());
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert_eq!(body.next().await.map(Result::ok), Some(Some(Bytes::from("a"))));
        drop(feed);
        assert!(body.next().await.is_none());
    }
}
