//! A build's log: written by the node that runs the build, read and followed by anybody. The table
//! is the only truth; followers are woken by news and read on from the line they know.

mod append;
mod follow;
mod read;
mod writer;

#[cfg(test)]
pub(crate) use append::APPEND_MAX;
pub use append::{append_line, mark_started};
pub use follow::Step;
pub(crate) use follow::follow;
pub use read::{LINES_MAX, read_log};
pub(crate) use writer::Log;

/// Sections of a log, in the order of a build.
pub(crate) mod section {
    pub(crate) const QUEUED: &str = "queued";
    pub(crate) const CLONE: &str = "clone";
    pub(crate) const INSTALL: &str = "install";
    pub(crate) const BUILD: &str = "build";
    pub(crate) const DEPLOY: &str = "deploy";
}
