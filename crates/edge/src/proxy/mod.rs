//! Passes a request on to another origin and its answer back, bodies unread: who is called and with
//! which headers, how long is waited, and what is said when nobody answers (contract edge 1.3,
//! "Proxy" and "Signed proxy"). It knows no rules beyond the one it is handed.

mod headers;
mod pulse;
mod relay;
mod secrets;
mod sign;
mod slots;
mod stream;
mod trouble;
mod tunnel;

pub use secrets::SecretSource;

use crate::Shared;
use crate::answer::Answer;
use crate::exchange::Exchange;
use crate::sites::SiteView;
use outbound::{AddressPolicy, Client};
use rules::redirects::Rule;
use secrets::Secrets;
use slots::Slots;
use std::sync::Arc;
use std::time::Duration;
use trouble::Trouble;

/// How long an origin may take until status and headers are there (contract edge 1.3). While the
/// visitor is still sending, the time begins anew with every piece of the body.
pub const HEAD_LIMIT: Duration = Duration::from_secs(26);
/// How long an origin may be silent in the middle of an answer.
pub const IDLE_LIMIT: Duration = Duration::from_secs(60);
/// How long no byte may move on an upgraded connection, in either direction.
pub const TUNNEL_IDLE_LIMIT: Duration = Duration::from_secs(600);
/// Requests of one site that are passed on at once, upgraded connections included.
pub const MAX_PER_SITE: usize = 512;
/// Requests of all sites that are passed on at once.
pub const MAX_AT_ONCE: usize = 4096;
/// How often a request may come back to servers of this kind before it is taken for a loop.
pub const MAX_HOPS: usize = 4;

/// How requests are passed on.
pub struct Options {
    /// Which addresses may be dialled.
    pub policy: AddressPolicy,
    /// [`HEAD_LIMIT`], or another.
    pub head: Duration,
    /// [`IDLE_LIMIT`], or another.
    pub idle: Duration,
    /// Where the values of environment variables come from.
    pub secrets: Arc<dyn SecretSource>,
}

/// The way to other origins. It keeps connections open for the next request.
pub struct Proxy {
    client: Client,
    head: Duration,
    idle: Duration,
    secrets: Secrets,
    slots: Slots,
}

/// Where a request is passed on to.
pub(crate) struct Proxied<'a> {
    /// Absolute URL with query.
    pub(crate) url: String,
    /// The rule that says so.
    pub(crate) rule: &'a Rule,
}

impl Proxy {
    /// # Errors
    /// When the machine's certificate store cannot be used.
    pub fn new(options: Options) -> Result<Self, outbound::SetupError> {
        let client = Client::new(outbound::Options {
            policy: options.policy,
            names_itself: false,
            ..outbound::Options::default()
        })?;
        Ok(Self {
            client,
            head: options.head,
            idle: options.idle,
            secrets: Secrets::new(options.secrets),
            slots: Slots::new(MAX_AT_ONCE, MAX_PER_SITE),
        })
    }
}

/// The origin's answer, whatever its status; or a small page that says why there is none.
pub(crate) async fn forward(
    edge: &Shared,
    exchange: &mut Exchange,
    site: &SiteView,
    proxied: Proxied<'_>,
) -> Answer {
    let Some(proxy) = &edge.proxy else { return Trouble::NoProxy.page() };
    match relay::relay(proxy, &edge.cx, exchange, site, &proxied).await {
        Ok(answer) => answer,
        Err(trouble) => {
            trouble.log(exchange, site);
            trouble.page()
        }
    }
}
