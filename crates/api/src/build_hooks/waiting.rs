//! Callers who wait for the end of the build that they asked for.

use crate::call::Call;
use builds::hooks;
use context::Result;
use model::BuildHookStatus;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Longest wait of a caller, after which it is told where to ask: ten minutes.
pub(crate) const WAIT_MAX_MS: i64 = 10 * 60 * 1000;
/// Callers that may wait at once on a node; others are told where to ask at once.
const WAITERS_MAX: usize = 256;
/// How often a waiting caller's build is looked at.
const POLL: Duration = Duration::from_millis(500);

static PLACES: Semaphore = Semaphore::const_new(WAITERS_MAX);

/// Where a call stands when it is done, or when the wait is over. A caller that goes away ends the
/// wait, since whoever serves its connection drops it.
pub(super) async fn end(call: &Call, call_id: &str) -> Result<BuildHookStatus> {
    let until = call.cx.now().plus_millis(WAIT_MAX_MS);
    let place = PLACES.try_acquire();
    loop {
        let status = hooks::status(&call.cx, call.param("id"), call_id).await?;
        let over = status.done || place.is_err() || call.cx.now() >= until;
        if over || call.app.stopping.is_cancelled() {
            return Ok(status);
        }
        tokio::select! {
            () = call.app.stopping.cancelled() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_wait() {
        let places: Vec<_> = (0..WAITERS_MAX).map(|_| PLACES.try_acquire().expect("a place")).collect();
        assert!(PLACES.try_acquire().is_err());
        drop(places);
        assert!(PLACES.try_acquire().is_ok());
    }
}
