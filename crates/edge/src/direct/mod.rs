//! HTTP/1.1 straight on the socket for what visitors ask most: GET and HEAD without a body. A file that
//! is in memory, and about which no phase has a say, is answered on the spot (`plain.rs`); all other
//! requests go through the same phases as everywhere, and files leave by sendfile. Whatever is unusual
//! is handed over to the general server, with what was read of it.

mod glance;
mod head;
mod line;
mod plain;
mod prefixed;
mod request;
mod send;

pub use prefixed::Prefixed;

use crate::Edge;
use crate::visit::Visit;
use bytes::Bytes;
use head::Ending;
use http::request::Parts;
use http::{Method, Request};
use line::{Came, Line, Waits};
use request::Begun;
use std::io;
use std::pin::pin;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// How long a client is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Between two requests, and for the first.
    pub idle: Duration,
    /// While it takes nothing of what is sent to it.
    pub stalled: Duration,
}

/// What a new connection begins with; by default nothing yet.
pub struct Opening(Came);

/// How a connection ended here.
pub enum End {
    /// It is closed.
    Over,
    /// The general server goes on with it, beginning with these bytes.
    HandOver(TcpStream, Bytes),
}

impl Edge {
    /// Answers what has come already on a new connection, before anything is set up that it needs in
    /// order to wait: many are closed after one request. None when that was all, else what
    /// [`Edge::serve_directly`] goes on with. `socket` does not block.
    pub fn greet(&self, socket: &std::net::TcpStream, stop: &CancellationToken) -> Option<Opening> {
        match (Line { edge: &self.0, stop }).first(socket) {
            Some(Came::End) => None,
            Some(Came::Answered { left, ending: Ending::Close }) if left.is_empty() => None,
            Some(came) => Some(Opening(came)),
            None => Some(Opening::default()),
        }
    }

    /// Answers the requests of a connection until it ends, or until one comes that is not simple or
    /// that `admit` does not want answered here. `stop` ends it between two requests.
    pub async fn serve_directly(
        &self,
        mut stream: TcpStream,
        opening: Opening,
        patience: Patience,
        stop: &CancellationToken,
        mut admit: impl FnMut(&Parts) -> Option<Visit>,
    ) -> End {
        let line = Line { edge: &self.0, stop };
        let alarm = pin!(sleep_until(Instant::now() + patience.idle));
        let stopped = pin!(stop.cancelled());
        let mut waits = Waits::new(alarm, stopped, patience.idle);
        let mut came = opening.0;
        loop {
            let answered = match came {
                Came::End => return End::Over,
                Came::Answered { left, ending } => {
                    send::rest(&stream, &left, patience.stalled).await.map(|()| ending)
                }
                Came::Request(read) => match begin(&read, &mut admit) {
                    Some((begun, visit)) => {
                        self.answer(&mut stream, begun, visit, patience, stop.is_cancelled()).await
                    }
                    None => return End::HandOver(stream, read),
                },
            };
            if !goes_on(answered) {
                return End::Over;
            }
            came = line.next(&mut stream, &mut waits).await;
        }
    }

    /// `last` when no other request may follow.
    async fn answer(
        &self,
        stream: &mut TcpStream,
        Begun { request, keep_alive }: Begun,
        visit: Visit,
        patience: Patience,
        last: bool,
    ) -> io::Result<Ending> {
        let ending = if keep_alive && !last { Ending::KeepAlive } else { Ending::Close };
        let bodiless = request.method == Method::HEAD;
        let response = self.handle_bodiless(Request::from_parts(request, ()), visit).await;
        let (parts, body) = response.into_parts();
        let length = body.length();
        let head = head::write(&parts, length, bodiless, ending, self.0.cx.now());
        send::all(stream, &head, body, length, patience.stalled).await?;
        Ok(ending)
    }
}

/// A request that is simple and wanted here.
fn begin(read: &Bytes, mut admit: impl FnMut(&Parts) -> Option<Visit>) -> Option<(Begun, Visit)> {
    let begun = request::begin(read)?;
    let visit = admit(&begun.request)?;
    Some((begun, visit))
}

/// Whether a connection stays after an answer.
fn goes_on(answered: io::Result<Ending>) -> bool {
    match answered {
        Ok(ending) => ending == Ending::KeepAlive,
        Err(error) => {
            tracing::debug!(%error, "an answer broke off");
            false
        }
    }
}

impl Default for Opening {
    /// Nothing yet.
    fn default() -> Self {
        Self(Came::Answered { left: Bytes::new(), ending: Ending::KeepAlive })
    }
}
