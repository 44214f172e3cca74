//! The ports: accept connections, by TLS or not, and speak HTTP on them. What is answered is the
//! business of the doors.

mod accepting;
mod addressed;
mod at_once;
mod body;
mod doors;
mod linger;
mod protocol;
mod stall;
mod trust;
mod turns;

pub(crate) use body::AnyBody;
pub(crate) use doors::Doors;
pub(crate) use trust::Trusted;

use crate::tls::Tls;
use accepting::Accepting;
use at_once::AtOnce;
use edge::{End, Opening, Patience, Prefixed};
use http::request::Parts;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use linger::{Lingering, PATIENCE};
use stall::Stalling;
use std::net::{self, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use turns::gathering;

/// How long connections may finish what they do when the server stops.
const GRACE: Duration = Duration::from_secs(10);

/// How long a port rests when no connection could be accepted: the system has no file descriptor left,
/// most likely, and others need the time to close theirs.
const REST: Duration = Duration::from_millis(20);

/// How the connections of one port become streams of requests.
#[derive(Clone)]
pub(crate) enum Port {
    /// As they are.
    Plain,
    /// By TLS.
    Tls(Arc<Tls>),
}

/// Serves a port until stopped, then lets open requests finish for a while.
pub(crate) async fn serve(listener: TcpListener, port: Port, doors: Arc<Doors>, stop: CancellationToken) {
    let listener = match Accepting::new(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "a port cannot be served");
            return;
        }
    };
    let connections = GracefulShutdown::new();
    let builder = protocol::builder(doors.head_limit);
    loop {
        let accepted = tokio::select! {
            accepted = listener.next() => accepted,
            () = stop.cancelled() => break,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(REST).await;
            continue;
        };
        let talk = Talk {
            doors: Arc::clone(&doors),
            builder: builder.clone(),
            watcher: connections.watcher(),
            peer,
        };
        match &port {
            Port::Plain => tokio::spawn(talk.run_plain(stream, stop.clone())),
            Port::Tls(tls) => tokio::spawn(talk.run_secure(stream, Arc::clone(tls))),
        };
    }
    tokio::select! {
        () = connections.shutdown() => {}
        () = tokio::time::sleep(GRACE) => tracing::warn!("some connections did not finish in time"),
    }
}

/// One connection, and what it is answered with.
struct Talk {
    doors: Arc<Doors>,
    builder: Builder<AtOnce>,
    watcher: Watcher,
    peer: SocketAddr,
}

impl Talk {
    /// What the first request asks for is often there already, and all that is ever asked for.
    async fn run_plain(self, socket: net::TcpStream, stop: CancellationToken) {
        if let Some(opening) = self.doors.edge.greet(&socket, &stop) {
            // boxed, so that connections which end here do not carry the room of those that stay
            Box::pin(self.go_on(socket, opening, stop)).await;
        }
    }

    /// The edge reads the socket itself as long as visitors ask for nothing unusual.
    async fn go_on(self, socket: net::TcpStream, opening: Opening, stop: CancellationToken) {
        let Some(stream) = watched(socket) else { return };
        let patience = Patience { idle: self.doors.head_limit, stalled: protocol::WRITE_LIMIT };
        let mut known = None;
        let admit = |request: &Parts| self.doors.admit(request, self.peer, &mut known);
        if let End::HandOver(stream, read) =
            self.doors.edge.serve_directly(stream, opening, patience, &stop, admit).await
        {
            // boxed, so that connections which never come here do not carry its room
            Box::pin(self.run(Prefixed::new(read, Lingering::new(stream, PATIENCE)), false)).await;
        }
    }

    async fn run<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: S, secure: bool) {
        let Self { doors, builder, watcher, peer } = self;
        let (stream, turns) = gathering(Stalling::new(stream, doors.head_limit, protocol::WRITE_LIMIT));
        let service = service_fn(move |request| Arc::clone(&doors).answer(request, peer, secure));
        let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
        match turns.run(watcher.watch(connection)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "a connection broke off"),
            Err(error) => tracing::debug!(%error, "an answer broke off"),
        }
    }

    async fn run_secure(self, socket: net::TcpStream, tls: Arc<Tls>) {
        let Some(stream) = watched(socket) else { return };
        match tls.accept(Lingering::new(stream, PATIENCE)).await {
            Ok(stream) => self.run(stream, true).await,
            Err(error) => tracing::debug!(peer = %self.peer, %error, "no TLS was agreed on"),
        }
    }
}

/// The socket of a connection that goes on, as one that can be waited for.
fn watched(socket: net::TcpStream) -> Option<TcpStream> {
    TcpStream::from_std(socket).inspect_err(|error| tracing::warn!(%error, "a connection was dropped")).ok()
}
