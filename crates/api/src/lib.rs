//! The API's door: `/api/v1` as real Netlify clients speak it, and Boathook's own operations beside
//! it. It translates requests into calls of features and their answers back; it decides nothing.
//! `routes.rs` is the table of contents.

mod app;
mod call;
mod catalogue;
mod cross_origin;
mod error;
mod needs;
mod openapi;
mod rate_limit;
mod reach;
mod reply;
mod router;
mod routes;

mod accounts;
mod build_hooks;
mod builds;
mod deliveries;
mod deploy_keys;
mod deploys;
mod env;
mod events;
mod files;
mod forms;
mod functions;
mod hooks;
mod identity;
mod members;
mod plugin_runs;
mod purge;
mod pushes;
mod services;
mod sites;
mod snippets;
mod splits;
mod submissions;
mod system;
mod tickets;
mod tokens;
mod users;

pub use app::App;
pub use catalogue::{Operation, Progress, operations, reference_table};
pub use needs::Needs;
pub use openapi::document as openapi_document;
pub use router::{API_ROOT, Peer, router};
pub use routes::{Mount, ROUTES, Route};
