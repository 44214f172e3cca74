//! Decides about a CONNECT: who asks, for what, and whether there is room; then answers it and
//! leaves the opened connection to a task of its own. It moves no bytes itself.

use std::sync::Arc;

use http::request::Parts;
use http::{Method, Request, Response};
use hyper::upgrade::OnUpgrade;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::answer::{Refusal, established};
use crate::authority::Authority;
use crate::vendor::{Session, VendorOrigin, vendor_host};
use crate::{Authorise, ConnectToken, Limits, LocalCa, ResponseBody, TunnelPolicy, VendorService, tunnel};

/// The proxy behind one listening port; share it in an [`Arc`].
pub struct ClientProxy {
    ca: LocalCa,
    vendor_service: VendorService,
    authorise: Authorise,
    tunnel_policy: TunnelPolicy,
    limits: Limits,
    vendor_slots: Arc<Semaphore>,
    tunnel_slots: Arc<Semaphore>,
}

impl ClientProxy {
    /// A proxy with the default [`Limits`].
    pub fn new(
        ca: LocalCa,
        vendor_service: VendorService,
        authorise: Authorise,
        tunnel_policy: TunnelPolicy,
    ) -> Self {
        let limits = Limits::default();
        Self {
            ca,
            vendor_service,
            authorise,
            tunnel_policy,
            limits,
            vendor_slots: slots(limits.vendor_connections),
            tunnel_slots: slots(limits.tunnels),
        }
    }

    /// The same proxy with other limits; connections opened before do not count against them.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self {
            limits,
            vendor_slots: slots(limits.vendor_connections),
            tunnel_slots: slots(limits.tunnels),
            ..self
        }
    }

    /// The authority that clients have to trust.
    pub fn ca(&self) -> &LocalCa {
        &self.ca
    }

    /// Answers a CONNECT that arrived over HTTP/1.1 and carries it out in the background. The
    /// server has to serve its connections with upgrades. Must run within a tokio runtime.
    ///
    /// 200 when the tunnel is open, otherwise `{code, message}` with 400 (bad target), 403 (refused
    /// by the policy), 405 (not a CONNECT), 407 (no valid token), 500, 502 (unreachable), 503 (no
    /// room) or 504 (time-out).
    pub async fn connect<B>(self: Arc<Self>, mut request: Request<B>) -> Response<ResponseBody> {
        let upgrade = hyper::upgrade::on(&mut request);
        let (parts, _) = request.into_parts();
        match self.open(&parts, upgrade).await {
            Ok(()) => established(),
            Err(refusal) => refusal.into_response(),
        }
    }

    /// Who asks comes first: strangers learn nothing about targets, and make nothing happen.
    async fn open(&self, parts: &Parts, upgrade: OnUpgrade) -> Result<(), Refusal> {
        if parts.method != Method::CONNECT {
            return Err(Refusal::NotConnect);
        }
        let token = self.admit(parts).await?;
        let target = Authority::of(&parts.uri).ok_or(Refusal::BadAuthority)?;
        match vendor_host(&target) {
            Some(host) => self.open_vendor(VendorOrigin { host, token }, upgrade),
            None => self.open_tunnel(&target, upgrade).await,
        }
    }

    async fn admit(&self, parts: &Parts) -> Result<ConnectToken, Refusal> {
        let token = ConnectToken::of(&parts.headers).ok_or(Refusal::Unauthorised)?;
        if (self.authorise)(token.expose().to_owned()).await { Ok(token) } else { Err(Refusal::Unauthorised) }
    }

    fn open_vendor(&self, origin: VendorOrigin, upgrade: OnUpgrade) -> Result<(), Refusal> {
        let slot = take(&self.vendor_slots)?;
        let tls = self.ca.server(origin.host).map_err(|error| {
            tracing::error!(host = origin.host, %error, "no certificate for a vendor host");
            Refusal::Internal
        })?;
        let session =
            Session { origin, tls, service: Arc::clone(&self.vendor_service), limits: self.limits, slot };
        tokio::spawn(session.run(upgrade));
        Ok(())
    }

    async fn open_tunnel(&self, target: &Authority, upgrade: OnUpgrade) -> Result<(), Refusal> {
        let slot = take(&self.tunnel_slots)?;
        let upstream = tunnel::reach(target, &self.tunnel_policy, self.limits.dial).await?;
        let idle = self.limits.tunnel_idle;
        tokio::spawn(tunnel::run(upgrade, upstream, idle, slot));
        Ok(())
    }
}

fn slots(count: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)))
}

fn take(slots: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Refusal> {
    let slot = Arc::clone(slots).try_acquire_owned();
    slot.map_err(|_| Refusal::Full)
}
