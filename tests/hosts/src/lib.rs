//! The hosts that a build talks to, on this machine: a Git host behind smart HTTP that sends webhooks
//! as GitHub does, and a package registry. For tests; knows nothing of the server that builds.

mod git;
pub mod github;
mod http1;
mod registry;

pub use git::{GitHost, Repository};
pub use registry::Registry;
