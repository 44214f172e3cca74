//! Hooks and what becomes of them: the operations of the hooks API, and the deliveries that carry
//! events to each hook's target with signatures, retries, a record of every try, and resending.
//! It decides nothing about what happened; events reach it as deliveries in the store.

mod create;
mod delete;
mod deliver;
mod deliveries;
mod enable;
mod get;
mod input;
mod ledger;
mod list;
mod outgoing;
mod resend;
mod resend_since;
mod schedule;
mod secrets;
mod targets;
mod types;
mod update;
mod view;

#[cfg(test)]
mod tests;

pub use create::create;
pub use delete::delete;
pub use deliver::{Deliver, IN_FLIGHT, IN_FLIGHT_PER_HOOK};
pub use deliveries::{DeliveryWithAttempts, get_delivery, list_deliveries};
pub use enable::enable;
pub use get::get;
pub use input::{DATA_MAX, HookInput, URL_MAX};
pub use ledger::{EVENTS_REACH, EventWithDeliveries, get_event, list_events};
pub use list::list;
pub use outgoing::{HEADER_KEPT, HEADERS_KEPT};
pub use resend::resend;
pub use resend_since::{RESEND_MAX, ResendSince, Resent, resend_since};
pub use schedule::{RETRY_AFTER_MAX, SCHEDULE};
pub use secrets::MASK;
pub use types::types;
pub use update::update;
pub use view::HookView;
