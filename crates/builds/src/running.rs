//! The builds that run in this process: a way to stop each, and to hear of news in its log.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The builds that run in this process.
#[derive(Clone, Default)]
pub(crate) struct Running {
    entries: Arc<Mutex<HashMap<String, Entry>>>,
}

struct Entry {
    site_id: String,
    stop: CancellationToken,
    news: watch::Sender<()>,
}

/// A build's place among the running ones; leaves it when dropped.
pub(crate) struct Place {
    running: Running,
    id: String,
    pub(crate) stop: CancellationToken,
}

impl Running {
    /// Stops a build that runs here; whether one did.
    pub(crate) fn stop(&self, build_id: &str) -> bool {
        let entries = self.entries.lock();
        entries.get(build_id).inspect(|entry| entry.stop.cancel()).is_some()
    }

    /// Stops the builds of a site that run here.
    pub(crate) fn stop_site(&self, site_id: &str) {
        let entries = self.entries.lock();
        entries.values().filter(|entry| entry.site_id == site_id).for_each(|entry| entry.stop.cancel());
    }

    pub(crate) fn enter(&self, build_id: &str, site_id: &str) -> Place {
        let stop = CancellationToken::new();
        let entry = Entry { site_id: site_id.to_owned(), stop: stop.clone(), news: watch::Sender::new(()) };
        self.entries.lock().insert(build_id.to_owned(), entry);
        Place { running: self.clone(), id: build_id.to_owned(), stop }
    }

    /// Resolves when the log of a build that runs here grew, or the build left.
    pub(crate) fn news(&self, build_id: &str) -> Option<watch::Receiver<()>> {
        self.entries.lock().get(build_id).map(|entry| entry.news.subscribe())
    }

    pub(crate) fn tell(&self, build_id: &str) {
        if let Some(entry) = self.entries.lock().get(build_id) {
            entry.news.send_replace(());
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.running.entries.lock().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_build_can_be_stopped_and_leaves_when_it_ends() {
        let running = Running::default();
        assert!(!running.stop("a"));
        let place = running.enter("a", "s");
        assert!(running.stop("a") && place.stop.is_cancelled());
        drop(place);
        assert!(!running.stop("a"));
    }

    #[test]
    fn all_builds_of_a_site_can_be_stopped() {
        let running = Running::default();
        let [one, two, other] =
            [("a", "s"), ("b", "s"), ("c", "t")].map(|(build, site)| running.enter(build, site));
        running.stop_site("s");
        assert_eq!([one, two, other].map(|place| place.stop.is_cancelled()), [true, true, false]);
    }

    #[tokio::test]
    async fn news_come_and_end_with_the_build() {
        let running = Running::default();
        assert!(running.news("a").is_none());
        let place = running.enter("a", "s");
        let mut news = running.news("a").expect("it runs");
        running.tell("a");
        assert!(news.changed().await.is_ok());
        drop(place);
        assert!(news.changed().await.is_err());
    }
}
