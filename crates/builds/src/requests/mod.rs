//! Deploy requests: builds of code whose author is not trusted wait for a person, who lets them begin
//! or refuses them (seed 004). One request waits once: a newer push takes the place of the one that
//! waits. All decisions about one site are taken behind the lock on its row, so that of two people
//! who decide at once the second sees what the first did. Who may decide is the doors' business.

mod accept;
mod expire;
mod hold;
mod open;
mod policy;
mod reject;
mod withdraw;

pub use accept::{Accept, accept};
pub use expire::{EXPIRED, WAIT_MAX_MILLIS, expire};
pub use hold::{HELD_MAX, SUPERSEDED};
pub(crate) use hold::{make_room, supersede};
pub use policy::{GRANTED, WITHHELD};
pub(crate) use policy::{Verdict, judge, mark};
pub use reject::{REASON_MAX, Reject, reject};
pub use withdraw::{WITHDRAWN, withdraw};
