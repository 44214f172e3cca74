//! The proxy as its clients see it: a hyper server on a real port, and clients that know nothing
//! of it but the proxy variables.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is how a test says no")]

mod node;
mod refusals;
mod support;
mod tunnels;
mod vendor;
