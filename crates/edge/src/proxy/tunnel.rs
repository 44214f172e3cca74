//! An upgraded connection: bytes both ways until both sides are done, one breaks, or none moves any
//! more. It never looks into them.

use super::pulse::Pulse;
use super::slots::Slot;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use outbound::Relayed;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Bytes held for one direction.
const BUFFER: usize = 16 * 1024;

/// Joins the visitor's side, as soon as it has its answer, to the origin's.
pub(super) async fn run(visitor: OnUpgrade, origin: Relayed, idle: Duration, slot: Slot) {
    let joined = async {
        let origin = origin.upgrade()?;
        let visitor = visitor.await.map_err(io::Error::other)?;
        carry(TokioIo::new(visitor), origin, idle).await
    };
    if let Err(error) = joined.await {
        tracing::debug!(%error, "an upgraded connection broke off");
    }
    drop(slot);
}

/// Copies both ways. A side that does not take what is sent to it counts as idle too.
async fn carry<A, B>(visitor: A, origin: B, idle: Duration) -> io::Result<()>
where
    A: AsyncRead + AsyncWrite,
    B: AsyncRead + AsyncWrite,
{
    let pulse = Pulse::new();
    let (visitor_in, visitor_out) = tokio::io::split(visitor);
    let (origin_in, origin_out) = tokio::io::split(origin);
    let both = async {
        tokio::try_join!(copy(visitor_in, origin_out, &pulse), copy(origin_in, visitor_out, &pulse)).map(drop)
    };
    pulse.while_it_beats(idle, both).await.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
}

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    pulse: &Pulse,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = from.read(&mut buffer).await?;
        pulse.beat();
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..count]).await?;
        to.flush().await?;
        pulse.beat();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::duplex;

    #[tokio::test]
    async fn bytes_pass_both_ways_and_each_side_ends_by_itself() -> io::Result<()> {
        let (mut visitor, visitor_end) = duplex(64);
        let (mut origin, origin_end) = duplex(64);
        let carried = tokio::spawn(carry(visitor_end, origin_end, Duration::from_secs(60)));
        visitor.write_all(b"ping").await?;
        visitor.shutdown().await?;
        let mut asked = String::new();
        origin.read_to_string(&mut asked).await?;
        origin.write_all(b"pong").await?;
        drop(origin);
        let mut answered = String::new();
        visitor.read_to_string(&mut answered).await?;
        assert_eq!((asked.as_str(), answered.as_str()), ("ping", "pong"));
        carried.await.map_err(io::Error::other)?
    }

    #[tokio::test]
    async fn silence_ends_it() {
        let (_visitor, visitor_end) = duplex(64);
        let (_origin, origin_end) = duplex(64);
        let carried = carry(visitor_end, origin_end, Duration::from_millis(20)).await;
        assert_eq!(carried.map_err(|error| error.kind()), Err(io::ErrorKind::TimedOut));
    }
}
