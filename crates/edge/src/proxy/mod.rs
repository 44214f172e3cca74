//! Passes a request on to another origin and its answer back, bodies unread: who is called and with
//! which headers, how long is waited, and what is said when nobody answers (contract edge 1.3,
//! "Proxy" and "Signed proxy"; contract add-ons sections 7 and 8). It knows no rules beyond the one it is
//! handed.

mod addon;
mod cookies;
mod headers;
mod pulse;
mod relay;
mod rule;
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
use crate::sites::{AddonView, SiteView};
use http::uri::PathAndQuery;
use outbound::{AddressPolicy, CONNECT_DEADLINE, Origin, Relay};
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
/// Requests of one site that are passed on at once, upgraded connections included. Its rules together,
/// and each of its add-ons, get half of that at most, and never more than is still free.
pub const MAX_PER_SITE: usize = 1024;
/// Requests of all sites that are passed on at once. No site and no add-on holds more than is still free.
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
    relay: Relay,
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

/// To which add-on a request is passed on.
pub(crate) struct ToAddon<'a> {
    pub(crate) addon: &'a AddonView,
    /// Where its provider is.
    pub(crate) origin: Origin,
    /// What is asked for there.
    pub(crate) target: PathAndQuery,
}

impl Proxy {
    /// A way out that keeps nothing open yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self {
            relay: Relay::new(options.policy, CONNECT_DEADLINE),
            head: options.head,
            idle: options.idle,
            secrets: Secrets::new(options.secrets),
            slots: Slots::new(MAX_AT_ONCE, MAX_PER_SITE),
        }
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
    told(rule::pass(proxy, &edge.cx, exchange, site, &proxied).await, exchange, site)
}

/// The same for an add-on and its provider.
pub(crate) async fn to_addon(
    edge: &Shared,
    exchange: &mut Exchange,
    site: &SiteView,
    to: ToAddon<'_>,
) -> Answer {
    let Some(proxy) = &edge.proxy else { return Trouble::NoProxy.page() };
    told(addon::pass(proxy, &edge.cx, exchange, site, to).await, exchange, site)
}

fn told(answer: Result<Answer, Trouble>, exchange: &Exchange, site: &SiteView) -> Answer {
    answer.unwrap_or_else(|trouble| {
        trouble.log(exchange, site);
        trouble.page()
    })
}
