//! The only room that speaks SQL, and the keeper of blobs. One [`Store`] stands for SQLite or
//! PostgreSQL; every table family has one file with its statements, the same for both engines.
//! It decides nothing: what may happen to a row is the features' business.

mod backup;
pub mod blob;
mod engine;
mod error;
mod migrate;
mod query;
mod signals;

pub mod accounts;
pub mod addon_calls;
pub mod addon_instances;
pub mod addon_removals;
pub mod addons;
pub mod blobs;
pub mod build_hook_calls;
pub mod build_hook_pending;
pub mod build_hooks;
pub mod build_log;
pub mod build_passes;
pub mod builds;
pub mod changes;
pub mod deliveries;
pub mod deploy_files;
pub mod deploy_keys;
pub mod deploys;
pub mod env_vars;
pub mod events;
pub mod forms;
pub mod hook_health;
pub mod hooks;
pub mod jobs;
pub mod listening;
pub mod parcels;
pub mod plugin_runs;
pub mod pushes;
pub mod settings;
pub mod sites;
pub mod snippets;
pub mod splits;
pub mod submissions;
pub mod target_memory;
pub mod tickets;
pub mod tokens;
pub mod users;

#[cfg(test)]
mod contract;

pub use backup::snapshot;
pub use engine::{Conn, Engine, Store, Tx};
pub use error::Error;
pub use migrate::SCHEMA_VERSION;
pub use signals::{Change, ChangeKind};

/// Result of a store operation.
pub type Result<T> = std::result::Result<T, Error>;
