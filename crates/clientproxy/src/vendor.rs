//! The vendor's hosts: this server answers for them behind a CONNECT, in TLS with a certificate of
//! the local authority. What it answers is the vendor service's business.

use std::convert::Infallible;
use std::sync::Arc;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::authority::Authority;
use crate::{BoxError, ConnectToken, Limits, VendorService};

/// The hosts that Netlify clients have written into their code (contract clients 2a and 5):
/// integrations of a site, log streams, function logs.
pub const VENDOR_HOSTS: [&str; 3] =
    ["api.netlifysdk.com", "socketeer.services.netlify.com", "analytics.services.netlify.com"];

/// The only port at which a vendor host is answered here; at others it is a host like any other.
pub const VENDOR_PORT: u16 = 443;

/// Where a decrypted request was going and on whose behalf: an extension of every request that
/// the vendor service gets. It counts before the `Host` header, which the client chooses freely.
#[derive(Clone, Debug)]
pub struct VendorOrigin {
    /// The host of the CONNECT, one of [`VENDOR_HOSTS`].
    pub host: &'static str,
    /// The token that the CONNECT was accepted with; the requests themselves often carry none.
    pub token: ConnectToken,
}

/// The vendor host a target means, if any.
pub(crate) fn vendor_host(target: &Authority) -> Option<&'static str> {
    let at_port = target.port == VENDOR_PORT;
    let mut hosts = VENDOR_HOSTS.iter().copied();
    hosts.find(|host| at_port && *host == target.host)
}

/// One accepted CONNECT to a vendor host.
pub(crate) struct Session {
    pub(crate) origin: VendorOrigin,
    pub(crate) tls: Arc<ServerConfig>,
    pub(crate) service: VendorService,
    pub(crate) limits: Limits,
    pub(crate) slot: OwnedSemaphorePermit,
}

type Decrypted = TlsStream<TokioIo<hyper::upgrade::Upgraded>>;

impl Session {
    /// Serves the connection to its end. How it ends concerns nobody but the log.
    pub(crate) async fn run(self, upgrade: OnUpgrade) {
        let host = self.origin.host;
        match self.serve(upgrade).await {
            Ok(()) => tracing::debug!(host, "vendor connection ended"),
            Err(error) => tracing::debug!(host, %error, "vendor connection broke"),
        }
    }

    async fn serve(self, upgrade: OnUpgrade) -> Result<(), BoxError> {
        let handshake = handshake(upgrade, Arc::clone(&self.tls));
        let stream = timeout(self.limits.handshake, handshake).await??;
        let (origin, service) = (self.origin, self.service);
        let answer = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(origin.clone());
            let response = service(request);
            async move { Ok::<_, Infallible>(response.await) }
        });
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.vendor_idle)
            .serve_connection(TokioIo::new(stream), answer)
            .with_upgrades()
            .await?;
        drop(self.slot);
        Ok(())
    }
}

async fn handshake(upgrade: OnUpgrade, tls: Arc<ServerConfig>) -> Result<Decrypted, BoxError> {
    let upgraded = upgrade.await?;
    Ok(TlsAcceptor::from(tls).accept(TokioIo::new(upgraded)).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(host: &str, port: u16, expect: Option<&str>) {
        let host = host.to_owned();
        assert_eq!(vendor_host(&Authority { host, port }), expect);
    }

    #[test]
    fn only_the_listed_hosts_at_their_port_are_vendor_hosts() {
        for host in VENDOR_HOSTS {
            check(host, 443, Some(host));
            check(host, 80, None);
        }
        check("netlifysdk.com", 443, None);
        check("x.api.netlifysdk.com", 443, None);
        check("example.com", 443, None);
    }
}
