//! The public API of a server, over one connection.

use crate::wire::{self, Body, Wire};
use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

/// Between two looks at a deploy that is not ready yet.
const POLL: Duration = Duration::from_millis(10);
/// Longest wait for a deploy to become ready.
const PATIENCE: Duration = Duration::from_secs(300);

/// A connection with a token.
pub struct Api {
    wire: Wire,
    host: String,
    bearer: String,
}

impl Api {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn open(address: SocketAddr, token: &str) -> Result<Self> {
        Ok(Self {
            wire: Wire::open(address).await?,
            host: address.to_string(),
            bearer: format!("Bearer {token}"),
        })
    }

    /// Sends JSON, or nothing, and decodes the answer.
    ///
    /// # Errors
    /// When the answer is not a success.
    pub async fn call(&mut self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let body = body.map_or_else(wire::empty, |value| wire::full(value.to_string().into()));
        let answer = self.send(method, path, "application/json", body).await?;
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer).with_context(|| format!("the answer to {path} is not JSON"))
    }

    /// Uploads a file of a deploy from disk. `path` begins with a slash.
    ///
    /// # Errors
    /// When it is not taken.
    pub async fn upload(&mut self, deploy: &str, path: &str, source: &Path) -> Result<()> {
        let body = wire::file(source)?;
        let path = format!("/deploys/{deploy}/files{path}");
        self.send(Method::PUT, &path, "application/octet-stream", body).await.map(|_| ())
    }

    async fn send(&mut self, method: Method, path: &str, kind: &str, body: Body) -> Result<Bytes> {
        let request = Request::builder()
            .method(&method)
            .uri(format!("/api/v1{path}"))
            .header(header::HOST, &self.host)
            .header(header::AUTHORIZATION, &self.bearer)
            .header(header::CONTENT_TYPE, kind)
            .body(body)?;
        let (status, answer) = self.wire.send(request).await?;
        ensure!(status.is_success(), "{method} {path}: {status} {}", String::from_utf8_lossy(&answer));
        Ok(answer)
    }

    /// A file of a site, as a visitor gets it.
    ///
    /// # Errors
    /// When it is not found.
    pub async fn visit(&mut self, host: &str, path: &str) -> Result<Bytes> {
        let request = Request::get(path).header(header::HOST, host).body(wire::empty())?;
        let (status, body) = self.wire.send(request).await?;
        ensure!(status == StatusCode::OK, "GET {path} of {host}: {status}");
        Ok(body)
    }

    /// Waits until a deploy is ready.
    ///
    /// # Errors
    /// When it fails, or takes too long.
    pub async fn wait_ready(&mut self, deploy: &str) -> Result<()> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let shown = self.call(Method::GET, &format!("/deploys/{deploy}"), None).await?;
            match shown["state"].as_str() {
                Some("ready") => return Ok(()),
                Some("error" | "rejected") => bail!("the deploy failed: {}", shown["error_message"]),
                _ => tokio::time::sleep(POLL).await,
            }
        }
        bail!("the deploy is not ready after {PATIENCE:?}")
    }

    /// Makes a site; its id and the host that visitors name.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn new_site(&mut self, name: &str) -> Result<(String, String)> {
        let site = self.call(Method::POST, "/sites", Some(&json!({ "name": name }))).await?;
        let url = text(&site, "url")?;
        let host = url.split_once("://").map_or(url.as_str(), |(_, host)| host).trim_end_matches('/');
        Ok((text(&site, "id")?, host.to_owned()))
    }
}

/// A field that must be there.
fn text(value: &Value, key: &str) -> Result<String> {
    value[key].as_str().map(ToOwned::to_owned).with_context(|| format!("the answer has no {key}"))
}
