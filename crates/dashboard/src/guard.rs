//! What every request of a page passes: posts must come from a page of this very host (hosted sites
//! live on neighbouring names and are not trusted), and answers carry the headers that keep foreign
//! script, frames and caches out.

use crate::problem::Problem;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, HeaderValue, LOCATION, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, Method, StatusCode, Uri};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// `no-referrer` would make browsers send `Origin: null` with our own forms.
const HEADERS: [(HeaderName, &str); 4] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "same-origin"),
];

/// The middleware around all pages.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    let partial = request.headers().contains_key("hx-request");
    let trusted = is_reading(request.method()) || is_own(request.headers(), request.uri());
    let mut answer = if trusted { next.run(request).await } else { refused() };
    if partial {
        lead_whole_page(&mut answer);
    }
    for (name, value) in HEADERS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    answer
}

/// Lets a redirect move the whole page: htmx would follow it and put the page it leads to, say the
/// log-in, into the part that it asked for.
fn lead_whole_page(answer: &mut Response) {
    if answer.status().is_redirection()
        && let Some(to) = answer.headers_mut().remove(LOCATION)
    {
        answer.headers_mut().insert("hx-redirect", to);
        *answer.status_mut() = StatusCode::OK;
    }
}

fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Whether a post was sent by a page of this host. Browsers leave `Sec-Fetch-Site` out on plain http
/// except on loopback; `Origin` they send with every post.
fn is_own(headers: &HeaderMap, uri: &Uri) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match text("sec-fetch-site") {
        Some(site) => site == "same-origin" || site == "none",
        None => {
            let host = uri.authority().map(http::uri::Authority::as_str).or_else(|| text(HOST.as_str()));
            let origin = text(ORIGIN.as_str()).and_then(|origin| origin.split_once("://"));
            origin.zip(host).is_some_and(|((_, from), to)| from.eq_ignore_ascii_case(to))
        }
    }
}

fn refused() -> Response {
    let message = "This request did not come from a page of this dashboard, so it was not carried out. \
                   Open the page here and try again.";
    Problem::new(StatusCode::FORBIDDEN, message).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_this_host_may_post() {
        for (site, origin, expect) in [
            (Some("same-origin"), None, true),
            (Some("none"), None, true),
            (Some("same-site"), Some("http://localhost:8888"), false),
            (Some("cross-site"), None, false),
            (None, Some("http://localhost:8888"), true),
            (None, Some("http://blog.localhost:8888"), false),
            (None, Some("http://localhost"), false),
            (None, Some("null"), false),
            (None, None, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("localhost:8888"));
            for (name, value) in [("sec-fetch-site", site), ("origin", origin)] {
                if let Some(value) = value {
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
            assert_eq!(is_own(&headers, &Uri::from_static("/tokens")), expect, "{site:?} {origin:?}");
        }
    }
}
