//! Wiring: from a configuration to a running server. It knows every part and holds no rule of any.

mod clock;
mod data_dir;
mod env_source;
mod feed;
mod housekeeping;
mod listener;
mod server;
mod tls;
mod vendor;

pub mod backup;
pub mod builder;
pub mod config;
pub mod doctor;
pub mod reference;

pub use clock::SystemClock;
pub use config::Config;
pub use server::{Outside, Server};
