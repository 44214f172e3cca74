//! One call: checked, sent, answered or failed within its deadline.

use crate::relay::{Fields, Passed, Relay, Spelling};
use crate::resolver::{Lookup, Refused, Resolver, SYSTEM, may_be_proxied};
use crate::{AddressPolicy, Destination, Origin};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::Full;
use std::error::Error as StdError;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use url::{Host, Url};

/// Longest time from the call to the end of its answer.
pub const TOTAL_DEADLINE: Duration = Duration::from_secs(15);
/// Longest time to reach the other side, name and TLS included.
pub const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// Bytes of an answer's body that are read; then the connection is dropped.
pub const BODY_READ: usize = 64 << 10;
/// Bytes of an answer's body that are kept.
pub const BODY_KEPT: usize = 16 << 10;
/// Connections through a proxy to one host that wait for the next call.
pub const IDLE_PER_HOST: usize = 512;

/// Fields that a client adds to those of its caller.
const OWN_FIELDS: usize = 2;
const USER_AGENT: &str = concat!("Boathook/", env!("CARGO_PKG_VERSION"));

/// How a client calls.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which addresses it may dial.
    pub policy: AddressPolicy,
    /// Longest time of a whole call.
    pub total: Duration,
    /// Longest time to connect.
    pub connect: Duration,
    /// A proxy that dials in our place, `http://…`, `https://…` or with a user name and password
    /// before the host. Hosts are judged before it is asked; what it dials then is its own affair.
    pub proxy: Option<Url>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            policy: AddressPolicy::default(),
            total: TOTAL_DEADLINE,
            connect: CONNECT_DEADLINE,
            proxy: None,
        }
    }
}

/// What to send. Over HTTP/1.1, the only version spoken, header names go out in title case
/// (`X-Nf-Sign`), which some receivers depend on.
#[derive(Clone, Debug)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Address, `http` or `https`.
    pub url: Url,
    /// Headers beside `Host`, `Content-Length`, `Accept` and `User-Agent`.
    pub headers: HeaderMap,
    /// Body, sent as it is.
    pub body: Bytes,
}

/// How long the parts of a call took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Milliseconds until status and headers were there.
    pub head_ms: i64,
    /// Milliseconds until the end.
    pub total_ms: i64,
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Status. Redirects are not followed.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The first [`BODY_KEPT`] bytes of the body.
    pub body: Bytes,
    /// Whether there was more, or the rest did not come in time.
    pub truncated: bool,
    /// Timing.
    pub timing: Timing,
}

/// Kind of a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureClass {
    /// No answer in time.
    Timeout,
    /// Not reached: no such name, or nobody listens.
    Connect,
    /// The address is one that this server does not call.
    RefusedAddress,
    /// The other side's certificate or TLS is not accepted.
    Tls,
    /// Anything else, such as an answer that is not HTTP.
    Other,
}

impl FailureClass {
    /// Name in delivery records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::RefusedAddress => "refused_address",
            Self::Tls => "tls",
            Self::Other => "other",
        }
    }
}

/// A call without an answer. The message names neither the address nor anything that was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// Kind.
    pub class: FailureClass,
    /// A sentence for the person who set the address.
    pub message: String,
    /// Milliseconds until it failed.
    pub total_ms: i64,
}

/// The machine's certificate store cannot be used.
pub type SetupError = reqwest::Error;

/// The guarded client. Cloning is cheap and shares connections.
#[derive(Clone, Debug)]
pub struct Client {
    relay: Relay,
    /// For what a relay cannot do: ask through a proxy, or with a name and a password in the address.
    http: reqwest::Client,
    policy: Arc<AddressPolicy>,
    proxied: bool,
    total: Duration,
}

impl Client {
    /// A client that calls as `options` say. Proxies named in the environment are ignored:
    /// only the operator's own setting counts.
    ///
    /// # Errors
    /// When the machine's certificate store cannot be used, or the proxy's address makes no sense.
    pub fn new(options: Options) -> Result<Self, SetupError> {
        Self::with_lookup(options, SYSTEM)
    }

    fn with_lookup(options: Options, lookup: Lookup) -> Result<Self, SetupError> {
        // Fails only when another part of the program was first, with the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let relay = Relay::with_lookup(options.policy.clone(), options.connect, lookup);
        let policy = Arc::new(options.policy);
        let mut builder = reqwest::Client::builder().user_agent(USER_AGENT).no_proxy();
        let proxy = options.proxy.as_ref().and_then(Url::host_str).map(str::to_owned);
        let proxied = options.proxy.is_some();
        if let Some(proxy) = options.proxy {
            builder = builder.proxy(reqwest::Proxy::all(proxy)?);
        }
        let http = builder
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .http1_only()
            .http1_title_case_headers()
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .connect_timeout(options.connect)
            .dns_resolver(Resolver { policy: Arc::clone(&policy), lookup, proxy })
            .build()?;
        Ok(Self { relay, http, policy, proxied, total: options.total })
    }

    /// Sends a request and reads the answer. Once the status is there the call counts as answered,
    /// even when the body does not come to its end in time.
    ///
    /// # Errors
    /// When there is no answer; [`Failure`] says why.
    pub async fn send(&self, request: Request) -> Result<Sent, Failure> {
        self.send_keeping(request, BODY_KEPT).await
    }

    /// The same with another number of bytes in place of [`BODY_KEPT`], for answers that must be
    /// understood and not only shown.
    ///
    /// # Errors
    /// When there is no answer; [`Failure`] says why.
    pub async fn send_keeping(&self, request: Request, kept: usize) -> Result<Sent, Failure> {
        let Request { method, url, headers, body } = request;
        let mut fields = Fields::with_capacity(headers.len() + OWN_FIELDS);
        for (name, value) in &headers {
            fields.append(name.clone(), value.clone());
        }
        self.call(&Destination::of(url), method, fields, body, kept).await
    }

    /// Posts to an address that was made ready: [`Client::send`] for many calls of one address.
    ///
    /// # Errors
    /// When there is no answer; [`Failure`] says why.
    pub async fn post(&self, to: &Destination, headers: Fields, body: Bytes) -> Result<Sent, Failure> {
        self.call(to, Method::POST, headers, body, BODY_KEPT).await
    }

    async fn call(
        &self,
        to: &Destination,
        method: Method,
        headers: Fields,
        body: Bytes,
        kept: usize,
    ) -> Result<Sent, Failure> {
        match to.way().filter(|_| !self.proxied) {
            Some(way) => self.directly(way, method, headers, body, kept).await,
            // boxed, so that the usual call does not carry the room of this one
            None => Box::pin(self.by_library(to.url(), method, headers, body, kept)).await,
        }
    }

    async fn directly(
        &self,
        (origin, target): &(Origin, PathAndQuery),
        method: Method,
        mut headers: Fields,
        body: Bytes,
        kept: usize,
    ) -> Result<Sent, Failure> {
        let clock = Clockwork { began: Instant::now() };
        for (name, value) in [(header::ACCEPT, "*/*"), (header::USER_AGENT, USER_AGENT)] {
            if headers.get_all(&name).next().is_none() {
                headers.append(name, HeaderValue::from_static(value));
            }
        }
        let (origin, target) = (origin.clone(), target.clone());
        let passed = Passed { method, origin, target, headers, spelling: Spelling::default() };
        let body = (!body.is_empty()).then(|| Full::new(body));
        let mut answer = match tokio::time::timeout(self.total, self.relay.ask(passed, body)).await {
            Ok(answer) => answer?,
            Err(_) => return Err(clock.timeout()),
        };
        let (status, headers, unclear) = (answer.status(), answer.take_headers(), answer.is_unclear());
        let mut sent = clock.read((status, headers), answer.into_body(), self.total, kept).await;
        sent.truncated |= unclear;
        Ok(sent)
    }

    async fn by_library(
        &self,
        url: &Url,
        method: Method,
        headers: Fields,
        body: Bytes,
        kept: usize,
    ) -> Result<Sent, Failure> {
        let clock = Clockwork { began: Instant::now() };
        self.check(url).await.map_err(|(class, message)| clock.failure(class, message))?;
        let headers: HeaderMap = headers.iter().cloned().collect();
        let call = self.http.request(method, url.clone()).headers(headers).body(body).send();
        let response = match tokio::time::timeout(self.total, call).await {
            Ok(answer) => answer.map_err(|error| clock.explain(&error))?,
            Err(_) => return Err(clock.timeout()),
        };
        let head = (response.status(), response.headers().clone());
        Ok(clock.read(head, response.bytes_stream(), self.total, kept).await)
    }

    /// What can be judged before dialling; literal addresses never pass the resolver, nor do names
    /// that a proxy looks up.
    async fn check(&self, url: &Url) -> Result<(), (FailureClass, String)> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err((FailureClass::Other, "the address must begin with http:// or https://".to_owned()));
        }
        let permitted = match url.host() {
            Some(Host::Ipv4(v4)) => self.policy.permits(IpAddr::V4(v4)),
            Some(Host::Ipv6(v6)) => self.policy.permits(IpAddr::V6(v6)),
            Some(Host::Domain(name)) if self.proxied => may_be_proxied(&self.policy, name).await,
            _ => true,
        };
        if permitted { Ok(()) } else { Err((FailureClass::RefusedAddress, Refused.to_string())) }
    }
}

async fn read_body<E>(
    mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    patience: Duration,
    most: usize,
) -> (Bytes, bool) {
    let mut kept = BytesMut::new();
    let mut read = 0;
    let reading = async {
        loop {
            match body.next().await {
                Some(Ok(chunk)) => {
                    read += chunk.len();
                    let room = most - kept.len();
                    kept.extend_from_slice(&chunk[..chunk.len().min(room)]);
                }
                None => return true,
                Some(Err(_)) => return false,
            }
            if read > BODY_READ.max(most) {
                return false;
            }
        }
    };
    let whole = tokio::time::timeout(patience, reading).await.unwrap_or(false);
    (kept.freeze(), !whole || read > most)
}

struct Clockwork {
    began: Instant,
}

impl Clockwork {
    fn elapsed_ms(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// Reads an answer whose head is there, within what is left of `total`.
    async fn read<E>(
        &self,
        (status, headers): (StatusCode, HeaderMap),
        body: impl Stream<Item = Result<Bytes, E>> + Unpin,
        total: Duration,
        kept: usize,
    ) -> Sent {
        let head_ms = self.elapsed_ms();
        let rest = total.saturating_sub(self.began.elapsed());
        let (body, truncated) = read_body(body, rest, kept).await;
        let timing = Timing { head_ms, total_ms: self.elapsed_ms() };
        Sent { status, headers, body, truncated, timing }
    }

    fn failure(&self, class: FailureClass, message: String) -> Failure {
        Failure { class, message, total_ms: self.elapsed_ms() }
    }

    fn timeout(&self) -> Failure {
        self.failure(FailureClass::Timeout, "no answer in time".to_owned())
    }

    fn explain(&self, error: &reqwest::Error) -> Failure {
        let causes = causes(error);
        if causes.iter().any(|cause| cause.is::<Refused>()) {
            return self.failure(FailureClass::RefusedAddress, Refused.to_string());
        }
        if error.is_timeout() {
            return self.timeout();
        }
        let root = causes.last().map(ToString::to_string).unwrap_or_default();
        let (class, what) = if causes.iter().any(|cause| cause.is::<rustls::Error>()) {
            (FailureClass::Tls, "no secure connection")
        } else if error.is_connect() {
            (FailureClass::Connect, "not reached")
        } else {
            (FailureClass::Other, "the call broke off")
        };
        self.failure(class, format!("{what}: {root}"))
    }
}

/// Everything underneath an error; what an I/O error wraps is not among its sources.
fn causes<'a>(error: &'a reqwest::Error) -> Vec<&'a (dyn StdError + 'static)> {
    let mut found = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        found.push(cause);
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = wrapped.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| cause.source());
    }
    found
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
