//! Builds: a repository goes in, a deploy comes out. What asks for a build (a person, a build hook)
//! leaves a row and a job; the handler of that job clones, installs, and has one of two engines build
//! in the strongest sandbox that works here and hand the outcome to the deploys feature.
//! How a deploy is stored and goes live is that feature's business; who may ask is the doors'.

pub mod builder;
mod cache;
mod cancel;
mod cause;
mod configuration;
mod detect;
mod disk;
mod edge_functions;
mod ending;
mod engine;
mod environment;
mod failure;
mod ground;
mod handle;
mod handler;
pub mod hooks;
mod ignore;
mod install;
mod leftovers;
mod lines;
mod log;
mod masker;
pub mod plugin_runs;
mod present;
mod process;
mod publish;
pub mod pushes;
mod queue;
mod repository;
pub mod requests;
mod retry;
mod run;
mod running;
mod sandbox;
mod shell;
mod start;
mod status;
mod strays;
mod workspace;

#[cfg(test)]
mod tests;

pub use cache::sweep as sweep_caches;
pub use cause::{Accepted, Cause, Incoming, Push, Review};
pub use environment::{EnvSource, SiteVariables};
pub use handle::Builds;
pub use handler::{BUILD_JOB, BuildHandler};
pub use install::{Program, dependency_programs};
pub use leftovers::clear_all as clear_leftovers;
pub use log::{LINES_MAX, Step, append_line, mark_started, read_log, sections};
pub use present::present;
pub use queue::{REPLACED, STOPPED, positions, queue};
pub use retry::{Retry, retry};
pub use sandbox::{Layers, sandbox_report};
pub use start::{WAITING_MAX, has_repository, start, start_in};
pub use status::{Minutes, PLACES_MAX, Status, set_concurrency, site_status, status};
pub use workspace::server_is_root as runs_as_root;
