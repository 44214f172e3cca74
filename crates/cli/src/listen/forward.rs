//! One delivery to the address on this machine, and a line about how it went.

use crate::screen::Screen;
use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Url};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::time::{Duration, Instant, SystemTime};

/// How long a server waits for an answer, and so does this.
const LIMIT: Duration = Duration::from_secs(15);

/// A delivery as the server describes it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Letter {
    pub(super) delivery_id: String,
    pub(super) event: String,
    pub(super) method: String,
    pub(super) headers: Map<String, Value>,
    /// The body when it is text.
    pub(super) body: Option<String>,
    /// Any other body.
    pub(super) body_base64: Option<String>,
}

impl Letter {
    fn bytes(&self) -> anyhow::Result<Vec<u8>> {
        match (&self.body, &self.body_base64) {
            (Some(text), _) => Ok(text.clone().into_bytes()),
            (None, Some(text)) => STANDARD.decode(text).context("the server sends a body that is no base64"),
            (None, None) => Ok(Vec::new()),
        }
    }

    fn header_map(&self) -> HeaderMap {
        let pair = |(name, value): (&String, &Value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_str(value.as_str()?).ok()?))
        };
        self.headers.iter().filter_map(pair).collect()
    }
}

pub(super) struct Forwarder {
    http: Client,
    to: Url,
}

impl Forwarder {
    /// A forwarder that writes header names as deliveries do, and asks no proxy.
    pub(super) fn new(to: Url) -> anyhow::Result<Self> {
        let builder = Client::builder().no_proxy().redirect(Policy::none()).timeout(LIMIT);
        let http = builder.http1_title_case_headers().build().context("cannot prepare for HTTP")?;
        Ok(Self { http, to })
    }

    /// Posts the delivery and says how it went.
    pub(super) async fn forward(&self, letter: &Letter, screen: &mut Screen<'_>) -> anyhow::Result<()> {
        let method = Method::from_bytes(letter.method.as_bytes()).context("the server names no method")?;
        let request = self.http.request(method, self.to.clone()).headers(letter.header_map());
        let start = Instant::now();
        let answer = request.body(letter.bytes()?).send().await;
        let took = start.elapsed().as_millis();
        let said = match &answer {
            Ok(answer) => {
                format!("{} in {took} ms{}", answer.status().as_u16(), hint(answer.status().as_u16()))
            }
            Err(error) => self.why(error),
        };
        screen.line(format!("{}  {:<22}  {}  {said}", clock(), letter.event, letter.delivery_id))?;
        Ok(())
    }

    fn why(&self, error: &reqwest::Error) -> String {
        if error.is_timeout() {
            return format!("no answer within {} s", LIMIT.as_secs());
        }
        if error.is_connect() {
            let at = self.to.origin().ascii_serialization();
            return format!(
                "nobody listens at {at}: start the consumer, then --replay last:N sends it again"
            );
        }
        "the consumer broke the connection off".to_owned()
    }
}

/// What an answer other than 2xx would have meant for the delivery.
fn hint(status: u16) -> &'static str {
    match status {
        200..=299 => "",
        300..=399 => "  (redirects are not followed: a failure)",
        410 => "  (to the server itself this would disable the hook)",
        _ => "  (to the server itself this would be a failure, to be tried again)",
    }
}

/// The time of day, UTC.
fn clock() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = Timestamp(i64::try_from(since.as_millis()).unwrap_or_default()).to_string();
    now.get(11..19).unwrap_or_default().to_owned()
}
