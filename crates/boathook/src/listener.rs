//! The one port: accepts connections, tells by the Host header which door a request is for.

use crate::body::AnyBody;
use crate::linger::{Lingering, PATIENCE};
use crate::vendor;
use api::Peer;
use axum::body::Body;
use clientproxy::ClientProxy;
use edge::Edge;
use http::{Method, Request, Response, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use model::{Addresses, HostTarget};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// How long a client may take over its request's head.
const HEAD_LIMIT: Duration = Duration::from_secs(30);
/// Bytes of a request's head.
const HEAD_BYTES: usize = 64 * 1024;
/// How long connections may finish what they do when the server stops.
const GRACE: Duration = Duration::from_secs(10);

/// What stands behind the port.
pub(crate) struct Doors {
    pub(crate) addresses: Addresses,
    pub(crate) edge: Edge,
    pub(crate) api: axum::Router,
    pub(crate) dashboard: axum::Router,
    pub(crate) proxy: Arc<ClientProxy>,
}

/// Serves until stopped, then lets open requests finish for a while.
pub(crate) async fn serve(listener: TcpListener, doors: Arc<Doors>, stop: CancellationToken) {
    let connections = GracefulShutdown::new();
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_LIMIT).max_buf_size(HEAD_BYTES);
    builder.http2().timer(TokioTimer::new());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let Ok((stream, peer)) = accepted else {
            // out of file descriptors, most likely: give others the time to close theirs
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let doors = Arc::clone(&doors);
        let service = service_fn(move |request| answer(Arc::clone(&doors), request, peer));
        let stream = TokioIo::new(Lingering::new(stream, PATIENCE));
        let connection = builder.serve_connection_with_upgrades(stream, service).into_owned();
        let watched = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = watched.await {
                tracing::debug!(%error, "a connection broke off");
            }
        });
    }
    tokio::select! {
        () = connections.shutdown() => {}
        () = tokio::time::sleep(GRACE) => tracing::warn!("some connections did not finish in time"),
    }
}

async fn answer(
    doors: Arc<Doors>,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> Result<Response<AnyBody>, Infallible> {
    if request.method() == Method::CONNECT {
        return Ok(vendor::connect(Arc::clone(&doors.proxy), request).await);
    }
    if doors.addresses.target(host(&request)) != HostTarget::Control {
        return Ok(doors.edge.handle(request, peer).await.map(AnyBody::Edge));
    }
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(Peer(peer));
    let router = if is_api(request.uri().path()) { &doors.api } else { &doors.dashboard };
    let Ok(response) = router.clone().oneshot(request).await;
    Ok(response.map(AnyBody::Control))
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
        "api" | "build_hooks" | "site" | "team" | "integrations" | "healthz" | "client-ca.pem" | "telemetry"
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
