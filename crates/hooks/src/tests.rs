//! Hooks and deliveries on both engines, against receivers on raw sockets.

mod clients;
mod delivering;
mod lab;
mod listening;
mod managing;
mod nodes;
mod receiver;
mod resending;
mod rotating;
mod telling;
