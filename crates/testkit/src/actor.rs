//! Somebody who calls the API, with a token or without.

use crate::exchange::exchange;
use crate::{Answer, until};
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::Full;
use serde_json::{Map, Value, json};
use sha1::{Digest as _, Sha1};
use std::net::SocketAddr;

/// Files of a small site: path and text.
pub type Files<'a> = &'a [(&'a str, &'a str)];

/// Where the API is mounted.
const ROOT: &str = "/api/v1";

/// A caller of the API.
#[derive(Clone, Debug)]
pub struct Actor {
    address: SocketAddr,
    token: Option<String>,
}

impl Actor {
    /// Somebody who calls the server at `address` with this token.
    #[must_use]
    pub fn new(address: SocketAddr, token: Option<&str>) -> Self {
        Self { address, token: token.map(ToOwned::to_owned) }
    }

    /// `GET` of a path under the API's root.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    /// `POST` of JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    /// `PUT` of JSON.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(body)).await
    }

    /// `PATCH` of JSON.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Some(body)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let bytes = body.map(|value| Bytes::from(value.to_string())).unwrap_or_default();
        self.send(method, &format!("{ROOT}{path}"), "application/json", bytes).await
    }

    /// `PUT` of bytes.
    pub async fn put_bytes(&self, path: &str, bytes: impl Into<Bytes>) -> Answer {
        self.send(Method::PUT, &format!("{ROOT}{path}"), "application/octet-stream", bytes.into()).await
    }

    /// `POST` of a zip.
    pub async fn post_zip(&self, path: &str, bytes: Vec<u8>) -> Answer {
        self.send(Method::POST, &format!("{ROOT}{path}"), "application/zip", bytes.into()).await
    }

    /// Any request to an absolute path.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn send(&self, method: Method, path: &str, content_type: &str, body: Bytes) -> Answer {
        self.try_send(method, path, content_type, body).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Any request to an absolute path of a server that may be gone.
    ///
    /// # Errors
    /// A sentence when no answer comes.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        kind: &str,
        body: Bytes,
    ) -> Result<Answer, String> {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(header::HOST, self.address.to_string());
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let request = request.body(Full::new(body)).map_err(|error| format!("{path}: {error}"))?;
        exchange(self.address, request).await
    }

    /// Makes a site; its JSON.
    pub async fn create_site(&self, name: &str) -> Value {
        self.post("/sites", json!({ "name": name })).await.expect(201).json()
    }

    /// Makes a deploy without content; its JSON. `options` are further fields of the request.
    pub async fn new_deploy(&self, site: &str, options: Value) -> Value {
        self.post(&format!("/sites/{site}/deploys"), options).await.expect(200).json()
    }

    /// Deploys to production as command lines do, and waits until it is ready.
    pub async fn deploy(&self, site: &str, files: Files<'_>) -> Value {
        self.deploy_as(site, files, json!({ "draft": false })).await
    }

    /// Deploys a draft and waits until it is ready.
    pub async fn deploy_draft(&self, site: &str, files: Files<'_>) -> Value {
        self.deploy_as(site, files, json!({ "draft": true })).await
    }

    /// Deploys with these options and waits until it is ready.
    pub async fn deploy_as(&self, site: &str, files: Files<'_>, options: Value) -> Value {
        let deploy = self.new_deploy(site, options).await;
        self.fill(site, id(&deploy), files).await;
        self.ready(id(&deploy)).await
    }

    /// Sends a deploy's digest and every file that the server then asks for, once for each path, as
    /// command lines do.
    pub async fn fill(&self, site: &str, deploy: &str, files: Files<'_>) {
        let digest = self.digest(site, deploy, files).await.expect(200).json();
        let required: Vec<&str> =
            digest["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (path, text) in files {
            if required.contains(&sha1(text.as_bytes()).as_str()) {
                self.upload(deploy, path, text.as_bytes()).await.expect(200);
            }
        }
    }

    /// Sends a deploy's digest.
    pub async fn digest(&self, site: &str, deploy: &str, files: Files<'_>) -> Answer {
        let files: Map<String, Value> =
            files.iter().map(|(path, text)| ((*path).to_owned(), sha1(text.as_bytes()).into())).collect();
        self.put(&format!("/sites/{site}/deploys/{deploy}"), json!({ "files": files, "draft": false })).await
    }

    /// Uploads one file.
    pub async fn upload(&self, deploy: &str, path: &str, bytes: &[u8]) -> Answer {
        self.put_bytes(&format!("/deploys/{deploy}/files/{path}"), bytes.to_vec()).await
    }

    /// Waits until a deploy is ready.
    ///
    /// # Panics
    /// When it fails.
    pub async fn ready(&self, deploy: &str) -> Value {
        let deploy = self.finished(deploy).await;
        assert_eq!(deploy["state"], "ready", "{deploy}");
        deploy
    }

    /// Waits until a deploy is ready or failed.
    pub async fn finished(&self, deploy: &str) -> Value {
        let path = format!("/deploys/{deploy}");
        until(&format!("the end of deploy {deploy}"), async || {
            let deploy = self.get(&path).await.expect(200).json();
            matches!(deploy["state"].as_str(), Some("ready" | "error")).then_some(deploy)
        })
        .await
    }

    /// Subscribes an address to events of a site; the hook's JSON.
    pub async fn hook(&self, site: &str, events: &[&str], url: &str, secret: Option<&str>) -> Value {
        let mut data = json!({ "url": url });
        if let Some(secret) = secret {
            data["signature_secret"] = secret.into();
        }
        let body =
            json!({ "site_id": site, "type": "url", "event": events[0], "events": events, "data": data });
        let answer = self.post(&format!("/hooks?site_id={site}"), body).await;
        assert!(answer.is_success(), "the hook was refused: {}", answer.shown());
        answer.json()
    }

    /// The events of a site, oldest first, all pages.
    pub async fn events(&self, site: &str) -> Vec<Value> {
        let mut events = Vec::new();
        for page in 1.. {
            let path = format!("/events?site_id={site}&page={page}&per_page=100");
            let Value::Array(found) = self.get(&path).await.expect(200).json() else {
                panic!("{path} is no list")
            };
            let last = found.len() < 100;
            events.extend(found);
            if last {
                break;
            }
        }
        events.reverse();
        events
    }
}

/// The `id` of a thing.
fn id(thing: &Value) -> &str {
    thing["id"].as_str().unwrap_or_else(|| panic!("no id in {thing}"))
}

fn sha1(bytes: &[u8]) -> String {
    hex::encode(Sha1::digest(bytes))
}
