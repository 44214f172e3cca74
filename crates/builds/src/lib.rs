//! Builds: a repository goes in, a deploy comes out. What asks for a build (a person, a build hook)
//! leaves a row and a job; the handler of that job clones, installs, runs the site's command in the
//! strongest sandbox that works here, and hands the publish directory to the deploys feature.
//! How a deploy is stored and goes live is that feature's business; who may ask is the doors'.

mod cancel;
mod cause;
mod configuration;
mod environment;
mod failure;
mod handle;
mod handler;
pub mod hooks;
mod install;
mod lines;
mod log;
mod masker;
mod present;
mod process;
mod publish;
mod repository;
mod run;
mod running;
mod sandbox;
mod start;
mod status;
mod workspace;

#[cfg(test)]
mod tests;

pub use cause::{Cause, Incoming};
pub use environment::{EnvSource, SiteVariables};
pub use handle::Builds;
pub use handler::{BUILD_JOB, BuildHandler};
pub use log::{LINES_MAX, Step, append_line, mark_started, read_log};
pub use present::present;
pub use sandbox::{Layers, sandbox_report};
pub use start::{WAITING_MAX, has_repository, start};
pub use status::{Minutes, Status, status};
