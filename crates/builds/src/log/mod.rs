//! A build's log: written by the node that runs the build, read and followed by anybody. The table
//! is the only truth; followers are woken by news and read on from the line they know.

mod append;
mod budget;
mod follow;
mod read;
mod sections;
mod writer;

#[cfg(test)]
pub(crate) use append::APPEND_MAX;
pub use append::{append_line, mark_started};
pub use follow::Step;
pub(crate) use follow::follow;
pub use read::{LINES_MAX, read_log};
pub use sections::sections;
pub(crate) use writer::Log;

/// Sections of a log, in the order of a build. Plugins and functions have theirs where an engine tells
/// them apart; plugins that run at several moments come several times.
pub(crate) mod section {
    pub(crate) const QUEUED: &str = "queued";
    pub(crate) const CLONE: &str = "clone";
    pub(crate) const INSTALL: &str = "install";
    pub(crate) const BUILD: &str = "build";
    pub(crate) const PLUGINS: &str = "plugins";
    pub(crate) const FUNCTIONS: &str = "functions";
    pub(crate) const UPLOAD: &str = "upload";
    pub(crate) const PUBLISH: &str = "publish";
}
