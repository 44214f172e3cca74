//! Builds as a whole, on SQLite, with real repositories, real Git and the sandbox of this machine.

mod asking;
mod build_hooks;
mod caching;
mod checking_out;
mod cut_off;
mod engine;
mod ground;
mod hooks;
mod isolation;
mod logs;
mod making;
mod queueing;
mod reaching;
mod reports;
mod requests;
mod stopping;
pub(crate) mod world;
