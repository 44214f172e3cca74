//! The dashboard: server-rendered pages over the public API. Every page is made of operations that
//! any client with the same token could call, called in process through [`Api`]; there is no private
//! way to the features, no database and no clock here.

mod ansi;
mod assets;
mod client;
mod config_form;
mod form;
mod guard;
mod log_stream;
mod pages;
mod problem;
mod session;
mod steps;
mod view;
mod visit;
mod word;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::body::Body;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use std::sync::Arc;

/// The public API as a function: paths begin with `/api/v1/`, the caller is named by a bearer token
/// in the `Authorization` header, bodies are JSON.
pub type Api = Arc<dyn Fn(Request<Body>) -> BoxFuture<'static, Response<Body>> + Send + Sync>;

/// Encrypts what a cookie carries.
type Seal = Box<dyn Fn(&[u8]) -> Vec<u8> + Send + Sync>;

/// Opens what [`Seal`] made; none when it was made by somebody else.
type Open = Box<dyn Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync>;

pub(crate) struct App {
    api: Api,
    seal: Seal,
    open: Open,
}

/// The pages of the control host, and a page for every address that is none. They take `/`, `/login`, `/logout`,
/// `/sites/…`, `/addons…`, `/events`, `/tokens…`, `/authorize` and `/assets/…`. `seal` encrypts what the session
/// cookie carries, `open` gives it back, or nothing when somebody else made it.
pub fn router(
    api: Api,
    seal: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static,
    open: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync + 'static,
) -> Router {
    pages::routes()
        .fallback(pages::not_found)
        .layer(axum::middleware::from_fn(guard::guard))
        .with_state(Arc::new(App { api, seal: Box::new(seal), open: Box::new(open) }))
}
