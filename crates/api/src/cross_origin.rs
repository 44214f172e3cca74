//! Pages of any origin may call the API, as they may call Netlify's: what lets a call in is its token,
//! which a page has to know, and never a cookie, which a browser would add by itself.

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

/// Seconds for which a browser need not ask again.
const REMEMBERED: &str = "600";
/// Methods of operations.
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
/// Headers of answers that scripts may read beside the usual ones.
const SHOWN: &str = "Link, Location, Retry-After, X-Build-Id, X-Deploy-Id, X-Nf-Request-Id, X-Ratelimit-Limit, \
                     X-Ratelimit-Remaining, X-Ratelimit-Reset";

/// The middleware around all operations: answers what browsers ask beforehand, and opens all answers.
pub(crate) async fn open(request: Request, next: Next) -> Response {
    let asks = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut answer = match request.method() {
        &Method::OPTIONS if asks => allowed(request.headers()),
        _ => next.run(request).await,
    };
    put(answer.headers_mut(), header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    put(answer.headers_mut(), header::ACCESS_CONTROL_EXPOSE_HEADERS, SHOWN);
    answer
}

/// Yes to every method and to the headers asked for.
fn allowed(asked: &HeaderMap) -> Response {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    let headers = answer.headers_mut();
    put(headers, header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    put(headers, header::ACCESS_CONTROL_MAX_AGE, REMEMBERED);
    put(headers, header::VARY, "access-control-request-headers");
    if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    answer
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
