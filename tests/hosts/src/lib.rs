//! The hosts that a build talks to, on this machine: a Git host behind smart HTTP, webhooks as every
//! kind of Git host sends them, and a package registry. For tests; knows nothing of the server that
//! builds.

mod git;
mod http1;
mod registry;
pub mod webhooks;

pub use git::{GitHost, Repository};
pub use registry::Registry;
