//! Logging in with a personal access token, and out again.

use super::{Answer, go};
use crate::client::Client;
use crate::form::Form;
use crate::problem::Problem;
use crate::view::{self, values};
use crate::{App, session};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    next: String,
    #[serde(default)]
    done: String,
}

/// `GET /login`.
pub(crate) async fn show(Query(asked): Query<Asked>) -> Response {
    page(StatusCode::OK, session::local(&asked.next), None, view::notice(&asked.done))
}

/// `POST /login`: the token is tried on the API before it is kept.
pub(crate) async fn enter(State(app): State<Arc<App>>, headers: HeaderMap, form: Form) -> Answer {
    let next = session::local(form.get("next"));
    match checked(&app, form.get("token")).await {
        Ok(token) => {
            let cookie = [(SET_COOKIE, session::remember(&app, &headers, token))];
            Ok((cookie, go(next)).into_response())
        }
        Err(problem) => Ok(page(problem.status, next, Some(&problem), None)),
    }
}

/// `POST /logout`.
pub(crate) async fn leave() -> Response {
    ([(SET_COOKIE, session::FORGET)], go("/login?done=logged-out")).into_response()
}

async fn checked<'a>(app: &App, token: &'a str) -> Result<&'a str, Problem> {
    if !session::is_token(token) {
        return Err(Problem::input("That is not an access token: it has no spaces and is not empty."));
    }
    match Client::new(app.api.clone(), token.to_owned()).get("/user").await {
        Ok(_) => Ok(token),
        Err(problem) if problem.status == StatusCode::UNAUTHORIZED => {
            let message = "This access token is not known, or it has ended.";
            Err(Problem::new(StatusCode::UNAUTHORIZED, message))
        }
        Err(problem) => Err(problem),
    }
}

fn page(status: StatusCode, next: &str, problem: Option<&Problem>, notice: Option<&str>) -> Response {
    let values = values! { title => "Log in", next, problem, notice, anonymous => true };
    view::page(status, "login.html", values)
}
