//! Hooks and deliveries on both engines, against receivers on raw sockets.

mod delivering;
mod lab;
mod managing;
mod receiver;
mod resending;
