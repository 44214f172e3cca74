//! What the load benchmarks share: a server under measurement, clients and receivers that cost little,
//! files to deploy, a database to throw away, and figures. Knows the server by its public API, save
//! [`seed`], which fills a database that no server uses.

mod api;
mod bare;
mod figures;
mod files;
mod ground;
mod machine;
mod posters;
mod postgres;
mod receiver;
mod seed;
mod server;
mod sink;
mod wire;

pub use api::Api;
pub use bare::{Bare, bare};
pub use figures::{Spread, millis, table};
pub use files::{Files, Noise, Sample};
pub use ground::{Ground, OneServer};
pub use machine::{load_now, settle_disk};
pub use posters::{Fired, POSTERS, Stop, Volley, fire};
pub use postgres::Postgres;
pub use receiver::{Arrival, Receiver};
pub use seed::{Template, insert_rate, open_store, seed};
pub use server::{Server, children_cpu};
pub use sink::{Manner, Note, SLOW, Sink};
pub use wire::{Body, Wire, empty, file, full};
