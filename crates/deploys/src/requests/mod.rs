//! Deploy requests: deploys of code whose author is not trusted, which wait in `pending_review` until
//! a person decides (seed 004). Each step moves the deploy by the table and records its event; who
//! may decide, and what is built then, is for others to know.

mod accept;
mod hold;
mod reject;

pub use accept::accept_in;
pub use hold::hold_in;
pub use reject::reject_in;
