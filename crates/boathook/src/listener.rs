//! The ports: accept connections, by TLS or not, and tell by the Host header which door a request is
//! for.

use crate::accepting::Accepting;
use crate::addressed::{self, Misaddressed};
use crate::at_once::AtOnce;
use crate::body::AnyBody;
use crate::linger::{Lingering, PATIENCE};
use crate::stall::Stalling;
use crate::tls::Tls;
use crate::trust::Trusted;
use crate::turns::gathering;
use crate::{protocol, vendor};
use api::Peer;
use axum::body::Body;
use clientproxy::ClientProxy;
use edge::{Edge, End, Opening, Patience, Prefixed, Visit};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, Version, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use model::{Addresses, HostTarget};
use std::convert::Infallible;
use std::net::{self, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// How long connections may finish what they do when the server stops.
const GRACE: Duration = Duration::from_secs(10);

/// What stands behind the port.
pub(crate) struct Doors {
    pub(crate) addresses: Addresses,
    pub(crate) edge: Edge,
    pub(crate) api: axum::Router,
    pub(crate) dashboard: axum::Router,
    pub(crate) proxy: Arc<ClientProxy>,
    /// How long a client may take over the head of a request.
    pub(crate) head_limit: Duration,
    /// Whose word counts for how a visitor came.
    pub(crate) trusted: Trusted,
    /// This server's own TLS.
    pub(crate) tls: Option<Arc<Tls>>,
}

/// Where the authority of certificates looks for answers to its challenges (RFC 8555 section 8.3).
const CHALLENGES: &str = "/.well-known/acme-challenge/";

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
            // out of file descriptors, most likely: give others the time to close theirs
            tokio::time::sleep(Duration::from_millis(20)).await;
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
        if let Some(opening) = self.doors.edge.greet(&socket, &stop).await {
            // boxed, so that connections which end here do not carry the room of those that stay
            Box::pin(self.go_on(socket, opening, stop)).await;
        }
    }

    /// The edge reads the socket itself as long as visitors ask for nothing unusual.
    async fn go_on(self, socket: net::TcpStream, opening: Opening, stop: CancellationToken) {
        let Some(stream) = watched(socket) else { return };
        let patience = Patience { idle: self.doors.head_limit, stalled: protocol::WRITE_LIMIT };
        let mut known = None;
        let admit = |request: &Parts| self.admit(request, &mut known);
        if let End::HandOver(stream, read) =
            self.doors.edge.serve_directly(stream, opening, patience, &stop, admit).await
        {
            // boxed, so that connections which never come here do not carry its room
            Box::pin(self.run(Prefixed::new(read, Lingering::new(stream, PATIENCE)), false)).await;
        }
    }

    /// How a visitor came, when the request is for a site and can be answered by the edge alone. `known`
    /// is a host that was found to be one of a site: most connections ask for no other.
    fn admit(&self, request: &Parts, known: &mut Option<Box<[u8]>>) -> Option<Visit> {
        let mut hosts = request.headers.get_all(header::HOST).iter();
        let host = hosts.next()?;
        let alone = hosts.next().is_none() && request.uri.authority().is_none();
        if !alone || known.as_deref() != Some(host.as_bytes()) {
            addressed::check(request.version, &request.uri, &request.headers).ok()?;
            if self.doors.addresses.target(host.to_str().ok()?) == HostTarget::Control {
                return None;
            }
            *known = Some(host.as_bytes().into());
        }
        let challenge = request.uri.path().starts_with(CHALLENGES);
        (!challenge).then(|| self.doors.trusted.visit(&request.headers, self.peer, false))
    }

    async fn run<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: S, secure: bool) {
        let Self { doors, builder, watcher, peer } = self;
        let (stream, turns) = gathering(Stalling::new(stream, doors.head_limit, protocol::WRITE_LIMIT));
        let service = service_fn(move |request| answer(Arc::clone(&doors), request, peer, secure));
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
    let _ = socket.set_nodelay(true);
    TcpStream::from_std(socket).inspect_err(|error| tracing::warn!(%error, "a connection was dropped")).ok()
}

async fn answer(
    doors: Arc<Doors>,
    request: Request<Incoming>,
    peer: SocketAddr,
    secure: bool,
) -> Result<Response<AnyBody>, Infallible> {
    if request.method() == Method::CONNECT {
        return Ok(Box::pin(vendor::connect(Arc::clone(&doors.proxy), request)).await);
    }
    if let Err(fault) = addressed::check(request.version(), request.uri(), request.headers()) {
        return Ok(refusal(fault).map(AnyBody::Control));
    }
    if let Some(answer) = challenge(&doors, request.uri().path()).await {
        return Ok(answer);
    }
    let visit = doors.trusted.visit(request.headers(), peer, secure);
    if doors.addresses.target(host(&request)) != HostTarget::Control {
        return Ok(doors.edge.handle(request, visit).await.map(AnyBody::Edge));
    }
    // boxed, so that no request for a site carries the room that this one needs
    Ok(Box::pin(control(doors, request, visit.peer)).await.map(AnyBody::Control))
}

/// What the API or the dashboard answers.
async fn control(doors: Arc<Doors>, request: Request<Incoming>, peer: SocketAddr) -> Response<Body> {
    if request.version() == Version::HTTP_2 {
        // it may take its time: the others of its connection go on meanwhile
        tokio::task::yield_now().await;
    }
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(Peer(peer));
    let router = if is_api(request.uri().path()) { &doors.api } else { &doors.dashboard };
    let Ok(response) = router.clone().oneshot(request).await;
    response
}

/// The answer to a request that is for nobody. Nothing that follows on the connection is believed.
fn refusal(fault: Misaddressed) -> Response<Body> {
    let text = format!(r#"{{"code":400,"message":"{}"}}"#, fault.sentence());
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// What the authority of certificates is to find at a path, on whatever host: it asks by plain http
/// for names that may have no site to show yet.
async fn challenge(doors: &Doors, path: &str) -> Option<Response<AnyBody>> {
    let token = path.strip_prefix(CHALLENGES)?;
    let answer = Box::pin(doors.tls.as_ref()?.acme()?.answer(token)).await?;
    let mut response = Response::new(AnyBody::Control(Body::from(answer)));
    let bytes = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, bytes);
    Some(response)
}

/// The host a request is for: HTTP/2 puts it into the URI.
fn host(request: &Request<Incoming>) -> &str {
    match request.uri().authority() {
        Some(authority) => authority.as_str(),
        None => request.headers().get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or_default(),
    }
}

/// Whether a path of the control host belongs to the API rather than to the dashboard.
fn is_api(path: &str) -> bool {
    let first = path.split('/').nth(1).unwrap_or_default();
    matches!(
        first,
        "api"
            | "build"
            | "build_hooks"
            | "hooks"
            | "site"
            | "team"
            | "integrations"
            | "healthz"
            | "client-ca.pem"
            | "telemetry"
    ) || matches!(first, "openapi.json" | "asyncapi.json" | "asyncapi.yaml")
}

#[cfg(test)]
mod tests {
    use super::is_api;

    #[test]
    fn every_route_of_the_api_reaches_the_api() {
        for path in api::ROUTES.iter().flat_map(api::Route::paths) {
            assert!(is_api(&path), "{path}");
        }
        for path in ["/", "/sites/x", "/authorize", "/assets/app.css", "/events"] {
            assert!(!is_api(path), "{path}");
        }
    }
}
