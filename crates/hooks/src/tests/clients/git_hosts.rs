//! Git hosts are told as they describe it themselves, once, and never backwards.

mod comments;
mod refusals;
mod statuses;
mod world;
