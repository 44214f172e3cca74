//! Hooks and deliveries on both engines, against receivers on raw sockets.

mod clients;
mod delivering;
mod digests;
pub(crate) mod lab;
mod listening;
mod managing;
mod nodes;
mod owners;
pub(crate) mod receiver;
mod resending;
mod rotating;
mod telling;
