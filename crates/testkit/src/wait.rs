//! Waiting for something that other hands do: by asking again, with a limit, never by sleeping once.

use std::time::{Duration, Instant};

/// How long tests wait for something that should be there soon. Machines are shared.
pub const LIMIT: Duration = Duration::from_secs(30);
/// Pause between two looks.
pub const STEP: Duration = Duration::from_millis(10);

/// Looks until there is something, at most [`LIMIT`].
///
/// # Panics
/// When the time is over, with `what`.
pub async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    until_within(LIMIT, what, look).await
}

/// The same with another limit.
///
/// # Panics
/// When the time is over, with `what`.
pub async fn until_within<T>(limit: Duration, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(start.elapsed() < limit, "waited {limit:?} in vain for {what}");
        tokio::time::sleep(STEP).await;
    }
}
