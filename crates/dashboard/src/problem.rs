//! What can go wrong on the way to a page, and the page that says so. Causes of failures inside the
//! server are not shown; the API has already put them into the log.

use crate::session;
use crate::view::{self, values};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Serialize;

/// A refusal or failure, in a sentence a person can read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    /// Status of the page that shows it.
    #[serde(skip)]
    pub status: StatusCode,
    /// The sentence.
    pub message: String,
    /// For 401: where to come back to after logging in.
    #[serde(skip)]
    pub back: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), back: "/".to_owned() }
    }

    /// Something is wrong with what was typed.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// A thing that is not there, or not for this person.
    pub(crate) fn missing(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("There is no such {what}, or you may not see it."))
    }

    /// The server cannot do what it should.
    pub(crate) fn broken(message: &str) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, message)
    }

    pub(crate) fn log_in(back: &str) -> Self {
        Self {
            back: back.to_owned(),
            ..Self::new(StatusCode::UNAUTHORIZED, "Please log in to see this page.")
        }
    }

    fn title(&self) -> &'static str {
        match self.status {
            StatusCode::NOT_FOUND => "Not found",
            StatusCode::FORBIDDEN => "Not allowed",
            status if status.is_client_error() => "That did not work",
            _ => "Something went wrong",
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        if self.status == StatusCode::UNAUTHORIZED {
            let forget = [(http::header::SET_COOKIE, session::FORGET)];
            return (forget, Redirect::to(&session::log_in_address(&self.back))).into_response();
        }
        let rest = values! { title => self.title(), problem => self };
        view::page(self.status, "problem.html", rest)
    }
}
