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

    /// The log of a build from line `from` on, as it grows. The stream ends after [`Step::End`], or
    /// with `NotFound` when the build is deleted.
    #[must_use]
    pub fn follow(&self, build_id: &str, from: i64) -> BoxStream<'static, Result<Step>> {
        log::follow(&self.cx, &self.running, build_id, from)
    }
}
