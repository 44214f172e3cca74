//! Subcommands for people with a running server: the environment of an unmodified Netlify CLI,
//! running that CLI, a demonstration, and what authors of consumers need: firing events, listening
//! to a hook, checking a consumer or the provider of an add-on. They speak HTTP like any other client and know nothing of the
//! server's insides.

mod addons;
mod address;
mod api;
mod ca_file;
mod check;
mod demo;
mod env;
mod environment;
mod fire;
mod listen;
mod netlify;
mod node;
mod preload;
mod quote;
mod screen;
mod server;

pub use addons::{AddonCheckArgs, check_addon};
pub use check::{CheckArgs, check};
pub use demo::{DemoArgs, demo};
pub use env::{EnvArgs, env};
pub use environment::Environment;
pub use fire::{FireArgs, fire};
pub use listen::{ListenArgs, listen};
pub use netlify::{NetlifyArgs, netlify};
pub use quote::Format;
pub use server::ServerArgs;
