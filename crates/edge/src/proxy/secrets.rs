//! Values of the environment variables that sign requests, kept for a while so that no request reads
//! them from the database. Values never reach logs.

use context::Result;
use futures_util::future::BoxFuture;
use moka::sync::Cache;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

/// How long a value is used before it is looked up again.
pub(super) const KEPT_FOR: Duration = Duration::from_secs(30);
/// Values that are kept at once.
const MAX_KEPT: u64 = 10_000;

/// Knows environment variables of sites.
pub trait SecretSource: Send + Sync + 'static {
    /// The value of a variable of this site in production, whatever its scopes; none when there is
    /// no such variable.
    fn value<'a>(
        &'a self,
        account_id: &'a str,
        site_id: &'a str,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<String>>>;
}

/// Values in memory, each looked up once however many ask.
pub(super) struct Secrets {
    source: Arc<dyn SecretSource>,
    kept: Cache<(Box<str>, Box<str>), Cell>,
}

type Cell = Arc<OnceCell<Option<Arc<str>>>>;

impl Secrets {
    pub(super) fn new(source: Arc<dyn SecretSource>) -> Self {
        Self::kept_for(source, KEPT_FOR)
    }

    fn kept_for(source: Arc<dyn SecretSource>, time: Duration) -> Self {
        let kept = Cache::builder().max_capacity(MAX_KEPT).time_to_live(time).build();
        Self { source, kept }
    }

    /// The value of a variable of a site.
    ///
    /// # Errors
    /// When it is not known and cannot be looked up.
    pub(super) async fn value(
        &self,
        account_id: &str,
        site_id: &str,
        name: &str,
    ) -> Result<Option<Arc<str>>> {
        let cell = self.kept.get_with((site_id.into(), name.into()), Cell::default);
        let look_up = async || {
            let value = self.source.value(account_id, site_id, name).await?;
            Ok(value.map(Arc::from))
        };
        cell.get_or_try_init(look_up).await.cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use context::Error;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Fails the first time, then tells how often it was asked.
    #[derive(Default)]
    struct Counting(AtomicUsize);

    impl SecretSource for Counting {
        fn value<'a>(
            &'a self,
            _account: &'a str,
            _site: &'a str,
            name: &'a str,
        ) -> BoxFuture<'a, Result<Option<String>>> {
            let asked = self.0.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move {
                match (asked, name) {
                    (0, _) => Err(Error::NotFound),
                    (_, "MISSING") => Ok(None),
                    _ => Ok(Some(asked.to_string())),
                }
            })
        }
    }

    #[tokio::test]
    async fn values_are_looked_up_once_and_failures_are_not_kept() {
        let secrets = Secrets::new(Arc::new(Counting::default()));
        let value = async |site, name| {
            let value = secrets.value("a", site, name).await;
            value.map(|value| value.map(|value| value.to_string())).ok()
        };
        let some = |text: &str| Some(Some(text.to_owned()));
        assert_eq!(value("s", "K").await, None);
        assert_eq!(value("s", "K").await, some("1"));
        assert_eq!(value("s", "K").await, some("1"));
        assert_eq!(value("s", "MISSING").await, Some(None));
        assert_eq!(value("s", "MISSING").await, Some(None));
        assert_eq!(value("other", "K").await, some("3"));
    }

    #[tokio::test]
    async fn values_are_looked_up_again_in_time() {
        let secrets = Secrets::kept_for(Arc::new(Counting::default()), Duration::from_nanos(1));
        let mut seen = Vec::new();
        for _ in 0..3 {
            seen.push(secrets.value("a", "s", "K").await.ok().flatten().map(|value| value.to_string()));
        }
        assert_eq!(seen, [None, Some("1".to_owned()), Some("2".to_owned())]);
    }
}
