//! The table of pages: one row per address, one file per page. Actions are posts that end in a
//! redirect, or in the page they came from with the reason why not.

mod authorize;
mod build_hooks;
mod deploy;
mod events;
mod hook;
mod hooks;
mod login;
mod settings;
mod site;
mod sites;
mod tokens;

use crate::problem::Problem;
use crate::{App, assets};
use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use std::sync::Arc;

/// What a page's handler gives.
pub(crate) type Answer = Result<Response, Problem>;

#[rustfmt::skip]
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/",                                              get(sites::show).post(sites::create))
        .route("/sites/{name}",                                  get(site::show))
        .route("/sites/{name}/deploys",                          get(site::deploys))
        .route("/sites/{name}/settings",                         post(settings::save))
        .route("/sites/{name}/delete",                           post(settings::delete))
        .route("/sites/{name}/builds",                           post(deploy::build))
        .route("/sites/{name}/deploys/{id}",                     get(deploy::show))
        .route("/sites/{name}/deploys/{id}/log",                 get(deploy::log))
        .route("/sites/{name}/deploys/{id}/log.txt",             get(deploy::log_text))
        .route("/sites/{name}/deploys/{id}/{action}",            post(deploy::act))
        .route("/sites/{name}/hooks",                            post(hooks::create))
        .route("/sites/{name}/hooks/{id}",                       get(hook::show))
        .route("/sites/{name}/hooks/{id}/{action}",              post(hooks::act))
        .route("/sites/{name}/hooks/{id}/deliveries/{delivery}", get(hook::delivery).post(hook::resend))
        .route("/sites/{name}/build-hooks",                      post(build_hooks::create))
        .route("/sites/{name}/build-hooks/{id}/delete",          post(build_hooks::delete))
        .route("/events",                                        get(events::show))
        .route("/tokens",                                        get(tokens::show).post(tokens::create))
        .route("/tokens/{id}/revoke",                            post(tokens::revoke))
        .route("/authorize",                                     get(authorize::show).post(authorize::decide))
        .route("/login",                                         get(login::show).post(login::enter))
        .route("/logout",                                        post(login::leave))
        .route("/assets/{version}/{*path}",                      get(assets::serve))
}

/// Sends the browser to a page after a post, so that reloading does not post again.
fn go(address: &str) -> Response {
    Redirect::to(address).into_response()
}

/// Any other address.
pub(crate) async fn not_found() -> Problem {
    Problem::new(http::StatusCode::NOT_FOUND, "There is no page at this address.")
}
