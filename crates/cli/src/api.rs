//! A small client of the API: JSON in, JSON out, refusals as sentences.

use crate::server::Server;
use anyhow::{Context as _, anyhow, bail};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use std::time::Duration;

/// Longest time of one request.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest silence of a stream: three of the server's signs of life.
const SILENCE: Duration = Duration::from_secs(45);

pub(crate) struct Client {
    http: reqwest::Client,
    streams: reqwest::Client,
    address: String,
    token: String,
}

impl Client {
    /// A client that never asks a proxy: the environment may name this very server as one.
    pub(crate) fn new(server: &Server) -> anyhow::Result<Self> {
        let agent = concat!("boathook/", env!("CARGO_PKG_VERSION"));
        let builder = || reqwest::Client::builder().no_proxy().user_agent(agent);
        let http = builder().timeout(PATIENCE).build().context("cannot prepare for HTTP")?;
        let streams = builder().read_timeout(SILENCE).build().context("cannot prepare for HTTP")?;
        Ok(Self { http, streams, address: server.address().to_owned(), token: server.token.clone() })
    }

    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        json(self.send(self.request(Method::GET, path)).await?).await
    }

    pub(crate) async fn delete(&self, path: &str) -> anyhow::Result<()> {
        self.send(self.request(Method::DELETE, path)).await.map(|_| ())
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: &Value) -> anyhow::Result<Value> {
        json(self.send(self.request(method, path).json(body)).await?).await
    }

    pub(crate) async fn upload(&self, path: &str, bytes: Vec<u8>) -> anyhow::Result<()> {
        let request = self.request(Method::PUT, path).header("content-type", "application/octet-stream");
        self.send(request.body(bytes)).await.map(|_| ())
    }

    /// Server-sent events, from after the one that `last` names.
    pub(crate) async fn stream(&self, path: &str, last: Option<&str>) -> anyhow::Result<Response> {
        let address = format!("{}/api/v1{path}", self.address);
        let mut request = self.streams.get(address).bearer_auth(&self.token);
        request = request.header("accept", "text/event-stream");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        self.send(request).await
    }

    /// A file at the server's root that needs no token.
    pub(crate) async fn public_text(&self, path: &str) -> anyhow::Result<String> {
        let request = self.http.get(format!("{}{path}", self.address));
        self.send(request).await?.text().await.context("the server's answer broke off")
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}/api/v1{path}", self.address)).bearer_auth(&self.token)
    }

    async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let answer = request.send().await;
        let answer = answer.map_err(|error| cause(&error)).with_context(|| {
            format!("cannot reach {}: is the server running? (boathook serve)", self.address)
        })?;
        if answer.status().is_success() { Ok(answer) } else { refuse(answer).await }
    }
}

async fn refuse(answer: Response) -> anyhow::Result<Response> {
    let (status, path) = (answer.status(), answer.url().path().to_owned());
    let body = answer.json::<Value>().await.unwrap_or_default();
    let said = body["message"].as_str().filter(|said| status.canonical_reason() != Some(said));
    let said = said.unwrap_or(match status.as_u16() {
        401 => "the access token is not known there",
        404 => "there is nothing of this id or name",
        _ => "without a reason",
    });
    bail!("{path} was refused with {status}: {said}")
}

/// What is at the bottom of an error of the transport: the layers above repeat the address.
fn cause(error: &dyn std::error::Error) -> anyhow::Error {
    let innermost = std::iter::successors(Some(error), |error| error.source()).last();
    anyhow!("{}", innermost.map_or_else(String::new, ToString::to_string))
}

async fn json(answer: Response) -> anyhow::Result<Value> {
    answer.json().await.context("the server's answer was not JSON")
}
