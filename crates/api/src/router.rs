//! From the table of routes to a router: authentication, rate limit, needs, operation, answer.

use crate::call::{Call, Outcome};
use crate::rate_limit::Allowance;
use crate::routes::{ROUTES, Route};
use crate::{App, Needs, catalogue, cross_origin, error, needs, reach};
use accounts::Principal;
use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
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
        .layer(axum::middleware::from_fn(cross_origin::open))
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

/// The variable parts of a path, if they are text.
type Parts = std::result::Result<RawPathParams, RawPathParamsRejection>;
type Answer = std::pin::Pin<Box<dyn Future<Output = Response> + Send>>;

fn handler(
    route: &'static Route,
) -> impl Fn(State<Arc<App>>, Parts, Request<Body>) -> Answer + Clone + Send + Sync + 'static {
    move |State(app), params, request| {
        let Ok(params) = params else {
            let error = Error::Invalid("the path is not UTF-8 when its escapes are undone".to_owned());
            return Box::pin(async move { error::response(&error, "") });
        };
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
        Err(error) => error::response_at(route.path, &error, &request_id),
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
    let addresses = app.cx.addresses().clone();
    let by_name = |(name, value): (String, String)| match name.as_str() {
        "site_id" => (name, addresses.site_key(&value)),
        _ => (name, value),
    };
    let mut call = Call {
        cx: app.cx.clone(),
        app,
        who,
        peer: parts.extensions.get::<Peer>().map(|peer| peer.0.ip()),
        query: query.into_owned().map(by_name).collect(),
        headers: parts.headers,
        uri: parts.uri,
        params: params.into_iter().map(by_name).collect(),
        site: None,
        deploy: None,
        account: None,
        body: body.into(),
        socket: Mutex::new(socket),
    };
    reach::check(route, call.who.as_ref())?;
    refuse_nul(&call)?;
    needs::meet(route.needs, &mut call).await?;
    reach::confine(route, &call)?;
    (route.run)(call).await
}

/// What has a NUL in it is no text for PostgreSQL: it names nothing, and nothing can be looked for by it.
fn refuse_nul(call: &Call) -> Result<()> {
    let has_nul = |pairs: &[(String, String)]| pairs.iter().any(|(_, value)| value.contains('\0'));
    if has_nul(&call.params) {
        return Err(Error::NotFound);
    }
    if has_nul(&call.query) {
        return Err(Error::Invalid("a value in the query has a NUL character in it".to_owned()));
    }
    Ok(())
}

async fn authenticate(app: &App, headers: &HeaderMap) -> Result<Principal> {
    let value = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    match value.and_then(|value| value.split_once(' ')) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            accounts::authenticate(&app.cx, token.trim()).await
        }
        _ => Err(Error::Unauthorized("a token is needed: Authorization: Bearer <token>")),
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
