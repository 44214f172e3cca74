//! Wiring: from a configuration to a running server. It knows every part and holds no rule of any.

mod accepting;
mod addressed;
mod at_once;
mod body;
mod clock;
mod data_dir;
mod env_source;
mod feed;
mod housekeeping;
mod linger;
mod listener;
mod protocol;
mod secure;
mod server;
mod stall;
mod tls;
mod trust;
mod turns;
mod vendor;

pub mod backup;
pub mod build_limits;
pub mod build_queue;
pub mod builder;
pub mod config;
pub mod doctor;
pub mod reference;

pub use clock::SystemClock;
pub use config::Config;
pub use server::{Outside, Server};
