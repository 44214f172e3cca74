//! The handle by which the API reaches the builds that run in this process.

use crate::log::{self, Step};
use crate::running::Running;
use context::{Context, Result};
use futures_util::stream::BoxStream;
use store::builds::BuildRow;

/// The builds of this server, those that run in this process within reach. Cloning is cheap; the
/// handler and the API share one.
#[derive(Clone)]
pub struct Builds {
    cx: Context,
    pub(crate) running: Running,
}

impl Builds {
    /// A handle; nothing runs yet.
    #[must_use]
    pub fn new(cx: Context) -> Self {
        Self { cx, running: Running::default() }
    }

    /// Stops an unfinished build, whether it waits, runs here or runs on another node, and cancels
    /// its deploy. A build that ended already stays as it is.
    ///
    /// # Errors
    /// `NotFound` when there is no such build; else when the database fails.
    pub async fn cancel(&self, build_id: &str) -> Result<BuildRow> {
        crate::cancel::cancel(&self.cx, &self.running, build_id).await
    }

    /// Ends what this node has of a site that was deleted: builds that run, and what earlier ones kept.
    /// Those that wait find nothing to do, and other nodes see it by themselves.
    ///
    /// # Errors
    /// When the disk fails; what is left is thrown away later.
    pub async fn forget_site(&self, site_id: &str) -> Result<()> {
        self.running.stop_site(site_id);
        crate::cache::forget_site(&self.cx, site_id).await
    }

    /// The log of a build from line `from` on, as it grows. The stream ends after [`Step::End`], or
    /// with `NotFound` when the build is deleted.
    #[must_use]
    pub fn follow(&self, build_id: &str, from: i64) -> BoxStream<'static, Result<Step>> {
        log::follow(&self.cx, &self.running, build_id, from)
    }
}
