//! From the table of routes to a router: authentication, rate limit, needs, operation, answer.

use crate::call::{Call, Outcome};
use crate::rate_limit::Allowance;
use crate::routes::{ROUTES, Route};
use crate::{App, Needs, catalogue, error, needs, reach};
use accounts::Principal;
use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts as _, RawPathParams, State};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use context::{Error, Result};
use http::{HeaderMap, HeaderValue, Method, Request, header};
use model::network;
use parking_lot::Mutex;
use std::net::SocketAddr;
use std::sync::Arc;

/// Where Netlify clients look for the API.
pub const API_ROOT: &str = "/api/v1";

/// Address of the caller, put into the request by whoever accepted the connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// The API as a router over absolute paths.
pub fn router(app: Arc<App>) -> axum::Router {
    let mut router = axum::Router::new();
    for route in ROUTES {
        for path in route.paths() {
            router = router.route(&positional(&path), on(filter(&route.method), handler(route)));
        }
    }
    for operation in catalogue::later() {
        let path = positional(&format!("{API_ROOT}{}", operation.path));
        router = router.route(&path, on(filter(&operation.method), later(operation.id)));
    }
    router
        .fallback(|| async { error::response(&Error::NotFound, "") })
        .method_not_allowed_fallback(|| async { error::response(&Error::NotFound, "") })
        .with_state(app)
}

/// The path with its parameters renamed by position: the table uses the names of the API
/// description, which differ between routes that share a prefix.
fn positional(path: &str) -> String {
    let rename = |(at, segment): (usize, &str)| match segment.strip_prefix('{') {
        Some(rest) if rest.starts_with('*') => format!("{{*p{at}}}"),
        Some(_) => format!("{{p{at}}}"),
        None => segment.to_owned(),
    };
    path.split('/').enumerate().map(rename).collect::<Vec<_>>().join("/")
}

/// The names of a path's parameters in their order.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|s| s.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| name.trim_start_matches('*'))
}

fn filter(method: &Method) -> MethodFilter {
    MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET)
}

type Answer = std::pin::Pin<Box<dyn Future<Output = Response> + Send>>;

fn handler(
    route: &'static Route,
) -> impl Fn(State<Arc<App>>, RawPathParams, Request<Body>) -> Answer + Clone + Send + Sync + 'static {
    move |State(app), params, request| {
        let values: Vec<String> = params.iter().map(|(_, value)| value.to_owned()).collect();
        let params = names(route.path).map(ToOwned::to_owned).zip(values).collect();
        Box::pin(answer(app, route, params, request))
    }
}

fn later(id: &'static str) -> impl Fn() -> Answer + Clone + Send + Sync + 'static {
    move || {
        let message = format!("{id} is not available on this server");
        Box::pin(async move { error::response(&Error::NotImplemented(message), "") })
    }
}

async fn answer(
    app: Arc<App>,
    route: &'static Route,
    params: Vec<(String, String)>,
    request: Request<Body>,
) -> Response {
    let request_id = model::ulid(app.cx.now(), app.cx.random());
    let who = authenticate(&app, request.headers()).await;
    let caller = caller(who.as_ref().ok(), &request);
    let allowance = app.limiter.count(&caller, app.cx.now());
    let outcome = if allowance.remaining.is_none() {
        let wait = allowance.reset - app.cx.now().seconds();
        Err(Error::TooMany { retry_after: u64::try_from(wait).unwrap_or(1) })
    } else {
        run(app, route, params, who, request).await
    };
    let mut response = match outcome {
        Ok(reply) => reply.into_response(),
        Err(error) => error::response(&error, &request_id),
    };
    mark(response.headers_mut(), allowance, &request_id);
    response
}

async fn run(
    app: Arc<App>,
    route: &'static Route,
    params: Vec<(String, String)>,
    who: Result<Principal>,
    request: Request<Body>,
) -> Outcome {
    let who = match who {
        Err(error) if route.needs.scope().is_some() && !matches!(route.needs, Needs::Log(_)) => {
            return Err(error);
        }
        other => other.ok(),
    };
    let (mut parts, body) = request.into_parts();
    let socket = match parts.headers.contains_key(header::SEC_WEBSOCKET_KEY) {
        true => WebSocketUpgrade::from_request_parts(&mut parts, &()).await.ok(),
        false => None,
    };
    let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let mut call = Call {
        cx: app.cx.clone(),
        app,
        who,
        peer: parts.extensions.get::<Peer>().map(|peer| peer.0.ip()),
        query: query.into_owned().collect(),
        headers: parts.headers,
        uri: parts.uri,
        params,
        site: None,
        deploy: None,
        account: None,
        body: body.into(),
        socket: Mutex::new(socket),
    };
    reach::check(route, call.who.as_ref())?;
    needs::meet(route.needs, &mut call).await?;
    reach::confine(route, &call)?;
    (route.run)(call).await
}

async fn authenticate(app: &App, headers: &HeaderMap) -> Result<Principal> {
    let value = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let bearer = value.and_then(|v| v.strip_prefix("Bearer ").or_else(|| v.strip_prefix("bearer ")));
    match bearer {
        Some(token) => accounts::authenticate(&app.cx, token.trim()).await,
        None => Err(Error::Unauthorized("a token is needed: Authorization: Bearer <token>")),
    }
}

fn caller(who: Option<&Principal>, request: &Request<Body>) -> String {
    match who {
        Some(who) => who.token_id.clone(),
        None => request
            .extensions()
            .get::<Peer>()
            .map(|peer| network(peer.0.ip()).to_string())
            .unwrap_or_default(),
    }
}

fn mark(headers: &mut HeaderMap, allowance: Allowance, request_id: &str) {
    headers.insert("x-ratelimit-limit", HeaderValue::from(allowance.limit));
    headers.insert("x-ratelimit-remaining", HeaderValue::from(allowance.remaining.unwrap_or(0)));
    headers.insert("x-ratelimit-reset", HeaderValue::from(allowance.reset));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-nf-request-id", id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_renamed_by_position() {
        assert_eq!(positional("/sites/{site_id}/files/{*file_path}"), "/sites/{p2}/files/{*p4}");
        assert_eq!(
            names("/sites/{site_id}/files/{*file_path}").collect::<Vec<_>>(),
            ["site_id", "file_path"]
        );
    }
}
