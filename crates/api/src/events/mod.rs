//! The ledger of events: what happened in the caller's accounts. Boathook's own.

pub(crate) mod fire_event;
pub(crate) mod get_event;
pub(crate) mod list_events;
mod real;
