//! Operations on tickets, by which command lines log in.

pub(crate) mod authorize_ticket;
pub(crate) mod create_ticket;
pub(crate) mod deny_ticket;
pub(crate) mod exchange_ticket;
pub(crate) mod show_ticket;
