//! What happened: the catalogue of events, the closed type of them, and the one way to record one.
//! Recording happens in the transaction of the change; who reacts is decided by a pure function.
//! This room knows nothing of how a reaction is carried out.

mod asyncapi;
mod catalog;
mod fire;
mod note;
mod project;
mod record;
mod route;
mod sample;

pub use asyncapi::document as asyncapi;
pub use catalog::{ALIASES, CATALOG, Entry, Event, Subject, canonical, entry, name_for};
pub use fire::{To, record_for};
pub use note::{Note, Noted, note};
pub use record::record;
pub use route::{Facts, LIFE, Reaction, route};
pub use sample::{Sample, Scene, deploy_state};
