//! Hooks and what becomes of them: the operations of the hooks API, and the deliveries that carry
//! events to each hook's target with signatures, retries, a record of every try, and resending.
//! It decides nothing about what happened; events reach it as deliveries in the store.

mod create;
mod delete;
mod deliveries;
mod enable;
mod engine;
mod get;
mod input;
mod ledger;
mod list;
mod listen;
mod outgoing;
mod resend;
mod resend_since;
mod rotate;
mod schedule;
mod secrets;
mod targets;
mod tell_owner;
mod types;
mod update;
mod view;

#[cfg(test)]
mod tests;

pub use create::create;
pub use delete::delete;
pub use deliveries::{DeliveryWithAttempts, get_delivery, list_deliveries};
pub use enable::enable;
pub use engine::{
    DIGEST_DELIVERIES_MAX, DISABLE_AFTER_MS, DOUBT_AFTER, Dispatcher, FAILURES_MIN, IN_FLIGHT,
    IN_FLIGHT_PER_HOOK, IN_FLIGHT_START, IN_FLIGHT_UNPROVEN, PROBE_FIRST_MS, PROBE_LONGEST_MS, UNWRITTEN,
    WARN_AFTER_MS, WARN_APART_MS, WINDOW,
};
pub use get::get;
pub use input::{DATA_MAX, HookInput, URL_MAX};
pub use ledger::{EVENTS_REACH, EventWithDeliveries, get_event, list_events};
pub use list::list;
pub use listen::{LISTENERS, LISTENERS_PER_HOOK, Letter, Listen, Listeners, REPLAY_MAX, Word, listen};
pub use outgoing::{HEADER_KEPT, HEADERS_KEPT, check_mail, probe_mail};
pub use resend::resend;
pub use resend_since::{RESEND_MAX, ResendSince, Resent, resend_since};
pub use rotate::{OVERLAP_HOURS, OVERLAP_HOURS_MAX, PREVIOUS_MAX, Rotated, Rotation, rotate};
pub use schedule::{RETRY_AFTER_MAX, SCHEDULE};
pub use secrets::MASK;
pub use tell_owner::{HookDetail, HookNews, OWNERS_MAX, TELL_OWNER_JOB, TellOwner, tell_owner_job};
pub use types::types;
pub use update::update;
pub use view::HookView;
