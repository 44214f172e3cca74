//! A logged-in visit: the API as the visitor may use it, and where they are. Without a session the
//! request is sent to the log-in page and comes back from there.

use crate::client::Client;
use crate::problem::Problem;
use crate::{App, session};
use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// One request of somebody with a session.
pub(crate) struct Visit {
    client: Client,
    /// Where to come back to after logging in again; the first page for posts.
    here: String,
    query: String,
    /// Whether htmx asks for a part of a page.
    pub partial: bool,
}

/// An answer of the API on a page that has others too: when it cannot be read, the page still comes.
#[derive(Debug, Serialize)]
pub(crate) struct Section {
    /// What the API answered; an empty array when it refused.
    pub items: Value,
    /// Why there is nothing to show.
    pub problem: Option<Problem>,
}

impl Visit {
    /// The API.
    pub(crate) fn api(&self) -> &Client {
        &self.client
    }

    /// Reads an operation that the page cannot do without.
    pub(crate) async fn get(&self, operation: &str) -> Result<Value, Problem> {
        self.client.get(operation).await.map_err(|problem| self.sign(problem))
    }

    /// Reads an operation for a part of the page.
    pub(crate) async fn section(&self, operation: &str) -> Section {
        match self.client.get(operation).await {
            Ok(items) => Section { items, problem: None },
            Err(problem) => Section { items: Value::Array(Vec::new()), problem: Some(problem) },
        }
    }

    /// A value of the address's query, trimmed; empty when absent.
    pub(crate) fn query(&self, name: &str) -> String {
        let mut pairs = form_urlencoded::parse(self.query.as_bytes());
        pairs.find(|(key, _)| key == name).map_or_else(String::new, |(_, value)| value.trim().to_owned())
    }

    /// The same problem, leading back here when it is about the session.
    pub(crate) fn sign(&self, problem: Problem) -> Problem {
        match problem.status {
            StatusCode::UNAUTHORIZED => Problem::log_in(&self.here),
            _ => problem,
        }
    }
}

impl FromRequestParts<Arc<App>> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let address = parts.uri.path_and_query().map_or("/", |address| address.as_str());
        let here = if parts.method == Method::GET { session::local(address) } else { "/" };
        let token = session::token(app, &parts.headers).ok_or_else(|| Problem::log_in(here))?;
        Ok(Self {
            client: Client::new(app.api.clone(), token),
            here: here.to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            partial: parts.headers.contains_key("hx-request"),
        })
    }
}
