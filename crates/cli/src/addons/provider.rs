//! The provider under examination, and where it is asked.

use super::call::Call;
use crate::check::peer::{Answer, Patience, Peer, Spelling};
use reqwest::{Client, RequestBuilder, Url, header};
use std::time::Duration;

/// How a server waits for a whole answer.
pub(super) const PATIENCE: Patience =
    Patience { limit: Duration::from_secs(10), slow: Duration::from_secs(5) };
/// Most bytes of an answer that a server takes.
pub(super) const ANSWER_MAX: usize = 1 << 20;

/// How long the checker waits for an instance that was not finished at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finishing {
    /// In all.
    pub(super) limit: Duration,
    /// Between two questions.
    pub(super) step: Duration,
}

impl Default for Finishing {
    fn default() -> Self {
        Self { limit: Duration::from_secs(60), step: Duration::from_secs(1) }
    }
}

pub(super) struct Provider {
    endpoint: String,
    peer: Peer,
    pub(super) finishing: Finishing,
    /// Path below an instance's own endpoint that visitors ask for.
    pub(super) visited: String,
}

impl Provider {
    /// `endpoint` as it is registered: one slash at its end is dropped.
    pub(super) fn new(endpoint: &Url, patience: Patience) -> anyhow::Result<Self> {
        let text = endpoint.as_str();
        Ok(Self {
            endpoint: text.strip_suffix('/').unwrap_or(text).to_owned(),
            peer: Peer::new(patience, Some(ANSWER_MAX))?,
            finishing: Finishing::default(),
            visited: "/".to_owned(),
        })
    }

    pub(super) fn patience(&self) -> Patience {
        self.peer.patience()
    }

    /// Whether it runs on this machine, so that it can call back.
    pub(super) fn is_here(&self) -> bool {
        let url = Url::parse(&self.endpoint);
        url.is_ok_and(|url| matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")))
    }

    pub(super) async fn ask(&self, call: &Call) -> Answer {
        self.peer.ask(Spelling::Title, |client| self.request(client, call)).await
    }

    /// The same with all header names in lower case.
    pub(super) async fn ask_in_lower_case(&self, call: &Call) -> Answer {
        self.peer.ask(Spelling::Lower, |client| self.request(client, call)).await
    }

    fn request(&self, client: &Client, call: &Call) -> RequestBuilder {
        let address = match &call.elsewhere {
            Some(address) => address.to_string(),
            None => format!("{}{}", self.endpoint, call.path),
        };
        let mut request = client.request(call.method.clone(), address);
        request = request.header(header::ACCEPT, "application/json");
        for (name, value) in call.headers() {
            request = request.header(name, value);
        }
        match &call.body {
            Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(body.clone()),
            None => request,
        }
    }
}
