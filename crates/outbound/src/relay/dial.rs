//! Reaches an origin: its name looked up, an address dialled that the policy permits, TLS agreed on, all
//! within one limit.

use crate::resolver::{Lookup, Refused, permitted};
use crate::{AddressPolicy, FailureClass, Origin};
use parking_lot::Mutex;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt as _;
use std::fmt;
use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Host;

/// How long one of several addresses may take before the next is tried.
const NEXT_ADDRESS: Duration = Duration::from_secs(1);

/// A connection as HTTP sees it.
#[derive(Debug)]
pub(super) enum Wire {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
    /// One that somebody else writes to.
    ReadOnly(ReadHalf<Wire>),
}

/// Why an origin was not reached. Says nothing of its address.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreached {
    #[error("{}", Refused)]
    Refused,
    #[error("no answer in time")]
    Late,
    #[error("not reached: {0}")]
    Socket(io::Error),
    #[error("no secure connection: {0}")]
    Tls(io::Error),
}

impl Unreached {
    pub(super) fn class(&self) -> FailureClass {
        match self {
            Self::Refused => FailureClass::RefusedAddress,
            Self::Late => FailureClass::Timeout,
            Self::Socket(_) => FailureClass::Connect,
            Self::Tls(_) => FailureClass::Tls,
        }
    }
}

/// Reaches origins.
pub(crate) struct Dialer {
    policy: AddressPolicy,
    connect: Duration,
    lookup: Lookup,
    /// Made when it is first needed: reading the machine's certificates takes its time.
    tls: Mutex<Option<TlsConnector>>,
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl Dialer {
    pub(crate) fn new(policy: AddressPolicy, connect: Duration, lookup: Lookup) -> Self {
        Self { policy, connect, lookup, tls: Mutex::default() }
    }

    pub(super) async fn dial(&self, origin: &Origin) -> Result<Wire, Unreached> {
        timeout(self.connect, self.reach(origin)).await.unwrap_or(Err(Unreached::Late))
    }

    async fn reach(&self, origin: &Origin) -> Result<Wire, Unreached> {
        let stream = self.stream(origin.host(), origin.port()).await?;
        // a request leaves in one piece; nothing is gained by waiting for more
        let _ = stream.set_nodelay(true);
        if !origin.is_secure() {
            return Ok(Wire::Plain(stream));
        }
        let secure = self.tls()?.connect(server_name(origin.host())?, stream).await;
        secure.map(|stream| Wire::Secure(Box::new(stream))).map_err(Unreached::Tls)
    }

    /// A connection to a host on which nothing was said yet.
    pub(crate) async fn stream(&self, host: &Host<String>, port: u16) -> Result<TcpStream, Unreached> {
        connect(&self.addresses(host, port).await?).await
    }

    /// Where a host may be dialled.
    pub(crate) async fn addresses(
        &self,
        host: &Host<String>,
        port: u16,
    ) -> Result<Vec<SocketAddr>, Unreached> {
        let found = match host {
            Host::Ipv4(address) => vec![IpAddr::V4(*address)],
            Host::Ipv6(address) => vec![IpAddr::V6(*address)],
            Host::Domain(name) => (self.lookup)(name.clone()).await.map_err(Unreached::Socket)?,
        };
        let permitted = permitted(&self.policy, &found).map_err(|_| Unreached::Refused)?;
        Ok(permitted.map(|address| SocketAddr::new(address.ip(), port)).collect())
    }

    fn tls(&self) -> Result<TlsConnector, Unreached> {
        let mut made = self.tls.lock();
        if let Some(connector) = &*made {
            return Ok(connector.clone());
        }
        let builder = ClientConfig::builder().with_platform_verifier();
        let builder = builder.map_err(|error| Unreached::Tls(io::Error::other(error)))?;
        let mut config = builder.with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(made.insert(TlsConnector::from(Arc::new(config))).clone())
    }
}

/// The first address that answers; none of several is waited for so long that the others have no turn.
async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, Unreached> {
    let mut why = Unreached::Refused;
    for (number, address) in addresses.iter().enumerate() {
        let dialled = TcpStream::connect(address);
        let stream = if number + 1 == addresses.len() {
            dialled.await
        } else {
            timeout(NEXT_ADDRESS, dialled).await.unwrap_or(Err(io::ErrorKind::TimedOut.into()))
        };
        match stream {
            Ok(stream) => return Ok(stream),
            Err(error) => why = Unreached::Socket(error),
        }
    }
    Err(why)
}

fn server_name(host: &Host<String>) -> Result<ServerName<'static>, Unreached> {
    match host {
        Host::Ipv4(address) => Ok(IpAddr::V4(*address).into()),
        Host::Ipv6(address) => Ok(IpAddr::V6(*address).into()),
        Host::Domain(name) => {
            ServerName::try_from(name.clone()).map_err(|error| Unreached::Tls(io::Error::other(error)))
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Secure(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::ReadOnly(half) => Pin::new(half).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Secure(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::ReadOnly(_) => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, parts),
            Self::Secure(stream) => Pin::new(stream).poll_write_vectored(cx, parts),
            Self::ReadOnly(_) => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Secure(stream) => stream.is_write_vectored(),
            Self::ReadOnly(_) => false,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Secure(stream) => Pin::new(stream).poll_flush(cx),
            Self::ReadOnly(_) => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Secure(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::ReadOnly(_) => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }
}
