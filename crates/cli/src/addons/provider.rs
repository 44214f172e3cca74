//! The provider under examination: one call, one answer within a total time and size, no redirects
//! followed, no proxy asked.

use super::call::Call;
use anyhow::Context as _;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url, header};
use serde_json::Value;
use std::error::Error as _;
use std::time::{Duration, Instant};

/// How long a server waits for a whole answer.
const LIMIT: Duration = Duration::from_secs(10);
/// From when on a provider is called slow.
const SLOW: Duration = Duration::from_secs(5);
/// Most bytes of an answer that a server takes.
pub(super) const ANSWER_MAX: usize = 1 << 20;

/// What is asked of a provider's speed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) limit: Duration,
    pub(super) slow: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { limit: LIMIT, slow: SLOW }
    }
}

/// A provider's answer.
#[derive(Debug)]
pub(super) struct Answer {
    /// The status, or why there is none.
    pub(super) status: Result<u16, String>,
    pub(super) body: Vec<u8>,
    /// Whether it is called JSON.
    pub(super) is_json: bool,
    pub(super) took: Duration,
}

impl Answer {
    fn none(why: String, took: Duration) -> Self {
        Self { status: Err(why), body: Vec::new(), is_json: false, took }
    }

    /// 2xx.
    pub(super) fn accepted(&self) -> bool {
        matches!(self.status, Ok(200..=299))
    }

    /// Neither a success nor a refusal: it fell over, or did not answer at all.
    pub(super) fn fell_over(&self) -> bool {
        !matches!(self.status, Ok(200..=499))
    }

    /// The body as JSON.
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The status or the reason, as the report shows it.
    pub(super) fn said(&self) -> String {
        match &self.status {
            Ok(status) => format!("answered {status}"),
            Err(why) => why.clone(),
        }
    }
}

pub(super) struct Provider {
    endpoint: String,
    patience: Patience,
    /// Writes header names as servers do.
    title_case: Client,
    /// Writes them as a proxy that speaks HTTP/2 does.
    lower_case: Client,
}

impl Provider {
    /// `endpoint` as it is registered: one slash at its end is dropped.
    pub(super) fn new(endpoint: &Url, patience: Patience) -> anyhow::Result<Self> {
        let builder = || {
            let agent = concat!("boathook/", env!("CARGO_PKG_VERSION"));
            Client::builder().no_proxy().redirect(Policy::none()).timeout(patience.limit).user_agent(agent)
        };
        let built = |client: reqwest::ClientBuilder| client.build().context("cannot prepare for HTTP");
        let text = endpoint.as_str();
        Ok(Self {
            endpoint: text.strip_suffix('/').unwrap_or(text).to_owned(),
            patience,
            title_case: built(builder().http1_title_case_headers())?,
            lower_case: built(builder())?,
        })
    }

    pub(super) fn patience(&self) -> Patience {
        self.patience
    }

    pub(super) async fn ask(&self, call: &Call) -> Answer {
        self.ask_by(&self.title_case, call).await
    }

    /// The same with all header names in lower case.
    pub(super) async fn ask_in_lower_case(&self, call: &Call) -> Answer {
        self.ask_by(&self.lower_case, call).await
    }

    async fn ask_by(&self, client: &Client, call: &Call) -> Answer {
        let address = format!("{}{}", self.endpoint, call.path);
        let mut request = client.request(call.method.clone(), address);
        request = request.header(header::ACCEPT, "application/json");
        for (name, value) in call.headers() {
            request = request.header(name, value);
        }
        if let Some(body) = &call.body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body.clone());
        }
        let start = Instant::now();
        let sent = match request.send().await {
            Ok(response) => read(response).await,
            Err(error) => Err(error),
        };
        let took = start.elapsed();
        match sent {
            Ok(answer) if answer.body.len() > ANSWER_MAX => {
                Answer::none(format!("sent more than {ANSWER_MAX} bytes"), took)
            }
            Ok(answer) => Answer { took, ..answer },
            Err(error) => Answer::none(self.why(&error), took),
        }
    }

    fn why(&self, error: &reqwest::Error) -> String {
        if error.is_timeout() {
            return format!("did not answer within {} s", self.patience.limit.as_secs_f32());
        }
        let mut cause = error.source();
        while let Some(next) = cause.and_then(|cause| cause.source()) {
            cause = Some(next);
        }
        let what = if error.is_connect() { "cannot be reached" } else { "broke off" };
        cause.map_or_else(|| what.to_owned(), |cause| format!("{what}: {cause}"))
    }
}

/// The answer, up to where it is too much.
async fn read(mut response: Response) -> reqwest::Result<Answer> {
    let status = Ok(response.status().as_u16());
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_json = kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/json"));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_MAX {
            break;
        }
    }
    Ok(Answer { status, body, is_json, took: Duration::ZERO })
}
