//! The server under examination, whatever it is for: one request, one answer within a total time and
//! size, no redirects followed, no proxy asked.

use anyhow::Context as _;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, Version, header};
use serde_json::Value;
use std::error::Error as _;
use std::time::{Duration, Instant};

/// What is asked of a server's speed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Longest time of a call.
    pub(crate) limit: Duration,
    /// From when on it is called slow.
    pub(crate) slow: Duration,
}

/// How the names of headers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// As servers of this kind write them.
    Title,
    /// As a proxy that speaks HTTP/2 does.
    Lower,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status, or why there is none.
    pub(crate) status: Result<u16, String>,
    /// The body, when it is read at all.
    pub(crate) body: Vec<u8>,
    /// Whether it is called JSON.
    pub(crate) is_json: bool,
    /// Whether the connection ends with it.
    pub(crate) closes: bool,
    pub(crate) took: Duration,
}

impl Answer {
    fn none(why: String, took: Duration) -> Self {
        Self { status: Err(why), body: Vec::new(), is_json: false, closes: false, took }
    }

    /// 2xx.
    pub(crate) fn accepted(&self) -> bool {
        matches!(self.status, Ok(200..=299))
    }

    /// Neither a success nor a refusal: it fell over, or did not answer at all.
    pub(crate) fn fell_over(&self) -> bool {
        !matches!(self.status, Ok(200..=499))
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The status or the reason, as the report shows it.
    pub(crate) fn said(&self) -> String {
        match &self.status {
            Ok(status) => format!("answered {status}"),
            Err(why) => why.clone(),
        }
    }
}

/// The server.
pub(crate) struct Peer {
    patience: Patience,
    /// Most bytes of a body that are taken; none when bodies are not looked at.
    body_max: Option<usize>,
    title_case: Client,
    lower_case: Client,
}

impl Peer {
    pub(crate) fn new(patience: Patience, body_max: Option<usize>) -> anyhow::Result<Self> {
        let builder = || {
            let agent = concat!("boathook/", env!("CARGO_PKG_VERSION"));
            Client::builder().no_proxy().redirect(Policy::none()).timeout(patience.limit).user_agent(agent)
        };
        let built = |client: reqwest::ClientBuilder| client.build().context("cannot prepare for HTTP");
        Ok(Self {
            patience,
            body_max,
            title_case: built(builder().http1_title_case_headers())?,
            lower_case: built(builder())?,
        })
    }

    pub(crate) fn patience(&self) -> Patience {
        self.patience
    }

    /// Sends the request that `make` makes.
    pub(crate) async fn ask(
        &self,
        spelling: Spelling,
        make: impl FnOnce(&Client) -> RequestBuilder,
    ) -> Answer {
        let client = match spelling {
            Spelling::Title => &self.title_case,
            Spelling::Lower => &self.lower_case,
        };
        let start = Instant::now();
        let sent = match make(client).send().await {
            Ok(response) => self.read(response).await,
            Err(error) => Err(error),
        };
        let took = start.elapsed();
        match (sent, self.body_max) {
            (Ok(answer), Some(most)) if answer.body.len() > most => {
                Answer::none(format!("sent more than {most} bytes"), took)
            }
            (Ok(answer), _) => Answer { took, ..answer },
            (Err(error), _) => Answer::none(self.why(&error), took),
        }
    }

    /// The answer, up to where it is too much.
    async fn read(&self, mut response: Response) -> reqwest::Result<Answer> {
        let status = Ok(response.status().as_u16());
        let (is_json, closes) = (is_json(&response), closes(&response));
        let mut body = Vec::new();
        if let Some(most) = self.body_max {
            while let Some(chunk) = response.chunk().await? {
                body.extend_from_slice(&chunk);
                if body.len() > most {
                    break;
                }
            }
        }
        Ok(Answer { status, body, is_json, closes, took: Duration::ZERO })
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

fn is_json(answer: &Response) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/json"))
}

fn closes(answer: &Response) -> bool {
    let said = answer.headers().get(header::CONNECTION).and_then(|value| value.to_str().ok());
    let close = said.is_some_and(|text| text.eq_ignore_ascii_case("close"));
    close || (answer.version() == Version::HTTP_10 && said.is_none())
}
