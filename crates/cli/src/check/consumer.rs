//! The consumer under examination: one request, one answer, no redirects followed, no proxy asked.

use super::shipment::Shipment;
use anyhow::Context as _;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url, Version, header};
use std::error::Error as _;
use std::time::{Duration, Instant};

/// How long a delivery waits for its answer.
const LIMIT: Duration = Duration::from_secs(15);
/// From when on a consumer is called slow.
const SLOW: Duration = Duration::from_secs(5);

/// What is asked of a consumer's speed.
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

/// A consumer's answer.
#[derive(Debug)]
pub(super) struct Answer {
    /// The status, or why there is none.
    pub(super) status: Result<u16, String>,
    pub(super) took: Duration,
    /// Whether the consumer ends the connection with its answer.
    pub(super) closes: bool,
}

impl Answer {
    pub(super) fn accepted(&self) -> bool {
        matches!(self.status, Ok(200..=299))
    }

    /// The status or the reason, as the report shows it.
    pub(super) fn said(&self) -> String {
        match &self.status {
            Ok(status) => format!("answered {status}"),
            Err(why) => why.clone(),
        }
    }
}

pub(super) struct Consumer {
    url: Url,
    event: String,
    patience: Patience,
    /// Writes header names as deliveries do.
    title_case: Client,
    /// Writes them as a proxy that speaks HTTP/2 does.
    lower_case: Client,
}

impl Consumer {
    pub(super) fn new(url: Url, event: &str, patience: Patience) -> anyhow::Result<Self> {
        let builder = || {
            let agent = concat!("boathook/", env!("CARGO_PKG_VERSION"));
            Client::builder().no_proxy().redirect(Policy::none()).timeout(patience.limit).user_agent(agent)
        };
        let built = |client: reqwest::ClientBuilder| client.build().context("cannot prepare for HTTP");
        Ok(Self {
            url,
            event: event.to_owned(),
            patience,
            title_case: built(builder().http1_title_case_headers())?,
            lower_case: built(builder())?,
        })
    }

    pub(super) fn patience(&self) -> Patience {
        self.patience
    }

    pub(super) async fn ask(&self, shipment: &Shipment) -> Answer {
        self.ask_by(&self.title_case, shipment).await
    }

    /// The same with all header names in lower case.
    pub(super) async fn ask_in_lower_case(&self, shipment: &Shipment) -> Answer {
        self.ask_by(&self.lower_case, shipment).await
    }

    async fn ask_by(&self, client: &Client, shipment: &Shipment) -> Answer {
        let mut request = client.post(self.url.clone()).header(header::CONTENT_TYPE, "application/json");
        request = request.header("x-netlify-event", &self.event);
        for (name, value) in &shipment.headers {
            request = request.header(*name, value);
        }
        let start = Instant::now();
        let sent = request.body(shipment.body.clone()).send().await;
        let took = start.elapsed();
        let closes = sent.as_ref().is_ok_and(closes);
        let status = sent.map(|answer| answer.status().as_u16()).map_err(|error| self.why(&error));
        Answer { status, took, closes }
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

fn closes(answer: &Response) -> bool {
    let said = answer.headers().get(header::CONNECTION).and_then(|value| value.to_str().ok());
    let close = said.is_some_and(|text| text.eq_ignore_ascii_case("close"));
    close || (answer.version() == Version::HTTP_10 && said.is_none())
}
