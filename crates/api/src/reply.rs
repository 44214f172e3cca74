//! Answers of operations.

use crate::call::Call;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LINK};
use http::{HeaderName, HeaderValue, StatusCode};
use model::Page;
use serde::Serialize;

/// A status, headers and a body.
pub(crate) struct Reply {
    response: Response,
}

impl Reply {
    /// 200 with JSON.
    pub(crate) fn json<T: Serialize>(value: &T) -> Self {
        Self::with(StatusCode::OK, value)
    }

    /// 201 with JSON.
    pub(crate) fn created<T: Serialize>(value: &T) -> Self {
        Self::with(StatusCode::CREATED, value)
    }

    /// 202 with JSON.
    pub(crate) fn accepted<T: Serialize>(value: &T) -> Self {
        Self::with(StatusCode::ACCEPTED, value)
    }

    /// 204: no body and no content type, which clients would try to parse.
    pub(crate) fn no_content() -> Self {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Self { response }
    }

    /// 200 with a page of a list and a `Link` header that leads on.
    pub(crate) fn list<T: Serialize>(items: &[T], page: Page, call: &Call) -> Self {
        let links = links(call, page, items.len());
        let reply = Self::json(&items);
        if links.is_empty() { reply } else { reply.header(LINK, &links) }
    }

    /// A body of another type.
    pub(crate) fn raw(content_type: &'static str, body: impl Into<Body>) -> Self {
        let mut response = Response::new(body.into());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { response }
    }

    /// A response that something else made.
    pub(crate) fn of(response: Response) -> Self {
        Self { response }
    }

    fn with<T: Serialize>(status: StatusCode, value: &T) -> Self {
        let mut response = axum::Json(value).into_response();
        *response.status_mut() = status;
        Self { response }
    }

    /// The same with a header; a value that cannot be one is left out.
    pub(crate) fn header(mut self, name: impl Into<HeaderName>, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.response.headers_mut().insert(name.into(), value);
        }
        self
    }

    pub(crate) fn into_response(self) -> Response {
        self.response
    }
}

fn links(call: &Call, page: Page, rows: usize) -> String {
    let mut links = Vec::new();
    if i64::try_from(rows) == Ok(page.limit()) {
        links.push(link(call, page.number + 1, page, "next"));
    }
    if page.number > 1 {
        links.push(link(call, page.number - 1, page, "prev"));
        links.push(link(call, 1, page, "first"));
    }
    links.join(", ")
}

fn link(call: &Call, number: u32, page: Page, rel: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (key, value) in call.query.iter().filter(|(key, _)| key != "page" && key != "per_page") {
        query.append_pair(key, value);
    }
    query.append_pair("page", &number.to_string()).append_pair("per_page", &page.size.to_string());
    let root = call.cx.addresses().control_url();
    format!("<{root}{}?{}>; rel=\"{rel}\"", call.uri.path(), query.finish())
}
