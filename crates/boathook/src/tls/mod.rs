//! TLS on a port of its own: certificates from files and from an ACME authority, chosen by the name
//! a client asks for; HTTP/2 and HTTP/1.1. Knows connections and certificates, no requests.

mod acme;
mod files;
mod secured;
mod store;

pub(crate) use secured::{Secured, bind, open};
pub(crate) use store::Certificates;

use acme::Acme;
use rustls::ServerConfig;
use rustls::server::Acceptor;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

/// How long a client may take to say what it wants, and then to agree on keys.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// How long a client waits for a certificate that is being ordered for it.
const ORDER_LIMIT: Duration = Duration::from_secs(30);
/// Handshakes at once; who comes on top is turned away before it costs anything.
const MAX_HANDSHAKES: usize = 4096;

/// What turns a connection into one by TLS.
pub(crate) struct Tls {
    config: Arc<ServerConfig>,
    certificates: Arc<Certificates>,
    handshakes: Semaphore,
}

impl Tls {
    pub(crate) fn new(certificates: Arc<Certificates>) -> anyhow::Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::<Certificates>::clone(&certificates));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), certificates, handshakes: Semaphore::new(MAX_HANDSHAKES) })
    }

    /// What orders certificates, when something does.
    pub(crate) fn acme(&self) -> Option<&Acme> {
        self.certificates.acme()
    }

    /// Agrees with a client on keys.
    ///
    /// # Errors
    /// When the client gives up, asks for what there is not, or takes too long.
    pub(crate) async fn accept<S>(&self, stream: S) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let _place = self.handshakes.try_acquire().map_err(io::Error::other)?;
        let hello = LazyConfigAcceptor::new(Acceptor::default(), stream);
        let start = tokio::time::timeout(HANDSHAKE_LIMIT, hello).await??;
        if let Some(name) = start.client_hello().server_name().map(str::to_ascii_lowercase) {
            // Whoever asks for what cannot be had in time gets the handshake that is possible.
            let _ = tokio::time::timeout(ORDER_LIMIT, self.certificates.prepare(&name)).await;
        }
        tokio::time::timeout(HANDSHAKE_LIMIT, start.into_stream(Arc::clone(&self.config))).await?
    }
}

#[cfg(test)]
mod tests {
    use super::files::Files;
    use super::*;

    #[tokio::test]
    async fn handshakes_are_bounded() {
        let files = Files::new(&[], &[]).expect("no files are fine");
        let certificates = Certificates::open(files, None, 443).expect("there is nothing to read");
        let tls = Tls::new(Arc::new(certificates)).expect("it can be set up");
        let places = tls.handshakes.acquire_many(MAX_HANDSHAKES as u32).await.expect("never closed");
        let (client, server) = tokio::io::duplex(64);
        assert!(tls.accept(server).await.is_err(), "turned away although the client waits");
        drop((places, client));
        let (client, server) = tokio::io::duplex(64);
        drop(client);
        let error = tls.accept(server).await.expect_err("the client went away");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
