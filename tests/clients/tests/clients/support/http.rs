//! Plain HTTP: the API as its owner, and sites by their Host header.

use super::server::{OWNER_TOKEN, Server};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long one answer may take.
const LIMIT: Duration = Duration::from_secs(60);
/// Rest between two looks at a page.
const STEP: Duration = Duration::from_millis(50);

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl Answer {
    async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("the server answers");
        let status = response.status().as_u16();
        Self { status, text: response.text().await.expect("the answer has an end") }
    }

    /// The body of a successful answer.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text);
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

/// A client that follows nothing and uses no proxy.
pub(crate) fn plain_client() -> Client {
    // reqwest wants a TLS provider even for plain HTTP; a second installation is refused, and does no harm
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(LIMIT);
    builder.build().expect("a client")
}

impl Server {
    /// Calls an operation of the API as the owner.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.http.request(method, format!("{}{path}", self.api_url())).bearer_auth(OWNER_TOKEN);
        Answer::of(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    /// Reads from the API as the owner.
    pub(crate) async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, None).await.json()
    }

    /// Posts to the API as the owner.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.call(Method::POST, path, Some(body)).await.json()
    }

    /// What a read from the API with another token is answered.
    pub(crate) async fn status_as(&self, token: &str, path: &str) -> u16 {
        Answer::of(self.http.get(format!("{}{path}", self.api_url())).bearer_auth(token)).await.status
    }

    /// Posts to the control host as a Git host does: headers and a body, and no token.
    pub(crate) async fn webhook(&self, path: &str, headers: &[(&'static str, String)], body: &str) -> Answer {
        let request = self.http.post(format!("{}{path}", self.control_url())).body(body.to_owned());
        Answer::of(headers.iter().fold(request, |request, (name, value)| request.header(*name, value))).await
    }

    /// Posts to the control host without a token.
    pub(crate) async fn post_anonymously(&self, path: &str) -> Answer {
        Answer::of(self.http.post(format!("{}{path}", self.control_url()))).await
    }

    /// What a visitor of `host` (a label under the site domain) sees.
    pub(crate) async fn visit(&self, label: &str, path: &str) -> Answer {
        let host = format!("{label}.localhost:{}", self.port);
        Answer::of(self.http.get(format!("http://127.0.0.1:{}{path}", self.port)).header("host", host)).await
    }

    /// The same of a visitor who is logged in.
    pub(crate) async fn visit_as(&self, token: &str, label: &str, path: &str) -> Answer {
        let host = format!("{label}.localhost:{}", self.port);
        let request = self.http.get(format!("http://127.0.0.1:{}{path}", self.port)).header("host", host);
        Answer::of(request.bearer_auth(token)).await
    }

    /// What stands at any address of this machine.
    pub(crate) async fn fetch(&self, url: &str) -> Answer {
        Answer::of(self.http.get(url)).await
    }

    /// The same as [`Server::visit`], by an address that a client printed.
    pub(crate) async fn visit_url(&self, url: &str, path: &str) -> Answer {
        let rest = url.strip_prefix("http://").unwrap_or_else(|| panic!("{url} is no plain address"));
        let label = rest.split('.').next().unwrap_or_default();
        let expected = format!("{label}.localhost:{}", self.port);
        assert_eq!(rest.trim_end_matches('/'), expected, "the address is not one of this server's sites");
        self.visit(label, path).await
    }

    /// Puts one page on a site, and waits until it is there: add-ons answer on sites that are live.
    pub(crate) async fn put_page(&self, site: &str, label: &str, text: &str) {
        let digest = hex::encode(<sha1::Sha1 as sha1::Digest>::digest(text.as_bytes()));
        let files = serde_json::json!({ "files": { "/index.html": digest } });
        let deploy = self.post(&format!("/sites/{site}/deploys"), files).await;
        let deploy = deploy["id"].as_str().expect("a deploy has an id");
        let put = self.http.put(format!("{}/deploys/{deploy}/files/index.html", self.api_url()));
        Answer::of(put.bearer_auth(OWNER_TOKEN).body(text.to_owned())).await.json();
        let until = Instant::now() + LIMIT;
        while self.visit(label, "/").await.text != text {
            assert!(Instant::now() < until, "the page of {label} is not there");
            sleep(STEP).await;
        }
    }

    /// Makes a site by the API: its id.
    pub(crate) async fn make_site(&self, name: &str) -> String {
        let site = self.post("/sites", serde_json::json!({ "name": name })).await;
        site["id"].as_str().expect("a site has an id").to_owned()
    }
}
