//! What every operation is handed beside its request.

use crate::purge::PurgeLimit;
use crate::rate_limit::Limiter;
use addons::Provider;
use builds::Builds;
use context::Context;
use hooks::Listeners;
use tokio_util::sync::CancellationToken;

/// The running server, as far as operations need it.
pub struct App {
    /// Store, clock, settings and the rest.
    pub cx: Context,
    /// Builds that run on this node.
    pub builds: Builds,
    /// The way to providers of add-ons.
    pub(crate) providers: Provider,
    /// Certificate of the authority behind the vendor's host names, PEM.
    pub(crate) client_ca: String,
    /// Who listens to hooks through this node.
    pub(crate) listeners: Listeners,
    pub(crate) limiter: Limiter,
    /// Cancelled when the server stops: whoever waits for something is answered then.
    pub(crate) stopping: CancellationToken,
    pub(crate) purges: PurgeLimit,
}

impl App {
    /// An app over this context.
    #[must_use]
    pub fn new(cx: Context, builds: Builds, providers: Provider, client_ca: String) -> Self {
        let limiter = Limiter::new(cx.settings.limits.requests_per_minute);
        let (listeners, purges) = (Listeners::default(), PurgeLimit::default());
        let stopping = CancellationToken::new();
        Self { cx, builds, providers, client_ca, listeners, limiter, stopping, purges }
    }

    /// The same, with streams that have no end of their own ending, and those who wait answered, when
    /// `stop` is cancelled.
    #[must_use]
    pub fn until(self, stop: CancellationToken) -> Self {
        Self { listeners: Listeners::until(stop.clone()), stopping: stop, ..self }
    }
}
