//! The dashboard over an API that is a fixed story, for looking at the pages:
//! `cargo run -p boathook-dashboard --example preview`, then log in with `bh_owner`.

#[path = "../src/tests/fake.rs"]
mod fake;

use axum::body::Body;
use boathook_dashboard::{Api, router};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Request, Response};
use std::sync::Arc;

const LOG: &str = include_str!("preview-log.txt");

fn answered(request: &Request<Body>) -> Response<Body> {
    let path = request.uri().path().trim_start_matches("/api/v1");
    if path.ends_with("/log/stream") {
        let lines: String = LOG.lines().map(|line| format!("data: {line}\n\n")).collect();
        return Response::builder()
            .header(CONTENT_TYPE, "text/event-stream")
            .body(lines.into())
            .expect("fixed");
    }
    let token = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer "));
    let (status, value) = fake::answer(request.method(), path, token);
    Response::builder().status(status).body(value.to_string().into()).expect("fixed")
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let api: Api = Arc::new(|request| {
        let answer = answered(&request);
        Box::pin(async move { answer })
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8899").await?;
    axum::serve(listener, router(api, <[u8]>::to_vec, |sealed| Some(sealed.to_vec()))).await
}
