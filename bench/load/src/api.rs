//! The public API of a server, over one connection.

use crate::sink::event_number;
use crate::wire::{self, Body, Wire};
use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};
use std::collections::HashSet;
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

    /// Has a sample of an event sent to a site's hooks; the event's number, once it is recorded.
    ///
    /// # Errors
    /// When it is not accepted.
    pub async fn fire(&mut self, site: &str, event: &str) -> Result<u128> {
        let answer = self.call(Method::POST, &format!("/sites/{site}/events/{event}/fire"), None).await?;
        let id = text(&answer, "event_id")?;
        event_number(&id).with_context(|| format!("the event's id is {id:?}"))
    }

    /// A site with one published deploy, of as much text as deploys of a repository have; the ids of
    /// both.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn live_site(&mut self, name: &str) -> Result<(String, String)> {
        let (id, _) = self.new_site(name).await?;
        let content = format!("<p>{name}</p>");
        let digests = json!({ "/index.html": hex::encode(Sha1::digest(&content)) });
        let title = "Say in the title what the commit says in its message. ".repeat(6);
        let files = json!({ "files": digests, "title": title, "branch": "main" });
        let made = self.call(Method::POST, &format!("/sites/{id}/deploys"), Some(&files)).await?;
        let deploy = text(&made, "id")?;
        let source = tempfile::NamedTempFile::new()?;
        std::fs::write(source.path(), content)?;
        self.upload(&deploy, "/index.html", source.path()).await?;
        self.wait_ready(&deploy).await?;
        // one of a branch does not go live by itself
        self.call(Method::POST, &format!("/sites/{id}/deploys/{deploy}/restore"), None).await?;
        Ok((id, deploy))
    }

    /// A hook of the type `url` with a secret; its id.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn hook(&mut self, site: &str, event: &str, url: &str) -> Result<String> {
        let data = json!({ "url": url, "signature_secret": "a secret of the benchmark" });
        let hook = json!({ "type": "url", "event": event, "data": data });
        let made = self.call(Method::POST, &format!("/hooks?site_id={site}"), Some(&hook)).await?;
        text(&made, "id")
    }

    /// Numbers of all events of a name in a site's ledger that were fired.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn ledger(&mut self, site: &str, event: &str) -> Result<HashSet<u128>> {
        let mut found = HashSet::new();
        for page in 1.. {
            let path = format!("/events?site_id={site}&per_page=100&page={page}");
            let answer = self.call(Method::GET, &path, None).await?;
            let Some(list) = answer.as_array().filter(|list| !list.is_empty()) else { break };
            let ours = list.iter().filter(|one| one["event"] == *event && one["fired"] == true);
            found.extend(ours.filter_map(|one| event_number(one["id"].as_str()?)));
        }
        Ok(found)
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
