//! The durable runner: takes jobs that features left in the store, each by one worker at a time,
//! and hands them to the handler of their kind until it says that they are done. It knows nothing
//! of what a job does.

mod desk;
mod handler;
mod runner;

#[cfg(test)]
mod tests;

pub use handler::{Handler, Job, Limits, Verdict};
pub use runner::Runner;
