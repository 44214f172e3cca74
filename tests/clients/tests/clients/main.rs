//! Real, unmodified clients against a started server: what they print, and what the server then
//! serves. They know the server by its addresses alone. Run through `make test`, which installs them.

#![expect(clippy::print_stdout, reason = "what clients and server said is shown when a test fails")]

mod addon_examples;
mod addons;
mod build_logs;
mod builders;
mod cli17;
mod cli27;
mod eleventy;
mod environment;
mod generators;
mod init;
mod managers;
mod netlify_api;
mod support;
mod verifiers;
mod visits;
