//! What happened: the catalogue of events, the closed type of them, and the one way to record one.
//! Recording happens in the transaction of the change; who reacts is decided by a pure function.
//! This room knows nothing of how a reaction is carried out.

mod asyncapi;
mod catalog;
mod record;
mod route;

pub use asyncapi::document as asyncapi;
pub use catalog::{ALIASES, CATALOG, Entry, Event, Subject, canonical, entry};
pub use record::{DELIVER_JOB, deliver_job, record};
pub use route::{Facts, Reaction, route};
