//! Tunnels to hosts that are not the vendor's: resolve, ask the policy about the very address that
//! is dialled, connect, and copy bytes until both sides are done or none moves any more. It never
//! looks into the bytes.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::time::timeout;

use crate::answer::Refusal;
use crate::authority::Authority;
use crate::{BoxError, TunnelPolicy};

/// Addresses of one host that are tried at most.
pub const MAX_ADDRESSES: usize = 8;

/// Bytes held for one direction of one tunnel.
const BUFFER: usize = 16 * 1024;

/// How a tunnel came to its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    Closed,
    Idle,
}

/// Connects to the target within `limit`, to an address that the policy allows.
pub(crate) async fn reach(
    target: &Authority,
    policy: &TunnelPolicy,
    limit: Duration,
) -> Result<TcpStream, Refusal> {
    reach_by(target, policy, limit, TcpStream::connect).await
}

async fn reach_by<S, F, Fut>(
    target: &Authority,
    policy: &TunnelPolicy,
    limit: Duration,
    connect: F,
) -> Result<S, Refusal>
where
    F: Fn(SocketAddr) -> Fut,
    Fut: Future<Output = io::Result<S>>,
{
    let attempt = async {
        let found = lookup_host((target.host.as_str(), target.port)).await;
        let found = found.map_err(|_| Refusal::Unreachable)?;
        let addresses = permitted(target, policy, found.map(|found| found.ip()))?;
        first_that_answers(addresses, connect).await
    };
    timeout(limit, attempt).await.unwrap_or(Err(Refusal::TimedOut))
}

/// The addresses the policy allows, in the resolver's order. IPv4 in IPv6 clothes is judged, and
/// dialled, as the IPv4 it is.
fn permitted(
    target: &Authority,
    policy: &TunnelPolicy,
    found: impl Iterator<Item = IpAddr>,
) -> Result<Vec<SocketAddr>, Refusal> {
    let mut found = found.map(|ip| ip.to_canonical()).peekable();
    if found.peek().is_none() {
        return Err(Refusal::Unreachable);
    }
    let allowed: Vec<_> = found
        .filter(|ip| policy(&target.host, target.port, *ip))
        .take(MAX_ADDRESSES)
        .map(|ip| SocketAddr::new(ip, target.port))
        .collect();
    if allowed.is_empty() {
        return Err(Refusal::Forbidden);
    }
    Ok(allowed)
}

async fn first_that_answers<S, F, Fut>(addresses: Vec<SocketAddr>, connect: F) -> Result<S, Refusal>
where
    F: Fn(SocketAddr) -> Fut,
    Fut: Future<Output = io::Result<S>>,
{
    for address in addresses {
        match connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => tracing::debug!(%address, %error, "tunnel address did not answer"),
        }
    }
    Err(Refusal::Unreachable)
}

/// Carries an accepted CONNECT to its end; the slot is free again afterwards.
pub(crate) async fn run(upgrade: OnUpgrade, upstream: TcpStream, idle: Duration, slot: OwnedSemaphorePermit) {
    match carry(upgrade, upstream, idle).await {
        Ok(end) => tracing::debug!(?end, "tunnel ended"),
        Err(error) => tracing::debug!(%error, "tunnel broke"),
    }
    drop(slot);
}

async fn carry(upgrade: OnUpgrade, upstream: TcpStream, idle: Duration) -> Result<End, BoxError> {
    let upgraded = timeout(idle, upgrade).await??;
    Ok(copy_until_idle(TokioIo::new(upgraded), upstream, idle).await?)
}

/// Copies both ways until both sides have closed or no byte has moved for `idle`. A side that does
/// not take what is sent to it counts as idle too.
async fn copy_until_idle<A, B>(left: A, right: B, idle: Duration) -> io::Result<End>
where
    A: AsyncRead + AsyncWrite,
    B: AsyncRead + AsyncWrite,
{
    let moved = Notify::new();
    let (left_in, left_out) = tokio::io::split(left);
    let (right_in, right_out) = tokio::io::split(right);
    let both = async { tokio::try_join!(pump(left_in, right_out, &moved), pump(right_in, left_out, &moved)) };
    tokio::select! {
        copied = both => copied.map(|_| End::Closed),
        () = stillness(&moved, idle) => Ok(End::Idle),
    }
}

/// One direction; the end of the input is passed on as the end of the output.
async fn pump<R, W>(mut from: R, mut to: W, moved: &Notify) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return to.shutdown().await;
        }
        moved.notify_one();
        to.write_all(&buffer[..count]).await?;
        to.flush().await?;
        moved.notify_one();
    }
}

/// Returns when nothing has moved for `idle`.
async fn stillness(moved: &Notify, idle: Duration) {
    while timeout(idle, moved.notified()).await.is_ok() {}
}

#[cfg(test)]
mod tests;
