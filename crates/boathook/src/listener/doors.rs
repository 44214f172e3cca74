//! Which door a request is for: the Host header tells. Knows no connection.

use super::addressed::{self, Misaddressed};
use super::body::AnyBody;
use super::trust::Trusted;
use crate::tls::Tls;
use crate::vendor;
use api::Peer;
use axum::body::Body;
use clientproxy::ClientProxy;
use edge::{Edge, Visit};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, Version, header};
use hyper::body::Incoming;
use model::{Addresses, HostTarget};
use std::collections::HashSet;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tower::ServiceExt as _;

/// Where the authority of certificates looks for answers to its challenges (RFC 8555 section 8.3).
const CHALLENGES: &str = "/.well-known/acme-challenge/";

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

impl Doors {
    /// How a visitor came, when the request is for a site and can be answered by the edge alone. `known`
    /// is a host that was found to be one of a site: most connections ask for no other.
    pub(crate) fn admit(
        &self,
        request: &Parts,
        peer: SocketAddr,
        known: &mut Option<Box<[u8]>>,
    ) -> Option<Visit> {
        let mut hosts = request.headers.get_all(header::HOST).iter();
        let host = hosts.next()?;
        let alone = hosts.next().is_none() && request.uri.authority().is_none();
        if !alone || known.as_deref() != Some(host.as_bytes()) {
            addressed::check(request.version, &request.uri, &request.headers).ok()?;
            if self.addresses.target(host.to_str().ok()?) == HostTarget::Control {
                return None;
            }
            *known = Some(host.as_bytes().into());
        }
        let challenge = request.uri.path().starts_with(CHALLENGES);
        (!challenge).then(|| self.trusted.visit(&request.headers, peer, false))
    }

    /// What the door that a request is for answers. `secure` says whether it came by TLS.
    pub(crate) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: SocketAddr,
        secure: bool,
    ) -> Result<Response<AnyBody>, Infallible> {
        if request.method() == Method::CONNECT {
            return Ok(Box::pin(vendor::connect(Arc::clone(&self.proxy), request)).await);
        }
        if let Err(fault) = addressed::check(request.version(), request.uri(), request.headers()) {
            return Ok(refusal(fault).map(AnyBody::Control));
        }
        if let Some(answer) = challenge(&self, request.uri().path()).await {
            return Ok(answer);
        }
        let visit = self.trusted.visit(request.headers(), peer, secure);
        if self.addresses.target(host(&request)) != HostTarget::Control {
            return Ok(self.edge.handle(request, visit).await.map(AnyBody::Edge));
        }
        // boxed, so that no request for a site carries the room that this one needs
        Ok(Box::pin(control(self, request, visit.peer)).await.map(AnyBody::Control))
    }
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

/// Whether a path of the control host belongs to the API rather than to the dashboard: its first
/// segment is that of a route.
fn is_api(path: &str) -> bool {
    static FIRST: LazyLock<HashSet<String>> = LazyLock::new(|| {
        let paths = api::ROUTES.iter().flat_map(api::Route::paths);
        paths.map(|path| first_segment(&path).to_owned()).collect()
    });
    FIRST.contains(first_segment(path))
}

fn first_segment(path: &str) -> &str {
    path.split('/').nth(1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::is_api;

    #[test]
    fn the_first_segment_tells_the_api_from_the_dashboard() {
        for path in ["/api/v1/sites", "/healthz", "/build_hooks/x", "/hooks/x/y", "/openapi.json"] {
            assert!(is_api(path), "{path}");
        }
        for path in ["", "/", "/sites/x", "/authorize", "/assets/app.css", "/events", "/healthz.css"] {
            assert!(!is_api(path), "{path}");
        }
    }
}
