//! The edge through its front door: a hyper server on a port of its own, a database of its own, and
//! a client that sends the very bytes it is told.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where it stopped")]

mod conformance;
mod direct;
mod files;
mod hosts;
mod http;
mod rules;
mod snippets;
mod split_tests;
mod support;
mod switching;
