//! The rules of a site, as its owner wrote them: `netlify.toml`, `_redirects`, `_headers`, and how a
//! request path finds a file. Parses and matches; does no I/O, reads no clock, knows no server.

pub mod config;
mod crowd;
pub mod deploy;
pub mod headers;
mod line_error;
mod list;
pub mod paths;
pub mod redirects;
mod settable;

pub use crowd::MAX_JUDGED;
pub use line_error::{LineError, MAX_LINE_ERRORS};
pub use settable::RESERVED_IN_REQUESTS;
