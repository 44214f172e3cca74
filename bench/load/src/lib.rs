//! What the two load benchmarks share: a server under measurement, a client that costs little, files
//! to deploy, a receiver of notifications, and figures. Knows the server by its public API alone.

mod api;
mod figures;
mod files;
mod machine;
mod receiver;
mod server;
mod wire;

pub use api::Api;
pub use figures::{Spread, millis, table};
pub use files::{Files, Noise, Sample};
pub use machine::{header, settle_disk};
pub use receiver::{Arrival, Receiver};
pub use server::{Server, ServerOptions};
pub use wire::{Body, Wire, empty, file, full};
