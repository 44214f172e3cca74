//! Where the requests of an HTTP/2 connection are answered: in the connection's own task, as long as
//! they wait for nothing, else in one of their own. Most files are in memory, and a task costs more
//! than to send one.

use hyper::rt::Executor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker};

/// Runs futures to where they wait, and leaves the rest of them to the runtime.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AtOnce;

impl<F> Executor<F> for AtOnce
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, future: F) {
        let mut future = Box::pin(future);
        // Nobody is woken by what happens before the first poll of the task, which asks again.
        let begin = || future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        // One request that panics must not take the others of its connection with it.
        if let Ok(Poll::Pending) = catch_unwind(AssertUnwindSafe(begin)) {
            tokio::spawn(future);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn what_waits_goes_on_by_itself() {
        let (first, begin) = oneshot::channel();
        let (done, end) = oneshot::channel();
        AtOnce.execute(async move {
            let _ = done.send(begin.await);
        });
        first.send(7).expect("somebody waits");
        assert_eq!(end.await.expect("it ends"), Ok(7));
    }

    #[tokio::test]
    async fn what_does_not_wait_is_over_at_once() {
        let (done, mut end) = oneshot::channel();
        AtOnce.execute(async move {
            let _ = done.send(7);
        });
        assert_eq!(end.try_recv(), Ok(7));
    }

    #[tokio::test]
    async fn a_panic_stays_where_it_is() {
        AtOnce.execute(async { panic!("a fault of this test") });
    }
}
