//! A receiver of notifications: it answers 200 unless it is told otherwise.

use crate::until_within;
use std::collections::HashSet;
use std::time::Duration;
use testbed::{Scripted, Turn};

/// A notification as it came in.
pub use testbed::Came as Delivered;

/// What to do with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Answer with this status.
    Status(u16),
    /// Answer with this status and header.
    With(u16, &'static str, String),
    /// Answer 200 after a while.
    Late(Duration),
    /// Never answer.
    Hang,
}

impl Reaction {
    fn turn(self) -> Turn {
        match self {
            Self::Status(status) => Turn::Empty(status),
            Self::With(status, name, value) => Turn::With(status, name, value),
            Self::Late(wait) => Turn::Late(wait, Box::new(Turn::Empty(200))),
            Self::Hang => Turn::Hang,
        }
    }
}

/// Listens until dropped.
pub struct Receiver {
    peer: Scripted,
}

impl Receiver {
    /// Starts one that answers 200.
    ///
    /// # Panics
    /// When the machine has no port left.
    pub async fn start() -> Self {
        Self { peer: Scripted::start(|_| Turn::Empty(200)).await }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/in", self.peer.url())
    }

    /// What to do from now on.
    pub fn usually(&self, reaction: Reaction) {
        self.peer.usually(move |_| reaction.clone().turn());
    }

    /// What to do with the next requests, one each, before the usual.
    pub fn next(&self, reactions: impl IntoIterator<Item = Reaction>) {
        self.peer.next(reactions.into_iter().map(Reaction::turn));
    }

    /// Everything so far.
    #[must_use]
    pub fn delivered(&self) -> Vec<Delivered> {
        self.peer.came()
    }

    /// How much came so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.peer.count()
    }

    /// The ids of all events that came so far.
    #[must_use]
    pub fn ids(&self) -> HashSet<String> {
        self.delivered().iter().map(|one| one.id().to_owned()).collect()
    }

    /// Waits until at least `count` requests came; all that came.
    ///
    /// # Panics
    /// When they do not come in time.
    pub async fn wait_for(&self, count: usize) -> Vec<Delivered> {
        self.wait_within(crate::LIMIT, count).await
    }

    /// The same with another limit.
    ///
    /// # Panics
    /// When they do not come in time.
    pub async fn wait_within(&self, limit: Duration, count: usize) -> Vec<Delivered> {
        let what = format!("{count} deliveries at {}", self.url());
        until_within(limit, &what, async || (self.count() >= count).then(|| self.delivered())).await
    }

    /// Waits until this event came; its request.
    ///
    /// # Panics
    /// When it does not come in time.
    pub async fn wait_for_event(&self, event: &str) -> Delivered {
        let what = format!("{event} at {}", self.url());
        let found = async || self.delivered().into_iter().find(|one| one.event() == event);
        until_within(crate::LIMIT, &what, found).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    async fn send(receiver: &Receiver, request: &str) -> String {
        let mut stream = TcpStream::connect(receiver.peer.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn requests_are_kept_as_they_were_sent() {
        let receiver = Receiver::start().await;
        receiver.next([Reaction::Status(500), Reaction::With(503, "Retry-After", "9".to_owned())]);
        let request = "POST /in?a=%20 HTTP/1.1\r\nHost: x\r\nX-MiXed: a: b\r\nContent-Length: 4\r\n\r\nbody";
        let answers =
            [send(&receiver, request).await, send(&receiver, request).await, send(&receiver, request).await];
        assert!(answers[0].starts_with("HTTP/1.1 500 ") && answers[1].contains("\r\nRetry-After: 9\r\n"));
        assert!(answers[2].starts_with("HTTP/1.1 200 "));
        let first = receiver.wait_for(3).await.remove(0);
        assert_eq!(
            (first.method.as_str(), first.path.as_str(), &first.body[..]),
            ("POST", "/in?a=%20", &b"body"[..])
        );
        assert_eq!((first.header("X-MiXed"), first.header("x-mixed")), (Some("a: b"), None));
        assert_eq!(first.any_case("x-mixed"), Some("a: b"));
    }
}
