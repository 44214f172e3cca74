//! Subcommands for people with a running server: the environment of an unmodified Netlify CLI,
//! running that CLI, and a demonstration. They speak HTTP like any other client and know nothing of
//! the server's insides.

mod api;
mod ca_file;
mod demo;
mod env;
mod environment;
mod netlify;
mod node;
mod quote;
mod screen;
mod server;

pub use demo::{DemoArgs, demo};
pub use env::{EnvArgs, env};
pub use environment::Environment;
pub use netlify::{NetlifyArgs, netlify};
pub use quote::Format;
pub use server::ServerArgs;
