//! The table of pages: one row per address, one file per page. Actions are posts that end in a
//! redirect, or in the page they came from with the reason why not.

mod addon;
mod addons;
mod authorize;
mod build_hook;
mod build_hook_options;
mod build_hooks;
mod builds;
mod delivery;
mod deploy;
mod digest;
mod events;
mod forms;
mod git;
mod hook;
mod hook_settings;
mod hooks;
mod identity;
mod instance;
mod login;
mod logs;
mod replay;
mod requests;
mod settings;
mod site;
mod site_addons;
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
        .route("/sites/{name}/identity",                         get(identity::show).post(identity::save))
        .route("/sites/{name}/identity/rotate",                  post(identity::rotate))
        .route("/sites/{name}/identity/end",                     post(identity::end))
        .route("/sites/{name}/identity/off",                     post(identity::off))
        .route("/sites/{name}/git",                              get(git::show))
        .route("/sites/{name}/git/secret",                       post(git::rotate))
        .route("/sites/{name}/builds",                           get(builds::show).post(builds::start))
        .route("/sites/{name}/builds/{id}/{action}",             post(builds::act))
        .route("/sites/{name}/requests",                         get(requests::show))
        .route("/sites/{name}/requests/{id}/{answer}",           post(requests::answer))
        .route("/sites/{name}/forms",                            get(forms::show))
        .route("/sites/{name}/forms/{id}/submissions.csv",       get(forms::table))
        .route("/sites/{name}/forms/{id}/{action}",              post(forms::act))
        .route("/sites/{name}/deploys/{id}",                     get(deploy::show))
        .route("/sites/{name}/deploys/{id}/log",                 get(deploy::log))
        .route("/sites/{name}/deploys/{id}/log.txt",             get(deploy::log_text))
        .route("/sites/{name}/deploys/{id}/{action}",            post(deploy::act))
        .route("/sites/{name}/logs/{what}",                      get(logs::show))
        .route("/sites/{name}/hooks",                            post(hooks::create))
        .route("/sites/{name}/hooks/{id}",                       get(hook::show))
        .route("/sites/{name}/hooks/{id}/{action}",              post(hooks::act))
        .route("/sites/{name}/hooks/{id}/replay",                get(replay::show).post(replay::send))
        .route("/sites/{name}/hooks/{id}/fire",                  post(hook::fire))
        .route("/sites/{name}/hooks/{id}/rotate",                post(hook::rotate))
        .route("/sites/{name}/hooks/{id}/digest",                post(digest::save))
        .route("/sites/{name}/hooks/{id}/settings",              post(hook_settings::save))
        .route("/sites/{name}/hooks/{id}/deliveries/{delivery}", get(delivery::show).post(delivery::resend))
        .route("/sites/{name}/build-hooks",                      post(build_hooks::create))
        .route("/sites/{name}/build-hooks/{id}",                 get(build_hook::show).post(build_hook::save))
        .route("/sites/{name}/build-hooks/{id}/rotate",          post(build_hook::rotate))
        .route("/sites/{name}/build-hooks/{id}/delete",          post(build_hooks::delete))
        .route("/sites/{name}/addons",                           get(site_addons::choose))
        .route("/sites/{name}/addons/{slug}",                    get(site_addons::show).post(site_addons::create))
        .route("/sites/{name}/addons/{slug}/{id}",               get(instance::show).post(instance::save))
        .route("/sites/{name}/addons/{slug}/{id}/remove",        post(instance::remove))
        .route("/sites/{name}/addons/{slug}/{id}/open",          get(instance::open))
        .route("/addons",                                        get(addons::show).post(addons::create))
        .route("/addons/{slug}",                                 get(addon::show).post(addon::save))
        .route("/addons/{slug}/rotate",                          post(addon::rotate))
        .route("/addons/{slug}/manifest",                        get(addon::manifest).post(addon::refresh))
        .route("/addons/{slug}/delete",                          post(addon::delete))
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
